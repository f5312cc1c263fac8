package mail

import (
	"bytes"
	"context"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// mailbox is a mail server that keeps what it gets.
type mailbox struct {
	*testing.T
	got    chan letter
	refuse error
	host   string
	port   int
}

type letter struct {
	to     []string
	header mail.Header
	body   string
}

func startMailbox(t *testing.T) *mailbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	addr := l.Addr().(*net.TCPAddr)
	box := &mailbox{T: t, got: make(chan letter, 10), host: addr.IP.String(), port: addr.Port}
	server := smtp.NewServer(box)
	go func() { _ = server.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = server.Close() })
	return box
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{box: m}, nil }

type session struct {
	box *mailbox
	to  []string
}

func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return s.box.refuse
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}

	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}

	body := msg.Body
	if msg.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}

	text, err := io.ReadAll(body)
	s.box.got <- letter{s.to, msg.Header, string(text)}
	return err
}

// next is a mail that has arrived already: sending returns after that.
func (m *mailbox) next() letter {
	m.Helper()
	select {
	case l := <-m.got:
		return l
	default:
		m.Fatal("mails: got none, want one")
		return letter{}
	}
}

func (m *mailbox) empty() {
	m.Helper()
	select {
	case l := <-m.got:
		m.Fatalf("one mail too many: got %+v, want none", l)
	default:
	}
}

// people act on Nuxeo by their passwords; olga has left us none.
type people struct{ nx *nuxeo.Client }

func (p people) Nuxeo(_ context.Context, login string) (*nuxeo.Client, error) {
	if login == "olga" {
		return nil, fault.New(fault.NeedsOwner, "No access for olga.")
	}
	return p.nx.As(nuxeo.Basic(login, login)), nil
}

type world struct {
	*testing.T
	sim          *nuxeosim.Server
	nuxeo, other *mailbox // what Nuxeo sends, and what we do
	doc          string
	*Service
}

func setup(t *testing.T, via string) *world {
	t.Helper()
	w := &world{T: t, nuxeo: startMailbox(t), other: startMailbox(t)}
	opt := nuxeosim.Options{SMTP: net.JoinHostPort(w.nuxeo.host, strconv.Itoa(w.nuxeo.port))}
	sim, err := nuxeosim.New(opt)
	if err != nil {
		t.Fatal(err)
	}

	srv := httptest.NewServer(sim)
	t.Cleanup(func() { srv.Close(); _ = sim.Close() })
	sim.SetURL(srv.URL + "/nuxeo")
	sim.AddUser(nuxeosim.User{Login: "nomail", Password: "nomail"})
	sim.MkDoc("/default-domain/workspaces/film", "Workspace", nil)
	w.sim, w.doc = sim, sim.MkDoc("/default-domain/workspaces/film/f.mov", "File", nil)
	nx, err := nuxeo.New(srv.URL+"/nuxeo", &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}

	w.Service = &Service{
		People: people{nx}, Account: nx.As(nuxeo.Basic("Administrator", "Administrator")),
		Set: Settings{
			Via: via, Host: w.other.host, Port: w.other.port, From: "frameio@example.org", TLS: "none",
			Domain: "connector.example.org",
		},
	}

	return w
}

func (w *world) message(lines ...Line) Message {
	return Message{
		Key:      "item-1",
		Once:     "once-1",
		To:       "josh",
		Document: w.doc,
		Subject:  "Frame.io: your asset is in Nuxeo",
		Heading:  "Arrived:",
		Lines:    lines,
		Footer:   "Bye.",
	}
}

func (w *world) send(m Message) {
	w.Helper()
	outcome, err := w.Send(w.Context(), m)
	for fault.Is(err, fault.NotReady) { // a moment after it was sent
		outcome, err = w.Send(w.Context(), m)
	}
	if err != nil || outcome != Sent {
		w.Fatalf("the mail ends as %q with %v, want %q", outcome, err, Sent)
	}
}

// fails sends a message and returns why that does not work.
func (w *world) fails(ctx context.Context, m Message) error {
	_, err := w.Send(ctx, m)
	return err
}

