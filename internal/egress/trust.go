package egress

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// trust is a configuration that trusts the certificates of a file besides the
// system's; nil when there is no file.
func trust(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}

	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.Field("network-ca", "Give a PEM file that the connector can read.",
			"The file with certificates cannot be read: %v.", err)
	}

	// What the system trusts stays trusted.
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a system without certificates trusts the file only
	}

	if !roots.AppendCertsFromPEM(pem) {
		return nil, fault.Field("network-ca", "It must hold lines like -----BEGIN CERTIFICATE-----.",
			"The file %s holds no certificate.", file)
	}

	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}
