package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// unreached is why an address cannot be reached, and what to do about that. Setting is what
// names the address; what says it for people, as a host or an address without secrets.
func unreached(setting, what string, err error) Finding {
	why, remedy := whyUnreached(setting, err)
	if remedy == "" {
		remedy = "Check " + setting + " and this machine's network."
	}
	return broken(remedy, "%s cannot be reached: %s", what, strings.TrimRight(why, "."))
}

// orUnreached is a finding from a call's error: that no connection came about, else what
// was answered, with its own remedy.
func orUnreached(setting, what string, err error, remedy string) Finding {
	if _, known := whyUnreached(setting, err); known != "" {
		return unreached(setting, what, err)
	}
	return because(err, remedy)
}

// whyUnreached tells the ways apart in which a connection fails: each has its own remedy,
// and another failure has none.
func whyUnreached(setting string, err error) (why, remedy string) {
	var (
		name        *net.DNSError
		op          *net.OpError
		timeout     net.Error
		unknown     x509.UnknownAuthorityError
		other       x509.HostnameError
		certificate x509.CertificateInvalidError
		noTLS       tls.RecordHeaderError
	)
	switch {
	case fault.Is(err, fault.Refused): // by the settings of the network
		f := fault.From(err)
		return f.Message, f.Remedy
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "the proxy does not take the connection: " + op.Err.Error(),
			"Correct network-proxy, or have the proxy allow this host."
	case errors.As(err, &name) && name.IsNotFound:
		return "no DNS server knows the name " + name.Name, "Correct " + setting +
			", or make the name known to this machine's DNS or /etc/hosts: `getent hosts " + name.Name +
			"` looks it up."
	case errors.As(err, &name):
		return "no DNS server answers for the name " + name.Name,
			"Look at this machine's name servers (/etc/resolv.conf) and its way to them."
	case errors.As(err, &unknown):
		return "its certificate is from an authority that this machine does not know",
			"Name a file with the authority's certificate in network-ca, or add it to those of this machine."
	case errors.As(err, &other):
		return "its certificate is for another name", "Correct " + setting +
			" to the name in the certificate, or give the server a certificate for its name."
	case errors.As(err, &certificate) && certificate.Reason == x509.Expired:
		return "its certificate is not valid at this time",
			"Renew the certificate there; if it is good, the clock of this machine is wrong."
	case errors.As(err, &certificate):
		return "its certificate cannot be used: " + certificate.Error(), "Give the server another certificate."
	case errors.As(err, &noTLS), errors.Is(err, http.ErrSchemeMismatch):
		return "what answers there does not speak TLS", "Begin " + setting +
			" with http:// if that is wanted, or correct its port."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there (connection refused)",
			"Start it, or correct the host and port in " + setting + "."
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "this machine has no way there (no route)",
			"Look at this machine's network; if it reaches others by a proxy only, set network-proxy."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "it does not answer in time",
			"A firewall may drop the connection: open it from this machine, or set network-proxy if others are " +
				"reached by a proxy only."
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it hangs up (connection reset)", "Look whether the port in " + setting +
			" is the right one, and in the log of what listens there or of a proxy before it."
	}

	return withoutAddress(err).Error(), ""
}

// withoutAddress is what is wrong with a call without its address, which may hold secrets.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
