package egress

import (
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Proxy says which requests go through a proxy.
type Proxy struct {
	// URL is the proxy's address, with user and password if it asks for them.
	// Empty is what the environment says; NoProxy is none, even then.
	URL string
	// Except are hosts that are reached without it, written as in NO_PROXY.
	Except []string
}

// NoProxy is the URL of no proxy.
const NoProxy = "none"

// Check finds what cannot work. The address may hold a password, so errors do
// not repeat it.
func (p Proxy) Check() error {
	_, _, err := p.read()
	return err
}

// read makes the choice of a proxy by address, and lists the proxies there are.
func (p Proxy) read() (func(*url.URL) (*url.URL, error), map[string]bool, error) {
	c := p.config()
	proxies := map[string]bool{}
	for _, address := range []string{c.HTTPProxy, c.HTTPSProxy} {
		if address == "" {
			continue
		}
		where, err := p.hostPort(address)
		if err != nil {
			return nil, nil, err
		}
		proxies[where] = true
	}

	return c.ProxyFunc(), proxies, nil
}

func (p Proxy) config() *httpproxy.Config {
	c := httpproxy.FromEnvironment()
	except := strings.Join(p.Except, ",")
	switch p.URL {
	case "":
		c.NoProxy = strings.Trim(c.NoProxy+","+except, ",")
	case NoProxy:
		c = &httpproxy.Config{}
	default:
		c = &httpproxy.Config{HTTPProxy: p.URL, HTTPSProxy: p.URL, NoProxy: except}
	}

	return c
}

// hostPort returns the host:port of a proxy.
func (p Proxy) hostPort(address string) (string, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address // as the environment may have it
	}

	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		from := "The address of the proxy"
		if p.URL == "" {
			from = "HTTPS_PROXY or HTTP_PROXY in the environment"
		}
		return "", fault.Field("network-proxy", "Give one like http://proxy.example.com:3128, or none.",
			"%s is not an http or https address.", from)
	}

	// A dialer needs the port that an address may leave out.
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}

	return net.JoinHostPort(u.Hostname(), port), nil
}
