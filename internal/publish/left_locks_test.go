package publish_test

import (
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// leftLocked is a document whose content was replaced, and whose lock Nuxeo did not let
// be given back.
func leftLocked(t *testing.T) (b *testenv.Bed, uid string) {
	t.Helper()
	b = testenv.New(t)
	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", first)
	uid = b.Only().UID
	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
	b.Nuxeo.Faults().Add(faults.Rule{Path: "/Document.Unlock", Status: 403})
	b.PublishOne(b.Josh, "updated", stack)
	if by := b.Only().LockOwner; by != "josh" {
		t.Fatalf("the document is locked by %q, want josh, whose lock could not be given back", by)
	}

	return b, uid
}

// sweep gives locks back, and returns what it says of it.
func sweep(b *testenv.Bed) string {
	b.T.Helper()
	r, err := b.App.Maintenance.DoNow(b.T.Context(), "update-locks")
	if err != nil {
		b.T.Fatal(err)
	}
	return strings.Join(r.Lines, "\n")
}

func TestALockThatCouldNotBeGivenBackIsLater(t *testing.T) {
	t.Parallel()
	b, uid := leftLocked(t)
	if says := sweep(b); !strings.Contains(says, "could not be given back") || b.Only().LockOwner != "josh" {
		t.Errorf("while Nuxeo refuses it says %q, and the lock is %q's; want that it could not be, and josh's", says,
			b.Only().LockOwner)
	}

	b.Nuxeo.Faults().Clear()
	if says := sweep(b); !strings.Contains(says, "gave the lock of josh") || b.Only().LockOwner != "" {
		t.Errorf("it says %q, and the lock is %q's; want it given back", says, b.Only().LockOwner)
	}

	// What josh locks afterwards is his.
	if err := b.Nuxeo.Lock(uid, "josh"); err != nil {
		t.Fatal(err)
	}

	if says := sweep(b); says != "" || b.Only().LockOwner != "josh" {
		t.Errorf("it says %q, and the lock is %q's; want nothing, and josh's", says, b.Only().LockOwner)
	}
}

func TestALaterLockOfTheSamePersonStays(t *testing.T) {
	t.Parallel()
	b, uid := leftLocked(t)
	b.Nuxeo.Faults().Clear()
	if err := b.Nuxeo.Unlock(uid); err != nil {
		t.Fatal(err)
	}

	if err := b.Nuxeo.Lock(uid, "josh"); err != nil {
		t.Fatal(err)
	}

	sweep(b)
	if by := b.Only().LockOwner; by != "josh" {
		t.Errorf("the lock is %q's, want josh's: he took it himself", by)
	}
}

// A push does not take an update's lock for the person's own, nor the sweeper the push's
// for the update's.
func TestAPushOfADocumentWhoseLockWasLeft(t *testing.T) {
	t.Parallel()
	for name, record := range map[string]string{
		"the lock is known":              `UPDATE links SET lock_created = lock_created`,
		"the answer to it had been lost": `UPDATE links SET lock_created = ''`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, uid := leftLocked(t)
			b.Nuxeo.Faults().Clear()
			if _, err := b.App.DB.Writer.ExecContext(t.Context(), record); err != nil {
				t.Fatal(err)
			}

			p := b.Pushed(uid).Pushes[0]
			if p.State != push.Open || p.Lock != push.Ours {
				t.Fatalf("the push is %s with the lock %q, want open and %q", p.State, p.Lock, push.Ours)
			}

			if says := sweep(b); says != "" || b.Only().LockOwner != "josh" {
				t.Errorf("the sweeper says %q, and the lock is %q's; want nothing, and josh's", says,
					b.Only().LockOwner)
			}

			if _, err := b.App.Push.Release(t.Context(), testenv.Viewer, p.ID, "enough"); err != nil {
				t.Fatal(err)
			}

			if by := b.Only().LockOwner; by != "" {
				t.Errorf("after its release the document is locked by %q, want nobody", by)
			}
		})
	}
}

func TestAnItemKeepsTheLockSweeperOut(t *testing.T) {
	t.Parallel()
	b, _ := leftLocked(t)
	b.Nuxeo.Faults().Clear()
	if _, err := b.App.DB.Writer.ExecContext(t.Context(), `UPDATE links SET holder = 'an item'`); err != nil {
		t.Fatal(err)
	}

	if says := sweep(b); says != "" || b.Only().LockOwner != "josh" {
		t.Errorf("it says %q, and the lock is %q's; want nothing, and josh's", says, b.Only().LockOwner)
	}
}

// A lock that is on its way when its item is cancelled is taken after we have looked for it, and is
// given back nevertheless.
func TestALockThatComesLateIsGivenBack(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", first)
	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
	uid := b.Only().UID
	looks := b.LateLock(uid, func() {
		items, _, _ := b.App.Engine.Items(t.Context(), testenv.Viewer, work.Filter{})
		for _, v := range items {
			_ = b.App.Engine.Cancel(t.Context(), testenv.Viewer, v.ID) // it may have ended
		}
	})

	b.Published(b.Josh, stack)
	if by := b.LockOwner(uid); by != "" || looks() < 2 {
		t.Errorf("looked %d times, and the document is locked by %q; want at least 2, and nobody", looks(), by)
	}
}
