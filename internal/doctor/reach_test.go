package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
)

// Each way in which a host is not reached has its own sentence and its own remedy.
func TestWhyAHostIsNotReached(t *testing.T) {
	t.Parallel()
	strange := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(strange.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	get := func(address string) error {
		_, err := http.Get(address)
		return err
	}

	during := func(op string, err error) error {
		return &url.Error{Op: "Get", URL: "https://here/?secret", Err: &net.OpError{Op: op, Net: "tcp", Err: err}}
	}

	seen := map[string]string{}
	for name, c := range map[string]struct {
		err       error
		why, does string
	}{
		"unknown name": {
			during("dial", &net.DNSError{Name: "nuxeo.example", IsNotFound: true}),
			"no DNS server knows the name nuxeo.example", "getent hosts nuxeo.example",
		},
		"no DNS": {
			during("dial", &net.DNSError{Name: "nuxeo.example", IsTimeout: true}),
			"no DNS server answers", "resolv.conf",
		},
		"refused": {get(closed.URL), "connection refused", "Start it"},
		"no route": {
			during("dial", os.NewSyscallError("connect", syscall.EHOSTUNREACH)), "no route",
			"network-proxy",
		},
		"time-out": {
			&url.Error{Op: "Get", Err: context.DeadlineExceeded},
			"does not answer in time", "firewall",
		},
		"dial time-out":     {during("dial", os.ErrDeadlineExceeded), "does not answer in time", "firewall"},
		"reset":             {during("read", os.NewSyscallError("read", syscall.ECONNRESET)), "hangs up", "log"},
		"end":               {&url.Error{Op: "Get", Err: io.EOF}, "hangs up", "log"},
		"proxy":             {during("proxyconnect", errors.New("502 Bad Gateway")), "the proxy", "network-proxy"},
		"unknown authority": {get(strange.URL), "authority", "network-ca"},
		"another name": {&url.Error{
			Op:  "Get",
			Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"},
		}, "for another name", "nuxeo-url"},
		"expired": {&url.Error{
			Op:  "Get",
			Err: x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired},
		}, "not valid at this time", "clock"},
		"unfit certificate": {&url.Error{
			Op:  "Get",
			Err: x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.IncompatibleUsage},
		}, "cannot be used", "another certificate"},
		"no TLS": {get(strings.Replace(plain.URL, "http:", "https:", 1)), "does not speak TLS", "http://"},
		"no TLS, in a record": {
			&url.Error{Op: "Get", Err: tls.RecordHeaderError{Msg: "x"}},
			"does not speak TLS", "http://",
		},
		"something else": {
			&url.Error{Op: "Get", URL: "https://here/?secret", Err: errors.New("strange")},
			"strange", "network",
		},
	} {
		f := unreached("nuxeo-url", "https://nuxeo.example", c.err)
		if f.Mark != Broken || !strings.HasPrefix(f.Detail, "https://nuxeo.example cannot be reached: ") ||
			!strings.Contains(f.Detail, c.why) || !strings.Contains(f.Remedy, c.does) ||
			strings.Contains(f.Detail, "secret") {
			t.Errorf("%s (%v) is told as %+v, want %q and %q", name, c.err, f, c.why, c.does)
		}

		if other := seen[f.Remedy]; other != "" && !strings.Contains(other+name, "time-out") &&
			!strings.Contains(other+name, "end") && !strings.Contains(other+name, "TLS") {
			t.Errorf("the remedies of %s and %s: got the same, %q, want one for each", name, other, f.Remedy)
		}

		seen[f.Remedy] = name
	}
}
