package web_test

import (
	"context"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/canary"
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

// secrets are those that travelled, with their kinds.
func (w *wiretap) secrets() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := map[string]string{}
	for _, l := range w.lines {
		maps.Copy(found, canary.Find(string(l.said)))
		maps.Copy(found, canary.Find(string(l.took)))
	}
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
