package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// callback asks the address that leads back from a sign-in, and wants to be
// refused with a page that holds no session.
func (b *browser) refusedAt(name, address string, status int, says string) {
	b.T.Helper()
	resp, page := b.open(address)
	if resp.StatusCode != status || !strings.Contains(page, says) || scripted(page) {
		b.T.Errorf("%s: answered with %d %s, want %d with %q and no script", name, resp.StatusCode, page, status, says)
	}

	for _, c := range resp.Cookies() {
		if c.Name == "nxf_session" {
			b.T.Errorf("%s: a session was opened, want none", name)
		}
	}
}

// scripted reports whether a page holds a script but for ours that tells the page
// that opened the window.
func scripted(page string) bool {
	return strings.Contains(strings.Replace(page, `<script src="/static/popup.js" defer></script>`, "", 1), "<script")
}

const notYours = "This sign-in was not begun in this browser, took too long, or was used before."

func with(address, key, value string) string {
	u, _ := url.Parse(address) // ours
	q := u.Query()
	q.Set(key, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestNuxeoCallback(t *testing.T) {
	t.Parallel()
	f := local(t)
	callback := f.Config.PublicURL + "/oauth/nuxeo/callback"
	f.browser("josh").refusedAt("nothing", callback, 403, notYours)
	f.browser("josh").refusedAt("no state", callback+"?code=x", 403, notYours)
	f.browser("josh").refusedAt("no such state", callback+"?code=x&state=y", 403, notYours)
	mine := f.browser("josh")
	address := mine.leaveAndReturn("/signin")
	f.browser("julia").refusedAt("another browser", address, 403, notYours)
	if resp, page := mine.open(address); resp.StatusCode != http.StatusSeeOther { // which has not used it up
		t.Errorf("after another browser has tried: answered with %d %s, want 303", resp.StatusCode, page)
	}

	mine = f.browser("josh")
	address = mine.leaveAndReturn("/signin")
	mine.refusedAt("at the other callback", strings.Replace(address, "/oauth/nuxeo/", "/oauth/frameio/", 1), 401,
		"You are not signed in")
	if resp, page := mine.open(address); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("at the true callback: answered with %d %s, want 303", resp.StatusCode, page)
	}

	mine.refusedAt("reused", address, 403, notYours)
	mine = f.browser("josh")
	mine.refusedAt("another issuer", with(mine.leaveAndReturn("/signin"), "iss", f.FrameioURL), 403,
		"comes from another place")
	mine = f.browser("josh")
	if resp, page := mine.open(with(mine.leaveAndReturn("/signin"), "iss", f.NuxeoURL)); resp.StatusCode !=
		http.StatusSeeOther {
		t.Errorf("from its own issuer: answered with %d %s, want 303", resp.StatusCode, page)
	}

	mine = f.browser("josh")
	mine.refusedAt("another code", with(mine.leaveAndReturn("/signin"), "code", "stolen"), 422,
		"Nuxeo refuses the sign-in")
}

func TestFrameioCallback(t *testing.T) {
	t.Parallel()
	f := local(t)
	here, _ := url.Parse(f.Config.PublicURL)
	signedIn := func(login string) *browser {
		b := f.browser(login)
		b.jar.SetCookies(here, []*http.Cookie{{Name: "nxf_session", Value: f.SignIn(login), Path: "/"}})
		return b
	}

	josh := signedIn("josh")
	address := josh.leaveAndReturn("/connect")
	f.browser("josh").refusedAt("nobody", address, 401, "You are not signed in")
	signedIn("julia").refusedAt("another person's browser", address, 403, notYours)
	josh = signedIn("josh")
	address = josh.leaveAndReturn("/connect")
	josh.jar.SetCookies(here, []*http.Cookie{{Name: "nxf_session", Value: f.SignIn("julia"), Path: "/"}})
	josh.refusedAt("somebody else by now", address, 403, "You are signed in as somebody else than when you began.")
	josh = signedIn("josh")
	address = josh.leaveAndReturn("/connect")
	if resp, page := josh.open(address); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("the true sign-in: answered with %d %s, want 303", resp.StatusCode, page)
	}

	josh.refusedAt("reused", address, 403, notYours)
	josh = signedIn("josh")
	josh.refusedAt("no state", with(josh.leaveAndReturn("/connect"), "state", ""), 403, notYours)
	for _, iss := range []string{f.NuxeoURL, "https://evil.example", "", "\x00"} {
		josh = signedIn("josh")
		josh.refusedAt("another issuer", with(josh.leaveAndReturn("/connect"), "iss", iss), 403,
			"comes from another place")
	}

	josh = signedIn("josh")
	josh.refusedAt("begun at the other sign-in", strings.Replace(f.browser("josh").leaveAndReturn("/signin"),
		"/oauth/nuxeo/", "/oauth/frameio/", 1), 403, notYours)
	olga := signedIn("olga")
	olga.user = "josh" // on Frame.io
	olga.refusedAt("an account that is another's", olga.leaveAndReturn("/connect"), 409,
		"is connected to another Nuxeo login already")
}

