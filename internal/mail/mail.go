// Package mail sends messages to people: by SMTP, or through Nuxeo's own mail set-up
// (Document.Mail).
//
// It owns how a message is put together. Invariants: Nuxeo lets only administrators
// send, and takes no message without a sender, so that way is the service account's and
// never a person's. Document.Mail
// un-escapes its message and runs it as a FreeMarker template on the server, so
// the message is a template of ours in which only the number of lines varies;
// every value travels in the call's context and is printed with ?html. A message
// has a key, by which a repeat is recognised: an idempotency key at Nuxeo, a
// fixed Message-ID by SMTP. It leaves to others when there is something to say.
package mail

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Ways to send.
const (
	ViaAuto  = "auto"  // SMTP when it is set up, else Nuxeo when that is, else none
	ViaNuxeo = "nuxeo" // through Nuxeo, by the service account
	ViaSMTP  = "smtp"  // our own SMTP
	ViaNone  = "none"  // no mail is sent
)

// Message is what a person is told. Subject and Heading are texts of ours; what
// comes from outside goes into lines only.
type Message struct {
	Key      string // the same for a repeat, and no secret
	Once     string // unguessable, and the same for a repeat: Nuxeo's idempotency key
	To       string // login in Nuxeo
	Instead  string // login as whom Nuxeo is asked where To has no access (any more); may be empty
	Document string // uid of a document that the message is about, for Nuxeo
	Subject  string
	Heading  string
	Lines    []Line
	Footer   string
}

// plain is the message without what names could do to it: in its head, or to the words
// around them.
func (m Message) plain() Message {
	m.Subject, m.Heading, m.Footer = plain.Line(m.Subject), plain.Text(m.Heading), plain.Text(m.Footer)
	lines := make([]Line, len(m.Lines))
	for i, l := range m.Lines {
		lines[i] = Line{
			Title:   plain.Line(l.Title),
			Text:    plain.Text(l.Text),
			Address: plain.Line(l.Address),
			Details: plain.Line(l.Details),
		}
	}

	m.Lines = lines
	return m
}

// Line is about one thing. Address is a page to look at, Details one that tells
// how it went; either may be empty.
type Line struct {
	Title, Text, Address, Details string
}

// People is what mail needs of identity.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
}

