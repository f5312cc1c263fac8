package webhook

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

// catchUp reads the log and gives what has to be looked at.
func (s *stage) catchUp() []string {
	s.Helper()
	s.upkeep()
	var out []string
	for _, h := range s.pump() {
		out = append(out, h.Kind+" "+h.Resource)
	}
	return slices.Sorted(slices.Values(out))
}

func (s *stage) upkeep() (r maintenance.Report) {
	s.Helper()
	if err := s.CatchUp(s.Context(), &r); err != nil {
		s.Fatal(err)
	}
	return r
}

func (s *stage) finds(want ...string) {
	s.Helper()
	slices.Sort(want)
	if got := s.catchUp(); !slices.Equal(got, want) {
		s.Errorf("to be looked at are %q, want %q", got, want)
	}
}

// later lets time pass, for Frame.io as well.
func (s *stage) later(d time.Duration) { s.now = s.now.Add(d) }

// logged is a stage whose Frame.io has our clock.
func logged(t *testing.T, change ...func(*frameiosim.Options)) *stage {
	t.Helper()
	s := &stage{T: t}
	return setupWith(s, append(change, func(o *frameiosim.Options) { o.Now = func() time.Time { return s.now } })...)
}

func TestTheAuditLogIsReadFromNowOn(t *testing.T) {
	t.Parallel()
	s := logged(t)
	s.sim.AddFolder(s.root, "before")
	s.later(time.Hour)
	s.finds()
	if n := s.sim.Calls("auditlog.index"); n != 0 {
		t.Errorf("a new place was read with %d calls, want none", n)
	}

	s.later(time.Hour)
	folder := s.sim.AddFolder(s.root, "In")
	file := s.sim.AddFile(folder, "a.mov", s.sim.Pattern(1, 1))
	k := s.sim.AddComment(file, frameiosim.CommentSpec{Text: "hm"})
	other := s.sim.AddFile(folder, "b.mov", s.sim.Pattern(1, 1))
	stack := s.sim.Stack(file, other)
	s.sim.Move(stack, s.root)
	s.finds("file "+file, "file "+other, "file "+stack, "folder "+folder, "comment "+k)
	calls := s.sim.Calls("auditlog.index")
	for range 3 {
		s.later(time.Minute)
		s.finds()
	}

	if n := s.sim.Calls("auditlog.index"); n-calls != 3*2 { // mia may not
		t.Errorf("three quiet minutes cost %d calls, want 6", n-calls)
	}

	s.sim.Rename(folder, "Out")
	s.finds("folder " + folder)
}

func TestAnEntryThatIsWrittenLateIsFound(t *testing.T) {
	t.Parallel()
	s := logged(t, func(o *frameiosim.Options) {
		o.AuditDelay = func(n int) time.Duration { return map[int]time.Duration{1: 90 * time.Second}[n] }
	})

	s.finds()
	late := s.sim.AddFolder(s.root, "late")
	s.later(time.Minute)
	soon := s.sim.AddFolder(s.root, "soon")
	s.finds("folder " + soon)
	s.later(time.Minute)
	s.finds("folder " + late)
	s.later(time.Hour)
	s.finds()
	var kept int
	if err := s.DB.Reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM audit_seen`).Scan(&kept); err != nil ||
		kept != 2 {
		t.Errorf("%d entries are kept, %v; want 2", kept, err)
	}

	s.sim.Rename(late, "x")
	s.finds("folder " + late)
	if err := s.DB.Reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM audit_seen`).Scan(&kept); err != nil ||
		kept != 1 {
		t.Errorf("%d entries are kept, %v; want 1", kept, err)
	}
}

// What a webhook told of is not looked at again because the log has it too.
func TestWhatAWebhookToldIsNotReadAgain(t *testing.T) {
	t.Parallel()
	s := logged(t)
	s.reconcile()
	s.finds()
	folder, lost := s.sim.AddFolder(s.root, "told"), s.sim.AddFolder(s.root, "lost")
	s.later(time.Second)
	s.take("folder", folder)
	if got := s.pump(); len(got) != 1 {
		t.Errorf("looked at %v, want the one folder that was told", got)
	}

	s.finds("folder " + lost)
	s.later(time.Second)
	s.sim.Rename(folder, "x") // of which no webhook tells
	s.finds("folder " + folder)
}

