package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Each setting of the network that cannot work is refused by its name, with
// what to do, and without its secrets.
func TestCheckNamesTheField(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	for field, changes := range map[string][]func(*Config){
		"network-proxy": {
			func(c *Config) {
				c.Network.Proxy = "socks5://jane:s3cret-word@proxy.test"
			}, func(c *Config) { c.Network.Proxy = "http://jane:s3cret-word@" },
			func(c *Config) { c.Network.Proxy = "http://jane:s3cret-word@a b" },
		},
		"network-ca": {func(c *Config) {
			c.Network.CA = empty
		}, func(c *Config) { c.Network.CA = "nowhere.pem" }},
		"frameio-file-hosts": {func(c *Config) {
			c.Frameio.FileHosts = []string{"*frame.io"}
		}, func(c *Config) { c.Frameio.FileHosts = []string{"https://a.test"} }},
		"transfer-bandwidth": {func(c *Config) {
			c.Transfer.Bandwidth = "fast"
		}, func(c *Config) { c.Transfer.Bandwidth = "25:00,1M" }},
		"transfer-bandwidth-zone": {func(c *Config) { c.Transfer.BandwidthZone = "Europe/Atlantis" }},
		"transfer-idle":           {func(c *Config) { c.Transfer.Idle = 0 }},
		"mail-via": {
			func(c *Config) { c.Mail.Via, c.Mail.From = "nuxeo", "frameio@example.com" },
			func(c *Config) { c.Mail.Via, c.Nuxeo.ServiceUser, c.Nuxeo.ServicePassword = "nuxeo", "robot", "secret" },
		},
		"mail-from":        {func(c *Config) { c.Mail.SMTPHost = "smtp.test" }},
		"mail-smtp-host":   {func(c *Config) { c.Mail.Via, c.Mail.From = "smtp", "frameio@example.com" }},
		"telemetry-traces": {func(c *Config) { c.Telemetry.Traces = "collector:4318" }},
		"admin-listen": {
			func(c *Config) { c.Admin.Listen = "0.0.0.0:8091" }, func(c *Config) { c.Admin.Listen = ":8091" },
			func(c *Config) { c.Admin.Listen = "connector.example.com:8091" },
			func(c *Config) { c.Admin.Listen = "8091" },
		},
		"admin-token":           {func(c *Config) { c.Admin.Listen, c.Admin.Token = "127.0.0.1:8091", "s3cret" }},
		"telemetry-trace-share": {func(c *Config) { c.Telemetry.TraceShare = 1.5 }},
	} {
		for _, change := range changes {
			c := Defaults()
			change(&c)
			err := fault.From(c.Check())
			if err == nil || err.Code != fault.Invalid || err.Field != field || err.Remedy == "" ||
				strings.Contains(fmt.Sprint(err, &c), "s3cret") {
				t.Errorf("a bad %s: got %+v, want it refused as invalid, naming it, with a remedy and without the "+
					"secret", field, err)
			}
		}
	}
}

func TestDefaultsAndExamplesWork(t *testing.T) {
	t.Parallel()
	c := Defaults()
	if err := c.Check(); err != nil {
		t.Error(err)
	}

	c.Network.Proxy, c.Network.NoProxy = "http://jane:s3cret-word@proxy.test:3128", []string{"nuxeo.test", "10.0.0.0/8"}
	c.Transfer.Bandwidth, c.Transfer.BandwidthZone = "08:00,20M 19:00,off Sat-08:00,off", "Europe/Berlin"
	c.Telemetry.Traces = "http://collector.test:4318"
	c.Admin.Listen, c.Admin.Token = "0.0.0.0:8091", "s3cret-of-administrators"
	if err := c.Check(); err != nil {
		t.Error(err)
	}

	if !slices.Contains(c.Secrets(), "s3cret-word") || !slices.Contains(c.Secrets(), c.Admin.Token) ||
		strings.Contains(fmt.Sprint(&c), "s3cret") {
		t.Error("a secret: got it outside Secrets or inside what is printed, want it kept secret")
	}

	limit, err := c.Transfer.limit(func() time.Time { return time.Date(2026, 7, 1, 6, 30, 0, 0, time.UTC) })
	if err != nil || limit.Speed() != 20<<20 { // a Wednesday, 08:30 in Berlin
		t.Errorf("the limit on Wednesday at 08:30 in Berlin: %d bytes a second, %v; want %d", limit.Speed(), err,
			20<<20)
	}
}
