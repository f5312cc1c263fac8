package main

import (
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"": 0, "500": 500, "500B": 500, "1k": 1000, "1.5 MB": 1500000, "2G": 2e9, "2gb": 2e9, "3T": 3e12,
		"0": -1, "-1G": -1, "G": -1, "huge": -1, "nan": -1, "inf": -1, "1e30G": -1, "1X": -1, "1KM": -1,
	} {
		got, err := parseSize(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q is read as %d, %v; want %d, and an error below 0", text, got, err, want)
		}
	}
}

func TestSchedulesAreTold(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[int]string{
		0: "on demand", 5: "every 5 minutes", 60: "every hour", 90: "every 90 minutes", 120: "every 2 hours",
		1440: "every day", 2880: "every 2 days",
	} {
		if got := everyText(minutes); got != want {
			t.Errorf("%d minutes are told as %q, want %q", minutes, got, want)
		}
	}
}

// On a terminal a run is one line, which goes away in the end; elsewhere each step
// is one.
func TestRunLine(t *testing.T) {
	t.Parallel()
	list, wait, bytes := "sync-list", "sync-wait", int64(1500)
	told := []api.SyncRun{
		{State: "running"},
		{State: "running", Step: &list},
		{State: "running", Step: &list},
		{State: "running", Step: &wait, Created: 1, Waiting: 2},
		{State: "running", Step: &wait, Created: 2, Waiting: 1, BytesDone: &bytes},
		{State: "done", Created: 3},
	}

	for name, c := range map[string]struct {
		size func() (int, int)
		want string
	}{
		"terminal": {
			func() (int, int) { return 60, 24 },
			"\r\x1b[K▶ Films  beginning\r\x1b[K▶ Films  looking at Frame.io\r\x1b[K▶ Films  1 of 3 documents, " +
				"comments of 1 of 3\r\x1b[K▶ Films  2 of 3 documents, 2 kB, comments of 2 of 3\r\x1b[K",
		},
		"elsewhere": {
			nil, "▶ Films  beginning\n▶ Films  looking at Frame.io\n▶ Films  1 of 3 documents, comments of 1 of 3\n",
		},
	} {
		var out strings.Builder
		l := &runLine{screen: &screen{t: &terminal{out: &out}, size: c.size}, title: "Films"}
		for _, r := range told {
			l.put(api.Sync{
				Last:            &r,
				Comments:        true,
				CommentsDone:    r.Created,
				CommentsWaiting: min(r.Created, 1) * (3 - r.Created),
			})
		}

		if l.end(); out.String() != c.want {
			t.Errorf("%s: the lines are %q, want %q", name, out.String(), c.want)
		}
	}
}
