package doctor_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

const jwtSecret = "a secret that is shared and long enough for HMAC with SHA-512, really"

// patient is a connector in good health with a doctor who is an administrator.
type patient struct {
	*testenv.Bed
	to     *atomic.Pointer[string] // where files are sent on to, if anywhere
	doctor *doctor.Doctor
}

func admit(t *testing.T) *patient {
	t.Helper()
	to := new(atomic.Pointer[string])
	b := testenv.New(t, testenv.AroundNuxeo(sendsOn(to)), testenv.Nuxeo(func(o *nuxeosim.Options) {
		o.JWTSecret = jwtSecret
	}), testenv.Config(func(c *app.Config) {
		// as Nuxeo wants it
		c.Nuxeo.JWTSecret, c.PublicURL = jwtSecret, strings.Replace(c.PublicURL, "127.0.0.1", "localhost", 1)
	}))

	p := &patient{b, to, &doctor.Doctor{
		App:   b.App,
		Admin: b.App.Nuxeo.As(nuxeo.Basic("Administrator", "Administrator")),
		Now:   time.Now,
	}}

	p.client(func(*nuxeosim.OAuthClient) {})
	return p
}

// sendsOn stands for the store's side of Nuxeo.
func sendsOn(to *atomic.Pointer[string]) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if at := to.Load(); at != nil && *at != "" && strings.Contains(r.URL.Path, "/nxfile/") {
				http.Redirect(w, r, *at, http.StatusFound)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func (p *patient) examine() map[string]doctor.Finding {
	p.T.Helper()
	found := map[string]doctor.Finding{}
	p.doctor.Examine(p.T.Context(), func(f doctor.Finding) { found[f.Name] = f })
	return found
}

// client is the registration of "Sign in with Nuxeo" with one thing changed.
func (p *patient) client(change func(*nuxeosim.OAuthClient)) {
	c := nuxeosim.OAuthClient{
		ID:           "nuxeo-frameio",
		RedirectURIs: []string{p.Config.PublicURL + "/oauth/nuxeo/callback"},
		AutoGrant:    true,
		Enabled:      true,
	}
	change(&c)
	p.Nuxeo.AddOAuthClient(c)
}

// byAddress lets Frame.io fetch files, which Nuxeo sends on to an address.
func (p *patient) byAddress(to string) {
	p.App.Config.Push.ByAddress, p.App.Config.Nuxeo.BlobHosts = true, []string{"127.0.0.1", "10.1.2.3"}
	p.Nuxeo.MkDoc("/default-domain/workspaces/videos/Cut", "File",
		map[string]any{"file:content": nuxeosim.Blob{Name: "a.mov", Data: []byte("abc")}})
	p.to.Store(&to)
}

func (p *patient) nuxeoFails(path string, status int) {
	p.Nuxeo.Faults().Add(faults.Rule{Path: path, Status: status})
}

// provider registers another Frame.io application.
func (p *patient) provider(change func(*identity.Provider)) {
	q, err := p.App.Identity.Provider(p.T.Context())
	if err != nil {
		p.T.Fatal(err)
	}
	change(&q)
	if err := p.App.Identity.SaveProvider(p.T.Context(), q); err != nil {
		p.T.Fatal(err)
	}
}

// review pushes a document.
func (p *patient) review() {
	p.Bind("Publish")
	folder, _ := p.Nuxeo.Doc(p.Folder)
	uid := p.Nuxeo.MkDoc(folder.Path+"/Cut", "File", map[string]any{
		"file:content": nuxeosim.Blob{Name: "Cut.mov", Data: []byte("pictures")},
	})

	r := push.Request{Documents: []string{uid}, Workspace: p.Workspace, Project: p.Project, Folder: p.Root}
	if _, err := p.App.Push.Accept(p.T.Context(), "josh", r); err != nil {
		p.T.Fatal(err)
	}

	p.Settle()
}

// mailAs has mail go through Nuxeo as a service account.
func (p *patient) mailAs(login, password string) {
	p.App.Mail.Set.Via, p.App.Mail.Account = "nuxeo", p.App.Nuxeo.As(nuxeo.Basic(login, password))
}

func (p *patient) ahead(d time.Duration) {
	p.doctor.Now = func() time.Time { return time.Now().Add(d) }
}

// healthy is how the checks come out when nothing is wrong: the address is this
// machine's, and policies are tried by Fix only.
var healthy = map[string]doctor.Mark{
	"Configuration": doctor.OK, "Database": doctor.OK, "Encryption key": doctor.OK, "Private files": doctor.OK,
	"Clock": doctor.OK, "Nuxeo": doctor.OK,
	"Rights in Nuxeo": doctor.OK, "Package in Nuxeo": doctor.OK, "Versioning policies": doctor.Skipped,
	"Sign in with Nuxeo": doctor.OK,
	"Frame.io API":       doctor.OK, "Frame.io sign-in": doctor.OK, "Public address": doctor.Warning,
	"Metadata fields": doctor.OK, "Webhooks": doctor.OK, "Files by address": doctor.Skipped, "Mail": doctor.OK,
	"What Nuxeo does": doctor.OK,
}

// The doctor tries the way that every mail takes.
func TestTestMail(t *testing.T) {
	t.Parallel()
	p := admit(t)
	try := func(want string) {
		t.Helper()
		before := len(p.Mail.Messages())
		err := p.doctor.SendMail(t.Context(), "olga", "key")
		switch sent := len(p.Mail.Messages()) - before; {
		case want == "" && (err != nil || sent != 1):
			t.Errorf("the test mail ends with %v and %d mails, want one mail", err, sent)
		case want != "" && (err == nil || !strings.Contains(fault.From(err).Message, want) ||
			fault.From(err).Remedy == "" || sent != 0):
			t.Errorf("the test mail ends with %v and %d mails, want %q, a remedy and none", err, sent, want)
		}
	}

	try("")
	p.mailAs("Administrator", "Administrator")
	try("")
	if f := p.examine()["Mail"]; f.Mark != doctor.OK || !strings.Contains(f.Detail, "as Administrator") {
		t.Errorf("mail through Nuxeo is found %+v, want it all right as Administrator", f)
	}

	p.mailAs("josh", "josh")
	try("administrator only")
	p.App.Mail.Set.Via, p.App.Mail.Set.Host, p.App.Mail.Account = "auto", "", nil
	try("No mail is set up")
}

func TestFieldsAreLookedAtAsSomebody(t *testing.T) {
	t.Parallel()
	p := admit(t)
	for _, login := range []string{"josh", "julia"} {
		if err := p.App.Identity.Disconnect(t.Context(), login); err != nil {
			t.Fatal(err)
		}
	}

	if f := p.examine()["Metadata fields"]; f.Mark != doctor.Skipped ||
		!strings.Contains(f.Detail, "nobody is connected") {
		t.Errorf("found %+v, want it skipped since nobody is connected", f)
	}
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	p := admit(t)
	found := p.examine()
	for name, want := range healthy {
		if f := found[name]; f.Mark != want || f.Detail == "" || (f.Mark == doctor.Warning) != (f.Remedy != "") {
			t.Errorf("%s is found %+v, want %s, a detail, and a remedy with a warning only", name, f, want)
		}
	}

	if len(found) != len(healthy) {
		t.Errorf("%d checks, want the %d that are known here", len(found), len(healthy))
	}
}

// ills are each check made to fail, once for each way it knows. says is part of
// what is found.
var ills = []struct {
	name, check, says string
	mark              doctor.Mark
	harm              func(*patient)
}{
	{"no workers", "Configuration", "0 workers", doctor.Broken, func(p *patient) { p.App.Config.Workers = 0 }},
	{"closed database", "Database", "cannot be read", doctor.Broken, func(p *patient) { _ = p.App.DB.Reader.Close() }},
	{"no key", "Encryption key", "gone", doctor.Broken, func(p *patient) {
		_ = os.Remove(filepath.Join(p.Config.Data, "encryption.key"))
	}},
	{"open key", "Encryption key", "others on this machine can read", doctor.Broken, func(p *patient) {
		_ = os.Chmod(filepath.Join(p.Config.Data, "encryption.key"), 0o644)
	}},
	{"open settings", "Private files", "others on this machine can read", doctor.Broken, func(p *patient) {
		_ = os.Chmod(p.Config.Data, 0o755)
	}},
	{"fast clock", "Clock", "off by ", doctor.Broken, func(p *patient) { p.ahead(10 * time.Minute) }},
	{"slow clock", "Clock", "off by ", doctor.Broken, func(p *patient) { p.ahead(-10 * time.Minute) }},
	{"drifting clock", "Clock", "off by ", doctor.Warning, func(p *patient) { p.ahead(time.Minute) }},
	{"Nuxeo away", "Nuxeo", "cannot be reached", doctor.Broken, func(p *patient) {
		p.Nuxeo.Faults().Add(faults.Rule{Reset: true})
	}},
	{"an LTS that does not say which", "Nuxeo", "does not tell which LTS", doctor.Warning, func(p *patient) {
		p.nuxeoFails("/api/v1/capabilities$", 404)
	}},
	{"not Nuxeo", "Nuxeo", "answers 404", doctor.Broken, func(p *patient) { p.nuxeoFails("/api/v1/me", 404) }},
	{"another JWT secret", "Rights in Nuxeo", "sign-in", doctor.Broken, func(p *patient) {
		p.App.Config.Nuxeo.JWTSecret = strings.Repeat("other", 20)
	}},
	{"another service password", "Rights in Nuxeo", "sign-in", doctor.Broken, func(p *patient) {
		p.App.Config.Nuxeo.ServiceUser, p.App.Config.Nuxeo.ServicePassword = "julia", "no"
	}},
	{"humble service account", "Rights in Nuxeo", "not an administrator", doctor.Warning, func(p *patient) {
		p.App.Config.Nuxeo.ServiceUser, p.App.Config.Nuxeo.ServicePassword = "julia", "julia"
	}},
	{"no schema", "Package in Nuxeo", "schema frameio_binding", doctor.Broken, func(p *patient) {
		p.nuxeoFails("schemas/frameio_binding", 404)
	}},
	{"no facet", "Package in Nuxeo", "facet FrameioAsset", doctor.Broken, func(p *patient) {
		p.nuxeoFails("facets/FrameioAsset", 404)
	}},
	{"old package", "Package in Nuxeo", "version 0.0.1, older than", doctor.Warning, func(p *patient) {
		p.packageTells("0.0.1")
	}},
	{"Nuxeo fails", "Package in Nuxeo", "Nuxeo fails", doctor.Broken, func(p *patient) {
		p.nuxeoFails("schemas/", 500)
	}},
	{"no client id", "Sign in with Nuxeo", "cannot sign in", doctor.Warning, func(p *patient) {
		p.App.Config.Nuxeo.ClientID = ""
	}},
	{"unknown client", "Sign in with Nuxeo", "no OAuth client", doctor.Broken, func(p *patient) {
		p.App.Config.Nuxeo.ClientID = "another"
	}},
	{"disabled client", "Sign in with Nuxeo", "disabled", doctor.Broken, func(p *patient) {
		p.client(func(c *nuxeosim.OAuthClient) { c.Enabled = false })
	}},
	{"client of elsewhere", "Sign in with Nuxeo", "does not know", doctor.Broken, func(p *patient) {
		p.client(func(c *nuxeosim.OAuthClient) { c.RedirectURIs = []string{"https://x.example"} })
	}},
	{"Frame.io away", "Frame.io API", "cannot be reached", doctor.Broken, func(p *patient) {
		p.Frameio.Faults().Add(faults.Rule{Reset: true})
	}},
	{"not Frame.io", "Frame.io API", "answers 500", doctor.Warning, func(p *patient) {
		p.Frameio.Faults().Add(faults.Rule{Status: 500})
	}},
	{"no provider", "Frame.io sign-in", "not registered", doctor.Broken, func(p *patient) {
		_ = p.App.Identity.DeleteProvider(p.T.Context())
	}},
	{"wrong secret", "Frame.io sign-in", "invalid_client", doctor.Broken, func(p *patient) {
		p.provider(func(q *identity.Provider) { q.ClientSecret = "wrong" })
	}},
	{"sign-in away", "Frame.io sign-in", "cannot be reached", doctor.Broken, func(p *patient) {
		p.Frameio.Faults().Add(faults.Rule{Path: "^/ims/", Reset: true})
	}},
	{"no https", "Public address", "not https", doctor.Broken, func(p *patient) {
		p.App.Config.PublicURL = "http://frameio.example.com"
	}},
	{"bare address", "Public address", "bare address", doctor.Broken, func(p *patient) {
		p.App.Config.PublicURL = "https://10.1.2.3"
	}},
	{"short name", "Public address", "no full host name", doctor.Warning, func(p *patient) {
		p.App.Config.PublicURL = "https://connector"
	}},
	{"name without a host", "Public address", "cannot be reached", doctor.Warning, func(p *patient) {
		p.App.Config.PublicURL = "https://frameio.invalid"
	}},
	{"no webhook yet", "Webhooks", "1 of 1 teams have none yet", doctor.Warning, func(p *patient) { p.review() }},
	{"a webhook that nobody may make", "Webhooks", "1 of 1 teams have none, so", doctor.Warning, func(p *patient) {
		p.review()
		p.Frameio.Faults().Add(faults.Rule{Method: "POST", Path: "/webhooks", Status: 403})
		_ = p.App.Webhooks.Complete(p.T.Context())
	}},
	{"no file by address", "Files by address", "sends its files itself", doctor.Warning, func(p *patient) {
		p.byAddress("")
	}},
	{"an address elsewhere", "Files by address", "keeps its files on evil.example", doctor.Warning, func(p *patient) {
		p.byAddress("https://evil.example/a?signature=hidden")
	}},
	{"a private address", "Files by address", "private or reserved network", doctor.Warning, func(p *patient) {
		p.byAddress("https://10.1.2.3/a?signature=hidden")
		p.App.Config.Network.PrivateAddresses = "refuse"
	}},
	{"a store that is away", "Files by address", "cannot be reached from here", doctor.Warning, func(p *patient) {
		p.byAddress("http://127.0.0.1:1/a?signature=hidden")
	}},
	{"a store that wants a sign-in", "Files by address", "answers 401 without", doctor.Warning, func(p *patient) {
		p.byAddress(p.NuxeoURL + "/api/v1/me?signature=hidden")
	}},
	{"Nuxeo fails", "Files by address", "Nuxeo fails", doctor.Broken, func(p *patient) {
		p.byAddress("")
		p.nuxeoFails("/nxfile/", 500)
	}},
	{
		"other names of fields", "Metadata fields",
		"Studio has none for the codec (frameio-codec-field), the resolution (frameio-width-field", doctor.Warning,
		func(p *patient) {
			p.App.Config.Frameio.CodecField, p.App.Config.Frameio.WidthField = "Codec vidéo, Kodierung", "Breite"
		},
	},
	{"fields that cannot be listed", "Metadata fields", "", doctor.Broken, func(p *patient) {
		p.Frameio.Faults().Add(faults.Rule{Path: "/field_definitions", Status: 403})
	}},
	{"no such automation", "What Nuxeo does", "no automation javascript.after", doctor.Broken, func(p *patient) {
		p.App.Reactions.Actions[event.Approved] = "javascript.after"
	}},
	{"Nuxeo fails", "What Nuxeo does", "Nuxeo fails", doctor.Broken, func(p *patient) {
		p.App.Reactions.Actions[event.Approved] = "transition:approve"
		p.nuxeoFails("/automation/Document.FollowLifecycleTransition", 500)
	}},
	{"no mail", "Mail", "nobody is told", doctor.Warning, func(p *patient) { p.App.Mail.Set.Via = "none" }},
	{"no mail is set up", "Mail", "nobody is told", doctor.Warning, func(p *patient) { p.App.Mail.Set.Host = "" }},
	{"mail server away", "Mail", "connection refused", doctor.Broken, func(p *patient) { p.App.Mail.Set.Port = 1 }},
	{"no service account for mail", "Mail", "there is no service account", doctor.Broken, func(p *patient) {
		p.App.Mail.Set.Via = "nuxeo"
	}},
	{"a service account that may not send", "Mail", "josh is none: nobody gets mail", doctor.Broken, func(p *patient) {
		p.mailAs("josh", "josh")
	}},
	{"a service account with another password", "Mail", "", doctor.Broken, func(p *patient) {
		p.mailAs("josh", "wrong")
	}},
}

func TestEachIllIsFound(t *testing.T) {
	t.Parallel()
	missed := map[string]bool{}
	for name := range healthy {
		missed[name] = name != "Versioning policies" // Fix tries them
	}

	for _, ill := range ills {
		missed[ill.check] = false
		t.Run(ill.name, func(t *testing.T) {
			t.Parallel()
			p := admit(t)
			ill.harm(p)
			f := p.examine()[ill.check]
			if f.Mark != ill.mark || !strings.Contains(f.Detail, ill.says) || f.Remedy == "" ||
				strings.Contains(f.Detail+f.Remedy, jwtSecret) || strings.Contains(f.Detail+f.Remedy, "hidden") {
				t.Errorf("found %+v, want %s with %q and a remedy, and no secret", f, ill.mark, ill.says)
			}
		})
	}

	for name, miss := range missed {
		if miss {
			t.Errorf("what makes %s fail: got no case, want one", name)
		}
	}
}

// A sign-in that is of no use is said to be so in each check that needs one.
func TestUnfitSignIn(t *testing.T) {
	t.Parallel()
	for login, c := range map[string]struct {
		password string
		nuxeo    doctor.Mark
		says     string
	}{
		"josh":          {"josh", doctor.Warning, "josh is not an administrator"},
		"Administrator": {"wrong", doctor.Broken, "not accepted"},
	} {
		p := admit(t)
		p.App.Config.Nuxeo.JWTSecret = "" // or the connector could look by itself
		p.App.Config.Nuxeo.ServiceUser = ""
		p.doctor.Admin = p.App.Nuxeo.As(nuxeo.Basic(login, c.password))
		found := p.examine()
		if f := found["Nuxeo"]; f.Mark != c.nuxeo || f.Remedy == "" {
			t.Errorf("%s: Nuxeo is found %+v, want %s and a remedy", login, f, c.nuxeo)
		}

		for _, name := range []string{"Package in Nuxeo", "Versioning policies", "Sign in with Nuxeo"} {
			if f := found[name]; f.Mark != doctor.Skipped || !strings.Contains(f.Detail, c.says) {
				t.Errorf("%s: %s is found %+v, want it skipped with %q", login, name, f, c.says)
			}
		}
	}
}

// What Fix has said is not said again.
func TestFixedIsSaidOnce(t *testing.T) {
	t.Parallel()
	p := admit(t)
	said, err := p.fix(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	found := p.examine()
	for _, f := range said {
		if _, again := found[f.Name]; again {
			t.Errorf("%s, which Fix has said: got it said again, want it said once", f.Name)
		}
	}
}

func TestExamineChangesNothing(t *testing.T) {
	t.Parallel()
	p := admit(t)
	p.examine()
	for _, r := range p.Nuxeo.Requests() {
		if r.User == "Administrator" && r.Method != http.MethodGet {
			t.Errorf("the examination calls %s %s, want only GET", r.Method, r.Path)
		}
	}
}

// With a store whose addresses lead to the files, that is said, and no address.
func TestFilesByAddress(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Nuxeo(func(o *nuxeosim.Options) {
		o.DirectDownload = true
	}), testenv.Config(func(c *app.Config) {
		c.Push.ByAddress, c.Nuxeo.BlobHosts = true, []string{"127.0.0.1"}
	}))

	p := &patient{b, nil, &doctor.Doctor{
		App:   b.App,
		Admin: b.App.Nuxeo.As(nuxeo.Basic("Administrator", "Administrator")),
		Now:   time.Now,
	}}

	if f := p.examine()["Files by address"]; f.Mark != doctor.Skipped ||
		!strings.Contains(f.Detail, "no document with a file") {
		t.Errorf("files by address, where there are none: %+v, want it skipped, and that there is no document with a "+
			"file", f)
	}

	b.Nuxeo.MkDoc("/default-domain/workspaces/videos/Cut", "File",
		map[string]any{"file:content": nuxeosim.Blob{Name: "a.mov", Data: []byte("abc")}})
	if f := p.examine()["Files by address"]; f.Mark != doctor.OK ||
		!strings.Contains(f.Detail, "sends on to 127.0.0.1, which gives files") {
		t.Errorf("files by address: %+v, want it fine, and where Nuxeo sends on to", f)
	}
}