// Settings say how mail travels.
type Settings struct {
	Via      string
	Host     string // of SMTP
	Port     int
	User     string
	Password string
	From     string
	TLS      string // "mandatory", "opportunistic" or "none"
	Domain   string // for Message-IDs
	// Dial connects to the SMTP server; nil is a plain dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Service sends messages.
type Service struct {
	People People
	// Account is Nuxeo as the service account, which sends when mail goes through Nuxeo;
	// nil where there is none.
	Account *nuxeo.Client
	Set     Settings
}

// Way is how mail travels in the end: [ViaSMTP], [ViaNuxeo] or [ViaNone].
func (s *Service) Way() string {
	switch {
	case s.Set.Via != ViaAuto:
		return s.Set.Via
	case s.Set.Host != "":
		return ViaSMTP
	case s.Account != nil && s.Set.From != "":
		return ViaNuxeo
	}
	return ViaNone
}

// How what is about a mail ends.
const (
	Sent     = "sent"
	NotSetUp = "no mail is set up"
)

// Send sends a message and returns [Sent], or [NotSetUp] where there is no way to send
// one. Sent a second time it arrives once as far as the route can tell; it says nothing
// untrue when it comes twice.
func (s *Service) Send(ctx context.Context, m Message) (outcome string, err error) {
	m = m.plain()
	switch s.Way() {
	case ViaSMTP:
		return Sent, s.bySMTP(ctx, m)
	case ViaNuxeo:
		return Sent, s.byNuxeo(ctx, m)
	}
	return NotSetUp, nil
}

// asRecipient does something in Nuxeo as the recipient, or else as the person whom the
// message names instead: a person may get mail about a document without access to it.
func (s *Service) asRecipient(ctx context.Context, m Message, do func(*nuxeo.Client) error) error {
	nx, err := s.People.Nuxeo(ctx, m.To)
	if err == nil {
		err = do(nx)
	}

	// Another failure has nothing to do with who asks.
	if m.Instead == "" || m.Instead == m.To || !fault.Is(err, fault.NeedsOwner, fault.NotConnected, fault.Forbidden,
		fault.NotFound) {
		return err
	}

	if nx, err = s.People.Nuxeo(ctx, m.Instead); err != nil {
		return err
	}

	return do(nx)
}

// byNuxeo has Nuxeo send the message, as the service account.
func (s *Service) byNuxeo(ctx context.Context, m Message) error {
	if s.Account == nil {
		return fault.New(fault.Refused, "Nuxeo sends mail for an administrator only, and there is no service account.").
			With(setUp)
	}

	// The texts go as variables: in the template they could be taken for code.
	params := map[string]any{
		"to": []string{"user:" + m.To}, "from": s.Set.From, "subject": m.Subject,
		"message": Template(len(m.Lines)), "HTML": true,
		"rollbackOnError": true, "Strict User Resolution": true,
	}

	vars := map[string]any{"nxfHeading": m.Heading, "nxfFooter": m.Footer}
	for i, l := range m.Lines {
		vars[fmt.Sprintf("nxfTitle%d", i)] = l.Title
		vars[fmt.Sprintf("nxfText%d", i)] = l.Text
		vars[fmt.Sprintf("nxfAddress%d", i)] = l.Address
		vars[fmt.Sprintf("nxfDetails%d", i)] = l.Details
	}

	// Nuxeo sends mail about a document. The key makes a repetition safe.
	about := func(document string) error {
		return s.Account.Operation(ctx, "Document.Mail", "doc:"+document, params, vars,
			nuxeo.WriteOptions{IdempotencyKey: m.Once}, nil)
	}

	err := about(m.Document)
	if nuxeo.NotFound(err) { // it is gone, which may be just what people are told
		err = about("/")
	}

	// Nuxeo's answers say little; find out what they mean.
	switch nuxeo.StatusOf(err) {
	case http.StatusNotFound:
		return fault.New(fault.Refused, "Nuxeo sends mail for an administrator only, and the service account is none.").
			With(setUp).Because(err)
	case http.StatusConflict:
		return fault.New(fault.NotReady, "Nuxeo is still sending the mail.").Because(err)
	case http.StatusInternalServerError:
		if _, none := s.addressBy(ctx, s.Account, m.To); fault.Is(none, fault.Refused) {
			return none
		}
		return fault.New(fault.Unavailable, "Nuxeo could not send the mail.").
			With("Set up mail in nuxeo.conf (mail.transport.host), or SMTP in the connector.").Because(err)
	}

	return err
}

// setUp says what has to be there for mail to go through Nuxeo.
const setUp = "Give nuxeo-service-user as an administrator and mail-from, or set up mail-smtp-host."

// Template is the FreeMarker template for a message of so many lines. It holds
// no value.
func Template(lines int) string {
	var b strings.Builder
	b.WriteString(`<p>${nxfHeading?html}</p><ul>`)
	for i := range lines {
		fmt.Fprintf(&b, `<li><strong>${nxfTitle%[1]d?html}</strong> ${nxfText%[1]d?html}`+
			`<#if nxfAddress%[1]d != ""> <a href="${nxfAddress%[1]d?html}">${nxfAddress%[1]d?html}</a></#if>`+
			`<#if nxfDetails%[1]d != ""> (<a href="${nxfDetails%[1]d?html}">details</a>)</#if></li>`, i)
	}

	b.WriteString(`</ul><p>${nxfFooter?html}</p>`)
	return b.String()
}

var page = template.Must(template.New("mail").Parse(`<p>{{.Heading}}</p><ul>
{{- range .Lines}}<li><strong>{{.Title}}</strong> {{.Text}}{{if .Address}} <a href="{{.Address}}">{{.Address}}</a>{{end}}{{if .Details}} (<a href="{{.Details}}">details</a>){{end}}</li>{{end -}}
</ul><p>{{.Footer}}</p>`))

func (s *Service) bySMTP(ctx context.Context, m Message) error {
	msg, err := s.compose(ctx, m)
	if err != nil {
		return err
	}

	client, err := gomail.NewClient(s.Set.Host, s.options()...)
	if err != nil {
		return fault.New(fault.Invalid, "The mail settings are wrong: %v.", err)
	}

	// A 5xx is final, everything else may pass.
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		var refused *gomail.SendError
		if errors.As(err, &refused) && refused.ErrorCode() >= 500 {
			return fault.New(fault.Refused, "The mail server refuses the mail to %s.", m.To).
				With("Correct the address in Nuxeo, or ask the administrator.").Because(err)
		}
		return fault.New(fault.Unavailable, "The mail server does not take the mail.").Because(err)
	}

	return nil
}

