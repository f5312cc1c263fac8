package bandwidth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

func parse(t testing.TB, text string) Timetable {
	t.Helper()
	table, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// monday is a Monday, 00:00.
var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func TestTimetable(t *testing.T) {
	t.Parallel()
	const m = 1 << 20
	for text, at := range map[string]map[string]int64{
		"":      {"0 00:00": 0},
		"off":   {"0 00:00": 0},
		"50M":   {"0 00:00": 50 * m, "6 23:59": 50 * m},
		"1.5m":  {"3 12:00": m + m/2},
		"512k":  {"3 12:00": m / 2},
		"2G":    {"3 12:00": 2048 * m},
		"16384": nil, "16383B": nil, "16384B": {"0 00:00": 16384},
		"08:00,20M 19:00,off": {"0 07:59": 0, "0 08:00": 20 * m, "0 18:59": 20 * m, "0 19:00": 0, "6 12:00": 20 * m},
		// Before the first entry of the week the last one holds.
		"Tue-08:00,20M Fri-19:00,1M": {
			"0 00:00": m,
			"1 07:59": m,
			"1 08:00": 20 * m,
			"4 18:59": 20 * m,
			"6 23:59": m,
		},
		"08:00,20M 19:00,off Sat-08:00,off":    {"4 08:00": 20 * m, "5 08:00": 0, "5 12:00": 0, "6 08:00": 20 * m},
		"Sat-08:00,off 08:00,20M":              {"5 12:00": 0, "0 12:00": 20 * m},
		"  08:00,20M   \t 19:00,OFF ":          {"0 12:00": 20 * m},
		"08:00,20M 08:00,10M":                  nil,
		"Mon-08:00,20M mon-08:00,10M":          nil,
		"24:00,20M":                            nil,
		"8,20M":                                nil,
		"Noday-08:00,20M":                      nil,
		"08:00":                                nil,
		"08:00,":                               nil,
		"50":                                   nil,
		"50T":                                  nil,
		"-50M":                                 nil,
		"nanM":                                 nil,
		"infM":                                 nil,
		"0M":                                   nil,
		"1e30G":                                nil,
		"fast":                                 nil,
		"50M 20M":                              nil,
		"50M,08:00":                            nil,
		"M":                                    nil,
		"\u0130":                               nil, // a letter that grows when it is made large
		"Mon-Fri-08:00,20M":                    nil,
		"08:00,20M 19:00,off Sat-00:00,offish": nil,
	} {
		table, err := Parse(text)
		if at == nil {
			if !fault.Is(err, fault.Invalid) || fault.From(err).Field != "transfer-bandwidth" ||
				fault.From(err).Remedy == "" {
				t.Errorf("Parse(%q): got %v, want the field transfer-bandwidth refused, with a remedy", text, err)
			}
			continue
		}

		for moment, want := range at {
			var day int
			var clock string
			if _, err := fmt.Sscan(moment, &day, &clock); err != nil {
				t.Fatal(err)
			}

			c, _ := time.Parse("15:04", clock)
			now := monday.AddDate(0, 0, day).Add(time.Duration(c.Hour())*time.Hour +
				time.Duration(c.Minute())*time.Minute)
			if got := table.At(now); err != nil || got != want {
				t.Errorf("%q at %s: got %d, %v; want %d", text, moment, got, err, want)
			}
		}
	}
}

// What is read is written so that the same is read again, and at each moment
// the speed is that of the latest change before it.
func TestTimetableProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var words []string
		seen := map[int]bool{}
		speeds := map[int]string{}
		for range rapid.IntRange(1, 12).Draw(t, "entries") {
			at := rapid.IntRange(0, minutesOfWeek-1).Draw(t, "at")
			if seen[at] {
				continue
			}
			seen[at] = true
			speeds[at] = rapid.SampledFrom([]string{"off", "16K", "1M", "3G", "20.5M"}).Draw(t, "speed")
			day := days[at/minutesOfDay]
			words = append(words, fmt.Sprintf("%s-%02d:%02d,%s", strings.ToUpper(day), at%minutesOfDay/60,
				at%60, speeds[at]))
		}

		latest := func(minute int) string {
			for back := range minutesOfWeek {
				if s, ok := speeds[(minute-back+minutesOfWeek)%minutesOfWeek]; ok {
					return s
				}
			}
			return "off"
		}

		table, err := Parse(strings.Join(words, " "))
		if err != nil {
			t.Fatal(err)
		}

		again, err := Parse(table.String())
		if err != nil || again.String() != table.String() {
			t.Fatalf("%s is read as %s, %v; want the same", table, again, err)
		}

		minute := rapid.IntRange(0, minutesOfWeek-1).Draw(t, "minute")
		want, _ := parseSpeed(latest(minute))
		sunday := monday.AddDate(0, 0, -1)
		if got := table.At(sunday.Add(time.Duration(minute) * time.Minute)); got != want {
			t.Fatalf("%s at minute %d: got %d, want %d", table, minute, got, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "off", "50M", "08:00,20M 19:00,off Sat-00:00,off", "Mon-23:59,16K", "1e3k",
		"08:00,", "\u0130",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		table, err := Parse(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: got %v, want an invalid setting", text, err)
			}
			return
		}

		again, err := Parse(table.String())
		if err != nil || again.String() != table.String() {
			t.Fatalf("%q is written as %q, %v; want it read as the same", text, table, err)
		}

		for h := range 7 * 24 {
			now := monday.Add(time.Duration(h) * time.Hour)
			if s := table.At(now); s != again.At(now) || s != 0 && (s < least || s > most) {
				t.Fatalf("%q gives %d at %v, want what its text gives, from %d to %d", text, s, now, least, most)
			}
		}
	})
}

