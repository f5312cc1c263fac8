package egress

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// proxy is a real one: it forwards requests and makes tunnels, always to the
// same server, and remembers for whom.
type proxy struct {
	*httptest.Server
	target string
	mu     sync.Mutex
	asked  []string
}

func newProxy(t *testing.T, target string, secure bool) *proxy {
	t.Helper()
	p := &proxy{target: target}
	p.Server = httptest.NewUnstartedServer(p)
	if secure {
		p.StartTLS()
	} else {
		p.Start()
	}

	t.Cleanup(p.Close)
	return p
}

// ServeHTTP is http.Handler's.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user := r.Header.Get("Proxy-Authorization")
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host)
	p.mu.Unlock()
	if user != "Basic amFuZTpzM2NyZXQtd29yZA==" {
		http.Error(w, "who are you", http.StatusProxyAuthRequired)
		return
	}

	out, err := net.Dial("tcp", p.target)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer out.Close()
	if r.Method != http.MethodConnect {
		r.RequestURI = ""
		_ = r.Write(out)
		c, _, _ := http.NewResponseController(w).Hijack()
		defer c.Close()
		_, _ = io.Copy(c, out)
		return
	}

	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(c, out) }()
	_, _ = io.Copy(out, rw.Reader) // which may hold the first bytes already
}

// origin answers with how many bytes came.
func origin(t *testing.T, secure bool) (s *httptest.Server, ca string) {
	t.Helper()
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprintf(w, "%d by %s", n, r.Proto)
	}))
	if !secure {
		s.Start()
		t.Cleanup(s.Close)
		return s, ""
	}

	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}

	return s, ca
}

// Calls and bytes go through the proxy, with its password, to https and http; a
// proxy in a private network may be used for public places.
func TestProxy(t *testing.T) {
	t.Parallel()
	for _, secureProxy := range []bool{false, true} {
		for _, secure := range []bool{false, true} {
			s, ca := origin(t, secure)
			p := newProxy(t, s.Listener.Addr().String(), secureProxy)
			if secureProxy && ca == "" {
				_, ca = origin(t, true) // the same certificate
			}

			where := strings.Replace(p.URL, "://", "://jane:s3cret-word@", 1)
			w, err := New(Settings{Proxy: Proxy{URL: where, Except: []string{"inside.example.com"}}, CA: ca})
			if err != nil {
				t.Fatal(err)
			}

			scheme := strings.SplitAfter(s.URL, "//")[0]
			for name, c := range map[string]struct {
				via   http.RoundTripper
				proto string
			}{
				"calls": {w.Calls(Public), map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[secure]},
				"bytes": {w.Bytes(Public), "HTTP/1.1"},
			} {
				const size = 8 << 20
				resp, err := (&http.Client{Transport: c.via}).Post(scheme+"public.example.com/", "x/y",
					bytes.NewReader(make([]byte, size)))
				if err != nil {
					t.Errorf("%s to %s through %s: %v", name, scheme, p.URL, err)
					continue
				}

				said, _ := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if want := fmt.Sprintf("%d by %s", size, c.proto); string(said) != want {
					t.Errorf("%s to %s: got %s, want %s", name, scheme, said, want)
				}

				if _, err := c.via.RoundTrip(request(scheme + "inside.example.com/")); err == nil {
					t.Errorf("%s: what is inside was reached, want it refused", name)
				}
			}

			w.Close()
			for _, asked := range p.asked {
				if !strings.HasSuffix(strings.TrimSuffix(asked, ":443"), " public.example.com") {
					t.Errorf("the proxy was asked for %s, want only public.example.com", asked)
				}
			}

			if len(p.asked) != 2 {
				t.Errorf("the proxy was asked %q, want two calls", p.asked)
			}
		}
	}
}

func request(address string) *http.Request {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		panic(err)
	}
	return r
}

