// Package mailsim is a mail server that keeps what it gets, with a page to read
// it: the catcher of the demo and of tests.
//
// It owns an SMTP listener and the messages in memory, the newest thousand. It
// delivers nothing, asks for no password and offers no TLS.
package mailsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Message is a mail that arrived. HTML is its body, decoded.
type Message struct {
	From      string    `json:"from"`
	To        []string  `json:"to"`
	Subject   string    `json:"subject"`
	MessageID string    `json:"message_id"`
	HTML      string    `json:"html"`
	Raw       []byte    `json:"raw"`
	At        time.Time `json:"at"`
}

// Piece is a part of a body as text; with an address it is a link.
type Piece struct{ Text, Address string }

// Pieces are the lines of the body, cut at its links. What leads anywhere but to a page
// of the web is no link.
func (m Message) Pieces() []Piece {
	var all []Piece
	rest := m.HTML
	for _, at := range links.FindAllStringSubmatchIndex(m.HTML, -1) {
		address := html.UnescapeString(m.HTML[at[2]:at[3]])
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		before := rest[:len(rest)-len(m.HTML)+at[0]]
		all = append(all, Piece{Text: plain(before)}, Piece{Text: plain(m.HTML[at[4]:at[5]]), Address: address})
		rest = m.HTML[at[1]:]
	}

	return append(all, Piece{Text: plain(rest)})
}

// Text is the body without markup.
func (m Message) Text() string {
	return strings.Join(strings.Fields(m.Lines()), " ")
}

// Lines is the body without markup, a line for each paragraph and entry.
func (m Message) Lines() string {
	return strings.TrimSpace(plain(m.HTML))
}

func plain(markup string) string {
	return html.UnescapeString(tags.ReplaceAllString(breaks.Replace(markup), ""))
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	links  = regexp.MustCompile(`(?is)<a\s[^>]*?href="([^"]*)"[^>]*>(.*?)</a>`)
	breaks = strings.NewReplacer("<li>", "\n• ", "<p>", "\n", "<ul>", "\n")
)

const maxMessages = 1000

// Server catches mail.
type Server struct {
	smtp     *smtp.Server
	listener net.Listener
	mu       sync.Mutex
	messages []Message
	refuse   error
}

// Start listens for SMTP on an address; port 0 takes a free one.
func Start(address string) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the mail catcher: %w", err)
	}
	return Serve(l), nil
}

// Serve takes SMTP from a listener of the caller's.
func Serve(l net.Listener) *Server {
	s := &Server{listener: l}
	s.smtp = smtp.NewServer(s)
	s.smtp.Domain, s.smtp.MaxMessageBytes, s.smtp.ReadTimeout = "mail.test", 10<<20, time.Minute
	go func() { _ = s.smtp.Serve(l) }() // ends with Close
	return s
}

// Addr is host and port for SMTP.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close stops listening.
func (s *Server) Close() error { return s.smtp.Close() }

// Refuse makes the server refuse mail with err; nil takes it again.
func (s *Server) Refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

// Messages lists what arrived, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// NewSession is smtp.Backend's.
func (s *Server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }

type session struct {
	server *Server
	from   string
	to     []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}

	m := Message{From: s.from, To: slices.Clone(s.to), Raw: raw, At: time.Now()}
	m.read()
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.refuse != nil {
		return s.server.refuse
	}

	s.server.messages = append(s.server.messages, m)
	if extra := len(s.server.messages) - maxMessages; extra > 0 {
		s.server.messages = slices.Clone(s.server.messages[extra:])
	}

	return nil
}

// read takes what people look at out of the raw message.
func (m *Message) read() {
	msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		m.HTML = string(m.Raw)
		return
	}

	m.Subject = msg.Header.Get("Subject")
	if s, err := new(mime.WordDecoder).DecodeHeader(m.Subject); err == nil {
		m.Subject = s
	}

	m.MessageID = msg.Header.Get("Message-Id")
	body := msg.Body
	if strings.EqualFold(msg.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}

	b, _ := io.ReadAll(body) // what was readable is what is shown
	m.HTML = string(b)
}

var page = template.Must(template.New("mail").
	Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>Caught mail</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}:root{color-scheme:light dark;background:light-dark(#fff,#15171c);color:light-dark(#1d2433,#e8ebf2)}
article{border:1px solid #8884;border-radius:10px;padding:1rem 1.25rem;margin:1rem 0}h2{font-size:1.05rem;margin:0}p{margin:.3rem 0}.q{opacity:.7;font-size:.9rem}.b{white-space:pre-line;overflow-wrap:anywhere}a,a:visited{color:light-dark(#0b57d0,#9cc0ff)}</style>
<main><h1>Caught mail</h1>{{if not .}}<p>Nothing yet. This page looks again every five seconds.</p>{{end}}
{{range .}}<article><h2>{{.Subject}}</h2><p class="q">to {{range .To}}{{.}} {{end}}· {{.At.Format "15:04:05"}}</p><p class="b">{{range .Pieces}}{{if .Address}}<a href="{{.Address}}" target="_blank" rel="noopener noreferrer nofollow">{{.Text}}</a>{{else}}{{.Text}}{{end}}{{end}}</p></article>{{end}}</main>`))

// ServeHTTP shows the messages, newest first, as text with links; at /messages it lists
// them with their bodies as they came, in JSON.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	list := s.Messages()
	slices.Reverse(list)
	if r.URL.Path == "/messages" {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(list) // the reader may be gone
		return
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	if err := page.Execute(w, list); err != nil {
		return // the reader left
	}
}
