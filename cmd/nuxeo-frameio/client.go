package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// clientFlags tell which connector a command speaks to, and as whom.
type clientFlags struct {
	Server       string `help:"Address of the running connector; by default that of the last \"login\", else http://127.0.0.1:8090." placeholder:"URL"`
	User         string `help:"Your Nuxeo login; not needed after \"login\"." placeholder:"LOGIN"`
	Password     string `help:"Your Nuxeo password; asked for when it is needed and not given." secret:"" placeholder:"PASSWORD"`
	Token        string `help:"A Nuxeo login token, instead of login and password." secret:"" placeholder:"TOKEN"`
	InsecureHTTP bool   `name:"insecure-http" help:"Send passwords and tokens to another machine although the address is http and everybody on the way can read them."`
	JSON         bool   `name:"json" env:"-" help:"Print JSON."`

	fresh bool // a stored sign-in does not count
	mute  bool // nothing may be asked: the input is the agent's
}

// client is a signed-in client of the connector.
type client struct {
	*api.Client
	base    string
	session atomic.Pointer[string] // nil: there is none yet
	stored  bool                   // the session is one that `login` has kept
}

// session signs in, runs fn and signs out. A session that is kept goes on.
func (f *clientFlags) session(t *terminal, fn func(*client) error) error {
	c, err := f.signIn(t)
	if err != nil {
		return err
	}

	// A session that login has kept stays for the next command.
	if c.stored {
		return endedAsWell(fn(c))
	}
	defer func() { // the session would end by itself
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), 2*time.Second)
		defer cancel()
		_ = c.SignOut(ctx)
	}()

	return fn(c)
}

// renew takes the session that is stored by now, if it is another one.
func (c *client) renew() bool {
	all, err := loadSignIns()
	if stored := all.Stored[c.base].Session; err == nil && stored != "" && stored != *c.session.Load() {
		c.session.Store(&stored)
		return true
	}
	return false
}

// endedAsWell says what to do when the stored session has ended.
func endedAsWell(err error) error {
	if fault.Is(err, fault.Unauthenticated) {
		return fault.New(fault.Unauthenticated,
			"Your stored sign-in has ended.").With("Run `nuxeo-frameio login`.").Because(err)
	}
	return err
}

// newClient is a client that is not signed in.
func newClient(server string, t *terminal) (*client, error) {
	c := &client{base: base(server)}
	u, err := url.Parse(c.base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.Field("server", "Give --server (or NUXEO_FRAMEIO_SERVER) with http:// or https://, like "+
			"http://localhost:8090.", "%q is not a full address.", server)
	}

	if u.User != nil {
		return nil, fault.Field("server", "Give the address alone, and the login with --user.",
			"The address has a login in it, which would be printed and kept.")
	}

	// Each call carries the session, and each error says what to do.
	c.Client = api.NewClient(c.base+"/api/v1", t.http("the connector"), c.sign)
	c.Fault = c.why
	return c, nil
}

// base is an address as others are put behind it.
func base(server string) string { return strings.TrimRight(server, "/") }

func (f *clientFlags) signIn(t *terminal) (*client, error) {
	kept, err := f.kept()
	if err != nil {
		return nil, err
	}

	c, err := newClient(f.Server, t)
	if err != nil {
		return nil, err
	}

	if err := f.private(c.base); err != nil {
		return nil, err
	}

	if kept != "" {
		c.session.Store(&kept)
		c.stored = true
		return c, nil
	}

	// Nuxeo's token is exchanged for a session of the connector's.
	token, err := f.nuxeoToken(t, c)
	if err != nil {
		return nil, err
	}

	got, err := c.SignIn(t.ctx, api.SignInJSONRequestBody{NuxeoToken: token})
	if err != nil {
		return nil, err
	}

	c.session.Store(&got.Session)
	return c, nil
}

// kept chooses the connector, and is the session that is stored for it. What is given with
// the call is stronger: a token, a password, another login.
func (f *clientFlags) kept() (session string, err error) {
	if f.Token != "" || f.Password != "" {
		f.fresh = true
	}

	if f.fresh && f.Server != "" {
		return "", nil
	}

	// The connector used last is the one that is meant.
	all, err := loadSignIns()
	if err != nil {
		return "", err
	}

	if f.Server == "" {
		f.Server = all.server()
	}

	// Another login than the kept one needs a session of its own.
	stored := all.Stored[base(f.Server)]
	if f.fresh || f.User != "" && f.User != stored.User {
		return "", nil
	}

	return stored.Session, nil
}

// sign adds the session to a request, when there is one.
func (c *client) sign(r *http.Request) {
	if s := c.session.Load(); s != nil {
		r.Header.Set("Authorization", "Bearer "+*s)
	}
}

