package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// limit is the time-out in these tests: a call of a busy machine must not reach it by
// itself.
const limit = 4 * time.Second

// A link so slow that everything takes much longer than any time-out is no
// fault: nothing is sent twice.
func TestSlowLinksAreNoFault(t *testing.T) {
	t.Parallel()
	for _, verify := range []string{"digest", "parts"} {
		t.Run(verify, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Config(func(c *app.Config) {
				c.Transfer.Verify, c.Transfer.Idle = verify, limit
				c.Frameio.CallTimeout = limit
			}))

			b.Bind("Publish")
			data := testenv.Bytes('a', 1<<20)
			file := b.Add(b.Root, "Cut.mov", data)
			b.Frameio.Faults().Add(faults.Rule{Path: files, BytesPerSecond: 100 << 10})
			b.Frameio.Faults().Add(faults.Rule{Path: api, Query: "include=metadata", BytesPerSecond: 300})
			start := time.Now()
			v := b.Published(b.Josh, file)[0]
			took := time.Since(start)
			b.Frameio.Faults().Clear()
			b.AllDone()
			b.Check(testenv.Want{"Cut": {Content: data}})
			if took < 2*limit || v.Transfer.Sent != int64(len(data)) {
				t.Errorf("%d of %d bytes were sent in %v, want all, in more than %v", v.Transfer.Sent,
					len(data), took, 2*limit)
			}

			if h := b.Histories(); strings.Contains(h, "retry: ") {
				t.Errorf("something was tried again, want nothing: %s", h)
			}
		})
	}
}

// A link that falls silent is noticed within the time, on each leg.
func TestSilenceIsNoticed(t *testing.T) {
	t.Parallel()
	const silence = 5 * limit
	for name, c := range map[string]struct{ frameio, nuxeo faults.Rule }{
		"files":  {frameio: faults.Rule{Path: files, Latency: silence, Times: 1}},
		"API":    {frameio: faults.Rule{Path: api, Latency: silence, Times: 1}},
		"Nuxeo":  {nuxeo: faults.Rule{Path: "/api/v1/id", Latency: silence, Times: 1}},
		"upload": {nuxeo: faults.Rule{Path: "/upload/.*/0", Method: "POST", Latency: silence, Times: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Config(func(c *app.Config) {
				c.Transfer.Idle, c.Frameio.CallTimeout, c.Nuxeo.CallTimeout = limit, limit, limit
			}))

			b.Bind("Publish")
			data := testenv.Bytes('a', 3<<20)
			file := b.Add(b.Root, "Cut.mov", data)
			if c.frameio.Path != "" {
				b.Frameio.Faults().Add(c.frameio)
			}

			if c.nuxeo.Path != "" {
				b.Nuxeo.Faults().Add(c.nuxeo)
			}

			start := time.Now()
			b.Published(b.Josh, file)
			took := time.Since(start)
			b.AllDone()
			b.Check(testenv.Want{"Cut": {Content: data}})
			if took < limit || took >= silence {
				t.Errorf("it took %v, want from %v to %v", took, limit, silence)
			}

			t.Logf("noticed and done after %v", took)
		})
	}
}

// All transfers of a node share the bandwidth.
func TestBandwidthIsKept(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Transfer.Bandwidth = "1M" }))
	b.Bind("Publish")
	want, assets := testenv.Want{}, []string{}
	for _, name := range []string{"One", "Two", "Three"} {
		data := testenv.Bytes(name[0], 1<<20)
		assets, want[name] = append(assets, b.Add(b.Root, name+".mov", data)), testenv.WantDocument{Content: data}
	}

	start := time.Now()
	b.Published(b.Josh, assets...)
	took := time.Since(start)
	b.AllDone()
	b.Check(want)
	if took < 2500*time.Millisecond || took > 12*time.Second {
		t.Errorf("3 MiB at 1 MiB a second took %v, want 2.5 to 12 s", took)
	}
}

// An address on a host that is not allowed fails the item for good, says which
// host it was, and nothing is asked there; allowed, it works.
func TestFilesComeFromAllowedHosts(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	data := testenv.Bytes('a', 1000)
	file := b.Add(b.Root, "Cut.mov", data)
	b.Frameio.SetURL(strings.Replace(b.Config.Frameio.URL, "127.0.0.1", "localhost", 1))
	v := b.Published(b.Josh, file)[0]
	if v.State != work.Failed || v.Code != "refused" || !strings.Contains(v.Message, "an address on localhost,") ||
		!strings.Contains(v.Remedy, "frameio-file-hosts") {
		t.Errorf("the item is %s with %s, %q and the remedy %q; want it refused for an address on localhost, and "+
			"frameio-file-hosts", v.State, v.Code, v.Message, v.Remedy)
	}

	for _, r := range b.Frameio.Requests() {
		if strings.HasPrefix(r.Path, "/assets/") {
			t.Errorf("%s %s was asked, want no file", r.Method, r.Path)
		}
	}

	b.Config.Frameio.FileHosts = []string{"local*"}
	b.Restart()
	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, v.ID); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	b.Check(testenv.Want{"Cut": {Content: data}})
}

// As it is installed, the connector does not go into private networks for
// Frame.io: neither to its API nor for its files.
func TestPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 1000))
	b.Config.Network.PrivateAddresses = app.Defaults().Network.PrivateAddresses
	b.Restart()
	before := len(b.Frameio.Requests())
	v := b.Published(b.Josh, file)[0]
	if v.State != work.Failed || v.Code != "refused" || !strings.Contains(v.Message, "127.0.0.1") ||
		!strings.Contains(v.Remedy, "network-private-addresses") {
		t.Errorf("the item is %s with %s, %q and the remedy %q; want it refused for 127.0.0.1, and "+
			"network-private-addresses", v.State, v.Code, v.Message, v.Remedy)
	}

	if n := len(b.Frameio.Requests()) - before; n != 1 { // the simulator's own, to run the action
		t.Logf("%d requests", n)
	}

	for _, r := range b.Frameio.Requests()[before:] {
		if strings.HasPrefix(r.Path, "/v4/") || strings.HasPrefix(r.Path, "/ims/") ||
			strings.HasPrefix(r.Path, "/assets/") {
			t.Errorf("%s %s was asked, want nothing that shows who we are or what we look for", r.Method, r.Path)
		}
	}
}
