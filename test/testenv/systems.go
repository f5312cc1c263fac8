package testenv

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/contract"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/mailsim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Network is where the systems meet.
type Network interface {
	// Listen takes a free address.
	Listen() (net.Listener, error)
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// Loopback is the machine's own network.
type Loopback struct{}

// Listen takes a free port.
func (Loopback) Listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// Dial connects.
func (Loopback) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Systems are the simulated systems around the connector, with the package
// installed and people on both sides.
type Systems struct {
	T       testing.TB
	Nuxeo   *nuxeosim.Server
	Frameio *frameiosim.Server
	Mail    *mailsim.Server
	// NuxeoURL and FrameioURL are their addresses.
	NuxeoURL, FrameioURL string

	// On Frame.io: josh owns the account, julia is a member.
	Account, Workspace, Project, Root string
	Josh, Julia                       string
	// In Nuxeo: a folder that josh and julia may write in.
	Folder string

	net Network
}

// contracts holds the contract file, loaded once; nil when it is not at hand.
var contracts = sync.OnceValues(contract.FromEnv)

// NewSystems sets the systems up on a network.
func NewSystems(t testing.TB, n Network, opts ...Option) *Systems {
	var o options
	for _, f := range opts {
		f(&o)
	}
	return newSystems(t, n, o)
}

func newSystems(t testing.TB, n Network, o options) *Systems {
	t.Helper()
	s := &Systems{T: t, net: n}
	s.mail()
	s.nuxeo(o)
	s.frameio(o)
	return s
}

// Serve puts a handler on the network and returns its address.
func (s *Systems) Serve(h http.Handler) string {
	s.T.Helper()
	l, err := s.net.Listen()
	if err != nil {
		s.T.Fatal(err)
	}

	// What a broken connection leaves behind ends by itself, but not before
	// whoever waits for an answer has given up.
	server := &http.Server{Handler: h, ReadTimeout: 3 * time.Hour}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(l) }) // ends with Close
	s.atEnd(func() { _ = server.Close(); served.Wait() })
	return "http://" + l.Addr().String()
}

// atEnd has something done when the test has ended, and lets go of it then: what a test
// cleans up is kept as long as any test runs beside it.
func (s *Systems) atEnd(do func()) {
	s.T.Cleanup(func() {
		do()
		do = nil
	})
}

func (s *Systems) mail() {
	l, err := s.net.Listen()
	if err != nil {
		s.T.Fatal(err)
	}
	s.Mail = mailsim.Serve(l)
	s.atEnd(func() { _ = s.Mail.Close() })
}

// Post has a connector send its mail to the mail server.
func (s *Systems) Post(c *app.Config) {
	s.T.Helper()
	host, port, err := net.SplitHostPort(s.Mail.Addr())
	if err == nil {
		c.Mail.SMTPPort, err = strconv.Atoi(port)
	}

	if err != nil {
		s.T.Fatal(err)
	}

	c.Mail.SMTPHost, c.Mail.SMTPTLS, c.Mail.From = host, "none", "connector@example.org"
}

// ByNuxeo has a connector send its mail through Nuxeo, by a service account.
func ByNuxeo(c *app.Config) {
	c.Nuxeo.ServiceUser, c.Nuxeo.ServicePassword, c.Mail.Via = "Administrator", "Administrator", "nuxeo"
}

// pack builds the package once for all beds.
var pack = sync.OnceValues(func() ([]byte, error) {
	var zip bytes.Buffer
	err := addon.Build(&zip, "1.0.0")
	return zip.Bytes(), err
})

func (s *Systems) nuxeo(o options) {
	o.nuxeo.SMTP, o.nuxeo.MailFrom, o.nuxeo.Dial = s.Mail.Addr(), "nuxeo@example.org", s.net.Dial
	if o.nuxeo.IndexLag == 0 {
		o.nuxeo.IndexLag = nuxeosim.StandsStill // nothing may rest on it
	}

	var err error
	if s.Nuxeo, err = nuxeosim.New(o.nuxeo); err != nil {
		s.T.Fatal(err)
	}

	s.atEnd(func() { _ = s.Nuxeo.Close() })
	var h http.Handler = s.Nuxeo
	if o.around != nil {
		h = o.around(h)
	}

	s.NuxeoURL = s.Serve(h) + "/nuxeo"
	s.Nuxeo.SetURL(s.NuxeoURL)
	zip, err := pack()
	if err != nil {
		s.T.Fatal(err)
	}

	if err := s.Nuxeo.InstallPackage(zip); err != nil {
		s.T.Fatal(err)
	}

	s.Folder = s.Nuxeo.MkDoc("/default-domain/workspaces/videos", "Folder", map[string]any{"dc:title": "Videos"})
	s.Grant("/default-domain/workspaces/videos")
}

