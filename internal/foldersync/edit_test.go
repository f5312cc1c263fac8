package foldersync_test

import (
	"database/sql"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func ptr[T any](v T) *T { return &v }

// edited changes a synchronization as its owner, and lets what follows happen.
func edited(m *testenv.Mirror, c foldersync.Change) foldersync.Sync {
	m.T.Helper()
	c.Version = m.Get().Version
	if _, err := m.App.Sync.Edit(m.T.Context(), testenv.Viewer, m.ID, c); err != nil {
		m.T.Fatal(err)
	}
	m.Settle()
	return m.Get()
}

// expected is what the preview of a change counts.
func expected(m *testenv.Mirror, c foldersync.Change) foldersync.Expected {
	m.T.Helper()
	c.Version = m.Get().Version
	p, err := m.App.Sync.PreviewEdit(m.T.Context(), testenv.Viewer, m.ID, c, 0)
	if err != nil {
		m.T.Fatal(err)
	}
	return p.Expected
}

// Another filter takes and leaves what its preview says, at once; what people have of it stays.
func TestEditTheFilter(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	cut, mix := testenv.Bytes('a', 500), testenv.Bytes('b', 600)
	b.Add(b.Root, "Cut.mov", cut)
	b.Add(b.Root, "Mix.wav", mix)
	b.Add(b.Root, "Mix 2.wav", mix)
	m := b.Mirrored(func(q *foldersync.Request) { q.Filter.Name = "*.mov" })
	m.Is(map[string][]byte{"/Cut": cut})

	change := foldersync.Change{Filter: &foldersync.Filter{Name: "*.wav"}}
	want := foldersync.Expected{New: 2, LeftOut: 1, Bytes: 1200, Complete: true}
	if got := expected(m, change); got != want {
		t.Errorf("the preview: got %+v, want %+v", got, want)
	}
	m.Is(map[string][]byte{"/Cut": cut}) // nothing has happened

	s := edited(m, change)
	m.Is(map[string][]byte{"/Cut": cut, "/Mix": mix, "/Mix 2": mix})
	if s.Version != 2 || s.Last.Created != 2 || s.Last.Gone != 1 || s.Missing != 1 || s.Filter.Name != "*.wav" {
		t.Errorf("the synchronization is %+v after %+v; want version 2, 2 created and 1 gone", s, s.Last)
	}

	// Back again: the document that was marked is in force as before.
	change.Filter.Name = ""
	if got, want := expected(m, change), (foldersync.Expected{New: 1, Complete: true}); got != want {
		t.Errorf("the preview of no filter: got %+v, want %+v", got, want)
	}
	if s := edited(m, change); s.Missing != 0 || s.Assets != 3 || s.Last.Created != 0 {
		t.Errorf("the synchronization is %+v after %+v; want 3 assets and none missing or created", s, s.Last)
	}
	m.Settled(map[string][]byte{"/Cut": cut, "/Mix": mix, "/Mix 2": mix})
}

// What is fetched from now on, the documents that there are get as well; a version keeps what they had.
func TestEditWhatIsFetched(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	whole, small := testenv.Bytes('a', 900), testenv.Bytes('p', 90)
	file := b.Add(b.Root, "Cut.mov", whole,
		frameiosim.WithRendition(frameiosim.RenditionEfficient, frameiosim.Bytes(small)))
	m := b.Mirrored(plain)
	uid := m.At(m.Folder, "Cut").UID

	proxies := foldersync.Change{Fetch: ptr(foldersync.Proxy)}
	if got, want := expected(m, proxies), (foldersync.Expected{Refetched: 1, Bytes: 900, Complete: true}); got != want {
		t.Errorf("the preview: got %+v, want %+v", got, want)
	}

	edited(m, proxies)
	m.Settled(map[string][]byte{"/Cut": small})
	edited(m, foldersync.Change{Fetch: ptr(foldersync.Original)})
	m.Settled(map[string][]byte{"/Cut": whole})
	b.CheckVersions(uid, small, whole)

	// Without content from now on, documents keep what they have.
	edited(m, foldersync.Change{Fetch: ptr(foldersync.Metadata)})
	m.Settled(map[string][]byte{"/Cut": whole})
	if got := m.Differences(); len(got) > 0 {
		t.Errorf("the sides differ by %v, want no difference", got)
	}

	// And get the present content when it is wanted again.
	next := testenv.Bytes('n', 700)
	b.Frameio.Stack(file, b.Add(b.Root, "Cut 2.mov", next))
	m.Settled(map[string][]byte{"/Cut 2": whole})
	edited(m, foldersync.Change{Fetch: ptr(foldersync.Original)})
	m.Settled(map[string][]byte{"/Cut 2": next})
	b.CheckVersions(uid, small, whole, next)
}

// What people put into a document that had no content is theirs, also when contents are fetched later.
func TestEditKeepsWhatPeoplePutThere(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 900))
	m := b.Mirrored(plain)
	mine := testenv.Bytes('x', 400)
	if err := b.Nuxeo.Edit("julia", m.At(m.Folder, "Cut").UID, map[string]any{
		"file:content": nuxeosim.Blob{Name: "Mine.mov", MimeType: "video/quicktime", Data: mine},
	}); err != nil {
		t.Fatal(err)
	}

	edited(m, foldersync.Change{Fetch: ptr(foldersync.Original)})
	m.Settled(map[string][]byte{"/Cut": mine})
}