// nuxeoToken gets a login token from Nuxeo itself: the password never goes to
// the connector.
func (f *clientFlags) nuxeoToken(t *terminal, c *client) (string, error) {
	if f.Token != "" {
		return f.Token, nil
	}

	// The connector tells where Nuxeo is.
	about, err := c.About(t.ctx)
	if err != nil {
		return "", err
	}

	if about.NuxeoUrl == "" {
		return "", problem(&api.ProblemError{Status: "200 OK"})
	}

	if f.User == "" {
		return "", fault.Field("user", "Sign in with `nuxeo-frameio login`, or give --user (or "+
			"NUXEO_FRAMEIO_USER), or --token.", "Who are you in Nuxeo?")
	}

	if err := f.private(about.NuxeoUrl); err != nil {
		return "", err
	}

	password, err := f.password(t, c.base, about.NuxeoUrl)
	if err != nil {
		return "", err
	}

	nx, err := nuxeo.New(about.NuxeoUrl, t.http("Nuxeo"), nuxeo.Basic(f.User, password))
	if err != nil {
		return "", err
	}

	host, err := os.Hostname()
	if err != nil {
		host = "command-line"
	}

	token, err := nx.NewToken(t.ctx, "nuxeo-frameio", host, "nuxeo-frameio on the command line")
	if nuxeo.StatusOf(err) == http.StatusUnauthorized {
		return "", fault.New(fault.Unauthenticated, "Nuxeo does not accept this login and password.")
	}

	return token, err
}

// private refuses to send a secret to another machine in the clear.
func (f *clientFlags) private(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fault.New(fault.Invalid, "%q is not a full address; nothing secret is sent there.",
			plain.Address(address))
	}

	// On this machine nobody listens in.
	if u.Scheme == "https" || onThisMachine(u.Hostname()) || f.InsecureHTTP {
		return nil
	}

	return fault.New(fault.Invalid, "Your sign-in would go to %s://%s, where everybody on the way can read it.",
		u.Scheme, u.Host).
		With("Use an https address. --insecure-http sends it all the same.")
}

// password is the one of Nuxeo. Where it goes is said, unless it is the machine that was
// named: the connector tells where Nuxeo is.
func (f *clientFlags) password(t *terminal, server, nuxeo string) (string, error) {
	to := hostOf(nuxeo)
	if f.Password != "" {
		if to != hostOf(server) && !onThisMachine(to) {
			_, _ = fmt.Fprintf(t.err, "The password goes to Nuxeo at %s.\n", plain.Line(to))
		}
		return f.Password, nil
	}

	if f.mute {
		return "", fault.New(fault.Unauthenticated, "You are not signed in.").
			With("Run `nuxeo-frameio login` first, then start the agent again.")
	}
	return t.hidden(fmt.Sprintf("Nuxeo password of %s at %s: ", plain.Line(f.User), plain.Line(to)))
}

// onThisMachine reports whether a host is the machine itself.
func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Hostname()
}

// why tells a person why a call of the connector has failed.
func (c *client) why(err error) error {
	var p *api.ProblemError
	switch {
	case errors.As(err, &p):
		return problem(p)
	case errors.Is(err, api.ErrTooLong):
		return fault.New(fault.Refused, "The answer is too long.").With("Ask for fewer at once.")
	}

	return c.unreached(err)
}

// unreached says why there is no answer, or none that can be read.
func (c *client) unreached(err error) error {
	var said *fault.Error
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var certificate *tls.CertificateVerificationError

	// What is known to have gone wrong is said, with what to do about it.
	switch {
	case errors.As(err, &said): // a redirect that was refused
		return said
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, api.ErrPath):
		return fault.New(fault.NotFound, "There is nothing of that id.")
	case errors.As(err, &syntax), errors.As(err, &kind):
		return fault.New(fault.Unavailable, "What answers at %s is not a connector of this version.", c.base).
			With("Check --server, and the versions of both.").Because(err)
	case errors.As(err, &certificate):
		return fault.New(fault.Unavailable, "The certificate of %s is not trusted.", c.base).
			With("Have its authority added to those of this machine.").Because(err)
	}

	return fault.New(fault.Unavailable, "The connector at %s cannot be reached.", c.base).
		With("Is it running? Give its address with --server.").Because(err)
}

// problem reads what the connector refused.
func problem(e *api.ProblemError) error {
	p := e.Problem
	if p.Code == "" || p.Title == "" {
		return fault.New(fault.Unavailable, "What answers there is not a connector (%s).", e.Status).
			With("Check --server.")
	}

	f := &fault.Error{Code: fault.Code(p.Code), Message: p.Title}
	if p.Remedy != nil {
		f.Remedy = *p.Remedy
	}

	if p.Field != nil {
		f.Field = *p.Field
	}

	return f
}

func printJSON(t *terminal, v any) error {
	e := json.NewEncoder(plain.Writer(t.out))
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// table prints rows under headings, or says that there is nothing.
func table(t *terminal, nothing string, head string, rows [][]string) error {
	if len(rows) == 0 {
		t.printf("%s\n", nothing)
		return nil
	}

	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if name, value, ok := strings.Cut(head, "\t"); ok && nothing == "" { // a heading with a name in it
		head = name + "\t" + plain.Line(value)
	}

	// Cells come from elsewhere: nothing in them may move the cursor.
	_, _ = fmt.Fprintln(w, head)
	for _, r := range rows {
		cells := make([]string, len(r))
		for i, c := range r {
			cells[i] = plain.Line(c)
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}

	if err := w.Flush(); err != nil {
		return err
	}

	return t.narrow(b.Bytes())
}

func num(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
