package sim

import (
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/sim/memnet"
)

// trouble is what befalls one call. It is a name, for the report, and the ways in
// which it shows: on the connection, instead of the answer, or in a body.
type trouble struct {
	name string
	// weight is how many times likelier it is than others, where it fits; 0 is 1.
	weight int
	// fits reports whether the fault makes sense for a call to a system.
	fits func(w *world, system string, r *http.Request) bool
	// wire is the fault of the connection.
	wire func(d *rand.Rand, r *http.Request) memnet.Fault
	// status and after are answered instead of making the call.
	status int
	after  string
	// request and answer change what goes and what comes.
	request func(d *rand.Rand, r *http.Request)
	answer  func(d *rand.Rand, resp *http.Response)
}

func anywhere(*world, string, *http.Request) bool { return true }

func isRead(r *http.Request) bool { return nuxeosim.Reads(r) }

// faults is the list of all kinds.
var faults = []trouble{
	{name: "429", fits: toAPI, status: 429},
	{name: "429 with Retry-After", fits: toAPI, status: 429, after: "17"},
	{name: "500", fits: anywhere, status: 500},
	{name: "503", fits: anywhere, status: 503},
	{name: "503 with Retry-After", fits: anywhere, status: 503, after: "11"},
	{name: "409", weight: 2, fits: toNuxeoWrite, status: 409},
	{
		name: "refused",
		fits: anywhere,
		wire: func(*rand.Rand, *http.Request) memnet.Fault { return memnet.Fault{Refuse: true} },
	},
	{name: "reset", fits: anywhere, wire: func(d *rand.Rand, r *http.Request) memnet.Fault {
		return memnet.Fault{ResetOut: 1 + d.Int64N(300+max(0, r.ContentLength))}
	}},
	{
		name: "answer lost",
		fits: anywhere,
		wire: func(*rand.Rand, *http.Request) memnet.Fault { return memnet.Fault{ResetIn: 1} },
	},
	{
		name: "answer reset",
		fits: anywhere,
		wire: func(d *rand.Rand, _ *http.Request) memnet.Fault { return memnet.Fault{ResetIn: 1 + d.Int64N(2000)} },
	},
	{
		name: "answer cut short",
		fits: anywhere,
		wire: func(d *rand.Rand, _ *http.Request) memnet.Fault { return memnet.Fault{CloseIn: 1 + d.Int64N(2000)} },
	},
	{name: "answer short, well framed", fits: shortens, answer: shortenAnswer},
	{name: "upload short, well framed", weight: 20, fits: toUpload, request: shortenUpload},
	{name: "upload with a flipped bit", weight: 4, fits: toUploadDigested, request: flipUpload},
	{
		name: "stalled on the way",
		fits: anywhere,
		wire: func(d *rand.Rand, _ *http.Request) memnet.Fault { return memnet.Fault{MuteOut: 1 + d.Int64N(500)} },
	},
	{
		name: "stalled answer",
		fits: anywhere,
		wire: func(d *rand.Rand, _ *http.Request) memnet.Fault { return memnet.Fault{MuteIn: 1 + d.Int64N(2000)} },
	},
	{
		name: "trickle",
		fits: anywhere,
		wire: func(d *rand.Rand, _ *http.Request) memnet.Fault { return memnet.Fault{Rate: 300 + d.Int64N(3000)} },
	},
	{name: "slow", fits: anywhere, wire: func(d *rand.Rand, _ *http.Request) memnet.Fault {
		return memnet.Fault{Delay: time.Duration(d.Int64N(int64(8 * time.Second)))}
	}},
	{name: "signed link refused", weight: 6, fits: toFiles, status: 403},
}

func toAPI(_ *world, system string, _ *http.Request) bool { return system != toConnector }

func toFiles(_ *world, system string, _ *http.Request) bool { return system == "files" }

// toNuxeoWrite: any write to a document can meet another one.
func toNuxeoWrite(_ *world, system string, r *http.Request) bool {
	return system == "nuxeo" && !isRead(r) && !strings.Contains(r.URL.Path, "/upload/")
}

func toUpload(_ *world, system string, r *http.Request) bool {
	return system == "nuxeo" && strings.Contains(r.URL.Path, "/upload/batchId-") && r.Method == http.MethodPost &&
		r.ContentLength > 1
}

// toUploadDigested: without a digest nobody compares what Nuxeo holds.
func toUploadDigested(w *world, system string, r *http.Request) bool {
	return w.shape.verify == "digest" && toUpload(w, system, r)
}

// shortens: answers of a length that is said, of which a proxy may lose a part.
func shortens(_ *world, system string, r *http.Request) bool {
	return system != toConnector && isRead(r)
}

func shortenAnswer(d *rand.Rand, resp *http.Response) {
	if resp.ContentLength < 2 {
		return
	}
	n := d.Int64N(resp.ContentLength)
	resp.ContentLength = n
	resp.Header.Set("Content-Length", strconv.FormatInt(n, 10))
	resp.Body = &body{Reader: io.LimitReader(resp.Body, n), Closer: resp.Body}
}

func shortenUpload(d *rand.Rand, r *http.Request) {
	n := d.Int64N(r.ContentLength)
	rest := r.Body
	r.ContentLength, r.Body = n, &body{Reader: io.LimitReader(rest, n), Closer: drained{rest}}
}

func flipUpload(d *rand.Rand, r *http.Request) {
	r.Body = &body{Reader: &flipping{r: r.Body, at: d.Int64N(r.ContentLength)}, Closer: r.Body}
}

type body struct {
	io.Reader
	io.Closer
}

// drained reads to the end before it closes: whoever sent it was done.
type drained struct{ io.ReadCloser }

func (d drained) Close() error {
	_, _ = io.Copy(io.Discard, d.ReadCloser)
	return d.ReadCloser.Close()
}

type flipping struct {
	r  io.Reader
	at int64
}

func (f *flipping) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if f.at >= 0 && f.at < int64(n) {
		p[f.at] ^= 1
	}
	f.at -= int64(n)
	return n, err
}

// synthetic is an answer that somebody between gives.
func (f trouble) synthetic(r *http.Request) *http.Response {
	resp := &http.Response{
		StatusCode: f.status, Status: strconv.Itoa(f.status) + " " + http.StatusText(f.status), Proto: "HTTP/1.1",
		ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader("<p>No.</p>")),
		ContentLength: 10, Request: r,
	}
	if f.after != "" {
		resp.Header.Set("Retry-After", f.after)
	}

	return resp
}
