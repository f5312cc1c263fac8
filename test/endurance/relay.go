package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// relay is what a connector connects to in place of one system. It leads each
// connection to one of two places, by its first request: bytes and calls never
// share one. It sees when something moves, and it can keep what was said.
type relay struct {
	listener net.Listener
	calls    *leg
	bytes    *leg
	isBytes  func(requestLine string) bool
	keep     *keeper // nil: nothing is kept
}

// leg is where a relay leads to, and when something last happened there.
type leg struct {
	to string
	mu sync.Mutex
	// moved is when a byte last passed; opened counts the connections.
	moved  time.Time
	opened int
	begun  time.Time // the newest connection
}

func (l *leg) passed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moved = time.Now()
}

func (l *leg) connected() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened++
	l.begun = time.Now()
}

// seen is what happened so far.
func (l *leg) seen() (opened int, moved, begun time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened, l.moved, l.begun
}

// enough of each direction of a connection is kept; what follows is content.
const enough = 1 << 20

// keeper keeps what passes, in clear.
type keeper struct {
	mu    sync.Mutex
	texts []*bytes.Buffer
}

func (k *keeper) one() *bytes.Buffer {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	b := new(bytes.Buffer)
	k.texts = append(k.texts, b)
	return b
}

func (k *keeper) add(b *bytes.Buffer, p []byte) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if b.Len() < enough {
		b.Write(p)
	}
}

// all is what was kept, a text for each direction of each connection.
func (k *keeper) all() (out []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, b := range k.texts {
		out = append(out, b.String())
	}
	return out
}

func newRelay(calls, bytes string, isBytes func(string) bool, keep *keeper) (*relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{listener: l, calls: &leg{to: calls}, bytes: &leg{to: bytes}, isBytes: isBytes, keep: keep}
	go r.run()
	return r, nil
}

func (r *relay) address() string { return r.listener.Addr().String() }

func (r *relay) run() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return // it was closed
		}
		go r.serve(c.(*net.TCPConn))
	}
}

func (r *relay) serve(near *net.TCPConn) {
	in := bufio.NewReaderSize(near, 64<<10)
	line, err := in.Peek(1)
	for n := 2; err == nil && !bytes.ContainsRune(line, '\n') && n < 4096; n++ {
		line, err = in.Peek(n)
	}

	l := r.calls
	if first, _, _ := strings.Cut(string(line), "\n"); r.isBytes(first) {
		l = r.bytes
	}

	l.connected()
	far, err := net.Dial("tcp", l.to)
	if err != nil {
		reset(near)
		return
	}

	var wg sync.WaitGroup
	wg.Go(func() { r.pass(l, in, near, far.(*net.TCPConn)) })
	wg.Go(func() { r.pass(l, far, far.(*net.TCPConn), near) })
	wg.Wait()
	_, _ = near.Close(), far.Close()
}

// pass copies one direction; a reset is passed on as one.
func (r *relay) pass(l *leg, from io.Reader, source, to *net.TCPConn) {
	kept := r.keep.one()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			l.passed()
			r.keep.add(kept, buf[:n])
			if _, werr := to.Write(buf[:n]); werr != nil {
				reset(source)
				return
			}
		}

		switch {
		case err == io.EOF:
			_ = to.CloseWrite()
			return
		case err != nil:
			reset(to)
			return
		}
	}
}

func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

func (r *relay) close() { _ = r.listener.Close() }
