package app

import (
	"net/netip"
	"net/url"
	"time"
	_ "time/tzdata" // so that zones are known where the system has none

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/bandwidth"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/egress"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// NetworkConfig tells what lies between the connector and the other systems.
type NetworkConfig struct {
	Proxy            string   `help:"HTTP proxy, like http://proxy.example.com:3128, with user:password@ if it asks for them. Empty: HTTPS_PROXY and HTTP_PROXY of the environment; none: no proxy, even then." secret:"" placeholder:"URL"`
	NoProxy          []string `help:"Hosts that are reached without the proxy, written as in NO_PROXY (whose hosts count too when the proxy is the environment's). Nuxeo is usually one." placeholder:"HOST"`
	CA               string   `name:"ca" help:"PEM file with certificates to trust besides the system's: of your own authority, or of a proxy that opens encryption." type:"path" placeholder:"FILE"`
	PrivateAddresses string   `help:"Whether addresses of Frame.io, its files and sign-in may lie in private networks: ${enum}. Refuse keeps an address from outside from leading into your network; allow is for test installations." enum:"refuse,allow" default:"refuse"`

	Proxies []string `help:"Networks or addresses of reverse proxies in front of the connector. Of requests that come from there, X-Forwarded-For says where they come from, by which sign-ins are counted; of others it is not believed." default:"127.0.0.0/8,::1/128" placeholder:"NETWORK"`
}

const allow = "allow"

// TelemetryConfig tells who watches.
type TelemetryConfig struct {
	Traces     string  `help:"Address of an OpenTelemetry receiver (OTLP over HTTP), like http://collector.example.com:4318. Empty: OTEL_EXPORTER_OTLP_ENDPOINT of the environment, or no traces." placeholder:"URL"`
	TraceShare float64 `help:"Share of the interactions that are traced, from 0 to 1." default:"1"`
}

// checkNetwork finds settings of the network that cannot work.
func (c *Config) checkNetwork() error {
	_, err := egress.New(c.Network.settings(nil))
	if err != nil {
		return err
	}

	if _, err := c.Network.proxies(); err != nil {
		return err
	}

	if err := egress.Hosts(c.Nuxeo.BlobHosts).Check("nuxeo-blob-hosts"); err != nil {
		return err
	}

	if err := egress.Hosts(c.Frameio.FileHosts).Check("frameio-file-hosts"); err != nil {
		return err
	}

	if _, err := bandwidth.Parse(c.Transfer.Bandwidth); err != nil {
		return err
	}

	if _, err := c.Transfer.zone(); err != nil {
		return err
	}

	if c.Transfer.Idle < time.Second {
		return fault.Field("transfer-idle", "Use 30s.", "%s is too short for any link.", c.Transfer.Idle)
	}

	return c.Telemetry.check()
}

// proxies are the networks of reverse proxies in front of us.
func (c NetworkConfig) proxies() (all []netip.Prefix, err error) {
	for _, text := range c.Proxies {
		p, err := netip.ParsePrefix(text)
		if a, alone := netip.ParseAddr(text); err != nil && alone == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			return nil, fault.Field("network-proxies", "Give one like 10.1.2.0/24 or 10.1.2.3.",
				"%q is not a network.", text)
		}
		all = append(all, p)
	}
	return all, nil
}

func (c TransferConfig) zone() (*time.Location, error) {
	if c.BandwidthZone == "" {
		return time.Local, nil
	}

	zone, err := time.LoadLocation(c.BandwidthZone)
	if err != nil {
		return nil, fault.Field("transfer-bandwidth-zone", "Give one like Europe/Berlin.", "There is no time zone %q.",
			c.BandwidthZone)
	}

	return zone, nil
}

func (c TelemetryConfig) check() error {
	if c.TraceShare < 0 || c.TraceShare > 1 {
		return fault.Field("telemetry-trace-share", "Give a number from 0 to 1.", "%g is not a share.", c.TraceShare)
	}

	if c.Traces == "" {
		return nil
	}

	if u, err := url.Parse(c.Traces); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fault.Field("telemetry-traces", "Give one like http://collector.example.com:4318.",
			"The receiver of traces has no full address.")
	}

	return nil
}
