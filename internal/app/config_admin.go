package app

import (
	"net"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// AdminConfig tells where administrators look into a process.
type AdminConfig struct {
	Listen string `help:"Address for /metrics, /readyz with its reasons, /healthz and /debug/pprof/ alone, such as 127.0.0.1:8091. The other address does not serve /metrics then. Empty: there is none, and /metrics stays where everything is." placeholder:"HOST:PORT"`
	Token  string `help:"What requests to admin-listen must bring, as Authorization: Bearer TOKEN, but for /healthz. Needed where other machines reach that address; at least 16 characters." secret:"" placeholder:"TOKEN"`
}

// shortestToken is how long a token must be, so that it is not guessed.
const shortestToken = 16

// check finds an address that others reach without a token.
func (c AdminConfig) check() error {
	if c.Listen == "" {
		return nil
	}

	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fault.Field("admin-listen", "Give one like 127.0.0.1:8091.", "%q is not an address to listen on.",
			c.Listen)
	}

	ip := net.ParseIP(host)
	alone := host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case c.Token == "" && !alone:
		return fault.Field("admin-listen", "Give admin-token, such as one of `openssl rand -hex 32`, or listen at "+
			"127.0.0.1:8091.", "Other machines reach %s, and whoever does could look into the connector.", c.Listen)
	case c.Token != "" && len(c.Token) < shortestToken:
		return fault.Field("admin-token", "Make one with `openssl rand -hex 32`.",
			"An admin token of %d characters can be guessed; it must have %d.", len(c.Token), shortestToken)
	}

	return nil
}
