package egress

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Reach is how far a way out may lead.
type Reach int

// The reaches.
const (
	// Public leads to public addresses only.
	Public Reach = iota
	// Inside leads into private networks too, but never to addresses of the link
	// or of a cloud's metadata.
	Inside
	// Anywhere is for what the administrator named himself.
	Anywhere
)

// Never reached, except by Anywhere: unspecified, link-local (with the metadata
// of most clouds), multicast, reserved; Azure's and Oracle's metadata.
var never = prefixes("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "192.0.0.0/24", "168.63.129.16/32",
	"::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128")

// Private, besides those: loopback, the company's, carrier-grade NAT, and what
// is set aside for benchmarks, examples and translation.
var private = prefixes("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
	"192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"::1/128", "fc00::/7", "fec0::/10", "100::/64", "2001:db8::/32", "2001::/23", "3fff::/20", "5f00::/16",
	"64:ff9b:1::/48")

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		out[i] = netip.MustParsePrefix(t)
	}
	return out
}

// Allows reports whether an address may be connected to. An IPv4 address inside an
// IPv6 one counts as itself.
func (r Reach) Allows(a netip.Addr) bool {
	if r == Anywhere {
		return true
	}
	a = embedded(a.WithZone(""))
	return a.IsValid() && !within(a, never) && (r == Inside || !within(a, private))
}

func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// The forms in which IPv6 carries IPv4, and where the four bytes are.
var carriers = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // translated
	{netip.MustParsePrefix("64:ff9b::/96"), 12},    // NAT64
	{netip.MustParsePrefix("2002::/16"), 2},        // 6to4
	{netip.MustParsePrefix("::/96"), 12},           // compatible
}

func embedded(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if a == netip.IPv6Loopback() || a == netip.IPv6Unspecified() {
		return a
	}

	// An IPv6 address may carry one of IPv4, to which a gateway leads.
	for _, c := range carriers {
		if c.prefix.Contains(a) {
			b := a.As16()
			return netip.AddrFrom4([4]byte(b[c.at : c.at+4]))
		}
	}

	return a
}

// control runs when the name is resolved and before anything is sent, so that a
// name cannot resolve to another address afterwards.
func (r Reach) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	where, err := netip.ParseAddrPort(address)
	if err != nil || !r.Allows(where.Addr()) {
		return refusedAddress(where.Addr().String())
	}
	return nil
}

func refusedAddress(what string) error {
	return fault.New(fault.Refused,
		"The address %s lies in a private or reserved network, where the connector does not go.", what).
		With("If that is meant, as in a test installation, set network-private-addresses to allow.")
}

// literal reads a host that is an address, in all forms that system libraries
// take: 127.1, 0x7f000001, 2130706433, 0177.0.0.1, [::1].
func literal(host string) (netip.Addr, bool) {
	host = strings.TrimSuffix(host, ".")
	if a, err := netip.ParseAddr(host); err == nil {
		return a, true
	}

	// Old forms have one to four numbers; the last one fills what is left.
	words := strings.Split(host, ".")
	if len(words) > 4 {
		return netip.Addr{}, false
	}

	var bits uint64
	for i, word := range words {
		n, err := strconv.ParseUint(strings.ToLower(word), 0, 32)
		last := i == len(words)-1
		if err != nil || strings.ContainsAny(word, "_oObB") || !last && n > 255 || last && n >= 1<<(8*(5-len(words))) {
			return netip.Addr{}, false
		}
		if last {
			bits = bits<<(8*(5-len(words))) | n
		} else {
			bits = bits<<8 | n
		}
	}

	return netip.AddrFrom4([4]byte{byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits)}), true
}

// allowsName refuses hosts that can be told to lie inside without asking for
// their address: with a proxy, only it will ask.
func (r Reach) allowsName(host string) bool {
	if r == Anywhere {
		return true
	}
	if a, is := literal(host); is {
		return r.Allows(a)
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return r == Inside || host != "" && host != "localhost" && !strings.HasSuffix(host, ".localhost")
}
