package web

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// wiretap records what the connector says and hears in clear, so that every
// secret that really travelled is known, also those that nobody thought of.
type wiretap struct {
	mu    sync.Mutex
	lines []*line
}

// line is one connection with its two directions.
type line struct {
	net.Conn
	tap        *wiretap
	said, took []byte
}

// enough of a connection is recorded; what follows is content.
const enough = 4 << 20

// dial is app.World's.
func (w *wiretap) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &line{Conn: conn, tap: w}
	w.lines = append(w.lines, l)
	return l, nil
}

// Read is net.Conn's.
func (l *line) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	l.keep(&l.took, p[:n])
	return n, err
}

// Write is net.Conn's.
func (l *line) Write(p []byte) (int, error) {
	l.keep(&l.said, p)
	return l.Conn.Write(p)
}

func (l *line) keep(to *[]byte, p []byte) {
	l.tap.mu.Lock()
	defer l.tap.mu.Unlock()
	if len(*to) < enough {
		*to = append(*to, p...)
	}
}

// travelling are the forms in which secrets travel, by kind.
var travelling = map[string]*regexp.Regexp{
	"login token":      regexp.MustCompile(`(?i)X-Authentication-Token: (\S+)`),
	"bearer":           regexp.MustCompile(`(?i)Authorization: Bearer (\S+)`),
	"basic":            regexp.MustCompile(`(?i)Authorization: Basic (\S+)`),
	"access token":     regexp.MustCompile(`"access_token": ?"([^"]+)"`),
	"refresh token":    regexp.MustCompile(`"refresh_token": ?"([^"]+)"`),
	"sent refresh":     regexp.MustCompile(`[&?\n]refresh_token=([^&\s]+)`),
	"client secret":    regexp.MustCompile(`[&?\n]client_secret=([^&\s]+)`),
	"verifier":         regexp.MustCompile(`[&?\n]code_verifier=([^&\s]+)`),
	"code":             regexp.MustCompile(`[&?\n]code=([^&\s]+)`),
	"action secret":    regexp.MustCompile(`"secret": ?"([^"]+)"`),
	"signed download":  regexp.MustCompile(`[&?]Signature=([^&\s"\\]+)`),
	"signed elsewhere": regexp.MustCompile(`X-Amz-Signature=([^&\s"\\]+)`),
	"provider secret":  regexp.MustCompile(`"clientSecret": ?"([^"]+)"`),
}

// secrets are those that travelled, with their kinds.
func (w *wiretap) secrets() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := map[string]string{}
	for _, l := range w.lines {
		for _, text := range []string{string(l.said), string(l.took)} {
			for kind, form := range travelling {
				for _, m := range form.FindAllStringSubmatch(text, -1) {
					found[m[1]] = kind
					if plain, err := url.QueryUnescape(m[1]); err == nil {
						found[plain] = kind
					}
				}
			}
		}
	}
	delete(found, "")
	return found
}

// keeping records every cookie that carries a secret.
func keeping(resp *http.Response, into map[string]string) {
	for _, c := range resp.Cookies() {
		if c.Value != "" {
			into[c.Value] = "cookie " + strings.TrimPrefix(c.Name, "nxf_")
		}
	}
}
