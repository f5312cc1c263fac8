package nuxeosim

import (
	"context"
	"errors"
	"fmt"
	"html"
	"maps"
	"net"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// letter is a mail before it is sent.
type letter struct {
	from, replyTo, subject, body string
	to, cc, bcc                  []string
	html                         bool
}

// opMail is Document.Mail. Message and subject are FreeMarker templates; the
// message is un-escaped before, so that what looks escaped is evaluated too.
func opMail(oc *opCall) (*answer, error) {
	if len(oc.input) == 0 {
		return nil, badRequest("The operation needs a document as input")
	}

	for _, n := range oc.input {
		if err := oc.mailAbout(n); err != nil && oc.flag("rollbackOnError", true) {
			return nil, err
		}
	}

	oc.s.mu.RLock()
	defer oc.s.mu.RUnlock()
	return oc.output(oc.input), nil
}

func (oc *opCall) mailAbout(n *node) error {
	l, err := oc.compose(n)
	if err != nil {
		return err
	}
	if oc.s.opt.SMTP == "" {
		return errors.New("no mail session is configured")
	}
	return oc.s.post(l)
}

func (oc *opCall) compose(n *node) (letter, error) {
	oc.s.mu.RLock()
	defer oc.s.mu.RUnlock()
	l := letter{html: oc.flag("HTML", false), from: oc.s.opt.MailFrom}
	var err error
	for _, r := range []struct {
		into *[]string
		name string
	}{{&l.to, "to"}, {&l.cc, "cc"}, {&l.bcc, "bcc"}} {
		if *r.into, err = oc.recipients(r.name); err != nil {
			return l, err
		}
	}

	if len(l.to) == 0 {
		return l, badRequest("Missing required parameter: to")
	}

	from := oc.str("from")
	if from == "" && !oc.s.opt.Untrue.MailForAll {
		return l, errors.New("missing required parameter: from")
	}

	if strings.Contains(from, "@") {
		l.from = from
	}

	l.replyTo = oc.str("replyto")
	vars := oc.mailVars(n)
	if l.subject, err = renderText(oc.str("subject"), vars); err != nil {
		return l, fmt.Errorf("subject: %w", err)
	}

	if l.body, err = renderText(html.UnescapeString(oc.str("message")), vars); err != nil {
		return l, fmt.Errorf("message: %w", err)
	}

	return l, nil
}

// recipients are addresses, logins, or user:login. Strictly, a login without an
// address is an error.
func (oc *opCall) recipients(param string) ([]string, error) {
	var out []string
	for _, name := range oc.strings(param) {
		login := strings.TrimPrefix(name, "user:")
		u := oc.s.users[login]
		switch {
		case u != nil && u.Email != "":
			out = append(out, u.Email)
		case u == nil && strings.Contains(login, "@"):
			out = append(out, login)
		case oc.flag("Strict User Resolution", true):
			return nil, fmt.Errorf("cannot resolve the address of %q", name)
		}
	}

	return out, nil
}

// mailVars is what a template sees: the call's context and Nuxeo's own.
func (oc *opCall) mailVars(n *node) map[string]any {
	vars := map[string]any{}
	maps.Copy(vars, oc.context)
	to, _ := asList(oc.strings("to"))
	maps.Copy(vars, map[string]any{
		"Document": docObject{s: oc.s, n: n, context: map[string]any{}},
		"This":     docObject{s: oc.s, n: n, context: map[string]any{}},
		"docUrl":   oc.s.url + "/ui/#!/doc/" + n.id, "baseUrl": oc.s.url + "/", "subject": oc.str("subject"),
		"from": oc.s.opt.MailFrom, "to": to,
		"CurrentUser": principalObject{oc.user}, "CurrentDate": oc.s.now(), "Context": oc.context,
	})

	return vars
}

const mailTimeout = 10 * time.Second

// post sends a letter by the configured server.
func (s *Server) post(l letter) error {
	host, port, err := net.SplitHostPort(s.opt.SMTP)
	if err != nil {
		return err
	}

	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}

	m, err := l.message()
	if err != nil {
		return err
	}

	options := []gomail.Option{
		gomail.WithPort(number), gomail.WithTLSPolicy(gomail.NoTLS),
		gomail.WithTimeout(mailTimeout),
	}
	if s.opt.Dial != nil {
		options = append(options, gomail.WithDialContextFunc(s.opt.Dial))
	}

	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(context.Background(), mailTimeout)
	defer cancel()
	return client.DialAndSendWithContext(ctx, m)
}

func (l letter) message() (*gomail.Msg, error) {
	m := gomail.NewMsg()
	err := errors.Join(m.From(l.from), m.To(l.to...), m.Cc(l.cc...), m.Bcc(l.bcc...))
	if l.replyTo != "" {
		err = errors.Join(err, m.ReplyTo(l.replyTo))
	}

	m.Subject(strings.NewReplacer("\r", " ", "\n", " ").Replace(l.subject))
	kind := gomail.TypeTextPlain
	if l.html {
		kind = gomail.TypeTextHTML
	}

	m.SetBodyString(kind, l.body)
	return m, err
}
