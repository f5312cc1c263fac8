package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// nasty are addresses that no address from outside may lead to.
var nasty = []string{
	"127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1",
	"172.31.255.255", "192.168.1.1",
	"100.64.0.1", "100.100.100.200", "169.254.169.254", "169.254.0.1", "192.0.0.192", "168.63.129.16",
	"198.18.0.1", "192.0.2.1",
	"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
	"::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12:3456::1", "fd00:ec2::254", "ff02::1",
	"2001:db8::1", "2001::1", "100::1",
	"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1",
	"2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
}

func TestReach(t *testing.T) {
	t.Parallel()
	for _, text := range nasty {
		if Public.Allows(netip.MustParseAddr(text)) {
			t.Errorf("%s is taken for public, want it refused", text)
		}
	}

	for _, text := range []string{
		"1.1.1.1", "172.32.0.1", "100.128.0.1", "11.0.0.1", "193.0.0.1", "2606:4700::1111",
		"2002:101:101::", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1",
	} {
		if !Public.Allows(netip.MustParseAddr(text)) {
			t.Errorf("%s is not taken for public, want it allowed", text)
		}
	}

	for text, want := range map[string]bool{
		"10.0.0.1": true, "127.0.0.1": true, "fd12::1": true, "::ffff:192.168.0.1": true, "1.1.1.1": true,
		"169.254.169.254": false, "::ffff:169.254.169.254": false, "fe80::1": false, "0.0.0.0": false,
		"fd00:ec2::254": false, "224.0.0.1": false,
	} {
		if Inside.Allows(netip.MustParseAddr(text)) != want {
			t.Errorf("Inside allows %s: got %v, want %v", text, !want, want)
		}
	}

	if !Anywhere.Allows(netip.MustParseAddr("127.0.0.1")) || Public.Allows(netip.Addr{}) {
		t.Error("got 127.0.0.1 refused by Anywhere, or no address allowed by Public, want the contrary")
	}
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"127.0.0.1": "127.0.0.1", "127.1": "127.0.0.1", "127.0.1": "127.0.0.1", "2130706433": "127.0.0.1",
		"0x7f000001": "127.0.0.1", "0X7F.1": "127.0.0.1",
		"0177.0.0.1": "127.0.0.1", "017700000001": "127.0.0.1", "0xa9fea9fe": "169.254.169.254",
		"2852039166": "169.254.169.254", "169.254.43518": "169.254.169.254",
		"127.0.0.1.": "127.0.0.1", "::1": "::1", "0": "0.0.0.0",
		"256.0.0.1": "", "1.2.3.4.5": "", "example.com": "", "1.2.3.x": "", "4294967296": "", "127.16777216": "",
		"": "", "1_0": "", "0b11": "", "08": "", "-1": "",
	} {
		a, is := literal(text)
		if is != (want != "") || is && a.String() != want {
			t.Errorf("literal(%q) = %v %v, want %q", text, a, is, want)
		}
	}
}

// trap is a server that nobody may reach, on both loopback addresses.
type trap struct {
	port  string
	opens atomic.Int64
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	tr := new(trap)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	_, tr.port, _ = net.SplitHostPort(l.Addr().String())
	tr.accept(t, l)
	if six, err := net.Listen("tcp", "[::1]:"+tr.port); err == nil {
		tr.accept(t, six)
	}

	return tr
}

func (tr *trap) accept(t *testing.T, l net.Listener) {
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			tr.opens.Add(1)
			_ = c.Close()
		}
	}()
}

// wanders is a name server whose answer changes with each question about an
// address.
type wanders struct {
	mu      sync.Mutex
	answers []string
	asked   int
}

func (w *wanders) next() netip.Addr {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.answers[min(w.asked, len(w.answers)-1)]
	w.asked++
	return netip.MustParseAddr(a)
}

// resolver asks the name server over a real socket.
func (w *wanders) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = c.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer, err := w.answer(buf[:n]); err == nil {
				_, _ = c.WriteTo(answer, from)
			}
		}
	}()

	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

func (w *wanders) answer(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}

	m.Response, m.Additionals = true, nil
	q := m.Questions[0]
	h := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, Type: q.Type}
	if q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.AResource{A: w.next().As4()}}}
	}

	return m.Pack()
}

