package web_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// browser keeps cookies and stops at each redirect.
type browser struct {
	*face
	jar  http.CookieJar
	user string // who it says to be at both sign-ins
}

func (f *face) browser(user string) *browser {
	f.T.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		f.T.Fatal(err)
	}
	return &browser{face: f, jar: jar, user: user}
}

// open gets an address, signs in where it is asked to, and does not follow.
func (b *browser) open(address string) (*http.Response, string) {
	b.T.Helper()
	r, err := http.NewRequestWithContext(b.T.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.T.Fatal(err)
	}

	if strings.HasPrefix(address, b.Config.Nuxeo.URL) {
		r.SetBasicAuth(b.user, b.user)
	}

	client := *b.client
	client.Jar = b.jar
	resp, err := client.Do(r)
	if err != nil {
		b.T.Fatal(err)
	}
	defer resp.Body.Close()
	return resp, read(b.T, resp)
}

// walk follows redirects to their end, and returns all addresses on the way.
func (b *browser) walk(path string) (resp *http.Response, page string, way []string) {
	b.T.Helper()
	address := b.Config.PublicURL + path
	for range 12 {
		way = append(way, address)
		resp, page = b.open(address)
		next, err := resp.Location()
		if err != nil {
			return resp, page, way
		}

		if strings.HasSuffix(next.Path, "/ims/authorize/v2") {
			q := next.Query()
			q.Set("login_hint", b.user+"@example.org")
			next.RawQuery = q.Encode()
		}

		address = next.String()
	}

	b.T.Fatalf("the way has no end, want one within a few pages: %v", way)
	return nil, "", nil
}

// local is a connector under a name to which Nuxeo lets people go back.
func local(t *testing.T, more ...testenv.Option) *face {
	t.Helper()
	f := open(t, append(more, testenv.Config(func(c *app.Config) {
		c.PublicURL = strings.Replace(c.PublicURL, "127.0.0.1", "localhost", 1)
	}))...)

	f.Nuxeo.AddOAuthClient(nuxeosim.OAuthClient{
		ID: "nuxeo-frameio", Name: "Frame.io connector",
		RedirectURIs: []string{f.Config.PublicURL + "/oauth/nuxeo/callback"}, AutoGrant: true, Enabled: true,
	})

	return f
}

func TestHomeSignInAndConnect(t *testing.T) {
	t.Parallel()
	f := local(t, bare) // the page that needs no script
	b := f.browser("olga")
	f.Frameio.AddPerson("Olga", "olga@example.org")
	if _, page, _ := b.walk("/"); !strings.Contains(page, "Sign in with Nuxeo") || strings.Contains(page, "Signed in") {
		t.Errorf("signed out, the page is %s; want Sign in with Nuxeo", page)
	}

	if _, page, _ := b.walk("/signin"); !strings.Contains(page, "Signed in as") || !strings.Contains(page, "(olga)") ||
		!strings.Contains(page, "Connect Frame.io") {
		t.Errorf("signed in, the page is %s; want Signed in as olga, and Connect Frame.io", page)
	}

	if _, page, _ := b.walk("/connect"); !strings.Contains(page, "Frame.io is connected as <strong>Olga</strong>") {
		t.Errorf("connected, the page is %s; want Frame.io connected as Olga", page)
	}

	stranger := f.browser("olga")
	if _, _, way := stranger.walk("/connect"); len(way) < 4 || !strings.Contains(way[1], "/signin?return=%2Fconnect") ||
		!strings.HasPrefix(way[len(way)-2], f.Config.PublicURL+"/oauth/frameio/callback") {
		t.Errorf("connecting signed out goes %v, want the sign-in first and Frame.io's callback last", way)
	}
}

const tight = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'"

// policy is that of pages, for the addresses of the simulated systems.
func (f *face) policy() string {
	media := "'self' " + f.FrameioURL +
		" https://*.frame.io https://*.s3.amazonaws.com https://*.s3-accelerate.amazonaws.com https://*.cloudfront.net"
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src " + media + " data: blob: " +
		strings.TrimSuffix(f.NuxeoURL, "/nuxeo") +
		"; media-src " + media + "; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" +
		"; require-trusted-types-for 'script'; trusted-types lit-html; report-uri /csp-report"
}

func TestHeadersOfEveryPage(t *testing.T) {
	t.Parallel()
	f := open(t, elements)
	session := f.SignIn("josh")
	pages := []string{
		"/", "/nothing", "/activity", "/folders/x", "/documents/x", "/items/x", "/administration",
		"/administration/people",
		"/oauth/nuxeo/callback", "/oauth/frameio/callback", "/signin", "/connect", "/connected",
	}

	for _, path := range append(pages, "/api/v1/about", "/api/v1/me", "/api/v1/nothing", "/readyz", "/metrics",
		"/media/none", "/media/nuxeo/x/content", "/ui/messages/none") {
		policy := tight
		if slices.Contains(pages, path) {
			policy = f.policy()
		}

		for _, cookie := range []string{"", session, "false"} {
			a := f.send(request{method: http.MethodGet, path: path, cookie: cookie})
			for name, want := range map[string]string{
				"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			} {
				if got := a.header.Values(name); len(got) != 1 || got[0] != want {
					t.Errorf("%s: %s is %q, want %q", path, name, got, want)
				}
			}

			if inline.MatchString(a.body) || strings.Contains(a.body, "style=") || strings.Contains(a.body, "onclick") {
				t.Errorf("%s has what its policy forbids, want no inline script or style: %s", path, a.body)
			}
		}
	}
}

