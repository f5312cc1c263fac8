package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// rig is a world with a connector that is signed in and bound.
type rig struct {
	place
	world, connector *process
	url              string
	client           *http.Client
	api              *api.ClientWithResponses
	token            string // of josh in Nuxeo
	session          string
	binding          string
	fio              *v4.Client
	account          string
}

// rig starts everything; settings are further flags of serve.
func (b *bench) rig(ctx context.Context, secure bool, settings ...string) (*rig, error) {
	r := &rig{}
	var env []string
	args := []string{"world"}
	if secure {
		file := filepath.Join(b.dir, "ca.pem")
		env, args = []string{"SSL_CERT_FILE=" + file}, append(args, "-tls", file)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if r.world, err = start(ctx, nil, self, args...); err != nil {
		return nil, err
	}
	line, err := r.world.line()
	if err != nil {
		return nil, fmt.Errorf("the world did not start: %w", err)
	}
	if err := json.Unmarshal([]byte(line), &r.place); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		r.trust, func() error { return r.serve(ctx, b, env, settings) },
		func() error { return r.signIn(ctx) }, func() error { return r.bind(ctx) },
	} {
		if err := step(); err != nil {
			r.stop()
			return nil, err
		}
	}
	return r, nil
}

func (r *rig) trust() error {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 128
	if r.CA != "" {
		pem, err := os.ReadFile(r.CA)
		if err != nil {
			return err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		t.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	r.client = &http.Client{Transport: t}
	return nil
}

func (r *rig) serve(ctx context.Context, b *bench, env, settings []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	data, err := os.MkdirTemp(b.dir, "data-")
	if err != nil {
		return err
	}
	r.url = "http://" + address
	args := append([]string{
		"serve", "--data", data, "--listen", address, "--public-url", r.url, "--nuxeo-url", r.Nuxeo,
		"--frameio-url", r.Frameio, "--mail-via", "none", "--log-level", "error",
	}, settings...)
	if r.connector, err = start(ctx, env, b.binary, args...); err != nil {
		return err
	}
	return r.ready(ctx)
}

func (r *rig) ready(ctx context.Context) error {
	for range 200 {
		resp, err := r.client.Get(r.url + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("the connector did not become ready")
}

// signIn registers the provider as the administrator and connects josh.
func (r *rig) signIn(ctx context.Context) (err error) {
	r.api, err = api.NewClientWithResponses(r.url+"/api/v1", api.WithHTTPClient(r.client), api.WithRequestEditorFn(func(_ context.Context, q *http.Request) error {
		q.Header.Set("Authorization", "Bearer "+r.session)
		return nil
	}))
	if err != nil {
		return err
	}
	if _, err := r.become(ctx, "Administrator"); err != nil {
		return err
	}
	authorize, token := r.Frameio+"/ims/authorize/v2", r.Frameio+"/ims/token/v3"
	secret := "frameio-demo-secret"
	saved, err := r.api.SaveProviderWithResponse(ctx, api.ProviderForm{ClientId: "frameio-demo-client", ClientSecret: &secret, AuthorizationUrl: &authorize, TokenUrl: &token})
	if err != nil || saved.JSON200 == nil {
		return fmt.Errorf("registering the provider: %w", err)
	}
	if r.token, err = r.become(ctx, "josh"); err != nil {
		return err
	}
	return r.connect()
}

func (r *rig) become(ctx context.Context, login string) (string, error) {
	nx, err := nuxeo.New(r.Nuxeo, r.client, nuxeo.Basic(login, login))
	if err != nil {
		return "", err
	}
	token, err := nx.NewToken(ctx, "nuxeo-frameio", "bench", "bench")
	if err != nil {
		return "", err
	}
	resp, err := r.api.SignInWithResponse(ctx, api.SignInJSONRequestBody{NuxeoToken: token})
	if err != nil || resp.JSON201 == nil {
		return "", fmt.Errorf("signing in: %w", err)
	}
	r.session = resp.JSON201.Session
	return token, nil
}

func (r *rig) connect() error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	here, err := url.Parse(r.url)
	if err != nil {
		return err
	}
	jar.SetCookies(here, []*http.Cookie{{Name: "nxf_session", Value: r.session, Path: "/"}})
	browser := &http.Client{Jar: jar, Transport: r.client.Transport, CheckRedirect: func(q *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(q.URL.Path, "/ims/authorize/v2") {
			v := q.URL.Query()
			v.Set("login_hint", "josh@example.org")
			q.URL.RawQuery = v.Encode()
		}
		return nil
	}}
	resp, err := browser.Get(r.url + "/connect")
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func (r *rig) bind(ctx context.Context) error {
	resp, err := r.api.BindWithResponse(ctx, api.BindJSONRequestBody{Folder: r.Folder, ActionName: "Publish to Nuxeo", Workspaces: []string{r.Workspace}})
	if err != nil {
		return err
	}
	if resp.JSON201 == nil {
		return fmt.Errorf("binding: %s %s", resp.Status(), resp.Body)
	}
	r.binding, r.account = resp.JSON201.Id, resp.JSON201.Workspaces[0].Account
	r.fio, err = v4.New(r.Frameio, r.client, func(context.Context, string) (string, error) { return r.Access, nil })
	return err
}

// file adds a generated file to the origin and returns its id.
func (r *rig) file(name string, size int64) (string, error) {
	body, err := json.Marshal(map[string]any{"folder_id": r.Root, "name": name, "size": size, "seed": seed})
	if err != nil {
		return "", err
	}
	resp, err := r.client.Post(r.Frameio+"/_sim/files", "application/json", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var out struct {
		ID string `json:"id"`
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(b, &out); err != nil || out.ID == "" {
		return "", fmt.Errorf("adding a file: %s", b)
	}
	return out.ID, nil
}

func (r *rig) stop() {
	if r.connector != nil {
		r.connector.stop()
	}
	if r.world != nil {
		r.world.stop()
	}
}

// publish publishes files and waits until all are done. It returns the seconds
// that their bytes took, from the first transfer to the last attach.
func (r *rig) publish(ctx context.Context, files ...string) (float64, error) {
	resp, err := r.api.PublishWithResponse(ctx, api.PublishJSONRequestBody{Binding: r.binding, Assets: files})
	if err != nil {
		return 0, err
	}
	if resp.JSON202 == nil {
		return 0, fmt.Errorf("publishing: %s %s", resp.Status(), resp.Body)
	}
	items, err := r.settle(ctx, resp.JSON202.Interaction)
	if err != nil {
		return 0, err
	}
	return r.span(ctx, items)
}

func (r *rig) settle(ctx context.Context, interaction string) ([]api.Item, error) {
	for {
		list, err := r.api.ListItemsWithResponse(ctx, &api.ListItemsParams{Parent: &interaction})
		if err != nil {
			return nil, err
		}
		if list.JSON200 == nil {
			return nil, fmt.Errorf("listing items: %s", list.Status())
		}
		open := len(list.JSON200.Items) == 0
		for _, v := range list.JSON200.Items {
			if v.State == api.ItemStateFailed {
				return nil, fmt.Errorf("%s failed: %s", v.Title, *v.Message)
			}
			open = open || v.State != api.ItemStateDone
		}
		if !open {
			return list.JSON200.Items, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (r *rig) span(ctx context.Context, items []api.Item) (float64, error) {
	var first, last time.Time
	for _, v := range items {
		if v.Kind != "publish" {
			continue
		}
		full, err := r.api.GetItemWithResponse(ctx, v.Id)
		if err != nil {
			return 0, err
		}
		for _, e := range *full.JSON200.History {
			if e.Event == "step" && e.Detail == "transfer" && (first.IsZero() || e.At.Before(first)) {
				first = e.At
			}
			if e.Event == "step" && e.Detail == "attach" && e.At.After(last) {
				last = e.At
			}
		}
	}
	return last.Sub(first).Seconds(), nil
}
