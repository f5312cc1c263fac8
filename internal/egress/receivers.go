package egress

import (
	"net/http"
	"net/url"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Receivers refuses hosts that take no messages of the connector.
func Receivers(next http.RoundTripper, reach Reach, allowed Hosts) http.RoundTripper {
	return only{next, reach, func(u *url.URL) bool { return allowed.Has(u.Hostname()) }, refusedReceiver}
}

// ReceiverAddress says why no messages are sent to an address that a person gave: it is none, its host is not
// allowed or can be told to lie beyond reach, or the way there is not encrypted. The error tells nothing of the
// address but its host: whoever knows the rest may write there. Where a name leads shows when it is called.
func ReceiverAddress(allowed Hosts, reach Reach) func(address string) error {
	const remedy = "Copy it from where it was made; it begins with https://."
	return func(address string) error {
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Hostname() == "" || u.User != nil || u.Opaque != "" || u.Fragment != "":
			return fault.Field("address", remedy, "This is not the address of a webhook.")
		case !allowed.Has(u.Hostname()):
			return refusedReceiver(shortened(u.Hostname()))
		case !reach.allowsName(u.Hostname()):
			return refusedAddress(shortened(u.Hostname()))
		case u.Scheme == "https", u.Scheme == "http" && reach == Anywhere: // a test installation
			return nil
		}

		return fault.Field("address", remedy, "The way to %s is not encrypted.", shortened(u.Hostname()))
	}
}

func refusedReceiver(host string) error {
	return fault.New(fault.Refused, "The connector sends no messages to %s.", host).
		With("If it should, allow it with notify-hosts.")
}
