package transfer

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Network is what a data transport is made of.
type Network struct {
	// Dial connects; nil is a plain dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS is the configuration for https; nil is the default one.
	TLS *tls.Config
	// Proxy chooses a proxy; nil is the environment's.
	Proxy func(*http.Request) (*url.URL, error)
	// Connections bounds the connections to one host; 0 is unbounded.
	Connections int
}

// NewTransport makes a transport for bytes: HTTP/1.1, since HTTP/2 halves the
// speed of one stream, no transparent compression, since ranges would not fit,
// and connections that copy in wide steps.
func NewTransport(n Network) *http.Transport {
	dial := n.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}

	proxy := n.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}

	return &http.Transport{
		Proxy: unsecured(proxy), DisableCompression: true, ForceAttemptHTTP2: false,
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
		MaxConnsPerHost:     n.Connections,
		MaxIdleConnsPerHost: 16, IdleConnTimeout: 60 * time.Second,
		TLSClientConfig: n.TLS,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &wide{Conn: c}, nil
		},
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := reach(ctx, dial, proxy, n.TLS, network, address)
			if err != nil {
				return nil, err
			}
			return wrapTLS(ctx, raw, n.TLS, address)
		},
	}
}

// wide is a connection whose copies are as wide as a buffer: the transport
// hands its body to ReadFrom instead of moving 32 KiB at a time.
type wide struct{ net.Conn }

// ReadFrom writes all of r to the connection.
func (c *wide) ReadFrom(r io.Reader) (int64, error) { return copyWide(c.Conn, r) }

// copyWide takes smaller steps over a slow link, so that the reader of r shows
// that something moves.
func copyWide(w io.Writer, r io.Reader) (total int64, err error) {
	// A body that can lend its bytes is not copied.
	if l, ok := r.(*io.LimitedReader); ok {
		if from, ok := l.R.(io.WriterTo); ok {
			n, err := from.WriteTo(w)
			l.N -= n
			return n, err
		}
	}

	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	step := firstStep
	for {
		n, err := r.Read((*buf)[:step])

		// The step follows the link, so that a write takes about as long each time.
		if n > 0 {
			start := time.Now()
			m, werr := w.Write((*buf)[:n])
			step = nextStep(step, time.Since(start))
			total += int64(m)
			if werr != nil {
				return total, werr
			}
		}

		if err == io.EOF {
			return total, nil
		}

		if err != nil {
			return total, err
		}
	}
}

const (
	firstStep    = 128 << 10
	smallestStep = 16 << 10
)

// nextStep is half as wide after a write that took a second, and twice as wide
// after one that took less than half of that.
func nextStep(step int, took time.Duration) int {
	switch {
	case took > time.Second:
		return max(smallestStep, step/2)
	case took < 500*time.Millisecond:
		return min(bufferSize, step*2)
	}
	return step
}

// wrapTLS makes a connection that gathers its records into wide writes and reads
// ahead of them.
func wrapTLS(ctx context.Context, raw net.Conn, config *tls.Config, address string) (net.Conn, error) {
	if config == nil {
		config = &tls.Config{}
	}

	config = config.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(address)
	}

	// TLS writes record by record; below it they are gathered.
	config.NextProtos = []string{"http/1.1"}
	under := &gathering{Conn: raw, in: bufio.NewReaderSize(raw, gatherSize)}
	c := tls.Client(under, config)
	if err := c.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake's error says more
		return nil, err
	}

	return &wideTLS{Conn: c, under: under}, nil
}

// gatherSize is how much of the records goes out in one system call.
const gatherSize = 256 << 10

// gathering collects the records of one Write of the layer above.
type gathering struct {
	net.Conn
	in   *bufio.Reader
	mu   sync.Mutex
	hold bool
	out  []byte
}

func (g *gathering) Read(p []byte) (int, error) { return g.in.Read(p) }

func (g *gathering) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.out = append(g.out, p...)
	if g.hold && len(g.out) < gatherSize {
		return len(p), nil
	}
	return len(p), g.flush()
}

func (g *gathering) flush() error {
	if len(g.out) == 0 {
		return nil
	}
	_, err := g.Conn.Write(g.out)
	g.out = g.out[:0]
	return err
}

func (g *gathering) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hold = true
}

func (g *gathering) end() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hold = false
	return g.flush()
}

// wideTLS is a TLS connection with wide copies. It is not a *tls.Conn, so the
// transport cannot switch to HTTP/2 on it.
type wideTLS struct {
	*tls.Conn
	under *gathering
}

func (c *wideTLS) Write(p []byte) (int, error) {
	c.under.begin()
	n, err := c.Conn.Write(p)
	if ferr := c.under.end(); err == nil {
		err = ferr
	}
	return n, err
}

// ReadFrom writes all of r to the connection.
func (c *wideTLS) ReadFrom(r io.Reader) (int64, error) { return copyWide(writerOnly{c}, r) }

type writerOnly struct{ io.Writer }