// inline is a script that is not one of ours in a file of its own.
var inline = regexp.MustCompile(`<script(>| [^>]*>[^<]|( type="module")? src="[^/])`)

func TestCookies(t *testing.T) {
	t.Parallel()
	f := local(t)
	b := f.browser("josh")
	begun, _ := b.open(f.Config.PublicURL + "/signin")
	ended, _ := b.back("/signin")
	if names := f.cookies(begun, false) + f.cookies(ended, false); names != "nxf_signin nxf_signin nxf_session " {
		t.Errorf("the cookies are %s, want nxf_signin, and again with nxf_session", names)
	}

	f.Stop()
	f.Config.PublicURL = strings.Replace(f.Config.PublicURL, "http:", "https:", 1)
	f.Start()
	if err := f.App.Home.Adopt(t.Context(), f.App.Audit); err != nil {
		t.Fatal(err)
	}

	f.Config.PublicURL = strings.Replace(f.Config.PublicURL, "https:", "http:", 1)
	begun, _ = b.open(f.Config.PublicURL + "/signin")
	if names := f.cookies(begun, true); names != "__Host-nxf_signin " {
		t.Errorf("the cookies over https are %s, want __Host-nxf_signin", names)
	}
}

// cookies checks and names those that an answer sets.
func (f *face) cookies(resp *http.Response, secure bool) (names string) {
	for _, c := range resp.Cookies() {
		names += c.Name + " "
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != secure || c.Path != "/" || c.Domain != "" {
			f.T.Errorf("a cookie is %s, want it for this host and all paths, HttpOnly, Lax, Secure %v", c.Raw, secure)
		}
	}
	return names
}

// back walks a sign-in up to and with the return to us.
func (b *browser) back(path string) (*http.Response, string) {
	b.T.Helper()
	return b.open(b.leaveAndReturn(path))
}

// leaveAndReturn walks a sign-in up to the address that leads back to us.
func (b *browser) leaveAndReturn(path string) (address string) {
	b.T.Helper()
	address = b.Config.PublicURL + path
	for range 6 {
		resp, page := b.open(address)
		next, err := resp.Location()
		if err != nil {
			b.T.Fatalf("%s: answered with %d %s, want a redirection", address, resp.StatusCode, page)
		}

		if strings.HasSuffix(next.Path, "/ims/authorize/v2") {
			q := next.Query()
			q.Set("login_hint", b.user+"@example.org")
			next.RawQuery = q.Encode()
		}

		if address = next.String(); strings.Contains(next.Path, "/oauth/") &&
			strings.HasSuffix(next.Path, "/callback") {
			return address
		}
	}

	b.T.Fatal("nobody leads back")
	return ""
}

func TestReturnPathsStayHere(t *testing.T) {
	t.Parallel()
	f := local(t)
	here, _ := url.Parse(f.Config.PublicURL)
	for _, path := range []string{
		"//evil.example", `/\evil.example`, "https:evil.example", "https://evil.example", "///evil.example",
		`\\evil.example`, "/%09/evil.example",
		"/\t/evil.example", "javascript:alert(1)", "http:///evil.example", "/..//evil.example", "//user@evil.example",
		"evil.example", "/\r\nLocation: https://evil.example",
		"/./\\evil.example", "/ok", "", "/%5cevil.example", "/%5c%5cevil.example", "/%2f/evil.example",
		"\n//evil.example", "/\n/evil.example", " //evil.example", "\x00//evil.example", "https:/evil.example",
		"//evil.example/%2f..", "/connect?return=//evil.example",
	} {
		for _, begin := range []string{"/signin", "/connect"} {
			b := f.browser("josh")
			if begin == "/connect" {
				b.jar.SetCookies(here, []*http.Cookie{{Name: "nxf_session", Value: f.SignIn("josh"), Path: "/"}})
			}

			resp, page := b.back(begin + "?return=" + url.QueryEscape(path))
			to, err := resp.Location()
			if err != nil || to.Host != here.Host || to.Scheme != "http" || strings.HasPrefix(to.Path, "//") ||
				strings.Contains(to.Path, `\`) {
				t.Errorf("%s with %q leads to %v, %v; want a path here: %s", begin, path, to, err, page)
			}

			if path == "/ok" && to != nil && to.Path != "/ok" {
				t.Errorf("%s with %q leads to %v, want /ok", begin, path, to)
			}
		}
	}
}