// What the other side says is shown as text.
func TestRefusalsAreShownAsText(t *testing.T) {
	t.Parallel()
	f := local(t)
	here, _ := url.Parse(f.Config.PublicURL)
	for _, said := range []string{
		"access_denied", `<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`,
		"{{.Person}}", strings.Repeat("x", 5000),
	} {
		for _, begin := range []string{"/signin", "/connect"} {
			b := f.browser("josh")
			if begin == "/connect" {
				b.jar.SetCookies(here, []*http.Cookie{{Name: "nxf_session", Value: f.SignIn("josh"), Path: "/"}})
			}

			resp, page := b.open(with(b.leaveAndReturn(begin), "error", said))
			shown := said
			if strings.ContainsAny(said, "<") {
				shown = "&lt;"
			}

			if resp.StatusCode != http.StatusForbidden || !strings.Contains(page, shown[:min(len(shown), 100)]) ||
				scripted(page) || strings.Contains(page, "<img") {
				t.Errorf("%s: answered with %d %s, want 403 with %.100q and nothing that runs", begin, resp.StatusCode,
					page, shown)
			}

			if len(page) > 3000 {
				t.Errorf("%s: a page of %d bytes, want at most 3000", begin, len(page))
			}
		}
	}
}

// unsafe are all routes that change something.
var unsafe = []struct{ method, path, body string }{
	{"POST", "/signout", ""},
	{"POST", "/api/v1/session", `{"nuxeo_token":"x"}`},
	{"DELETE", "/api/v1/session", ""},
	{"DELETE", "/api/v1/me/frameio", ""},
	{"PUT", "/api/v1/provider", `{"client_id":"evil"}`},
	{"DELETE", "/api/v1/provider", ""},
	{"POST", "/api/v1/provider/import", ""},
	{
		"POST", "/api/v1/bindings",
		`{"folder":"/default-domain/workspaces/videos","action_name":"Evil","workspaces":["{workspace}"]}`,
	},
	{"DELETE", "/api/v1/bindings/{binding}", ""},
	{"POST", "/api/v1/publications", `{"binding":"{binding}","assets":["{file}"]}`},
	{"POST", "/api/v1/items/{item}/retry", ""},
	{"POST", "/api/v1/items/{item}/cancel", ""},
	{"POST", "/api/v1/bindings/{binding}/owner", ""},
	{"POST", "/api/v1/documents/{document}/media", ""},
	{"POST", "/api/v1/doctor", ""},
	{"POST", "/api/v1/pause", `{"reason":"evil"}`},
	{"DELETE", "/api/v1/pause", ""},
	{"POST", "/api/v1/chores/history", ""},
	{"POST", "/api/v1/links/rebuild", ""},
	{"DELETE", "/api/v1/people/josh/access", ""},
	{"PUT", "/api/v1/provider/service", `{"client_id":"evil","client_secret":"evil"}`},
	{"DELETE", "/api/v1/provider/service", ""},
}

func TestWritesOfOtherSitesChangeNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.fillCloudServices("evil", "evil")
	session := f.join("Administrator")
	made := f.Bind("Publish")
	bind, file := f.Settle()[0].ID, f.file("Cut.mov", 100)
	f.Published(f.Josh, file)
	ids := strings.NewReplacer("{binding}", made.ID, "{item}", bind, "{workspace}", f.Workspace, "{file}", file,
		"{document}", f.Only().UID)
	before := f.state(session)
	for _, u := range unsafe {
		for name, header := range map[string]http.Header{
			"cross-site":          {"Sec-Fetch-Site": {"cross-site"}},
			"an unknown relation": {"Sec-Fetch-Site": {"something-new"}},
			"same-site subdomain": {"Sec-Fetch-Site": {"same-site"}},
			"an old browser":      {"Origin": {"https://evil.example"}},
			"a sandboxed frame":   {"Origin": {"null"}},
			"another port":        {"Origin": {"http://127.0.0.1:1"}},
			"a form": {
				"Sec-Fetch-Site": {"cross-site"},
				"Origin":         {"https://evil.example"},
				"Content-Type":   {"text/plain"},
			},
		} {
			a := f.send(request{
				method: u.method,
				path:   ids.Replace(u.path),
				body:   ids.Replace(u.body),
				cookie: session,
				header: header,
			})
			if a.status != http.StatusForbidden {
				t.Errorf("%s %s from %s: answered with %d %s, want 403", u.method, u.path, name, a.status, a.body)
				continue
			}

			a.refused(t, http.StatusForbidden, "forbidden")
			if len(a.header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s %s from %s sets a cookie, want none", u.method, u.path, name)
			}
		}
	}

	if after := f.state(session); after != before {
		t.Errorf("something changed, from\n%s\nto\n%s\nwant nothing changed", before, after)
	}

	// The same from our own pages is taken.
	own := http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {f.Config.PublicURL}}
	if a := f.send(request{method: "POST", path: "/signout", cookie: session, header: own}); a.status !=
		http.StatusSeeOther {
		t.Errorf("signing out by our own page: answered with %d, want 303", a.status)
	}
}

// state is what a visitor of another site must not change.
func (f *face) state(session string) string {
	f.T.Helper()
	f.Settle()
	all := ""
	var tickets int
	if err := f.App.DB.Reader.QueryRowContext(f.T.Context(), `SELECT COUNT(*)
		FROM tickets`).Scan(&tickets); err != nil || tickets > 0 {
		f.T.Errorf("%d tickets are left, %v; want none", tickets, err)
	}

	for _, path := range []string{"/me", "/provider", "/provider/service", "/bindings", "/items", "/people"} {
		a := f.get("/api/v1"+path, session)
		if a.status != http.StatusOK {
			f.T.Errorf("%s: answered with %d, want 200", path, a.status)
		}
		all += a.body
	}

	return all
}
