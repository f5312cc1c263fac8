package egress

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Hosts are names of hosts; an asterisk stands for any letters, so that
// *.example.com is every host below example.com.
type Hosts []string

var pattern = regexp.MustCompile(`^(\*$|\*\.|[a-z0-9\[])[a-z0-9.*:\]-]*$`)

// Check refuses what would allow more than it seems to: *example.com is also
// evil-example.com.
func (h Hosts) Check(field string) error {
	for _, p := range h {
		if !pattern.MatchString(strings.ToLower(p)) {
			return fault.Field(field, "Give names like files.example.com or *.example.com.", "%q is not a host.", p)
		}
	}
	return nil
}

// Has reports whether a host is among them.
func (h Hosts) Has(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return slices.ContainsFunc(h, func(p string) bool {
		exp := strings.ReplaceAll(regexp.QuoteMeta(strings.ToLower(p)), `\*`, `[a-z0-9.-]*`)
		return regexp.MustCompile(`^(?:` + exp + `)$`).MatchString(host)
	})
}

// only is a transport that asks the places it is given and no other, be it at
// first or after a redirect.
type only struct {
	next    http.RoundTripper
	reach   Reach
	has     func(*url.URL) bool
	refusal func(host string) error
}

// RoundTrip is http.RoundTripper's.
func (o only) RoundTrip(r *http.Request) (*http.Response, error) {
	host := r.URL.Hostname()
	var err error
	switch {
	case !o.has(r.URL):
		err = o.refusal(shortened(host))
	case !o.reach.allowsName(host):
		err = refusedAddress(shortened(host))
	default:
		return o.next.RoundTrip(r)
	}

	if r.Body != nil {
		_ = r.Body.Close() // as a RoundTripper must, whatever happens
	}

	return nil, err
}

// shortened keeps a made-up name from filling an error.
func shortened(host string) string {
	if len(host) > 100 {
		return host[:100] + "…"
	}
	return host
}

// Anyone refuses only what can be told to lie beyond reach.
func Anyone(next http.RoundTripper, reach Reach) http.RoundTripper {
	return only{next, reach, func(*url.URL) bool { return true }, nil}
}

// FileHosts refuses addresses of files on hosts that are not allowed; that of
// the API at home is.
func FileHosts(next http.RoundTripper, reach Reach, allowed Hosts, home string) http.RoundTripper {
	return only{next, reach, fileHost(allowed, home), refusedHost}
}

func fileHost(allowed Hosts, home string) func(*url.URL) bool {
	own := ""
	if u, err := url.Parse(home); err == nil {
		own = u.Hostname()
	}
	return func(u *url.URL) bool { return strings.EqualFold(u.Hostname(), own) || allowed.Has(u.Hostname()) }
}

func refusedHost(host string) error {
	return fault.New(fault.Refused, "Frame.io gave an address on %s, from which files are not taken.", host).
		With("If it belongs to Frame.io, allow it with frameio-file-hosts.")
}

// FileAddress says why an address of a file may not be given to a browser, which
// then goes there by itself: its host is not allowed or lies beyond reach, or the
// way there is not encrypted, as it may be to home only.
func FileAddress(allowed Hosts, home string, reach Reach) func(address string) error {
	has := fileHost(allowed, home)
	at, _ := url.Parse(home) // the settings were checked
	return func(address string) error {
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Host == "" || u.User != nil || u.Opaque != "":
			return fault.New(fault.Refused, "Frame.io gave an address that is none.")
		case !has(u):
			return refusedHost(shortened(u.Hostname()))
		case !reach.allowsName(u.Hostname()):
			return refusedAddress(shortened(u.Hostname()))
		case u.Scheme == "https", at != nil && u.Scheme == at.Scheme && u.Host == at.Host:
			return nil
		}

		return fault.New(fault.Refused, "Frame.io gave an address on %s without encryption.", shortened(u.Hostname()))
	}
}

// OneHost refuses what leads away from the place at home, as redirects may, but
// for the same host with encryption.
func OneHost(next http.RoundTripper, reach Reach, home *url.URL) http.RoundTripper {
	has := func(u *url.URL) bool {
		if !strings.EqualFold(u.Hostname(), home.Hostname()) {
			return false
		}
		return u.Scheme == home.Scheme && port(u) == port(home) || home.Scheme == "http" && u.Scheme == "https" &&
			port(u) == "443"
	}
	return only{next, reach, has, func(host string) error {
		return fault.New(fault.Refused, "Nuxeo sends on to another place on %s, where the connector does not go.",
			host).
			With("Set nuxeo-url to the address that Nuxeo answers at.")
	}}
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// Either asks home by one way and every other place by another, as where Nuxeo
// sends on to the store of its files.
func Either(home *url.URL, at, beyond http.RoundTripper) http.RoundTripper {
	return either{home, at, beyond}
}

type either struct {
	home       *url.URL
	at, beyond http.RoundTripper
}

// RoundTrip is http.RoundTripper's.
func (e either) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.EqualFold(r.URL.Hostname(), e.home.Hostname()) {
		return e.at.RoundTrip(r)
	}
	return e.beyond.RoundTrip(r)
}

// BlobHosts refuses addresses to which Nuxeo sends on for its files, unless their
// hosts are allowed.
func BlobHosts(next http.RoundTripper, reach Reach, allowed Hosts) http.RoundTripper {
	return only{next, reach, func(u *url.URL) bool { return allowed.Has(u.Hostname()) }, refusedStore}
}

// StoreAddress says why Frame.io may not be asked to fetch what lies at an
// address to which Nuxeo sends on: its host is not allowed, or can be told to lie
// where the internet does not reach, or the way there is not encrypted. Whether a
// name leads there shows when it is fetched.
func StoreAddress(allowed Hosts, reach Reach) func(address string) error {
	return func(address string) error {
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Hostname() == "" || u.User != nil || u.Opaque != "" || u.Fragment != "":
			return fault.New(fault.Refused, "Nuxeo gave an address that is none.")
		case !allowed.Has(u.Hostname()):
			return refusedStore(shortened(u.Hostname()))
		case !reach.allowsName(u.Hostname()):
			return fault.New(fault.Refused,
				"The address %s lies in a private or reserved network, which Frame.io does not reach.",
				shortened(u.Hostname()))
		case u.Scheme == "https", u.Scheme == "http" && reach == Anywhere: // a test installation
			return nil
		}

		return fault.New(fault.Refused, "Nuxeo gave an address on %s without encryption.", shortened(u.Hostname()))
	}
}

func refusedStore(host string) error {
	return fault.New(fault.Refused, "Nuxeo keeps its files on %s, where the connector does not go.", host).
		With("If that is its store, allow it with nuxeo-blob-hosts.")
}