// A run that is under way when something else is wanted ends, and another begins.
func TestEditDuringARun(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Transfer.Idle = 2 * time.Second }))
	whole, small := testenv.Bytes('a', 900), testenv.Bytes('p', 90)
	b.Add(b.Root, "Cut.mov", whole, frameiosim.WithRendition(frameiosim.RenditionEfficient, frameiosim.Bytes(small)))
	b.Frameio.Faults().Add(faults.Rule{Path: "^/assets/", Latency: time.Hour, Times: 1})
	s, err := b.App.Sync.Add(t.Context(), "josh", b.SyncRequest())
	if err != nil {
		t.Fatal(err)
	}

	b.Until(func(v work.View) bool { return v.Title == "Cut.mov" && v.Step != "" })
	p, err := b.App.Sync.PreviewEdit(t.Context(), testenv.Viewer, s.ID,
		foldersync.Change{Version: 1, Fetch: ptr(foldersync.Proxy)}, 0)
	if err != nil || !p.Ends() {
		t.Errorf("the preview says that the run ends: %v, %v; want it to, and no error", p.Ends(), err)
	}

	m := &testenv.Mirror{Bed: b, ID: s.ID}
	edited(m, foldersync.Change{Fetch: ptr(foldersync.Proxy)})
	if err := b.App.Sync.RunDue(t.Context(), new(maintenance.Report)); err != nil {
		t.Fatal(err)
	}
	b.Settle()
	m.Is(map[string][]byte{"/Cut": small})
	runs, err := b.App.Sync.Runs(t.Context(), testenv.Viewer, s.ID, 10)
	if err != nil || len(runs) != 2 || runs[1].State != foldersync.Failed || runs[0].Updated != 1 {
		t.Errorf("the runs are %+v, %v; want one that ended, and one that updated a document", runs, err)
	}
}

// The process dies after a change is recorded and before the run under way ends: the next run waits for that one, and
// is not left to the next interval, which an on-demand synchronization does not have.
func TestARunThatWasAskedForIsNotPostponed(t *testing.T) {
	t.Parallel()
	for name, every := range map[string]time.Duration{"on demand": 0, "daily": 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Transfer.Idle = 2 * time.Second }))
			b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 900))
			b.Frameio.Faults().Add(faults.Rule{Path: "^/assets/", Latency: time.Hour, Times: 1})
			q := b.SyncRequest()
			q.Every = every
			s, err := b.App.Sync.Add(t.Context(), "josh", q)
			if err != nil {
				t.Fatal(err)
			}

			b.Until(func(v work.View) bool { return v.Title == "Cut.mov" && v.Step != "" })
			if err := b.App.DB.Tx(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), `UPDATE syncs SET due = $1`, time.Now().UnixMilli())
				return err
			}); err != nil {
				t.Fatal(err)
			}

			m := &testenv.Mirror{Bed: b, ID: s.ID}
			for range 2 { // while it is under way, and after
				if err := b.App.Sync.RunDue(t.Context(), new(maintenance.Report)); err != nil {
					t.Fatal(err)
				}
				s := m.Get()
				first := s.Last.Why == foldersync.First && s.Last.State == foldersync.Running
				if first && (s.Due.IsZero() || s.Due.After(time.Now())) {
					t.Errorf("the next run is due at %s, want it due still", s.Due)
				}
				b.Settle()
			}

			runs, err := b.App.Sync.Runs(t.Context(), testenv.Viewer, s.ID, 10)
			if err != nil || len(runs) != 2 || runs[0].Why != foldersync.Schedule {
				t.Errorf("the runs are %+v, %v; want the first and one that was due", runs, err)
			}
		})
	}
}