func ways(t *testing.T, s Settings) *Ways {
	t.Helper()
	s.Proxy.URL = NoProxy
	w, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// However a private address is written, whatever a name resolves to when it is
// looked up again, no connection is opened.
func TestNoConnectionIntoPrivateNetworks(t *testing.T) {
	t.Parallel()
	tr := newTrap(t)
	names := &wanders{answers: []string{"1.1.1.1", "127.0.0.1"}}
	names.next() // somebody looked the name up before, and found it public
	w := ways(t, Settings{Resolver: names.resolver(t)})
	hosts := []string{
		"localhost", "LOCALHOST.", "a.localhost", "moving.example", "127.1", "127.0.0.1", "2130706433", "0x7f000001",
		"0x7f.0.0.1", "0177.0.0.1", "017700000001",
		"0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[2002:7f00:1::]",
		"[64:ff9b::127.0.0.1]", "169.254.169.254", "10.0.0.1", "[fe80::1%25lo]",
	}

	for _, host := range hosts {
		for _, scheme := range []string{"http", "https"} {
			for name, transport := range map[string]http.RoundTripper{
				"calls": w.Calls(Public),
				"bytes": w.Bytes(Public),
			} {
				for _, guard := range []http.RoundTripper{
					transport, FileHosts(transport, Public, Hosts{"*"}, "http://x.test"),
				} {
					err := ask(guard, scheme+"://"+host+":"+tr.port+"/a?Signature=hidden")
					if err == nil || strings.Contains(err.Error(), "hidden") && !errors.As(err, new(*url.Error)) {
						t.Errorf("%s %s: got %v, want an error, and the signature only where http tells its address",
							name, host, err)
					}
					if guard != transport && host != "moving.example" && !fault.Is(err, fault.Refused) {
						t.Errorf("%s %s: got %v, want it refused for good", name, host, err)
					}
				}
			}
		}
	}

	if n := tr.opens.Load(); n != 0 {
		t.Errorf("%d connections were opened, want none", n)
	}

	names.mu.Lock()
	defer names.mu.Unlock()
	if names.asked < 2 {
		t.Errorf("look-ups of the moving name: got %d, want 2 or more", names.asked)
	}

	// The trap works.
	if err := ask(w.Calls(Inside), "http://127.0.0.1:"+tr.port); err == nil || tr.opens.Load() == 0 {
		t.Errorf("into the trap %d connections were opened, %v; want one, and an error", tr.opens.Load(), err)
	}
}

func ask(via http.RoundTripper, address string) error {
	resp, err := (&http.Client{Transport: via}).Get(address)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}

// A redirect leads nowhere that the address itself may not.
func TestRedirectsAreHeldToo(t *testing.T) {
	t.Parallel()
	tr := newTrap(t)
	var to string
	var carried []string
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		carried = append(carried, r.Header.Get("Authorization"))
		if r.URL.Path == "/end" {
			return
		}
		http.Redirect(w, r, to, http.StatusFound)
	}))
	defer away.Close()
	here := ways(t, Settings{Dial: func(ctx context.Context, network, _ string) (net.Conn, error) { // a public server
		return new(net.Dialer).DialContext(ctx, network, away.Listener.Addr().String())
	}})

	guarded := FileHosts(here.Bytes(Public), Public, Hosts{"*.example.com"}, "https://api.test")
	for target, want := range map[string]string{
		"http://127.0.0.1:" + tr.port: "address on 127.0.0.1", "http://evil.test/": "address on evil.test",
		"http://example.com.evil.test/": "evil.test",
		"http://aexample.com/":          "aexample.com",
	} {
		to = target
		err := ask(guarded, "http://files.example.com/a?Signature=hidden")
		if !fault.Is(err, fault.Refused) || !strings.Contains(fault.From(err).Message, want) ||
			!strings.Contains(fault.From(err).Remedy, "frameio-file-hosts") {
			t.Errorf("sent on to %s: got %v, want it refused with %q and the setting frameio-file-hosts", target, err,
				want)
		}
	}

	for _, target := range []string{"http://other.example.com/end", "http://api.test/end"} {
		to = target
		if err := ask(guarded, "http://files.example.com/a"); err != nil {
			t.Errorf("sent on to %s: got %v, want no error", target, err)
		}
	}

	if tr.opens.Load() != 0 {
		t.Errorf("opened connections: got %d, want 0", tr.opens.Load())
	}

	if strings.Join(carried, "") != "" {
		t.Errorf("credentials travelled: got %q, want none", carried)
	}
}

