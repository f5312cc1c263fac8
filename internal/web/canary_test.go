package web_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// journal is a log that is kept.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is io.Writer's.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// cage is a connector with a canary in every place for a secret.
type cage struct {
	*face
	tap     *wiretap
	log     *journal
	secrets map[string]string // to their kinds
	places  map[string]string // what could show one
}

// canaries are the secrets of the configuration.
var canaries = map[string]string{
	"canary-jwt-secret-0123456789abcdef0123456789abcdef0123456789abcdef":          "JWT secret",
	"canary-oauth-client-secret":                                                  "OAuth client secret",
	"canary-service-password":                                                     "service password",
	"canary-smtp-password":                                                        "SMTP password",
	base64.StdEncoding.EncodeToString([]byte("canary-encryption-key-32-bytes!!")): "encryption key",
	"canary-encryption-key-32-bytes!!":                                            "encryption key in bytes",
	"canary-admin-token":                                                          "admin token",
	"canary-provider-secret":                                                      "provider secret",
}

func caged(t *testing.T, jwt bool) *cage {
	t.Helper()
	c := &cage{tap: new(wiretap), log: new(journal), secrets: map[string]string{}, places: map[string]string{}}
	for secret, kind := range canaries {
		c.secrets[secret] = kind
	}

	c.face = open(t, testenv.World(c.world), testenv.Config(func(o *app.Config) {
		configure(o, jwt)
	}), testenv.Nuxeo(func(o *nuxeosim.Options) {
		o.JWTSecret = "canary-jwt-secret-0123456789abcdef0123456789abcdef0123456789abcdef"
		for _, login := range []string{"Administrator", "josh", "julia", "olga"} {
			o.Users = append(o.Users, nuxeosim.User{
				Login:     login,
				Password:  login,
				FirstName: login,
				Email:     login + "@example.org",
				Groups:    []string{"members"},
				Admin:     login == "Administrator",
			})
		}

		o.Users = append(o.Users, nuxeosim.User{Login: "robot", Password: "canary-service-password", Admin: true})
	}))

	c.Nuxeo.AddOAuthClient(nuxeosim.OAuthClient{
		ID: "nuxeo-frameio", Secret: c.Config.Nuxeo.ClientSecret,
		RedirectURIs: []string{c.Config.PublicURL + "/oauth/nuxeo/callback"}, AutoGrant: true, Enabled: true,
	})

	return c
}

func (c *cage) world(w *app.World) {
	w.Log = slog.New(requestid.Handler(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	w.Dial = c.tap.dial
	w.Work = func(s *work.Settings) { testenv.Quick(s); s.MaxAttempts = 2 }
	w.Queue = func(db *store.DB) work.Queue {
		q, err := work.NewRiver(db, "canary", 4, time.Hour, w.Log)
		if err != nil {
			panic(err)
		}
		return q
	}
}

func configure(o *app.Config, jwt bool) {
	o.PublicURL = strings.Replace(o.PublicURL, "127.0.0.1", "localhost", 1)
	if jwt {
		o.Nuxeo.JWTSecret = "canary-jwt-secret-0123456789abcdef0123456789abcdef0123456789abcdef"
	}
	o.Nuxeo.ClientSecret = "canary-oauth-client-secret"
	o.Nuxeo.ServiceUser, o.Nuxeo.ServicePassword = "robot", "canary-service-password"
	o.Mail.SMTPUser, o.Mail.SMTPPass, o.Mail.SMTPTLS, o.Mail.Via = "robot", "canary-smtp-password", "none", "nuxeo"
	o.AccessLog, o.SlowCall = true, time.Nanosecond
	o.Admin.Listen, o.Admin.Token = "127.0.0.1:0", "canary-admin-token"
	o.EncryptionKey = []string{base64.StdEncoding.EncodeToString([]byte("canary-encryption-key-32-bytes!!"))}
}

func TestNoSecretIsSeen(t *testing.T) {
	t.Parallel()
	for name, jwt := range map[string]bool{"with people's tokens": false, "with the JWT secret": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := caged(t, jwt)
			session := c.signInByPage("josh")
			admin := c.SignIn("Administrator")
			c.secrets[session], c.secrets[admin] = "session", "session"
			c.bindPublishUnbind(session)
			c.examine()
			c.look(session, admin)
			c.Stop()
			c.files()
			for secret, kind := range c.tap.secrets() {
				c.secrets[secret] = kind
			}

			c.search(jwt)
			c.Start()
		})
	}
}

// signInByPage signs in and connects as a person does, and keeps the cookies.
func (c *cage) signInByPage(login string) (session string) {
	c.T.Helper()
	b := c.browser(login)
	for _, path := range []string{"/signin", "/connect"} {
		begun, page := b.open(c.Config.PublicURL + path)
		c.places["page "+path] = page
		keeping(begun, c.secrets)
		back, page := b.back(path)
		if back.StatusCode != http.StatusSeeOther {
			c.T.Fatalf("GET %s: %d %s, want 303", path, back.StatusCode, page)
		}

		keeping(back, c.secrets)
		for _, k := range back.Cookies() {
			if k.Name == "nxf_session" {
				session = k.Value
			}
		}
	}

	_, c.places["a callback again"], _ = b.walk("/oauth/frameio/callback?state=x&code=y")
	_, c.places["home"], _ = b.walk("/")
	return session
}