// endless gives bytes without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// pull reads from streams for a time and tells what each got.
func pull(l *Limit, streams int, long time.Duration, width int) []int64 {
	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	got := make([]int64, streams)
	var wg sync.WaitGroup
	for i := range streams {
		wg.Go(func() {
			r, buf := l.Reader(ctx, endless{}), make([]byte, width)
			for ctx.Err() == nil {
				n, err := r.Read(buf)
				if err != nil {
					return
				}
				got[i] += int64(n)
			}
		})
	}

	wg.Wait()
	return got
}

// Many streams together get the limit, and each of them the same.
func TestStreamsShareEvenly(t *testing.T) {
	t.Parallel()
	for _, speed := range []string{"16K", "1M", "100M", "5G"} {
		for _, streams := range []int{1, 3, 32} {
			synctest.Test(t, func(t *testing.T) {
				table := parse(t, speed)
				got := pull(New(table, time.UTC, time.Now), streams, time.Minute, 1<<20)
				sum, least, most := int64(0), got[0], got[0]
				for _, n := range got {
					sum, least, most = sum+n, min(least, n), max(most, n)
				}

				want := table.At(time.Now()) * 60
				if off := float64(sum)/float64(want) - 1; off < -0.02 || off > 0.06 {
					t.Errorf("%s, %d streams: %.3f of the limit, want 0.98 to 1.06", speed, streams,
						float64(sum)/float64(want))
				}

				if float64(most-least) > 0.1*float64(most) {
					t.Errorf("%s, %d streams: shares from %d to %d, want them within a tenth", speed, streams, least,
						most)
				}
			})
		}
	}
}

// The speed changes in the middle of a transfer, by the clock of the zone.
func TestChangesTakeEffectAtOnce(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}

	synctest.Test(t, func(t *testing.T) {
		start := time.Now() // midnight in UTC on a Saturday, 01:00 in Berlin
		l := New(parse(t, "01:01,1M 01:02,4M 01:03,off 01:04,64K"), zone, time.Now)
		r, buf := l.Reader(t.Context(), endless{}), make([]byte, 256<<10)
		perMinute := map[int]int64{}
		for time.Since(start) < 5*time.Minute {
			at := int(time.Since(start) / time.Minute)
			n, err := r.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			perMinute[at] += int64(n)
			if l.Speed() == 0 {
				time.Sleep(time.Second) // the bubble's clock
			}
		}

		for minute, want := range map[int]int64{
			0: 60 * 64 << 10,
			1: 60 << 20,
			2: 240 << 20,
			3: 60 * 256 << 10,
			4: 60 * 64 << 10,
		} {
			if got := float64(perMinute[minute]) / float64(want); got < 0.93 || got > 1.1 {
				t.Errorf("in minute %d: %.3f of what is right, want 0.93 to 1.1", minute, got)
			}
		}
	})
}

// Without a limit nothing stands in the way, not even a wrapper.
func TestOffCostsNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "off", "08:00,off Sat-00:00,off"} {
		l := New(parse(t, text), time.UTC, time.Now)
		in := bytes.NewReader(nil)
		if l != nil || l.Reader(t.Context(), in) != io.Reader(in) ||
			l.Transport(http.DefaultTransport) != http.DefaultTransport || l.Speed() != 0 {
			t.Errorf("%q: got a limit or a wrapper, want none", text)
		}
	}
}

type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Both directions count, to one limit; who waits ends with its context.
func TestTransport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const size = 10 << 20
		via := New(parse(t, "1M"), time.UTC, time.Now).
			Transport(answering(func(r *http.Request) (*http.Response, error) {
				if r.Body != nil {
					_, _ = io.Copy(io.Discard, r.Body)
				}
				return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader(make([]byte, size)))}, nil
			}))

		start := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://x.test", bytes.NewReader(make([]byte, size)))
		if err != nil {
			t.Fatal(err)
		}

		resp, err := via.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}

		n, err := io.Copy(io.Discard, resp.Body)
		if took := time.Since(start); n != size || err != nil || took < 19*time.Second || took > 21*time.Second {
			t.Errorf("%d bytes each way took %v, %v; want %d in 19 to 21 s", n, took, err, size)
		}

		if resp, err = via.RoundTrip(r); err != nil {
			t.Fatal(err)
		}

		time.AfterFunc(time.Second, cancel)
		if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("the wait of who was canceled: got %v, want it ended", err)
		}
	})
}