func TestWhatIsOldIsForgotten(t *testing.T) {
	t.Parallel()
	s := logged(t)
	s.reconcile()
	s.finds()
	s.take("folder", "f")
	s.finds("folder f")
	s.watched = nil
	s.later(2 * maxLookback)
	s.finds()
	var kept int
	if err := s.DB.Reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM audit_seen`).Scan(&kept); err != nil ||
		kept != 0 {
		t.Errorf("%d entries are kept, %v; want none", kept, err)
	}
}

func TestManyEntries(t *testing.T) {
	t.Parallel()
	s := logged(t)
	s.finds()
	var want []string
	for range 250 {
		want = append(want, "folder "+s.sim.AddFolder(s.root, "x"))
	}

	slices.Sort(want)
	if got := s.catchUp(); !slices.Equal(got, want) {
		t.Errorf("%d have to be looked at, want %d", len(got), len(want))
	}

	s.finds()
}

// What was on disk before the reading broke off is not told again.
func TestReadingTheLogBreaksOff(t *testing.T) {
	t.Parallel()
	s := logged(t)
	s.watched[0].Logins = []string{"olga"}
	s.finds()
	for range 250 {
		s.sim.AddFolder(s.root, "x")
	}

	s.sim.Faults().Add(faults.Rule{Path: "/audit_logs$", Skip: 2, Times: 1, Status: 500})
	if err := s.CatchUp(t.Context(), &maintenance.Report{}); err == nil {
		t.Error("catching up: got no error, want one")
	}

	first := len(s.pump())
	rest := len(s.catchUp())
	if first == 0 || first+rest != 250 {
		t.Errorf("looked at %d, then %d; want some, and 250 in all", first, rest)
	}
}

func TestNobodyMayReadTheLog(t *testing.T) {
	t.Parallel()
	s := logged(t)
	s.watched[0].Logins = []string{"mia", "nobody"}
	s.finds()
	folder := s.sim.AddFolder(s.root, "x")
	for range 3 {
		if r := s.upkeep(); len(r.Lines) != 1 || !strings.Contains(r.Lines[0], "audit log") {
			t.Errorf("the upkeep tells %q, want one line about the audit log", r.Lines)
		}
	}

	if n := s.sim.Calls("auditlog.index"); n != 1 {
		t.Errorf("the audit log was asked %d times, want once", n)
	}

	s.later(refusedPause + time.Second)
	s.watched[0].Logins = []string{"mia", "olga"}
	s.finds("folder " + folder)
}

func TestTheLogIsRefused(t *testing.T) {
	t.Parallel()
	s := logged(t, func(o *frameiosim.Options) { o.AuditRefused = true })
	s.finds()
	if r := s.upkeep(); len(r.Lines) != 1 {
		t.Errorf("the upkeep tells %q, want one line", r.Lines)
	}

	if r := s.upkeep(); len(r.Lines) != 1 || s.sim.Calls("auditlog.index") != 2 { // once each
		t.Errorf("the upkeep tells %q after %d calls, want one line and 2", r.Lines, s.sim.Calls("auditlog.index"))
	}
}

// A log that is told oldest first is read whole.
func TestALogInAnotherOrder(t *testing.T) {
	t.Parallel()
	s := logged(t)
	s.watched[0].Logins = []string{"olga"}
	s.finds()
	var entries []string
	for _, e := range []struct {
		ago time.Duration
		id  string
	}{{time.Hour, "old"}, {30 * time.Minute, "older"}, {0, "new"}, {-time.Second, "newest"}} {
		entries = append(entries, `{"event_type":"asset_moved","resource_type":"asset","resource_id":"`+e.id+
			`","inserted_at":"`+s.now.Add(-e.ago).UTC().Format(time.RFC3339Nano)+`"}`)
	}

	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":[` + strings.Join(entries, ",") + `],"links":{}}`))
	}))

	t.Cleanup(web.Close)
	s.url = web.URL
	s.finds("file new", "file newest")
}

func TestWithoutWebhooksTheLogIsReadAllTheSame(t *testing.T) {
	t.Parallel()
	s := logged(t)
	s.reconcile()
	s.NoWebhooks = true
	if r := s.reconcile(); r.Removed != 1 || len(s.sim.Webhooks(s.workspace)) != 0 {
		t.Errorf("without webhooks %d were removed and %d are left, want 1 and 0", r.Removed,
			len(s.sim.Webhooks(s.workspace)))
	}

	s.finds()
	s.finds("folder " + s.sim.AddFolder(s.root, "x"))
}

// Where no log may be read, a time in which nobody took webhooks is told of once.
func TestAGapIsToldOfWhereTheLogIsRefused(t *testing.T) {
	t.Parallel()
	s := logged(t, func(o *frameiosim.Options) { o.AuditRefused = true })
	missed := 0
	s.OnEventsMissed = func(context.Context, WatchedWorkspace) error {
		missed++
		return nil
	}

	s.finds()
	for _, step := range []struct {
		after time.Duration
		want  int
	}{
		{time.Minute, 0},
		{time.Minute, 0},
		{10 * time.Minute, 1},
		{time.Minute, 1},
		{2 * time.Hour, 2},
		{time.Minute, 2},
	} {
		s.later(step.after)
		s.finds()
		if missed != step.want {
			t.Errorf("after %s it was told of %d times, want %d", step.after, missed, step.want)
		}
	}
}