// misfortunes are what happens to publishes, so that errors have something to say.
var misfortunes = []struct {
	name           string
	frameio, nuxeo faults.Rule
}{
	{name: "nothing"},
	{name: "original refused", frameio: faults.Rule{Path: "^/assets/", Status: 403, Body: "<Error>denied</Error>"}},
	{name: "original gone", frameio: faults.Rule{Path: "^/assets/", Status: 404}},
	{name: "original cut", frameio: faults.Rule{Path: "^/assets/", CutAfter: 100}},
	{name: "original reset", frameio: faults.Rule{Path: "^/assets/", Reset: true}},
	{name: "API reset", frameio: faults.Rule{Path: "^/v4/", Reset: true}},
	{name: "API refuses", frameio: faults.Rule{Path: "^/v4/", Status: 401, Body: `{"errors":[{"detail":"no"}]}`}},
	{name: "API without sense", frameio: faults.Rule{Path: "^/v4/", CutAfter: 20}},
	{name: "sign-in fails", frameio: faults.Rule{Path: "^/ims/", Status: 500}},
	{name: "sign-in reset", frameio: faults.Rule{Path: "^/ims/", Reset: true}},
	{name: "Nuxeo reset", nuxeo: faults.Rule{Reset: true}},
	{name: "Nuxeo refuses", nuxeo: faults.Rule{Status: 401, Path: "/api/"}},
	{name: "Nuxeo fails", nuxeo: faults.Rule{Status: 500, Path: "/api/v1/upload"}},
	{name: "Nuxeo mail fails", nuxeo: faults.Rule{Status: 500, Path: "Document.Mail"}},
}

func (c *cage) bindPublishUnbind(session string) {
	c.T.Helper()
	made := c.Bind("Publish")
	for _, m := range misfortunes {
		if m.frameio.Path != "" {
			c.Frameio.Faults().Add(m.frameio)
		}

		if m.nuxeo.Status > 0 || m.nuxeo.Reset {
			c.Nuxeo.Faults().Add(m.nuxeo)
		}

		if strings.HasPrefix(m.name, "sign-in") {
			c.Frameio.ExpireAccess(c.Josh)
		}

		c.Run(c.Josh, c.file(m.name+".mov", 5000))
		c.rest()
		c.Frameio.Faults().Clear()
		c.Nuxeo.Faults().Clear()
		c.Connect("josh")
		c.Settle() // what waited for josh must not meet the next one
	}

	c.Frameio.ExpireAccess(c.Josh)
	c.Published(c.Josh, c.file("Refreshed.mov", 5000))
	c.send(request{method: http.MethodDelete, path: "/api/v1/bindings/" + made.ID, session: session})
	c.Settle()
}

// rest waits until every item is final or waits for somebody to act.
func (c *cage) rest() {
	c.T.Helper()
	c.SettleBut(func(v work.View) bool { return v.Code == string(fault.NeedsOwner) })
}

// examine runs doctor in all its ways, and config.
func (c *cage) examine() {
	c.T.Helper()
	nx, err := nuxeo.New(c.Config.Nuxeo.URL, http.DefaultClient, nuxeo.Basic("Administrator", "Administrator"))
	if err != nil {
		c.T.Fatal(err)
	}

	for _, down := range []bool{false, true} {
		if down {
			c.Nuxeo.Faults().Add(faults.Rule{Reset: true})
			c.Frameio.Faults().Add(faults.Rule{Reset: true})
		}

		d := &doctor.Doctor{App: c.App, Admin: nx, Now: time.Now}
		said := ""
		show := func(f doctor.Finding) { said += fmt.Sprintf("%+v\n", f) }
		said += fmt.Sprintln(d.Fix(c.T.Context(), show))
		d.Examine(c.T.Context(), show)
		said += fmt.Sprintln(d.SendMail(c.T.Context(), "josh", "canary-"+strconv.FormatBool(down)))
		c.App.Mail.Set.Via = "smtp" // with a password that the mail server does not ask for
		d.Examine(c.T.Context(), show)
		said += fmt.Sprintln(d.SendMail(c.T.Context(), "josh", "canary-smtp-"+strconv.FormatBool(down)))
		c.App.Mail.Set.Via = "nuxeo"
		c.places["doctor "+strconv.FormatBool(down)] = said
	}

	c.Nuxeo.Faults().Clear()
	c.Frameio.Faults().Clear()
	c.config()
}

