// Package demo shows the connector on one machine without any account: both
// simulated systems, a mail catcher and the real program between them, with
// videos to publish and a story that plays automatically.
//
// It owns the stage (what runs where), the seed (who and what is there) and the
// story (what happens, checked against what both sides really hold). The
// connector is the real one with a generated configuration; nothing in it knows
// that it is a demo.
package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/loglevel"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/mailsim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Client id and secret of the application that the simulated Frame.io knows.
const (
	clientID     = "frameio-demo-client"
	clientSecret = "frameio-demo-secret"
)

// Options say how the demo runs.
type Options struct {
	Out io.Writer
	Log *slog.Logger
	// Level is that of Log; nil: it cannot be changed.
	Level *loglevel.Level
	// AnyPort takes free ports instead of the usual ones.
	AnyPort bool
	// Real is a real Nuxeo to play the story in, in the scratch; nil: a simulated one.
	Real    *Real
	Scratch Scratch
	// WebUI is a build of the real Nuxeo Web UI to show over the simulated Nuxeo; nil: pages of ours in its manner.
	WebUI fs.FS
}

// Stage is everything running.
type Stage struct {
	Nuxeo   *nuxeosim.Server // nil when it is a real one
	Frameio *frameiosim.Server
	Mail    *mailsim.Server
	App     *app.App

	NuxeoURL, FrameioURL, MailURL, URL, GuideURL string
	// ReceiverURL is where channels can be told what happens.
	ReceiverURL string

	opt    Options
	data   string
	door   net.Listener // of the connector
	seed   seed
	repo   repository
	at     places
	secret string // the password of the people of a real Nuxeo

	told     *receiver
	stumbled atomic.Bool // the automation of the demo has failed once

	mu      sync.Mutex
	calls   []string // writes of the connector to Nuxeo
	servers []*http.Server
	ended   sync.WaitGroup
	cancel  context.CancelFunc
}

// The usual ports, each replaced by a free one when it is taken.
const (
	portGuide     = 8088
	portConnector = 8090
	portNuxeo     = 8080
	portFrameio   = 8082
	portMail      = 8025
	portReceiver  = 8084
)

// Start sets up the stage. Stop it when done.
func Start(ctx context.Context, opt Options) (*Stage, error) {
	data, err := os.MkdirTemp("", "nuxeo-frameio-demo-")
	if err != nil {
		return nil, err
	}

	// Each needs the addresses of those before it.
	s := &Stage{opt: opt, data: data}
	ctx, s.cancel = context.WithCancel(ctx)
	for _, step := range []func(context.Context) error{
		s.mail, s.receiver, s.front, s.nuxeo, s.frameio, s.connector,
		s.prepare, s.guide,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}

	return s, nil
}

// listen takes the usual port, or a free one.
func (s *Stage) listen(port int) (net.Listener, error) {
	if !s.opt.AnyPort {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// serve answers on a port and returns the address.
func (s *Stage) serve(port int, h http.Handler) (string, error) {
	l, err := s.listen(port)
	if err != nil {
		return "", err
	}

	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.opt.Log.Handler(), slog.LevelDebug),
	}

	s.servers = append(s.servers, server)
	s.ended.Go(func() { _ = server.Serve(l) }) // ends with Stop
	return "http://" + l.Addr().String(), nil
}

func (s *Stage) mail(context.Context) (err error) {
	if s.Mail, err = mailsim.Start("127.0.0.1:0"); err != nil {
		return err
	}
	s.MailURL, err = s.serve(portMail, s.Mail)
	return err
}

// front takes the connector's address before Nuxeo starts, whose configuration
// names it.
func (s *Stage) front(context.Context) (err error) {
	if s.door, err = s.listen(portConnector); err != nil {
		return err
	}
	// Nuxeo sends people back to https or to localhost, not to a bare address.
	_, port, err := net.SplitHostPort(s.door.Addr().String())
	s.URL = "http://localhost:" + port
	return err
}

func (s *Stage) nuxeo(ctx context.Context) (err error) {
	if s.opt.Real != nil {
		return s.realNuxeo(ctx)
	}

	if s.Nuxeo, err = nuxeosim.New(nuxeosim.Options{
		SMTP: s.Mail.Addr(), MailFrom: "nuxeo@example.org", LTS: "2023", IndexLag: time.Second, WebUI: s.opt.WebUI,
	}); err != nil {
		return err
	}

	base, err := s.serve(portNuxeo, s.Nuxeo)
	if err != nil {
		return err
	}

	s.repo, s.at = s.Nuxeo, placesIn(workspaces)
	s.NuxeoURL = base + "/nuxeo"
	s.Nuxeo.SetURL(s.NuxeoURL)
	for _, login := range []string{"josh", "julia"} { // members only read
		s.Nuxeo.SetACL(workspaces, login, "ReadWrite", true)
	}

	// Install the package as an administrator would.
	s.Nuxeo.SetProperty("nuxeo.frameio.url", s.URL)
	var zip bytes.Buffer
	if err := addon.Build(&zip, app.Version); err != nil {
		return err
	}

	return s.Nuxeo.InstallPackage(zip.Bytes())
}

