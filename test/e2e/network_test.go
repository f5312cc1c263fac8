package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// one publishes a remarked file under faults and wants it whole.
func one(t *testing.T, size int64, onFrameio, onNuxeo []faults.Rule) *testenv.Bed {
	t.Helper()
	b := testenv.New(t)
	b.Bind("Publish")
	data := testenv.Bytes('a', int(size))
	file := b.Add(b.Root, "Cut.mov", data)
	words := b.Remark(file, "dark")
	for _, r := range onFrameio {
		b.Frameio.Faults().Add(r)
	}

	for _, r := range onNuxeo {
		b.Nuxeo.Faults().Add(r)
	}

	b.Run(b.Josh, file)
	b.Settle()
	b.Frameio.Faults().Clear()
	b.Nuxeo.Faults().Clear()
	for _, hit := range b.Nuxeo.Faults().Hits() {
		if strings.HasSuffix(hit.Path, "/upload/") {
			b.MayLeave++ // its answer was lost, and with it the batch's name
		}
	}

	b.AllDone()
	b.Check(testenv.Want{"Cut": {Content: data, Comments: words}})
	b.Mails(1)
	if len(b.Frameio.Faults().Hits())+len(b.Nuxeo.Faults().Hits()) == 0 {
		t.Error("faults that befell it: got 0, want some")
	}

	return b
}

const api, files, anything = "^/v4/", "^/assets/", ""

func TestResetsAndLatencyOnEveryLeg(t *testing.T) {
	t.Parallel()
	const size = 3 << 20
	for name, c := range map[string]struct{ frameio, nuxeo []faults.Rule }{
		"API resets":          {frameio: []faults.Rule{{Path: api, Reset: true, Chance: .4, Seed: 1}}},
		"API is slow":         {frameio: []faults.Rule{{Path: api, Latency: 60 * time.Millisecond}}},
		"API is cut":          {frameio: []faults.Rule{{Path: api, CutAfter: 30, Chance: .4, Seed: 5}}},
		"files reset":         {frameio: []faults.Rule{{Path: files, Reset: true, Times: 3}}},
		"files are cut":       {frameio: []faults.Rule{{Path: files, CutAfter: 1 << 20, Times: 5}}},
		"files are slow":      {frameio: []faults.Rule{{Path: files, Latency: 60 * time.Millisecond}}},
		"Nuxeo resets":        {nuxeo: []faults.Rule{{Path: anything, Reset: true, Chance: .4, Seed: 2}}},
		"Nuxeo is slow":       {nuxeo: []faults.Rule{{Path: anything, Latency: 30 * time.Millisecond}}},
		"Nuxeo loses answers": {nuxeo: []faults.Rule{{Path: anything, Lost: true, Chance: .4, Seed: 3}}},
		"all at once": {
			frameio: []faults.Rule{
				{Path: anything, Reset: true, Chance: .25, Seed: 3},
				{Path: api, Latency: 20 * time.Millisecond, Chance: .3, Seed: 4},
			},
			nuxeo: []faults.Rule{
				{Path: anything, Lost: true, Chance: .15, Seed: 8},
				{Path: anything, Reset: true, Chance: .15, Seed: 9},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := one(t, size, c.frameio, c.nuxeo)
			t.Logf("%d + %d calls were hit", len(b.Frameio.Faults().Hits()), len(b.Nuxeo.Faults().Hits()))
		})
	}
}

// A body that is shorter than it should be, framed as if it were whole, is
// noticed and read on; what is missing is never stored.
func TestShortBodiesAreNoticed(t *testing.T) {
	t.Parallel()
	for _, short := range []int64{1, 1000, 2 << 20} {
		one(t, 3<<20, []faults.Rule{{Path: files, ShortBy: short, Times: 2}}, nil)
	}
}