// counting is a connection that counts how often it is written to.
type counting struct {
	net.Conn
	writes *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// Bytes keep their wide copies through a tunnel: records go out gathered.
func TestTunnelsAreWide(t *testing.T) {
	t.Parallel()
	const size = 32 << 20
	s, ca := origin(t, true)
	p := newProxy(t, s.Listener.Addr().String(), false)
	var writes atomic.Int64
	w, err := New(Settings{
		Proxy: Proxy{URL: strings.Replace(p.URL, "://", "://jane:s3cret-word@", 1)}, CA: ca,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, address)
			return counting{c, &writes}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	resp, err := (&http.Client{Transport: w.Bytes(Public)}).Post("https://public.example.com/", "x/y",
		bytes.NewReader(make([]byte, size)))
	if err != nil {
		t.Fatal(err)
	}

	_ = resp.Body.Close()
	if each := size / writes.Load(); each < 128<<10 {
		t.Errorf("each write carries %d bytes, want at least %d", each, 128<<10)
	}
}

// What is refused is refused with a proxy as well, and what it says is told
// without its password.
func TestProxyTellsNoPassword(t *testing.T) {
	t.Parallel()
	s, _ := origin(t, true)
	p := newProxy(t, s.Listener.Addr().String(), false)
	w, err := New(Settings{Proxy: Proxy{URL: strings.Replace(p.URL, "://", "://jane:another-word@", 1)}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, via := range []http.RoundTripper{w.Calls(Public), w.Bytes(Public)} {
		for _, address := range []string{
			"https://public.example.com/", "https://10.0.0.1/", "https://0x7f.1/",
			"https://metadata.localhost/",
		} {
			err := ask(FileHosts(via, Public, Hosts{"*"}, ""), address)
			if address != "https://public.example.com/" && !fault.Is(err, fault.Refused) {
				t.Errorf("%s: got %v, want it refused", address, err)
			}
			if err == nil || strings.Contains(err.Error(), "another-word") {
				t.Errorf("%s: got %v, want an error without the password", address, err)
			}
		}
	}

	if len(p.asked) != 2 {
		t.Errorf("the proxy was asked %q, want two calls", p.asked)
	}

	for _, bad := range []string{
		"http://jane:another-word@", "socks5://jane:another-word@proxy.test",
		"http://jane:another-word@pro xy", "://another-word",
	} {
		err := Proxy{URL: bad}.Check()
		if !fault.Is(err, fault.Invalid) || fault.From(err).Field != "network-proxy" ||
			strings.Contains(fault.From(err).Error(), "another-word") {
			t.Errorf("the proxy %s: got %v, want the field network-proxy refused without the password", bad, err)
		}
	}
}

// A proxy that does not answer ends the call with its context.
func TestSilentProxy(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _ = c.Read(make([]byte, 10))
			cancel()
			_, _ = io.Copy(io.Discard, c)
		}
	}()

	w, err := New(Settings{Proxy: Proxy{URL: "http://" + l.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}

	if _, err := w.Bytes(Public).RoundTrip(request("https://public.example.com/").WithContext(ctx)); err == nil {
		t.Error("a call whose context has ended: got no error, want one")
	}
}

func TestEnvironmentsProxy(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://env.example.com:3128")
	t.Setenv("HTTP_PROXY", "")
	t.Setenv("NO_PROXY", "inside.example.com,10.0.0.0/8")
	for _, c := range []struct {
		proxy   Proxy
		address string
		want    string
	}{
		{Proxy{}, "https://public.example.com", "env.example.com:3128"},
		{Proxy{}, "https://inside.example.com", ""},
		{Proxy{}, "https://10.1.1.1", ""},
		{Proxy{Except: []string{"public.example.com"}}, "https://public.example.com", ""},
		{Proxy{Except: []string{"public.example.com"}}, "https://inside.example.com", ""},
		{Proxy{URL: NoProxy}, "https://public.example.com", ""},
		{Proxy{URL: "http://own.example.com:80"}, "https://inside.example.com", "own.example.com:80"},
		{Proxy{URL: "http://own.example.com:80", Except: []string{".example.com"}}, "http://inside.example.com", ""},
	} {
		w, err := New(Settings{Proxy: c.proxy})
		if err != nil {
			t.Fatal(err)
		}

		u, err := w.proxyOf(request(c.address))
		got := ""
		if u != nil {
			got = u.Host
		}

		if err != nil || got != c.want {
			t.Errorf("%+v for %s: got %q, %v; want %q", c.proxy, c.address, got, err, c.want)
		}
	}

	t.Setenv("HTTPS_PROXY", "socks5://env.example.com")
	if err := (Proxy{}).Check(); fault.From(err) == nil || fault.From(err).Field != "network-proxy" {
		t.Errorf("a proxy we cannot use: got %v, want the field network-proxy refused", err)
	}
}

// A certificate of one's own is trusted by both transports, besides the
// system's; a file without one is refused.
func TestOwnCertificates(t *testing.T) {
	t.Parallel()
	s, ca := origin(t, true)
	for file, good := range map[string]bool{ca: true, "": false} {
		w, err := New(Settings{Proxy: Proxy{URL: NoProxy}, CA: file})
		if err != nil {
			t.Fatal(err)
		}
		for name, via := range map[string]http.RoundTripper{"calls": w.Calls(Inside), "bytes": w.Bytes(Inside)} {
			err := ask(via, s.URL)
			if (err == nil) != good {
				t.Errorf("%s with the authorities of %q: got %v, want the server trusted: %v", name, file, err, good)
			}
		}
	}

	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}

	for _, bad := range []string{empty, "nowhere.pem", t.TempDir()} {
		if _, err := New(Settings{CA: bad}); fault.From(err) == nil || fault.From(err).Field != "network-ca" ||
			fault.From(err).Remedy == "" {
			t.Errorf("the authorities of %s: got %v, want the field network-ca refused, with a remedy", bad, err)
		}
	}
}
