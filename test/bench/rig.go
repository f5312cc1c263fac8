package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testclient"
)

// rig is a world with a connector that is signed in and bound.
type rig struct {
	place
	testclient.Driver
	world, connector *process
	fio              *v4.Client
	account          string
	data             string                      // the connector's folder
	launch           func(context.Context) error // starts the connector on its data
	login            string                      // of the person
}

// rig starts everything; settings are further flags of serve.
func (b *bench) rig(ctx context.Context, secure bool, settings ...string) (*rig, error) {
	return b.rigIn(ctx, []string{"world"}, secure, settings...)
}

// keepingRig is one whose Nuxeo keeps what it gets, of which documents without content
// have small pictures.
func (b *bench) keepingRig(ctx context.Context) (*rig, error) {
	return b.rigIn(ctx, []string{"world", "-keep"}, false)
}

// rigAt is one whose Nuxeo is elsewhere.
func (b *bench) rigAt(ctx context.Context, far *testclient.Far, settings ...string) (*rig, error) {
	return b.assemble(ctx, []string{"world"}, false, far, settings...)
}

// rigIn is rig with the arguments of the world.
func (b *bench) rigIn(ctx context.Context, args []string, secure bool, settings ...string) (*rig, error) {
	return b.assemble(ctx, args, secure, nil, settings...)
}

func (b *bench) assemble(
	ctx context.Context, args []string, secure bool, far *testclient.Far, settings ...string,
) (*rig, error) {
	r := &rig{login: "josh"}
	var env []string
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

	if far != nil {
		far.Use(&r.Driver)
		r.login, r.place.Nuxeo, r.Folder = far.Person, far.URL, far.Folder
	}

	r.Driver.Nuxeo, r.Driver.Frameio = r.place.Nuxeo, r.place.Frameio
	for _, step := range []func() error{
		r.trust, func() error { return r.serve(ctx, b, env, settings) }, func() error { return r.person(ctx) },
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

	r.Client = &http.Client{Transport: t}
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

	if r.data, err = os.MkdirTemp(b.dir, "data-"); err != nil {
		return err
	}

	r.URL = "http://" + address
	args := append([]string{
		"serve", "--data", r.data, "--listen", address, "--public-url", r.URL, "--nuxeo-url", r.place.Nuxeo,
		"--frameio-url", r.place.Frameio, "--mail-via", "none", "--log-level", "error",
		"--network-private-addresses", "allow",
	}, settings...)

	r.launch = func(ctx context.Context) error {
		if r.connector, err = start(ctx, env, b.binary, args...); err != nil {
			return err
		}
		return r.Ready(ctx)
	}

	return r.launch(ctx)
}

// person signs josh in and binds the folder.
func (r *rig) person(ctx context.Context) error {
	if err := r.SignIn(ctx, r.login); err != nil {
		return err
	}

	if err := r.Bind(ctx, r.Folder, r.Workspace); err != nil {
		return err
	}

	r.account = r.Binding.Workspaces[0].Account
	var err error
	r.fio, err = v4.New(r.place.Frameio, r.Client, func(context.Context, string) (string, error) {
		return r.Access, nil
	})

	return err
}

// file adds a generated file to the origin and returns its id.
func (r *rig) file(name string, size int64) (string, error) {
	return r.made("/_sim/files", map[string]any{"folder_id": r.Root, "name": name, "size": size, "seed": seed})
}

// made has the origin make something and returns its id.
func (r *rig) made(where string, what map[string]any) (string, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return "", err
	}

	resp, err := r.Client.Post(r.place.Frameio+where, "application/json", bytes.NewReader(body))
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
		return "", fmt.Errorf("%s is answered %s", where, b)
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
	interaction, err := r.Publish(ctx, files...)
	if err != nil {
		return 0, err
	}

	items, err := r.Settle(ctx, interaction)
	if err != nil {
		return 0, err
	}

	return r.span(ctx, items)
}

func (r *rig) span(ctx context.Context, items []api.Item) (float64, error) {
	var first, last time.Time
	for _, v := range items {
		if v.Kind != "publish" {
			continue
		}

		full, err := r.API.GetItem(ctx, v.Id)
		if err != nil {
			return 0, err
		}

		for _, e := range *full.History {
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
