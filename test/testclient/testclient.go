// Package testclient uses a running connector as people do, from another process:
// over HTTP, with sign-ins and sessions. Benchmarks and process tests share it.
package testclient

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Driver is a person at a connector. Fill in the addresses, then SignIn.
type Driver struct {
	URL, Nuxeo, Frameio string
	Client              *http.Client
	API                 *api.Client
	Token               string // in Nuxeo
	Session             string
	Binding             api.Binding

	Administrator string            // login; empty: Administrator
	Passwords     map[string]string // by login; the others' are their logins
	Hint          string            // address of the person on Frame.io; empty: the login at example.org
	Every         time.Duration     // between two looks; 0: as often as a test wants to know
}

// patience is how long the connector is waited for: a busy machine takes its time.
const patience = 2 * time.Minute

// Ready waits until the connector answers.
func (d *Driver) Ready(ctx context.Context) error {
	for end := time.Now().Add(patience); ; {
		resp, err := d.Client.Get(d.URL + "/readyz")
		if err == nil {
			return resp.Body.Close()
		}
		if time.Now().After(end) {
			return fmt.Errorf("the connector did not become ready within %s: %w", patience, err)
		}
		if err := pause(ctx, 25*time.Millisecond); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// SignIn registers the provider as the administrator, then signs in a login, and
// connects Frame.io under the same name, or that of the hint.
func (d *Driver) SignIn(ctx context.Context, login string) (err error) {
	d.open()
	if err := d.become(ctx, d.administrator()); err != nil {
		return err
	}

	authorize, token := d.Frameio+"/ims/authorize/v2", d.Frameio+"/ims/token/v3"
	secret := "frameio-demo-secret"
	_, err = d.API.SaveProvider(ctx, api.ProviderForm{
		ClientId:         "frameio-demo-client",
		ClientSecret:     &secret,
		AuthorizationUrl: &authorize,
		TokenUrl:         &token,
	})
	if err != nil {
		return fmt.Errorf("registering the provider: %w", err)
	}

	if err := d.become(ctx, login); err != nil {
		return err
	}

	return d.connect(login)
}

func (d *Driver) open() {
	d.API = api.NewClient(d.URL+"/api/v1", d.Client, func(q *http.Request) {
		q.Header.Set("Authorization", "Bearer "+d.Session)
	})
}

// At is the same person, in the same session, at another node.
func (d *Driver) At(address string) *Driver {
	other := *d
	other.URL = address
	other.open()
	return &other
}

func (d *Driver) administrator() string { return cmp.Or(d.Administrator, "Administrator") }

func (d *Driver) become(ctx context.Context, login string) error {
	nx, err := nuxeo.New(d.Nuxeo, d.Client, nuxeo.Basic(login, cmp.Or(d.Passwords[login], login)))
	if err != nil {
		return err
	}

	if d.Token, err = nx.NewToken(ctx, "nuxeo-frameio", "drive", "drive"); err != nil {
		return err
	}

	got, err := d.API.SignIn(ctx, api.SignInJSONRequestBody{NuxeoToken: d.Token})
	if err != nil {
		return fmt.Errorf("signing in: %v", err) // its status is not that of what is done then
	}

	d.Session = got.Session
	return nil
}

// Chore has a chore done now, by an administrator.
func (d *Driver) Chore(ctx context.Context, name string) error {
	admin := *d
	admin.open()
	if err := admin.become(ctx, d.administrator()); err != nil {
		return err
	}
	_, err := admin.API.DoChore(ctx, name)
	return err
}

func (d *Driver) connect(login string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}

	here, err := url.Parse(d.URL)
	if err != nil {
		return err
	}

	jar.SetCookies(here, []*http.Cookie{{Name: "nxf_session", Value: d.Session, Path: "/"}})
	browser := &http.Client{
		Jar: jar, Transport: d.Client.Transport,
		CheckRedirect: func(q *http.Request, _ []*http.Request) error {
			if strings.HasSuffix(q.URL.Path, "/ims/authorize/v2") {
				v := q.URL.Query()
				v.Set("login_hint", cmp.Or(d.Hint, login+"@example.org"))
				q.URL.RawQuery = v.Encode()
			}
			return nil
		},
	}

	resp, err := browser.Get(d.URL + "/connect")
	if err != nil {
		return err
	}

	return resp.Body.Close()
}

// Bind binds a folder to a workspace.
func (d *Driver) Bind(ctx context.Context, folder, workspace string) error {
	got, err := d.API.Bind(ctx, api.BindJSONRequestBody{
		Folder:     folder,
		ActionName: "Publish to Nuxeo",
		Workspaces: []string{workspace},
	})
	if err != nil {
		return fmt.Errorf("binding: %w", err)
	}

	if got.State != api.BindingStateBound {
		return fmt.Errorf("binding: the folder is %s", got.State)
	}

	d.Binding = *got
	return nil
}

// Publish publishes assets and returns the interaction.
func (d *Driver) Publish(ctx context.Context, assets ...string) (string, error) {
	got, err := d.API.Publish(ctx, api.PublishJSONRequestBody{Binding: d.Binding.Id, Assets: assets})
	if err != nil {
		return "", fmt.Errorf("publishing: %w", err)
	}
	return got.Interaction, nil
}

// Until waits until n items of an interaction are as wanted: their state, and how
// many bytes they have moved.
func (d *Driver) Until(
	ctx context.Context, interaction string, wanted func(state string, moved int64) bool, n int,
) error {
	for {
		items, _, err := d.look(ctx, interaction)
		if err != nil {
			return err
		}

		seen := 0
		for _, v := range items {
			moved := int64(0)
			if v.Transfer != nil {
				moved = v.Transfer.Done
			}
			if wanted(string(v.State), moved) {
				seen++
			}
		}

		if seen >= n {
			return nil
		}

		if err := pause(ctx, cmp.Or(d.Every, 20*time.Millisecond)); err != nil {
			return err
		}
	}
}

// Settle waits until all items of an interaction are done, and fails with the
// first that failed. While the connector is away it goes on asking.
func (d *Driver) Settle(ctx context.Context, interaction string) ([]api.Item, error) {
	for {
		items, done, err := d.look(ctx, interaction)
		if done || err != nil {
			return items, err
		}
		if err := pause(ctx, cmp.Or(d.Every, 20*time.Millisecond)); err != nil {
			return nil, err
		}
	}
}

func (d *Driver) look(ctx context.Context, interaction string) ([]api.Item, bool, error) {
	list, err := d.API.ListItems(ctx, &api.ListItemsParams{Parent: &interaction})
	if api.StatusOf(err) != 0 {
		return nil, false, fmt.Errorf("listing items: %w", err)
	}

	if err != nil {
		return nil, false, ctx.Err()
	}

	done := len(list.Items) > 0
	for _, v := range list.Items {
		if v.State == api.ItemStateFailed {
			return nil, false, fmt.Errorf("%s failed: %s", v.Title, *v.Message)
		}
		done = done && v.State == api.ItemStateDone
	}

	return list.Items, done, nil
}