// realNuxeo makes what the story needs in a real Nuxeo.
func (s *Stage) realNuxeo(ctx context.Context) error {
	nx, err := s.opt.Real.client()
	if err != nil {
		return err
	}
	s.NuxeoURL, s.secret = strings.TrimRight(s.opt.Real.URL, "/"), rand.Text()
	s.repo, s.at = &server{ctx: ctx, nx: nx, as: s.as}, placesIn(s.opt.Scratch.Workspace)
	return s.opt.Real.Make(ctx, s.opt.Scratch, s.secret)
}

// Folder is the path of the folder that the story publishes to.
func (s *Stage) Folder() string { return s.at.folder }

// Josh is the id of josh on Frame.io.
func (s *Stage) Josh() string { return s.seed.josh }

// Person is Nuxeo as josh or julia.
func (s *Stage) Person(who string) *nuxeo.Client {
	if s.opt.Real != nil {
		return s.as(s.Login(who))
	}
	return s.App.Nuxeo.As(nuxeo.Basic(who, who))
}

// Administrator is Nuxeo as an administrator.
func (s *Stage) Administrator() *nuxeo.Client {
	if r := s.opt.Real; r != nil {
		return s.App.Nuxeo.As(nuxeo.Basic(r.Login, r.Password))
	}
	return s.App.Nuxeo.As(nuxeo.Basic("Administrator", "Administrator"))
}

// Login is what a person of the story, josh or julia, is called in Nuxeo.
func (s *Stage) Login(who string) string {
	for _, login := range s.opt.Scratch.People {
		if strings.HasSuffix(login, "-"+who) {
			return login
		}
	}
	return who
}

// address is where a person of the story gets mail.
func (s *Stage) address(who string) string {
	if s.opt.Real != nil {
		return s.Login(who) + "@example.invalid"
	}
	return who + "@example.org"
}

// as is the real Nuxeo as one of the story's people.
func (s *Stage) as(login string) *nuxeo.Client {
	nx, err := s.opt.Real.client()
	if err != nil {
		panic(err) // it was made before
	}
	return nx.As(nuxeo.Basic(login, s.secret))
}

// writes are the writes of the connector to Nuxeo so far, but for mail.
func (s *Stage) writes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// watch notes the connector's writes to Nuxeo.
func (s *Stage) watch(system string, next http.RoundTripper) http.RoundTripper {
	if system != "nuxeo" {
		return next
	}
	return written{next, func(call string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls = append(s.calls, call)
	}}
}

func (s *Stage) frameio(context.Context) (err error) {
	s.Frameio, err = frameiosim.New(frameiosim.Options{
		ClientID:     clientID,
		ClientSecret: clientSecret,
		RateFactor:   20,
		Events:       frameiosim.Healthy,
		Still:        stillOf,
	})
	if err != nil {
		return err
	}

	s.FrameioURL, err = s.serve(portFrameio, s.Frameio)
	s.Frameio.SetURL(s.FrameioURL)
	return err
}

func (s *Stage) connector(ctx context.Context) (err error) {
	c := app.Defaults()
	c.Data, c.PublicURL, c.Nuxeo.URL, c.Frameio.URL = s.data, s.URL, s.NuxeoURL, s.FrameioURL
	c.Network.PrivateAddresses = "allow" // all of it is on this machine
	c.Nuxeo.ServiceUser, c.Nuxeo.ServicePassword = "Administrator", "Administrator"
	if r := s.opt.Real; r != nil {
		c.Nuxeo.ServiceUser, c.Nuxeo.ServicePassword = r.Login, r.Password
	}

	// Nobody waits a minute for a message, or a quarter of an hour.
	c.Notify.Gather, c.Notify.Digest = 2*time.Second, 5*time.Second
	if err := s.mailing(&c); err != nil {
		return err
	}

	// What is approved sets off an automation. A real Nuxeo has none for the demo, but a life cycle.
	c.On.Approved = "transition:approve"
	if s.Nuxeo != nil {
		c.On.Approved = afterApproval
		s.Nuxeo.AddChain(afterApproval, s.approved)
	}

	if s.App, err = app.New(ctx, c, app.World{
		Log: s.opt.Log, Level: s.opt.Level, Doctor: doctor.ForWeb, Wrap: s.watch,
	}); err != nil {
		return err
	}

	s.ended.Go(func() {
		if err := s.App.Serve(ctx, s.door, nil); err != nil {
			s.opt.Log.Error("the connector ended", "error", err)
		}
	})

	return nil
}

