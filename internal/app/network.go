package app

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/bandwidth"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/egress"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metrics"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ratelimit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/tracing"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// outlets holds the four ways out: calls and bytes, for each remote system.
type outlets struct {
	nuxeo, uploads *http.Client // share one budget of connections
	frameio, files *http.Client
	glances        *http.Client // files, where no transfer watches over what comes
	blobs          *http.Client // from Nuxeo, or from where it keeps its files
	parts          *http.Client // to where Frame.io takes files
	receivers      *http.Client // to where channels are told
	plain          *http.Client // to what the administrator named, for doctor
	budgets        *ratelimit.Budgets
	limit          *bandwidth.Limit
	ways           *egress.Ways
}

// builder makes outlets.
type builder struct {
	c     Config
	w     World
	ways  *egress.Ways
	count *metrics.Metrics
	trace *tracing.Tracer
}

func newOutlets(b builder) (*outlets, error) {
	home, err := url.Parse(b.c.Nuxeo.URL)
	if err != nil {
		return nil, err
	}

	limit, err := b.c.Transfer.limit(b.w.Now)
	if err != nil {
		return nil, err
	}

	o := &outlets{ways: b.ways, limit: limit, plain: &http.Client{Transport: b.ways.Calls(egress.Anywhere)}}
	b.toNuxeo(o, home)
	b.toFrameio(o)
	b.toReceivers(o)
	return o, nil
}

func (b builder) toNuxeo(o *outlets, home *url.URL) {
	reach := b.reach(egress.Inside)
	held := func(next http.RoundTripper) http.RoundTripper {
		return egress.OneHost(b.instrument(metrics.Nuxeo, next), reach, home)
	}

	// Calls and uploads share the connections to Nuxeo.
	calls := egress.Patient(held(b.ways.Calls(reach)), b.c.Nuxeo.CallTimeout, b.c.Transfer.Idle)
	places := ratelimit.NewConnections(calls, b.c.Nuxeo.Connections, b.w.nodes)
	o.nuxeo = &http.Client{Transport: places}
	o.uploads = &http.Client{Transport: places.Share(b.count.Uploads(held(b.ways.Bytes(reach))))}

	// A blob comes from Nuxeo itself, or from the store that it sends on to.
	far := b.reach(egress.Public)
	store := egress.BlobHosts(b.instrument(metrics.Files, b.ways.Bytes(far)), far, b.c.Nuxeo.BlobHosts)
	o.blobs = &http.Client{
		Transport: o.limit.Transport(egress.Either(home, places.Share(held(b.ways.Bytes(reach))), store)),
	}
}

func (b builder) toFrameio(o *outlets) {
	reach := b.reach(egress.Public)
	calls := egress.Anyone(b.instrument(metrics.Frameio, b.ways.Calls(reach)), reach)
	o.budgets = ratelimit.NewBudgets(egress.Patient(calls, b.c.Frameio.CallTimeout, b.c.Transfer.Idle),
		time.Now, b.w.nodes)
	o.frameio = &http.Client{Transport: o.budgets}
	bytes := b.count.Downloads(b.instrument(metrics.Files, b.ways.Bytes(reach)))
	guarded := func(next http.RoundTripper) *http.Client {
		return &http.Client{Transport: egress.FileHosts(next, reach, b.c.Frameio.FileHosts, b.c.Frameio.URL)}
	}

	o.files = guarded(o.limit.Transport(bytes))
	o.glances = guarded(o.limit.Transport(egress.Patient(bytes, b.c.Frameio.CallTimeout, b.c.Transfer.Idle)))
	// What is sent was read within the limit already.
	o.parts = guarded(b.instrument(metrics.Files, b.ways.Bytes(reach)))
}

// toReceivers leads to addresses that people give, whose answers lead nowhere.
func (b builder) toReceivers(o *outlets) {
	reach := b.reach(egress.Public)
	o.receivers = &http.Client{
		Transport:     egress.Receivers(b.instrument(metrics.Receivers, b.ways.Calls(reach)), reach, b.c.Notify.Hosts),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// reach is as far as a system may be, or anywhere in a test installation.
func (b builder) reach(r egress.Reach) egress.Reach { return b.c.Network.reach(r) }

func (c NetworkConfig) reach(r egress.Reach) egress.Reach {
	if c.PrivateAddresses == allow {
		return egress.Anywhere
	}
	return r
}

// fileAddress is the same guard for addresses that browsers are sent to.
func (c *Config) fileAddress() func(string) error {
	return egress.FileAddress(c.Frameio.FileHosts, c.Frameio.URL, c.Network.reach(egress.Public))
}

// storeAddress is the guard for addresses that Frame.io fetches files from.
func (c *Config) storeAddress() func(string) error {
	return egress.StoreAddress(c.Nuxeo.BlobHosts, c.Network.reach(egress.Public))
}

// instrument counts, traces and labels each call that really goes out.
func (b builder) instrument(system string, next http.RoundTripper) http.RoundTripper {
	class := func(r *http.Request) string { return metrics.Class(system, r) }
	next = b.count.Calls(system, b.w.Wrap(system, next))
	next = held{b.trace.Calls(system, class, system == metrics.Nuxeo, next)}
	if system == metrics.Files || system == metrics.Receivers { // its hosts are others', whom our ids tell nothing
		return next
	}
	return requestid.Transport(next)
}

// held lets no call out for an item that is no longer ours.
type held struct{ next http.RoundTripper }

// RoundTrip is http.RoundTripper's.
func (h held) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := work.CheckLease(r.Context()); err != nil {
		return nil, err
	}
	return h.next.RoundTrip(r)
}

// tracer sends spans to where the settings or the environment say.
func (b builder) tracer() tracing.Settings {
	return tracing.Settings{
		Receiver: b.c.Telemetry.Traces, Share: b.c.Telemetry.TraceShare, Version: Version,
		Transport: b.ways.Calls(egress.Anywhere), Log: b.w.Log,
	}
}

func (c NetworkConfig) settings(dial egress.Dialer) egress.Settings {
	return egress.Settings{Proxy: egress.Proxy{URL: c.Proxy, Except: c.NoProxy}, CA: c.CA, Dial: dial}
}

// limit is the bandwidth that all transfers share; nil without a limit.
func (c TransferConfig) limit(now func() time.Time) (*bandwidth.Limit, error) {
	table, err := bandwidth.Parse(c.Bandwidth)
	if err != nil {
		return nil, err
	}
	zone, err := c.zone()
	return bandwidth.New(table, zone, now), err
}

// mediaHosts are the hosts of fileAddress as a policy of pages can name them: with
// an asterisk in front only. What cannot be said so is left out, not widened.
func (c *Config) mediaHosts() []string {
	out := []string{}
	if u, err := url.Parse(c.Frameio.URL); err == nil {
		out = append(out, u.Scheme+"://"+u.Host)
	}

	for _, host := range c.Frameio.FileHosts {
		if rest := strings.TrimPrefix(host, "*."); rest != "" && !strings.Contains(rest, "*") {
			out = append(out, "https://"+strings.ToLower(host))
		}
	}

	return out
}
