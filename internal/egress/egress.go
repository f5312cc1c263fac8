// Package egress makes the ways out of the connector, on networks as they are:
// behind a proxy, with certificates of the company's own, over slow links, and
// with addresses from outside that may lead where they should not.
//
// It owns which places may be reached. Invariants: an address that comes
// from Frame.io opens no connection into a private network, whatever form it
// has and whatever its name resolves to at the moment of connecting; bytes come
// only from hosts that are allowed; Nuxeo's ways lead to Nuxeo only; no error
// tells the query of an address, the proxy's password or a line of an answer. It
// leaves to transfer how bytes move over a connection, and to others what is
// called when.
package egress

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/transfer"
)

// Dialer connects to host:port.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Settings are what the configuration says about the network.
type Settings struct {
	Proxy Proxy
	// CA is a file with certificates to trust besides the system's; may be empty.
	CA string
	// Dial replaces the connections, which are then not guarded; nil is the
	// network itself.
	Dial Dialer
	// Resolver finds the addresses of names; nil is the system's.
	Resolver *net.Resolver
}

// Ways makes transports that lead out under the same settings.
type Ways struct {
	set     Settings
	proxy   func(*url.URL) (*url.URL, error)
	proxies map[string]bool // host:port of each proxy there may be
	tls     *tls.Config
	closers []func()
}

// New reads what the settings name.
func New(s Settings) (*Ways, error) {
	config, err := trust(s.CA)
	if err != nil {
		return nil, err
	}
	choose, proxies, err := s.Proxy.read()
	return &Ways{set: s, proxy: choose, proxies: proxies, tls: config}, err
}

// Close closes idle connections.
func (w *Ways) Close() {
	for _, end := range w.closers {
		end()
	}
}

// Calls is a transport for JSON: HTTP/2 where the other side has it. reach says
// which addresses it connects to.
func (w *Ways) Calls(reach Reach) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = w.dial(reach)
	t.Proxy = w.proxyOf
	if w.tls != nil {
		t.TLSClientConfig = w.tls.Clone()
	}
	w.closers = append(w.closers, t.CloseIdleConnections)
	return discreet{t}
}

// Bytes is a transport for the content of files.
func (w *Ways) Bytes(reach Reach) http.RoundTripper {
	t := transfer.NewTransport(transfer.Network{Dial: w.dial(reach), TLS: w.tls, Proxy: w.proxyOf})
	w.closers = append(w.closers, t.CloseIdleConnections)
	return discreet{t}
}

func (w *Ways) proxyOf(r *http.Request) (*url.URL, error) { return w.proxy(r.URL) }

// keepAlive notices within half a minute that the other side has gone while
// nothing may be sent.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 4}

// dial connects to what reach allows. A proxy may stand anywhere: the
// administrator chose it.
func (w *Ways) dial(reach Reach) Dialer {
	if w.set.Dial != nil {
		return w.set.Dial
	}

	// The address is checked when the socket connects: a name may lead elsewhere each time.
	plain := &net.Dialer{Timeout: 15 * time.Second, KeepAliveConfig: keepAlive, Resolver: w.set.Resolver}
	guarded := *plain
	guarded.ControlContext = reach.control
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if w.proxies[address] {
			return plain.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
}