// An answer that is no content is never stored, even one of the right length.
func TestErrorPagesAreNoContent(t *testing.T) {
	t.Parallel()
	for _, status := range []int{206, 400, 403, 404, 410, 416, 429, 500} {
		b := testenv.New(t)
		b.Bind("Publish")
		data := testenv.Bytes('a', 1000)
		page := string(testenv.Bytes('x', 1000))
		b.Frameio.Faults().Add(faults.Rule{Path: files, Status: status, Body: page, Times: 2})
		v := b.Published(b.Josh, b.Add(b.Root, "Cut.mov", data))[0]
		if v.State == work.Done {
			b.Check(testenv.Want{"Cut": {Content: data}})
		} else if len(b.Documents()) != 0 || v.Code == "" || b.Nuxeo.Batches() != 0 {
			t.Errorf("status %d: %d documents, %d batches, the item has %s %q; want none of both, and a code", status,
				len(b.Documents()), b.Nuxeo.Batches(), v.Code, v.Message)
		}

		t.Logf("%d: %s %s", status, v.State, v.Message)
	}
}

func TestStormsPass(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ frameio, nuxeo []faults.Rule }{
		"Frame.io 503":    {frameio: []faults.Rule{{Path: anything, Status: 503, Chance: .5, Seed: 1, Times: 12}}},
		"file server 503": {frameio: []faults.Rule{{Path: files, Status: 503, Times: 3}}},
		"file server 429": {frameio: []faults.Rule{{Path: files, Status: 429, Times: 2}}},
		"Nuxeo 503":       {nuxeo: []faults.Rule{{Path: anything, Status: 503, Chance: .5, Seed: 2, Times: 12}}},
		"Nuxeo 502":       {nuxeo: []faults.Rule{{Path: anything, Status: 502, Chance: .4, Seed: 2, Body: "<html>"}}},
		"Nuxeo 429":       {nuxeo: []faults.Rule{{Path: anything, Status: 429, Times: 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one(t, 1000, c.frameio, c.nuxeo)
		})
	}
}

// After a 429 no call of that class comes before the time that was asked for,
// and others are not held up.
func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	later := func(d time.Duration) func(time.Time) time.Time {
		return func(struck time.Time) time.Time { return struck.Add(d) }
	}

	for name, after := range map[string]func() (string, func(time.Time) time.Time){
		"seconds": func() (string, func(time.Time) time.Time) { return "2", later(2 * time.Second) },
		"date": func() (string, func(time.Time) time.Time) {
			end := time.Now().Add(3 * time.Second).UTC().Truncate(time.Second)
			return end.Format(http.TimeFormat), func(time.Time) time.Time { return end }
		},
		"absent": func() (string, func(time.Time) time.Time) { return "", later(time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			b.Bind("Publish")
			want, assets := testenv.Want{}, []string{}
			for i := range 6 {
				title := fmt.Sprint("Cut ", i)
				assets, want[title] = append(assets, b.Add(b.Root, title+".mov", testenv.Bytes('a', 100+i))),
					testenv.WantDocument{Content: testenv.Bytes('a', 100+i)}
			}

			value, until := after()
			comments := regexp.MustCompile(`/files/[^/]+/comments$`)
			b.Frameio.Faults().Add(faults.Rule{
				Method:     "GET",
				Path:       comments.String(),
				Status:     429,
				RetryAfter: value,
				Skip:       1,
				Times:      1,
			})

			b.Run(b.Josh, assets...)
			b.AllDone()
			b.Check(want)
			checkPause(t, b.Frameio.Requests(), comments, until)
		})
	}
}

func checkPause(
	t *testing.T, requests []frameiosim.Request, class *regexp.Regexp, until func(struck time.Time) time.Time,
) {
	t.Helper()
	var struck time.Time
	early, others := 0, 0
	for _, r := range requests {
		switch {
		case r.Status == http.StatusTooManyRequests:
			struck = r.Time
		case struck.IsZero() || r.Time.Before(struck) || !r.Time.Before(until(struck).Add(-20*time.Millisecond)):
		case class.MatchString(r.Path):
			early++
		default:
			others++
		}
	}

	if struck.IsZero() {
		t.Fatal("refused calls: got 0, want some")
	}

	// Those on their way already when the refusal came cannot be called back.
	if early > 2 {
		t.Errorf("%d calls came before %v, want at most 2", early, until(struck))
	}

	t.Logf("%d calls were on their way, %d of other classes went on", early, others)
}
