package foldersync_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/webhook"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// A sync whose next run, and changes, were written by a clock that was far ahead waits a
// period at most when the clock is right again, and is not run again and again.
func TestAClockThatWasAheadStopsNoSync(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := b.Mirrored(func(q *foldersync.Request) { q.Every = time.Hour })
	right := m.App.Sync.Now
	runs := func() int {
		t.Helper()
		var r maintenance.Report
		if err := b.App.Sync.RunDue(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		b.Settle()
		return len(r.Lines)
	}

	later(m, 10*365*24*time.Hour)
	if n := runs(); n != 1 {
		t.Fatalf("%d runs by the clock that is ahead, want 1", n)
	}

	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
	if err := b.App.Webhooks.Handle(t.Context(), webhook.Hint{
		Kind:      webhook.File,
		Resource:  file,
		Account:   b.Account,
		Workspace: b.Workspace,
	}); err != nil {
		t.Fatal(err)
	}

	m.App.Sync.Now = right
	if n := runs(); n != 0 {
		t.Errorf("%d runs at once when the clock is right, want 0", n)
	}

	if due := m.Get().Due; due.After(time.Now().Add(61 * time.Minute)) {
		t.Errorf("the next run is due %s, want within an hour", due)
	}

	later(m, foldersync.MinEvery)
	if first, then := runs(), runs(); first != 1 || then != 0 {
		t.Errorf("what was told in 2036 is dealt with by %d runs and then %d, want 1 and 0", first, then)
	}

	m.Is(map[string][]byte{"/Cut": testenv.Bytes('a', 500)})
	later(m, time.Hour)
	if first, then := runs(), runs(); first != 1 || then != 0 {
		t.Errorf("an hour later there are %d runs and then %d, want 1 and 0", first, then)
	}
}

// Comments and posters that a clock far ahead has looked at are looked at again.
func TestAClockThatWasAheadHidesNoComment(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
	m := b.Mirrored(plain, func(q *foldersync.Request) { q.Events = false })
	uid := m.At(m.Folder, "Cut").UID
	err := b.App.DB.Tx(t.Context(), func(tx *sql.Tx) error {
		far := time.Now().Add(10 * 365 * 24 * time.Hour).UnixMilli()
		_, err := tx.ExecContext(t.Context(), `UPDATE sync_entries SET comments_at = $1, poster_at = $1, poster = FALSE
			WHERE kind = 'file'`, far)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	calls := b.Frameio.Calls("download")
	var r maintenance.Report
	if err := b.App.Sync.ScheduleFollowUps(t.Context(), &r); err != nil {
		t.Fatal(err)
	}

	b.Settle()
	if !b.Says(uid, "Too long.")() {
		t.Error("the comments: got no \"Too long.\", want it")
	}

	if b.Frameio.Calls("download") == calls {
		t.Errorf("downloads for posters: got %d as before, want more", calls)
	}

	if err := b.App.Sync.ScheduleFollowUps(t.Context(), &r); err != nil || len(r.Lines) != 1 {
		t.Errorf("then %q is looked at, %v; want nothing more", r.Lines, err)
	}
}

// The next run that a node has set whose clock is ahead, and which is still there, is left to it:
// two nodes that each corrected the other would run a sync again and again.
func TestTheNextRunOfANodeThatIsAheadIsLeftToIt(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := b.Mirrored(func(q *foldersync.Request) { q.Every = time.Hour })
	ahead := time.Now().Add(3 * time.Hour)
	due := ahead.Add(time.Hour).Truncate(time.Millisecond)
	err := b.App.DB.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO nodes (id, host, version, started, seen)
			VALUES ('ahead', '', '', $1, $1)`, ahead.UnixMilli())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(t.Context(), `UPDATE syncs SET due = $1`, due.UnixMilli())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	if _, err := b.App.Engine.Nodes(t.Context()); err != nil {
		t.Fatal(err)
	}

	var r maintenance.Report
	if err := b.App.Sync.RunDue(t.Context(), &r); err != nil || len(r.Lines) != 0 {
		t.Errorf("runs that are due: got %q, %v; want none", r.Lines, err)
	}

	if got := m.Get().Due; !got.Equal(due) {
		t.Errorf("the next run is due %s, want %s as the node that is ahead has said", got, due)
	}
}