// hostile are texts from outside and the letters that people must see of them.
var hostile = map[string]string{
	`${Session}`:                   `${Session}`,
	`${7*7}`:                       `${7*7}`,
	`&#36;{7*7}`:                   `&amp;#36;{7*7}`,
	`<#list 1..9 as x>x</#list>`:   `&lt;#list 1..9 as x&gt;x&lt;/#list&gt;`,
	`<img src=x onerror=alert(1)>`: `&lt;img src=x onerror=alert(1)&gt;`,
	"a\r\nBcc: eve@example.org":    "Bcc: eve@example.org",
	`"><script>alert(1)</script>`:  `&lt;script&gt;alert(1)&lt;/script&gt;`,
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	for _, via := range []string{ViaNuxeo, ViaSMTP} {
		t.Run(via, func(t *testing.T) {
			t.Parallel()
			w := setup(t, via)
			box := map[string]*mailbox{ViaNuxeo: w.nuxeo, ViaSMTP: w.other}[via]
			n := 0
			for text, want := range hostile {
				m := w.message(Line{
					Title:   text,
					Text:    "failed: " + text,
					Address: "https://nuxeo.example.org/?q=" + text,
				})

				n++
				m.Key, m.Once = "item-"+strconv.Itoa(n), "once-"+strconv.Itoa(n)
				w.send(m)
				got := box.next()
				if strings.Join(got.to, " ") != "josh@example.org" || got.header.Get("Bcc") != "" ||
					got.header.Get("Subject") != m.Subject {
					t.Errorf("%q: to %v, header %v; want to josh@example.org, no Bcc, and the subject %q", text,
						got.to, got.header, m.Subject)
				}

				if strings.Count(got.body, want) < 2 {
					t.Errorf("%q: the mail is %s; want %s in it at least twice", text, got.body, want)
				}

				for _, bad := range []string{"<img", "<script", "49", "<#list", "xxxxxxxxx", `href=""`} {
					if strings.Contains(got.body, bad) {
						t.Errorf("%q: %q in the mail, want it neutralized: %s", text, bad, got.body)
					}
				}
			}
		})
	}
}

func TestTemplateHoldsNoValue(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		if got := Template(n); strings.Count(got, "<li>") != n || strings.Count(got, "?html}") != 2+5*n ||
			strings.Count(got, "${") != 2+5*n {
			t.Errorf("the template of %d lines: %s; want as many <li>, and %d values that are escaped", n, got, 2+5*n)
		}
	}
}

func TestTheSameKeyIsOneMail(t *testing.T) {
	t.Parallel()
	w := setup(t, ViaNuxeo)
	m := w.message(Line{Title: "f.mov", Text: "is a new document."})
	w.sim.Faults().Add(faults.Rule{Path: "Document.Mail", Lost: true, Times: 1})
	if err := w.fails(t.Context(), m); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("the answer that was lost: got %v, want unavailable", err)
	}

	w.send(m)
	w.send(m)
	w.nuxeo.next()
	w.nuxeo.empty()
	m.Key, m.Once = "item-2", "once-2"
	w.send(m)
	w.nuxeo.next()
	w.other.empty()
}

func TestMessageIDIsTheKeys(t *testing.T) {
	t.Parallel()
	w := setup(t, ViaSMTP)
	m := w.message()
	w.send(m)
	w.send(m)
	one, two := w.other.next().header, w.other.next().header
	if id := one.Get("Message-Id"); id != "<item-1@connector.example.org>" || two.Get("Message-Id") != id {
		t.Errorf("sent twice with the Message-Ids %q and %q, want <item-1@connector.example.org> for both", id,
			two.Get("Message-Id"))
	}

	w.nuxeo.empty()
}

// Nuxeo sends for administrators only, and not without a sender.
func TestAutoTakesTheWayThatIsSetUp(t *testing.T) {
	t.Parallel()
	w := setup(t, ViaAuto)
	is := func(want string) {
		t.Helper()
		if got := w.Way(); got != want {
			t.Errorf("mail travels by %q, want %q", got, want)
		}
	}

	is(ViaSMTP)
	w.send(w.message())
	w.other.next()
	w.nuxeo.empty()

	w.Set.Host = ""
	is(ViaNuxeo)
	w.send(w.message())
	if got := w.nuxeo.next().header.Get("From"); got != "<frameio@example.org>" {
		t.Errorf("the sender is %s, want <frameio@example.org>", got)
	}

	w.other.empty()

	from, account := w.Set.From, w.Account
	w.Set.From = ""
	is(ViaNone)
	w.Set.From, w.Account = from, nil
	is(ViaNone)
	if outcome, err := w.Send(t.Context(), w.message()); outcome != NotSetUp || err != nil {
		t.Errorf("without a way the mail ends as %q with %v, want %q", outcome, err, NotSetUp)
	}

	w.Account = account.As(nuxeo.Basic("josh", "josh"))
	m := w.message()
	m.Once = "once-2"
	err := w.fails(t.Context(), m)
	if f := fault.From(err); f == nil || f.Code != fault.Refused ||
		!strings.Contains(f.Message, "administrator only") || !strings.Contains(f.Remedy, "nuxeo-service-user") {
		t.Errorf("a service account that is not an administrator: %v, want it refused with what is needed", err)
	}

	w.nuxeo.empty()
	w.other.empty()
}

func TestNuxeoWithoutMailIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := setup(t, ViaNuxeo)
	w.sim.Faults().Add(faults.Rule{Path: "Document.Mail", Status: 500})
	err := w.fails(t.Context(), w.message())
	if f := fault.From(err); f == nil || f.Code != fault.Unavailable || !strings.Contains(f.Remedy, "SMTP") {
		t.Errorf("Nuxeo without mail: %v, want it unavailable with a remedy that names SMTP", err)
	}
}

func TestNobodyWithoutAnAddress(t *testing.T) {
	t.Parallel()
	for _, via := range []string{ViaNuxeo, ViaSMTP} {
		w := setup(t, via)
		w.sim.SetACL("/default-domain/workspaces/film", "nomail", "Read", true)
		m := w.message()
		m.To = "nomail"
		err := w.fails(t.Context(), m)
		if f := fault.From(err); f == nil || f.Code != fault.Refused || !strings.Contains(f.Message, "nomail") ||
			f.Remedy == "" {
			t.Errorf("%s to somebody without an address: %+v, want refused, nomail named, and a remedy", via, f)
		}
	}
}

// Who left us no access to Nuxeo is told by way of somebody who did, and through Nuxeo by
// the service account in any case.
func TestAnotherAsksForWhoCannot(t *testing.T) {
	t.Parallel()
	w := setup(t, ViaSMTP)
	m := w.message()
	m.To = "olga"
	if err := w.fails(t.Context(), m); !fault.Is(err, fault.NeedsOwner) {
		t.Errorf("nobody may read the address: %v, want %s", err, fault.NeedsOwner)
	}

	m.Instead = "josh"
	w.send(m)
	byNuxeo := setup(t, ViaNuxeo)
	m.Instead, m.Document = "", byNuxeo.doc
	byNuxeo.send(m)
	for _, got := range []letter{w.other.next(), byNuxeo.nuxeo.next()} {
		if strings.Join(got.to, " ") != "olga@example.org" {
			t.Errorf("the mail went to %v, want olga@example.org", got.to)
		}
	}
}

func TestDocumentThatIsGone(t *testing.T) {
	t.Parallel()
	w := setup(t, ViaNuxeo)
	if err := w.sim.Remove(w.doc); err != nil {
		t.Fatal(err)
	}
	m := w.message(Line{Title: "f.mov", Text: "failed: the folder is gone."})
	w.send(m)
	w.nuxeo.next()
}

func TestRefusedByTheMailServer(t *testing.T) {
	t.Parallel()
	w := setup(t, ViaSMTP)
	w.other.refuse = &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
	err := w.fails(t.Context(), w.message())
	if f := fault.From(err); f == nil || f.Code != fault.Refused || f.Remedy == "" {
		t.Errorf("a mailbox that is refused for good: %+v, want refused and a remedy", f)
	}

	w.other.refuse = &smtp.SMTPError{Code: 451, Message: "later"}
	if err := w.fails(t.Context(), w.message()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a mailbox that is refused for now: got %v, want unavailable", err)
	}

	w.Set.Port = 1
	if err := w.fails(t.Context(), w.message()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a server that is not there: got %v, want unavailable", err)
	}

	w.Set.From = "nobody"
	if f := fault.From(w.fails(t.Context(), w.message())); f == nil || f.Field != "mail.from" {
		t.Errorf("a sender that is no address: %+v, want the field mail.from", f)
	}
}

// TLS is demanded unless the settings say otherwise: a server without it gets
// neither a mail nor a password.
func TestTLSIsMandatoryByDefault(t *testing.T) {
	t.Parallel()
	w := setup(t, ViaSMTP)
	w.Set.TLS = ""
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if err := w.fails(ctx, w.message()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a server that does not answer: got %v, want unavailable", err)
	}

	if err := w.Check(ctx); err == nil {
		t.Error("the check of a server that does not answer: got no error, want one")
	}

	w.Set.TLS = "none"
	if err := w.Check(ctx); err != nil {
		t.Error(err)
	}

	w.other.empty()
}

func TestNoneTellsNobody(t *testing.T) {
	t.Parallel()
	w := setup(t, ViaNone)
	if outcome, err := w.Send(t.Context(), w.message()); outcome != NotSetUp || err != nil {
		t.Errorf("the mail ends as %q with %v, want %q", outcome, err, NotSetUp)
	}
	w.nuxeo.empty()
	w.other.empty()
}