func (s *Service) compose(ctx context.Context, m Message) (*gomail.Msg, error) {
	to, err := s.address(ctx, m)
	if err != nil {
		return nil, err
	}

	msg := gomail.NewMsg()
	if err := msg.From(s.Set.From); err != nil {
		return nil, fault.Field("mail.from", "Give an address like frameio@example.com.",
			"The sender %q is not a mail address.", s.Set.From)
	}

	if err := msg.To(to); err != nil {
		return nil, fault.New(fault.Refused, "The mail address of %s is not usable.", m.To).With("Correct it in Nuxeo.")
	}

	// A repetition has the same id, by which mail programs recognize it.
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.Key + "@" + s.Set.Domain)
	msg.SetDate()
	var b strings.Builder
	if err := page.Execute(&b, m); err != nil {
		return nil, fmt.Errorf("composing a mail: %w", err)
	}

	msg.SetBodyString(gomail.TypeTextHTML, b.String())
	return msg, nil
}

// address returns the recipient's address, read as them or as a stand-in.
func (s *Service) address(ctx context.Context, m Message) (to string, err error) {
	err = s.asRecipient(ctx, m, func(nx *nuxeo.Client) (err error) {
		to, err = s.addressBy(ctx, nx, m.To)
		return err
	})
	return to, err
}

func (s *Service) addressBy(ctx context.Context, nx *nuxeo.Client, login string) (string, error) {
	u, err := nx.User(ctx, login)
	if err != nil {
		return "", err
	}

	a, err := mail.ParseAddress(u.Email)
	if err != nil {
		return "", fault.New(fault.Refused, "%s has no usable mail address in Nuxeo.", login).
			With("Add one to the user in Nuxeo.")
	}

	return a.Address, nil
}

func (s *Service) options() []gomail.Option {
	policies := map[string]gomail.TLSPolicy{"none": gomail.NoTLS, "opportunistic": gomail.TLSOpportunistic}
	policy, ok := policies[s.Set.TLS]
	if !ok {
		policy = gomail.TLSMandatory
	}

	out := []gomail.Option{gomail.WithPort(s.Set.Port), gomail.WithTLSPolicy(policy)}
	if s.Set.Dial != nil {
		out = append(out, gomail.WithDialContextFunc(s.Set.Dial))
	}

	if s.Set.User != "" {
		out = append(out, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.Set.User),
			gomail.WithPassword(s.Set.Password))
	}

	return out
}

// Check connects to the mail server and leaves, for the doctor. It does nothing
// when SMTP is not set up.
func (s *Service) Check(ctx context.Context) error {
	if s.Set.Host == "" {
		return nil
	}

	client, err := gomail.NewClient(s.Set.Host, s.options()...)
	if err != nil {
		return err
	}

	if err := client.DialWithContext(ctx); err != nil {
		return fmt.Errorf("connecting to %s:%d: %w", s.Set.Host, s.Set.Port, err)
	}

	return client.Close()
}
