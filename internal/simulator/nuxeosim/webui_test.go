package nuxeosim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// withFace is a server as if the face had been built.
func withFace(t *testing.T) *fixture {
	t.Helper()
	f := setup(t)
	f.sim.disk[uiFolder+"face.js"] = []byte("export {}")
	return f
}

func TestWebUIAsksForASignIn(t *testing.T) {
	t.Parallel()
	f := withFace(t)
	r := f.send("", "GET", "/ui/", nil).is(302)
	if to := r.header.Get("Location"); to != f.base+"/login.jsp?requestedUrl=ui%2F" {
		t.Errorf("sent to %s, want the sign-in page, and back to ui/", to)
	}

	if to := f.send("", "GET", "/ui", nil).is(302).header.Get("Location"); to != f.base+"/ui/" {
		t.Errorf("without a slash sent to %s, want %s/ui/", to, f.base)
	}

	r = f.send("josh", "GET", "/ui/", nil).is(200)
	for _, want := range []string{
		`<sim-app lts="2023">`, `url="/nuxeo" method="form"`, `src="config.jsp"`,
		`src="face.js"`,
	} {
		if !strings.Contains(string(r.body), want) {
			t.Errorf("the page has no %s, want it: %s", want, r.body)
		}
	}

	if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src blob: *") {
		t.Errorf("the policy is %s, want Nuxeo's, default-src blob: *", csp)
	}

	f.send("", "POST", "/ui/", nil).is(405)
	f.send("", "GET", "/ui/none.js", nil).is(404)
}

func TestWithoutTheFaceThePlainPageSaysSo(t *testing.T) {
	t.Parallel()
	f := setup(t)
	delete(f.sim.disk, uiFolder+"face.js")
	for _, path := range []string{"/ui/", "/ui/plain"} {
		if r := f.send("", "GET", path, nil).is(200); !strings.Contains(string(r.body), "make ui") ||
			!strings.Contains(string(r.body), "Workspaces") {
			t.Errorf("%s is %s, want the workspaces, and to make ui", path, r.body)
		}
	}

	if r := withFace(t).send("", "GET", "/ui/plain", nil).is(200); strings.Contains(string(r.body), "make ui") {
		t.Error("the plain page: got a word on the missing face, want none")
	}
}

// signIn posts the form and returns where it leads.
func (f *fixture) signIn(form url.Values, cookie string) string {
	f.Helper()
	form.Set("user_name", "josh")
	form.Set("user_password", "josh")
	r := f.send("", "POST", "/login.jsp", form.Encode(), "Content-Type: application/x-www-form-urlencoded",
		"Cookie: "+cookie).is(http.StatusFound)
	return strings.TrimPrefix(r.header.Get("Location"), f.base)
}

func TestSignInLeadsBack(t *testing.T) {
	t.Parallel()
	f := withFace(t)
	for _, c := range []struct{ requested, fragment, cookie, want string }{
		{"ui/", "#!/doc/1?p=frameio", "", "/ui/#!/doc/1?p=frameio"},
		{"ui/", "", "", "/ui/"},
		{"ui/", "", fragmentCookie + "=!/doc/2", "/ui/#!/doc/2"},
		{f.base + "/ui/", "#!/doc/3", "", "/ui/#!/doc/3"},
		{"https://evil.example.com/", "#x", "", "/#x"},
		{"//evil.example.com/", "", "", "/"},
		{"ui/", "#a\r\nSet-Cookie: b", "", "/ui/#a%0D%0ASet-Cookie:%20b"},
	} {
		if got := f.signIn(url.Values{"requestedUrl": {c.requested}, "fragment": {c.fragment}},
			c.cookie); got != c.want {
			t.Errorf("signing in from %+v leads to %q, want %q", c, got, c.want)
		}
	}
}

func TestMarksAreEverybodysOwn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a", "a")
	ask := func(user string) *reply {
		return f.send(user, "GET", "/api/v1/id/"+uid, nil,
			"enrichers-document: favorites,subscribedNotifications,renditions").is(200)
	}

	ask("josh").want(false, "contextParameters", "favorites", "isFavorite").want([]any{}, "contextParameters",
		"subscribedNotifications").
		want("thumbnail", "contextParameters", "renditions", 0, "name")
	for _, op := range []string{"AddToFavorites", "Subscribe"} {
		f.send("josh", "POST", "/api/v1/id/"+uid+"/@op/Document."+op, obj{}).is(200)
	}

	ask("josh").want(true, "contextParameters", "favorites", "isFavorite").want("Modification", "contextParameters",
		"subscribedNotifications", 0)
	ask("julia").want(false, "contextParameters", "favorites", "isFavorite")
	f.send("josh", "POST", "/api/v1/id/"+uid+"/@op/Document.RemoveFromFavorites", obj{}).is(200)
	ask("josh").want(false, "contextParameters", "favorites", "isFavorite")
}

func TestClientsLearnTheVersion(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.LTS = "2021" })
	f.send("josh", "GET", "/json/cmis", nil).is(200).want("2021.6", "default", "productVersion")
	f.send("", "GET", "/json/cmis", nil).is(401)
}

func TestNamesWithDotsBecomeObjects(t *testing.T) {
	t.Parallel()
	got := nested(map[string]string{
		"p.a":   "1",
		"p.b.c": "2",
		"p.b.d": "3",
		"other": "4",
		"p.":    "5",
		"p.a.z": "6",
	}, "p.")

	b := got["b"].(map[string]any)
	if len(got) != 2 || b["c"] != "2" || b["d"] != "3" {
		t.Errorf("read are %v, want b with 2 and 3, and one more", got)
	}
}