// mailing lets the connector send to the mail catcher.
func (s *Stage) mailing(c *app.Config) error {
	host, port, err := net.SplitHostPort(s.Mail.Addr())
	if err != nil {
		return err
	}
	c.Mail.Via, c.Mail.SMTPHost, c.Mail.SMTPTLS, c.Mail.From = "smtp", host, "none", "frameio@example.org"
	c.Mail.SMTPPort, err = strconv.Atoi(port)
	return err
}

// prepare does what an administrator would: the doctor makes the OAuth client,
// the provider form gets id and secret.
func (s *Stage) prepare(ctx context.Context) error {
	s.seed.fill(s)
	if real, ok := s.repo.(*server); ok {
		if err := real.err(); err != nil {
			return err
		}
		return s.register(ctx)
	}

	d := &doctor.Doctor{App: s.App, Now: time.Now, Admin: s.App.Nuxeo.As(nuxeo.Basic("Administrator", "Administrator"))}
	if err := d.Fix(ctx, func(doctor.Finding) {}); err != nil {
		return err
	}

	return s.register(ctx)
}

// register tells the connector the application on the simulated Frame.io.
func (s *Stage) register(ctx context.Context) error {
	p := identity.DefaultProvider()
	p.ClientID, p.ClientSecret, p.Enabled = clientID, clientSecret, true
	p.AuthorizationURL, p.TokenURL = s.FrameioURL+"/ims/authorize/v2", s.FrameioURL+"/ims/token/v3"
	return s.App.Identity.SaveProvider(ctx, p)
}

// Stop ends everything and removes what it left.
func (s *Stage) Stop() error {
	s.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	// First what takes requests,
	var errs []error
	for _, server := range s.servers {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, server.Close())
		}
	}

	if s.door != nil {
		_ = s.door.Close() // closed already when the connector has served
	}

	s.ended.Wait()

	// then what they were taken for,
	if s.App != nil {
		errs = append(errs, s.App.Close())
	}

	if s.Mail != nil {
		errs = append(errs, s.Mail.Close())
	}

	if s.Nuxeo != nil {
		errs = append(errs, s.Nuxeo.Close())
	}

	if s.Frameio != nil {
		errs = append(errs, s.Frameio.Close())
	}

	// and at last what was made in a real Nuxeo.
	if r := s.opt.Real; r != nil {
		in, cancel := context.WithTimeout(context.Background(), time.Minute) // the caller may have given up
		defer cancel()
		errs = append(errs, r.Remove(in, s.opt.Scratch))
	}

	return errors.Join(append(errs, os.RemoveAll(s.data))...)
}

// Addresses tells people where to look and how to sign in; program is how to
// call ours.
func (s *Stage) Addresses(program string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range [][]string{
		{"Guide", s.GuideURL + "/", "begin here: what to click, what to expect"},
		{"Connector", s.URL, "its own pages: folders, activity, administration"},
		{"Nuxeo", s.NuxeoURL + "/ui/", "simulated, with the connector's package installed"},
		{"Frame.io", s.FrameioURL + "/", "simulated: projects, review, custom actions"},
		{"Mail", s.MailURL + "/", "what was sent"},
		{"Receiver", s.ReceiverURL + "/", "what channels were told; give it, with any path, as the address of one"},
	} {
		_, _ = fmt.Fprintf(w, "  %s\n", strings.Join(row, "\t")) // to memory
	}

	_ = w.Flush() // to memory
	return fmt.Sprintf(`
%s
  Nuxeo logins      josh / josh, julia / julia, Administrator / Administrator
  Frame.io sign-in  josh@example.org, julia@example.org (no password)

  Try it in another terminal, in this folder; the guide does not need it:
    export NUXEO_FRAMEIO_SERVER=%s NUXEO_FRAMEIO_USER=josh NUXEO_FRAMEIO_PASSWORD=josh
    %[3]s connect    # open the address it names, sign in to Nuxeo as josh, choose Josh Editor
    %[3]s bind --list
    %[3]s bind %[4]s --name "Publish shorts"
    %[3]s bindings
    %[3]s publish "Publish shorts" %[5]s
    %[3]s items list

`, b.String(), s.URL, program, s.at.shorts, s.seed.making)
}

// Connect signs a person in on both sides, as they would in a browser.
func (s *Stage) Connect(ctx context.Context, login string) error { return s.browse(login).connect(ctx) }

// ConnectEveryone connects josh and julia, as the story does at its start.
func (s *Stage) ConnectEveryone(ctx context.Context) error {
	return errors.Join(s.Connect(ctx, "josh"), s.Connect(ctx, "julia"))
}

// Names are the ids of what the seed made, for scripts.
func (s *Stage) Names() map[string]string {
	return map[string]string{
		"WORKSPACE": s.seed.workspace, "TEASER": s.seed.teaser, "MAKING": s.seed.making, "POSTER": s.seed.poster,
		"EXTRAS": s.seed.extras,
		"ROOT":   s.seed.root, "JINGLE": s.seed.jingle, "RECEIVER": s.ReceiverURL,
	}
}
