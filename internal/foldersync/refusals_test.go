package foldersync_test

import (
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// One document that may not be changed holds up neither the others nor the schedule;
// it is named, and follows once it may.
func TestLockedDocumentsHoldUpNothing(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day, night := b.Frameio.AddFolder(b.Root, "Day"), b.Frameio.AddFolder(b.Root, "Night")
	a := testenv.Bytes('a', 500)
	renamed, moved, lost := b.Add(day, "Renamed.mov", a), b.Add(day, "Moved.mov", a), b.Add(day, "Lost.mov", a)
	m := b.Mirrored(func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	var locked []string
	for _, title := range []string{"Renamed", "Moved", "Lost", "Night"} {
		uid := m.At(m.Folder, title).UID
		if err := b.Nuxeo.Lock(uid, "julia"); err != nil {
			t.Fatal(err)
		}
		locked = append(locked, uid)
	}

	b.Frameio.Rename(renamed, "Other name.mov")
	b.Frameio.Move(moved, b.Root)
	b.Frameio.Delete(lost)
	b.Frameio.Rename(night, "Evening")
	b.Add(day, "Fresh.mov", a)
	r, s := m.Refresh(false), m.Get()
	if r.State != foldersync.Done || s.State != foldersync.Active || r.Created != 1 || r.Failed != 4 ||
		r.Renamed+r.Moved+r.Gone > 0 || s.Troubled != 4 {
		t.Errorf("the synchronization is %+v after %+v; want active with 4 in trouble, after a run with 1 created, 4 "+
			"failed and nothing else", s, r)
	}

	m.Is(map[string][]byte{
		"/Day":         nil,
		"/Day/Renamed": a,
		"/Day/Moved":   a,
		"/Day/Lost":    a,
		"/Night":       nil,
		"/Day/Fresh":   a,
	})

	if again := m.Refresh(false); again.Failed != 4 || m.Get().Troubled != 4 {
		t.Errorf("once more: %+v with %d in trouble, want 4 failed and 4", again, m.Get().Troubled)
	}

	for _, uid := range locked {
		if err := b.Nuxeo.Unlock(uid); err != nil {
			t.Fatal(err)
		}
	}

	m.Settled(map[string][]byte{"/Day": nil, "/Day/Other name": a, "/Moved": a, "/Evening": nil, "/Day/Fresh": a})
}