// What has no run takes effect without one.
func TestEditWithoutARun(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
	m := b.Mirrored()
	before := m.Get()
	change := foldersync.Change{
		Version: 1, Gone: ptr(foldersync.Trash), Conflicts: ptr(foldersync.KeepBoth), Every: ptr(30 * time.Minute),
		Comments: ptr(false), Events: ptr(false), Earlier: ptr(true),
	}

	p, err := b.App.Sync.PreviewEdit(t.Context(), testenv.Viewer, m.ID, change, 0)
	want := []foldersync.Effect{
		{What: foldersync.ChangeEarlier, From: "false", To: "true"},
		{What: foldersync.ChangeEvents, From: "true", To: "false"},
		{What: foldersync.ChangeComments, From: "true", To: "false"},
		{What: foldersync.ChangeGone, From: "keep", To: "trash"},
		{What: foldersync.ChangeConflicts, From: "nuxeo", To: "both"},
		{What: foldersync.ChangeEvery, To: "30"},
	}
	if err != nil || p.Runs() {
		t.Errorf("the preview: got a run %v, %v; want neither a run nor an error", p.Runs(), err)
	}
	diff.Equal(t, "what changes", p.Effects(), want)

	now := b.App.Sync.Now()
	got := edited(m, change)
	if got.Last.ID != before.Last.ID ||
		got.Due.Before(now.Add(29*time.Minute)) || got.Due.After(now.Add(31*time.Minute)) ||
		got.Gone != foldersync.Trash || got.Conflicts != foldersync.KeepBoth || got.Comments || got.Events ||
		!got.Earlier {
		t.Errorf("the synchronization is %+v, want it changed and due in half an hour, without a run", got)
	}

	// Nothing to change is no change, however it is written.
	p, err = b.App.Sync.PreviewEdit(t.Context(), testenv.Viewer, m.ID,
		foldersync.Change{Version: 2, Filter: &foldersync.Filter{Media: []string{}, Status: []string{}}}, 0)
	if err != nil || p.Runs() || len(p.Effects()) > 0 {
		t.Errorf("the preview of an empty filter: got %v, a run %v, %v; want nothing", p.Effects(), p.Runs(), err)
	}

	if got := edited(m, foldersync.Change{Comments: ptr(false)}); got.Version != 2 {
		t.Errorf("after a change of nothing: got version %d, want 2", got.Version)
	}
}

// A paused synchronization stays paused, and takes up what was changed when it is resumed or refreshed.
func TestEditWhilePaused(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	cut, mix := testenv.Bytes('a', 500), testenv.Bytes('b', 600)
	b.Add(b.Root, "Cut.mov", cut)
	b.Add(b.Root, "Mix.wav", mix)
	m := b.Mirrored(func(q *foldersync.Request) { q.Filter.Name = "*.mov" })
	if _, err := b.App.Sync.Pause(t.Context(), testenv.Viewer, m.ID); err != nil {
		t.Fatal(err)
	}

	s := edited(m, foldersync.Change{Filter: new(foldersync.Filter)})
	if s.State != foldersync.Paused || !s.Due.IsZero() {
		t.Errorf("the synchronization is %s and due at %s, want it paused and never", s.State, s.Due)
	}
	m.Is(map[string][]byte{"/Cut": cut})
	m.Settled(map[string][]byte{"/Cut": cut, "/Mix": mix})
}

// What cannot be is refused as it is of a new one, and nothing is changed.
func TestEditRefusals(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := b.Mirrored()
	for field, c := range map[string]foldersync.Change{
		"version":          {},
		"fetch":            {Version: 1, Fetch: ptr("thumbnail")},
		"earlier_versions": {Version: 1, Fetch: ptr(foldersync.Metadata), Earlier: ptr(true)},
		"gone":             {Version: 1, Gone: ptr("burn")},
		"conflicts":        {Version: 1, Conflicts: ptr("me")},
		"every":            {Version: 1, Every: ptr(time.Second)},
		"media":            {Version: 1, Filter: &foldersync.Filter{Media: []string{"smell"}}},
		"document_type":    {Version: 1, DocumentType: ptr("Smell")},
	} {
		_, err := b.App.Sync.Edit(t.Context(), testenv.Viewer, m.ID, c)
		if f := fault.From(err); err == nil || f.Field != field {
			t.Errorf("%+v: got %v, want an error of the field %s", c, err, field)
		}
	}

	if _, err := b.App.Sync.Edit(t.Context(), testenv.Viewer, m.ID, foldersync.Change{
		Version: 2, Gone: ptr(foldersync.Trash),
	}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a change of what was not seen: got %v, want a conflict", err)
	}

	b.Nuxeo.SetACL("/default-domain/workspaces/videos", "olga", "Read", true)
	b.SignIn("olga")
	if _, err := b.App.Sync.Edit(t.Context(), work.Viewer{Login: "olga"}, m.ID, foldersync.Change{
		Version: 1, Gone: ptr(foldersync.Trash),
	}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a change by who may not write there: got %v, want it forbidden", err)
	}

	if s := m.Get(); s.Version != 1 || s.Gone != foldersync.Keep {
		t.Errorf("the synchronization is %+v, want it as before", s)
	}
}

// Of two who change what they have both seen, one is told.
func TestTwoEditAtOnce(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := b.Mirrored()
	var done, refused atomic.Int32
	var all sync.WaitGroup
	for _, use := range []string{foldersync.FrameioWins, foldersync.KeepBoth} {
		all.Go(func() {
			_, err := b.App.Sync.Edit(t.Context(), testenv.Viewer, m.ID, foldersync.Change{Version: 1, Conflicts: &use})
			switch {
			case err == nil:
				done.Add(1)
			case fault.Is(err, fault.Conflict) && strings.Contains(err.Error(), "meanwhile"):
				refused.Add(1)
			default:
				t.Errorf("an edit: got %v, want none or that it was changed meanwhile", err)
			}
		})
	}

	all.Wait()
	if done.Load() != 1 || refused.Load() != 1 {
		t.Errorf("%d were done and %d refused, want one of each", done.Load(), refused.Load())
	}
}