func TestNuxeoIsOnePlace(t *testing.T) {
	t.Parallel()
	nothing := roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("asked") })
	for _, c := range []struct {
		home, to string
		asked    bool
	}{
		{"http://nuxeo.test:8080/nuxeo", "http://nuxeo.test:8080/nuxeo/api", true},
		{"http://nuxeo.test:8080/nuxeo", "http://nuxeo.test:9200/", false},
		{"http://nuxeo.test/nuxeo", "https://NUXEO.test/nuxeo", true},
		{"https://nuxeo.test/nuxeo", "http://nuxeo.test/nuxeo", false},
		{"http://nuxeo.test/nuxeo", "http://169.254.169.254/", false},
		{"http://169.254.169.254/nuxeo", "http://169.254.169.254/nuxeo", false},
		{"http://10.0.0.1/nuxeo", "http://10.0.0.1/nuxeo", true},
		{"http://10.0.0.1/nuxeo", "http://10.0.0.2/nuxeo", false},
	} {
		home, err := url.Parse(c.home)
		if err != nil {
			t.Fatal(err)
		}
		if err := ask(OneHost(nothing, Inside, home), c.to); strings.Contains(fmt.Sprint(err), "asked") != c.asked {
			t.Errorf("from %s to %s: got %v, want it asked: %v", c.home, c.to, err, c.asked)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestHosts(t *testing.T) {
	t.Parallel()
	h := Hosts{"*.frame.io", "*.s3.*.amazonaws.com", "files.test", "127.0.0.1"}
	for host, want := range map[string]bool{
		"assets.frame.io": true, "ASSETS.frame.io.": true, "a.b.frame.io": true, "frame.io": false,
		"evilframe.io": false, "frame.io.evil.test": false,
		"bucket.s3.us-east-1.amazonaws.com": true, "ec2-1-2-3-4.compute.amazonaws.com": false, "files.test": true,
		"xfiles.test": false, "127.0.0.1": true, "": false,
	} {
		if h.Has(host) != want {
			t.Errorf("Has(%q): got %v, want %v", host, !want, want)
		}
	}

	for p, good := range map[string]bool{
		"*":                    true,
		"*.a.test":             true,
		"a.test":               true,
		"*a.test":              false,
		"":                     false,
		"https://a.test":       false,
		"a b":                  false,
		"*.s3.*.amazonaws.com": true,
	} {
		if (Hosts{p}.Check("f") == nil) != good {
			t.Errorf("Check(%q) accepts it: got %v, want %v", p, !good, good)
		}
	}
}

// Where a browser is sent to play something.
func TestFileAddress(t *testing.T) {
	t.Parallel()
	hosts, home := Hosts{"*.frame.io", "127.0.0.1"}, "http://api.local:8081"
	for address, fine := range map[string]bool{
		"https://assets.frame.io/x?Signature=y": true, "http://api.local:8081/x": true,
		"https://ASSETS.frame.io/": true,
		"http://assets.frame.io/x": false, "https://frame.io/": false, "https://assets.frame.io.evil.example/": false,
		"https://evil.example/":         false,
		"https://user@assets.frame.io/": false, "https://assets.frame.io@evil.example/": false,
		"javascript:alert(1)": false, "data:text/html,x": false,
		"//assets.frame.io/x": false, "/x": false, "": false, "https:assets.frame.io": false,
		"http://api.local/x": false, "http://api.local:80/x": false,
		"https://127.0.0.1/x": false, "https://2130706433/": false, "ftp://assets.frame.io/": false,
		"https://\\evil.example/": false, "https://assets.frame.io\x00/": false,
	} {
		if err := FileAddress(hosts, home, Public)(address); (err == nil) != fine {
			t.Errorf("the file's address %q: got %v, want it allowed: %v", address, err, fine)
		} else if err != nil && strings.Contains(err.Error(), "Signature") {
			t.Errorf("the error tells %v, want nothing of the signature", err)
		}
	}

	if err := FileAddress(hosts, home, Anywhere)("https://127.0.0.1/x"); err != nil {
		t.Errorf("in a test installation: got %v, want no error", err)
	}
}

// What Frame.io may be asked to fetch.
func TestStoreAddress(t *testing.T) {
	t.Parallel()
	hosts := Hosts{"*.s3.amazonaws.com", "127.0.0.1", "localhost", "[::1]", "2130706433", "10.0.0.7"}
	for address, fine := range map[string]bool{
		"https://b.s3.amazonaws.com/x?X-Amz-Signature=y": true, "https://B.s3.amazonaws.com:443/": true,
		"http://b.s3.amazonaws.com/x?X-Amz-Signature=y": false, "https://evil.example/": false,
		"https://b.s3.amazonaws.com.evil.example/":         false,
		"https://user:X-Amz-Signature@b.s3.amazonaws.com/": false, "https://b.s3.amazonaws.com@evil.example/": false,
		"https://b.s3.amazonaws.com/#x": false,
		"https://127.0.0.1/x":           false, "https://localhost/": false, "https://[::1]/": false,
		"https://2130706433/": false, "https://10.0.0.7/": false,
		"ftp://b.s3.amazonaws.com/": false, "file:///etc/passwd": false, "javascript:alert(1)": false,
		"https:b.s3.amazonaws.com": false,
		"//b.s3.amazonaws.com/x":   false, "/x": false, "": false, "https://": false,
		"https://b.s3.amazonaws.com\x00/": false, "https://%zz/": false,
	} {
		err := StoreAddress(hosts, Public)(address)
		if (err == nil) != fine || err != nil && !fault.Is(err, fault.Refused) {
			t.Errorf("the store's address %q: got %v, want it allowed: %v, else refused", address, err, fine)
		}
		if err != nil && strings.Contains(err.Error(), "Signature") {
			t.Errorf("the error tells %v, want nothing of the signature", err)
		}
	}

	for address, fine := range map[string]bool{
		"http://127.0.0.1:8081/x": true,
		"http://evil.example/":    false,
		"ftp://127.0.0.1/":        false,
	} {
		if err := StoreAddress(hosts, Anywhere)(address); (err == nil) != fine {
			t.Errorf("in a test installation, %q: got %v, want it allowed: %v", address, err, fine)
		}
	}
}
