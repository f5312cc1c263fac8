package process

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// leg is what a connector connects to in place of a system. It can be cut: all
// connections are reset at once, and new ones go through.
type leg struct {
	to    string
	mu    sync.Mutex
	conns []*net.TCPConn
}

// through is an address by a new leg in place of one that is reached directly.
func through(t *testing.T, address string) (*leg, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	l := &leg{to: u.Host}
	t.Cleanup(func() { _ = listener.Close(); l.cut() })
	go l.run(listener)
	u.Host = listener.Addr().String()
	return l, u.String()
}

func (l *leg) run(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return // the test is over
		}

		far, err := net.Dial("tcp", l.to)
		if err != nil {
			_ = near.Close()
			continue
		}

		l.mu.Lock()
		l.conns = append(l.conns, near.(*net.TCPConn), far.(*net.TCPConn))
		l.mu.Unlock()
		go pass(near, far)
		go pass(far, near)
	}
}

func pass(from, to net.Conn) {
	_, _ = io.Copy(to, from) // until either side has enough
	_, _ = to.Close(), from.Close()
}

// cut resets all connections and returns how many.
func (l *leg) cut() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.conns)
	for _, c := range l.conns {
		_ = c.SetLinger(0)
		_ = c.Close()
	}

	l.conns = nil
	return n
}
