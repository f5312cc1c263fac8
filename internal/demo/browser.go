package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// browser is a person at a browser: it keeps cookies, follows redirects and
// fills in the sign-in forms of both sides.
type browser struct {
	stage *Stage
	who   string // josh or julia, as Frame.io knows them
	login string // in Nuxeo
	http  *http.Client
}

func (s *Stage) browse(who string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it never fails without options
	}
	b := &browser{stage: s, who: who, login: s.Login(who)}
	b.http = &http.Client{Jar: jar, CheckRedirect: b.redirect}
	return b
}

// redirect chooses the person on Frame.io's sign-in page.
func (b *browser) redirect(r *http.Request, via []*http.Request) error {
	if len(via) > 20 {
		return fmt.Errorf("redirected in circles at %s", r.URL.Path)
	}

	if strings.HasSuffix(r.URL.Path, "/ims/authorize/v2") {
		q := r.URL.Query()
		q.Set("login_hint", b.who+"@example.org")
		r.URL.RawQuery = q.Encode()
	}

	return nil
}

// connect signs in to Nuxeo, then to the connector, then connects Frame.io.
func (b *browser) connect(ctx context.Context) error {
	if b.stage.opt.Real != nil {
		return b.connectByToken(ctx)
	}

	// As a browser would: by the forms and redirects of both systems.
	form := url.Values{"user_name": {b.login}, "user_password": {b.login}, "requestedUrl": {"ui/"}}
	if err := b.post(ctx, b.stage.NuxeoURL+"/login.jsp", form); err != nil {
		return err
	}

	if err := b.get(ctx, b.stage.URL+"/signin?return=/connect"); err != nil {
		return err
	}

	return b.stage.App.Identity.Connected(ctx, b.login)
}

// connectByToken signs in as a page of Nuxeo does, with a login token, which needs no
// registration in a real Nuxeo, and connects Frame.io.
func (b *browser) connectByToken(ctx context.Context) error {
	token, err := b.stage.as(b.login).NewToken(ctx, "nuxeo-frameio", "demo", "rehearsal of the connector")
	if err != nil {
		return fmt.Errorf("a login token for %s: %w", b.login, err)
	}

	got, err := b.api().SignIn(ctx, api.SignInJSONRequestBody{NuxeoToken: token})
	if err != nil {
		return err
	}

	at, err := url.Parse(b.stage.URL + "/")
	if err != nil {
		return err
	}

	b.http.Jar.SetCookies(at, []*http.Cookie{{Name: "nxf_session", Value: got.Session, Path: "/"}})
	if err := b.get(ctx, b.stage.URL+"/connect"); err != nil {
		return err
	}

	return b.stage.App.Identity.Connected(ctx, b.login)
}

func (b *browser) get(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	return b.do(r)
}

func (b *browser) post(ctx context.Context, address string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func (b *browser) do(r *http.Request) error {
	resp, err := b.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s answered %d", resp.Request.URL.Path, resp.StatusCode)
	}

	return nil
}

// api is the REST interface with the browser's session.
func (b *browser) api() *api.Client {
	return api.NewClient(b.stage.URL+"/api/v1", b.http, nil)
}