// Grant lets josh and julia write in a folder of Nuxeo, where members only read.
func (s *Systems) Grant(path string) {
	for _, login := range []string{"josh", "julia"} {
		s.Nuxeo.SetACL(path, login, "ReadWrite", true)
	}
}

func (s *Systems) frameio(o options) {
	var err error
	if !o.loose {
		s.contract(&o.frameio)
	}

	if o.frameio.RemoteClient == nil {
		o.frameio.RemoteClient = &http.Client{
			Transport: &http.Transport{DialContext: s.net.Dial, DisableKeepAlives: true},
		}
	}

	if s.Frameio, err = frameiosim.New(o.frameio); err != nil {
		s.T.Fatal(err)
	}

	s.atEnd(func() { _ = s.Frameio.Close() })
	s.FrameioURL = s.Serve(s.Frameio)
	s.Frameio.SetURL(s.FrameioURL)
	s.Josh = s.Frameio.AddPerson("Josh Editor", "josh@example.org")
	s.Julia = s.Frameio.AddPerson("Julia Reviewer", "julia@example.org")
	s.Account = s.Frameio.AddAccount("Studio", s.Josh)
	s.Frameio.AddMember(s.Account, s.Julia, frameiosim.RoleMember)
	s.Workspace = s.Frameio.AddWorkspace(s.Account, "Post")
	s.Project, s.Root = s.Frameio.AddProject(s.Workspace, "Film")
}

func (s *Systems) contract(o *frameiosim.Options) {
	checked.Store(true)
	c, err := contracts()
	if err == nil {
		o.Wrap = func(next http.Handler) http.Handler {
			return c.Middleware(next, func(v string) { s.T.Errorf("contract: %s", v) })
		}
	} else if !errors.Is(err, contract.ErrUnset) {
		s.T.Fatal(err)
	}
}

// Expect lets Nuxeo know the connector at its address.
func (s *Systems) Expect(address string) {
	s.Nuxeo.AddOAuthClient(nuxeosim.OAuthClient{
		ID: "nuxeo-frameio", Name: "Frame.io connector", RedirectURIs: []string{address + "/oauth/nuxeo/callback"},
		AutoGrant: true, Enabled: true,
	})
}

// Secret is the client secret that Register gives to the connector.
const Secret = "frameio-demo-secret"

// Register tells a connector the OAuth application on Frame.io.
func (s *Systems) Register(a *app.App) {
	s.T.Helper()
	err := a.Identity.SaveProvider(s.T.Context(), identity.Provider{
		ClientID: "frameio-demo-client", ClientSecret: Secret, Description: "Frame.io Provider",
		AuthorizationURL: s.FrameioURL + "/ims/authorize/v2", TokenURL: s.FrameioURL + "/ims/token/v3",
		Scopes: identity.DefaultProvider().Scopes, Enabled: true,
	})
	if err != nil {
		s.T.Fatal(err)
	}
}

// SignIn opens a session for a Nuxeo login whose password is the login.
func (s *Systems) SignIn(a *app.App, login string) string {
	s.T.Helper()
	ctx := s.T.Context()
	password := login
	nx := a.Nuxeo.As(nuxeo.Basic(login, password))
	token, err := nx.NewToken(ctx, "nuxeo-frameio", "bed", "test")
	if err != nil {
		s.T.Fatal(err)
	}

	_, session, err := a.Identity.SignIn(ctx, token)
	if err != nil {
		s.T.Fatal(err)
	}

	return session
}

// Connect signs a login in and connects the Frame.io person of the same name,
// through the pages, as a browser would.
func (s *Systems) Connect(a *app.App, login string) string {
	s.T.Helper()
	session := s.SignIn(a, login)
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.T.Fatal(err)
	}

	here, _ := url.Parse(a.Config.PublicURL)
	jar.SetCookies(here, []*http.Cookie{{Name: "nxf_session", Value: session, Path: "/"}})
	transport := &http.Transport{DialContext: s.net.Dial, DisableKeepAlives: true}
	client := &http.Client{
		Transport: transport, Jar: jar,
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if strings.HasSuffix(r.URL.Path, "/ims/authorize/v2") {
				q := r.URL.Query()
				q.Set("login_hint", login+"@example.org")
				r.URL.RawQuery = q.Encode()
			}
			return nil
		},
	}

	resp, err := client.Get(a.Config.PublicURL + "/connect")
	if err != nil {
		s.T.Fatal(err)
	}
	defer resp.Body.Close()
	if err := a.Identity.Connected(s.T.Context(), login); err != nil {
		s.T.Fatalf("connecting %s ended at %s with %d: %v", login, resp.Request.URL.Path, resp.StatusCode, err)
	}

	return session
}