func (c *cage) config() {
	c.T.Helper()
	for _, flag := range []string{"--json=false", "--json"} {
		cmd := exec.CommandContext(c.T.Context(), "go", "run", "../../cmd/nuxeo-frameio", "config", flag)
		cmd.Env = append(os.Environ(), "NUXEO_FRAMEIO_ENCRYPTION_KEY="+c.Config.EncryptionKey[0],
			"NUXEO_FRAMEIO_NUXEO_JWT_SECRET="+c.Config.Nuxeo.JWTSecret,
			"NUXEO_FRAMEIO_NUXEO_CLIENT_SECRET="+c.Config.Nuxeo.ClientSecret, "NUXEO_FRAMEIO_NUXEO_SERVICE_PASSWORD="+
				c.Config.Nuxeo.ServicePassword,
			"NUXEO_FRAMEIO_MAIL_SMTP_PASSWORD="+c.Config.Mail.SMTPPass,
			"NUXEO_FRAMEIO_ADMIN_TOKEN="+c.Config.Admin.Token)
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("(set, hidden)")) {
			c.T.Errorf("printing the configuration: %v, %s; want secrets as (set, hidden)", err, out)
		}

		c.places["config "+flag] = string(out)
	}

	c.places["the configuration, printed"] = fmt.Sprint(&c.Config)
}

// look reads all that the connector shows to people.
func (c *cage) look(session, admin string) {
	c.T.Helper()
	for _, path := range []string{
		"/readyz", "/api/v1/about", "/api/v1/me", "/api/v1/provider",
		"/api/v1/workspaces", "/api/v1/bindings", "/api/v1/items?limit=500",
	} {
		c.places[path] = c.get(path, admin).body + c.get(path, session).body
	}

	c.lookInside()
	for name, content := range c.help(admin) {
		c.places["support: "+name] = content
	}

	c.watch(session)
	failed := 0
	for _, v := range c.Settle() {
		c.places["item "+v.Title+" "+v.Kind] += c.get("/api/v1/items/"+v.ID, admin).body
		if v.State == work.Failed {
			failed++
		}
	}

	if failed < 8 {
		c.T.Errorf("only %d items failed, want at least 8", failed)
	}

	for i, m := range c.Mail.Messages() {
		c.places[fmt.Sprint("mail ", i)] = string(m.Raw) + m.HTML
	}

	for _, d := range c.Documents() {
		b, err := json.Marshal(d)
		if err != nil {
			c.T.Fatal(err)
		}
		c.places["document "+d.Title] = string(b)
	}
}

// lookInside reads what administrators see at their own address.
func (c *cage) lookInside() {
	c.T.Helper()
	f := &inside{c.face, c.Serve(c.App.AdminHandler()), c.Config.Admin.Token}
	for _, path := range []string{
		"/metrics", "/readyz", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=2",
		"/debug/pprof/heap?debug=1",
	} {
		c.places[path] += f.ask(path, nil).body
	}
}

// watch looks at media of every document: one ticket is used, the other left.
func (c *cage) watch(session string) {
	c.T.Helper()
	for _, d := range c.Documents() {
		c.places["page of "+d.Title] = c.get("/api/v1/documents/"+d.UID, session).body
		m := c.face.look(session, d.UID, nil)
		if m == nil || m.Url == nil || m.Poster == nil {
			c.T.Fatalf("nothing to see of %s: %s, want addresses of a film and a poster", d.Title, shown(m))
		}

		c.secrets[strings.TrimPrefix(*m.Url, "/media/")], c.secrets[strings.TrimPrefix(*m.Poster, "/media/")] =
			"ticket", "ticket"
		a := c.play(*m.Url)
		c.places["redirect of "+d.Title] = a.body
		_, signed, _ := strings.Cut(a.header.Get("Location"), "?")
		c.secrets[signed] = "signed proxy"
	}
}

// files reads the data folder as it lies on the disk.
func (c *cage) files() {
	c.T.Helper()
	if pg.Chosen() {
		c.places["file connector.db"] = string(pg.Dump(c.T, c.Config.Database))
	}

	err := filepath.WalkDir(c.Config.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		c.places["file "+d.Name()] = string(b)
		return err
	})
	if err != nil || !strings.Contains(c.places["file connector.db"], "river_job") {
		c.T.Fatalf("reading the data folder: %v; want a database with jobs", err)
	}

	c.places["log"] = c.log.String()
}

func (c *cage) search(jwt bool) {
	c.T.Helper()
	kinds := map[string]int{}
	for secret, kind := range c.secrets {
		kinds[kind]++
		if secret == "Administrator" || len(secret) < 8 {
			c.T.Errorf("%s %q is too short to look for, want at least 8 characters", kind, secret)
		}
		for place, text := range c.places {
			if i := strings.Index(text, secret); i >= 0 {
				c.T.Errorf("a secret (%s) is in %s, want none: …%.200q", kind, place, text[max(0, i-80):])
			}
		}
	}

	want := []string{
		"access token", "refresh token", "sent refresh", "client secret", "verifier", "code",
		"action secret", "signed download", "bearer", "basic", "session", "cookie signin", "ticket", "signed proxy",
	}
	if !jwt {
		want = append(want, "login token")
	}

	for _, kind := range want {
		if kinds[kind] == 0 {
			c.T.Errorf("no %s was seen at all, want some to look for", kind)
		}
	}

	c.T.Logf("%d secrets of %d kinds in %d places", len(c.secrets), len(kinds), len(c.places))
}
