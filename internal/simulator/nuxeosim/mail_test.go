package nuxeosim

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// mailbox is a mail server that keeps what it gets.
type mailbox struct{ got chan received }

type received struct {
	to   []string
	text string
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &mailSession{box: m}, nil }

type mailSession struct {
	box *mailbox
	to  []string
}

func (*mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (*mailSession) Reset()                               {}
func (*mailSession) Logout() error                        { return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	s.box.got <- received{s.to, string(data)}
	return err
}

func startMailbox(t *testing.T) (*mailbox, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	box := &mailbox{got: make(chan received, 10)}
	server := smtp.NewServer(box)
	go func() { _ = server.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = server.Close() })
	return box, l.Addr().String()
}

func (m *mailbox) next(t *testing.T) received {
	t.Helper()
	select {
	case r := <-m.got:
		return r
	case <-time.After(10 * time.Second):
		t.Fatal("mails within 10 s: got none, want one")
		return received{}
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	box, addr := startMailbox(t)
	f := setup(t, func(o *Options) { o.SMTP = addr })
	uid := f.sim.MkDoc(folder+"/doc", "File", obj{"dc:title": "Film & <co>"})
	send := func(params, context obj) *reply {
		return f.send("josh", "POST", "/api/v1/automation/Document.Mail", obj{
			"input": "doc:" + uid, "params": params,
			"context": context,
		})
	}

	send(obj{
		"to": []string{"user:julia", "olga", "x@example.org"}, "subject": "${Document.title}", "HTML": true,
		"message": "&lt;p&gt;${Document['dc:title']?html} for ${CurrentUser.name}: ${count} at ${docUrl}&lt;/p&gt;",
	}, obj{"count": 3}).is(200).want(uid, "uid")

	got := box.next(t)
	if strings.Join(got.to, " ") != "julia@example.org olga@example.org x@example.org" {
		t.Errorf("sent to %v, want julia, olga and x, all at example.org", got.to)
	}

	for _, want := range []string{"Subject: Film & <co>", "<p>Film &amp; &lt;co&gt; for josh: 3 at ", "text/html"} {
		if !strings.Contains(strings.ReplaceAll(got.text, "=\r\n", ""), want) {
			t.Errorf("no %q in the mail, want it: %s", want, got.text)
		}
	}

	send(obj{"to": "julia", "subject": "s", "message": "${gone}"}, nil).is(500)
	send(obj{"to": "nobody", "subject": "s", "message": "m"}, nil).is(500) // strict
	send(obj{"to": "nobody", "subject": "s", "message": "m", "rollbackOnError": false}, nil).is(200)
	send(obj{"subject": "s", "message": "m"}, nil).is(400)
	// escaping is undone before evaluating
	send(obj{"to": "julia", "subject": "s", "message": "&#36;{1 + 1}"}, nil).is(200)
	if got := box.next(t); !strings.HasSuffix(strings.TrimSpace(got.text), "2") {
		t.Errorf("the body is %q, want it to end with 2", got.text)
	}
}
