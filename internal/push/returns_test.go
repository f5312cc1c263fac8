package push_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// back wants that a push has come back: its document holds this, in so many
// versions, and is not locked.
func back(b *testenv.Bed, p push.Push, data []byte, versions int) {
	b.T.Helper()
	if now := b.OnePush(p.ID); now.State != push.Returned || now.Lock != push.Free {
		b.T.Errorf("the push is %s with the lock %s, want returned and free", now.State, now.Lock)
	}

	if n := len(b.Nuxeo.Versions(p.Document)); n != versions {
		b.T.Errorf("the document has %d versions, want %d", n, versions)
	}

	if !bytes.Equal(b.Content(p.Document), data) {
		b.T.Errorf("the document has the content %.20q, want %.20q", b.Content(p.Document), data)
	}

	if by := b.LockOwner(p.Document); by != "" {
		b.T.Errorf("the document is locked by %s, want nobody", by)
	}
}

// Whoever publishes, the document that was pushed gets it, although it is locked by
// who pushed.
func TestAnotherPublishesBack(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 100))
	p := b.Pushed(uid).Pushes[0]
	next := b.Add(b.Root, "Teaser v2.mov", testenv.Bytes('b', 200))
	b.Frameio.Stack(p.File, next)
	v := b.Published(b.Julia, next)[0]
	if v.State != work.Done || v.Outcome != "updated" {
		t.Fatalf("what came back is %s %s at %s with %q, want it done and updated", v.State, v.Outcome, v.Step,
			v.Message)
	}

	if doc, _ := b.Nuxeo.Doc(uid); doc.Properties["frameio:publishedBy"] != "julia" || len(b.Documents()) != 1 {
		t.Errorf("published by %v, %d documents; want julia and 1", doc.Properties["frameio:publishedBy"],
			len(b.Documents()))
	}

	// What no version held was checked in before it was replaced.
	back(b, p, testenv.Bytes('b', 200), 2)
	// Once more: nothing changes.
	b.Published(b.Julia, next)
	back(b, p, testenv.Bytes('b', 200), 2)
}

func TestReturnFindsTheDocument(t *testing.T) {
	t.Parallel()
	for name, befall := range map[string]func(b *testenv.Bed, p push.Push){
		"renamed and moved on both sides": func(b *testenv.Bed, p push.Push) {
			other := b.Nuxeo.MkDoc("/default-domain/workspaces/elsewhere", "Folder", nil)
			b.Nuxeo.SetACL("/default-domain/workspaces/elsewhere", "josh", "Everything", true)
			if err := b.Nuxeo.Move(p.Document, other, "other name"); err != nil {
				b.T.Fatal(err)
			}
			b.Frameio.Rename(p.File, "Quite another.mov")
			b.Frameio.Move(p.File, b.Frameio.AddFolder(b.Root, "Done"))
		},
		"unlocked by hand": func(b *testenv.Bed, p push.Push) { _ = b.Nuxeo.Unlock(p.Document) },
		"stacked by hand": func(b *testenv.Bed, p push.Push) {
			older := b.Add(b.Root, "Older.mov", testenv.Bytes('o', 10))
			b.Frameio.Move(p.File, b.Frameio.AddFolder(b.Root, "Stacks"))
			b.Frameio.Move(p.File, b.Root)
			b.Frameio.Stack(older, p.File)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			b.Bind("Publish")
			p := b.Pushed(b.Kept("Teaser", testenv.Bytes('a', 100))).Pushes[0]
			befall(b, p)
			if v := b.Published(b.Josh, p.File)[0]; v.Outcome != "returned" {
				t.Errorf("what came back is %s %s at %s with %q, want it returned", v.State, v.Outcome, v.Step,
					v.Message)
			}
			back(b, p, testenv.Bytes('a', 100), 1)
		})
	}
}

func TestReturnOfADeletedDocument(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]func(b *testenv.Bed, uid string) error{
		"deleted": func(b *testenv.Bed, uid string) error { return b.Nuxeo.Remove(uid) },
		"trashed": func(b *testenv.Bed, uid string) error { return b.Nuxeo.Trash(uid) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			b.Bind("Publish")
			uid := b.Kept("Teaser", testenv.Bytes('a', 100))
			p := b.Pushed(uid).Pushes[0]
			if err := gone(b, uid); err != nil {
				t.Fatal(err)
			}

			if v := b.Published(b.Josh, p.File)[0]; v.Outcome != "created" {
				t.Fatalf("what came back is %s %s with %q, want it created", v.State, v.Outcome, v.Message)
			}

			now := b.OnePush(p.ID)
			if now.State != push.Returned || now.Lock != push.Free || b.LockOwner(uid) != "" {
				t.Errorf("the push is %s with the lock %s, the document locked by %q; want returned, free and nobody",
					now.State, now.Lock, b.LockOwner(uid))
			}

			if text := b.LastMail(); !strings.Contains(text, "had been deleted") {
				t.Errorf("the mail says %q, want that the document had been deleted", text)
			}

			n := 0
			for _, d := range b.Documents() {
				if !d.IsTrashed {
					n++
				}
			}

			if n != 1 {
				t.Errorf("%d documents, want 1", n)
			}
		})
	}
}

// A foreign lock, and one that the person took anew after ours was taken away, are
// not touched.
func TestOnlyOurLockIsReleased(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	uid := b.Kept("Theirs", testenv.Bytes('a', 100))
	p := b.Pushed(uid).Pushes[0]
	if err := b.Nuxeo.Lock(uid, "julia"); err != nil {
		t.Fatal(err)
	}

	if v := b.Published(b.Josh, p.File)[0]; v.State != work.Failed || v.Code != "locked" {
		t.Errorf("what came back is %s with %s and %q, want it failed, since the document is locked", v.State, v.Code,
			v.Message)
	}

	if now := b.OnePush(p.ID); now.State != push.Open || b.LockOwner(uid) != "julia" {
		t.Errorf("the push is %s and the document locked by %q, want open and julia", now.State, b.LockOwner(uid))
	}

	if _, err := b.App.Push.Release(t.Context(), work.Viewer{Login: "josh"}, p.ID, "enough"); err != nil {
		t.Fatal(err)
	}

	if now := b.OnePush(p.ID); now.State != push.Released || b.LockOwner(uid) != "julia" {
		t.Errorf("the push is %s and the document locked by %q, want released and julia", now.State, b.LockOwner(uid))
	}

	again := b.Kept("Again", testenv.Bytes('b', 100))
	q := b.Pushed(again).Pushes[0]
	_ = b.Nuxeo.Unlock(again)
	_ = b.Nuxeo.Lock(again, "josh") // later, for a reason of their own
	if v := b.Published(b.Josh, q.File)[0]; v.Outcome != "returned" {
		t.Errorf("what came back has the outcome %q with %q, want returned", v.Outcome, v.Message)
	}

	if b.LockOwner(again) != "josh" {
		t.Errorf("the person's own lock: got it held by %q, want josh", b.LockOwner(again))
	}
}

func TestRenditionsConformToTheMaster(t *testing.T) {
	t.Parallel()
	master, proxy := testenv.Bytes('m', 1000), testenv.Bytes('p', 100)
	for name, conform := range map[string]bool{"master stays": true, "rendition replaces": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Push.Conform = conform }))
			b.Bind("Publish")
			r := b.PushRequest(b.Clip("Teaser", master, proxy))
			r.What = testenv.Proxy
			before := len(b.Nuxeo.Versions(r.Documents[0]))
			p := b.PushedAs("josh", r).Pushes[0]
			if !bytes.Equal(b.Uploaded(p.File), proxy) {
				t.Fatal("what arrived: got other bytes, want the rendition")
			}

			b.Frameio.SetStatus(p.File, "Approved")
			v := b.Published(b.Julia, p.File)[0]
			if !conform {
				if v.Outcome != "updated" || !bytes.Equal(b.Content(p.Document), proxy) {
					t.Errorf("where a proxy becomes the content the outcome is %q with %q and the content %.20q, "+
						"want updated and %.20q", v.Outcome, v.Message, b.Content(p.Document), proxy)
				}
				return
			}

			if v.Outcome != "returned" {
				t.Errorf("what came back is %s %s with %q, want it returned", v.State, v.Outcome, v.Message)
			}

			back(b, p, master, before+1)
			versions := b.Nuxeo.Versions(p.Document)
			seen := versions[len(versions)-1].Properties
			if seen["frameio:status"] != "Approved" || seen["frameio:publishedBy"] != "julia" ||
				seen["frameio:digest"] != p.Digest || seen["frameio:rendition"] != testenv.Proxy {
				t.Errorf("the version tells %v, want Approved, by julia, of the digest %s and the rendition %s", seen,
					p.Digest, testenv.Proxy)
			}

			// Later it does not replace the master either.
			b.Published(b.Julia, p.File)
			back(b, p, master, before+1)
		})
	}
}

func TestUnlockedOnlyWhenApproved(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Push.Unlock = "approved" }))
	b.Bind("Publish")
	p := b.Pushed(b.Kept("Teaser", testenv.Bytes('a', 100))).Pushes[0]
	b.Published(b.Julia, p.File)
	if now := b.OnePush(p.ID); now.State != push.Open || b.LockOwner(p.Document) != "josh" ||
		len(b.Nuxeo.Versions(p.Document)) != 0 {
		t.Errorf("the push is %s, the document locked by %q with %d versions; want open, josh and none", now.State,
			b.LockOwner(p.Document), len(b.Nuxeo.Versions(p.Document)))
	}

	b.Frameio.SetStatus(p.File, "Approved")
	b.Published(b.Julia, p.File)
	back(b, p, testenv.Bytes('a', 100), 1)
}

func TestTwoPublishesAtOnce(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	p := b.Pushed(b.Kept("Teaser", testenv.Bytes('a', 100))).Pushes[0]
	var both sync.WaitGroup
	for _, who := range []string{b.Josh, b.Julia} {
		both.Go(func() { b.Run(who, p.File) })
	}

	both.Wait()
	b.AllDone()
	back(b, p, testenv.Bytes('a', 100), 1)
}

// The access of who pushed has gone: the service account gives the lock back.
func TestThePusherIsGone(t *testing.T) {
	t.Parallel()
	for name, service := range map[string]bool{"with a service account": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Config(func(c *app.Config) {
				if service {
					c.Nuxeo.ServiceUser, c.Nuxeo.ServicePassword = "Administrator", "Administrator"
				}
			}))

			b.Bind("Publish")
			r := b.PushRequest(b.Kept("Teaser", testenv.Bytes('a', 100)))
			p := b.PushedAs("julia", r).Pushes[0]
			if _, err := b.App.Identity.Revoke(t.Context(), "julia", "Administrator"); err != nil {
				t.Fatal(err)
			}

			v := b.Published(b.Josh, p.File)[0]
			if service {
				if v.Outcome != "returned" {
					t.Errorf("what came back is %s %s with %q, want it returned", v.State, v.Outcome, v.Message)
				}
				back(b, p, testenv.Bytes('a', 100), 1)
				return
			}

			if v.State != work.Failed || v.Code != "locked" || !strings.Contains(v.Remedy, "Release") {
				t.Errorf("what came back is %s with %s, %q and the remedy %q; want it failed, locked, with Release "+
					"in the remedy", v.State, v.Code, v.Message, v.Remedy)
			}

			b.SignIn("Administrator")
			if _, err := b.App.Push.Release(t.Context(), testenv.Viewer, p.ID, "she has left"); err != nil {
				t.Fatal(err)
			}

			if now := b.OnePush(p.ID); now.State != push.Released || now.Lock != push.Free ||
				b.LockOwner(p.Document) != "" {
				t.Errorf("the push is %s with the lock %s, the document locked by %q; want released, free and nobody",
					now.State, now.Lock, b.LockOwner(p.Document))
			}
		})
	}
}

// The nightly comparison tells of locks that are gone, and gives back those whose
// push is over.
func TestLocksAreComparedWithPushes(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) {
		c.Nuxeo.ServiceUser, c.Nuxeo.ServicePassword = "Administrator", "Administrator"
	}))

	b.Bind("Publish")
	stray := b.Pushed(b.Kept("Stray", testenv.Bytes('s', 100))).Pushes[0]
	open := b.Pushed(b.Kept("Open", testenv.Bytes('a', 100))).Pushes[0]
	left := b.Pushed(b.Kept("Left", testenv.Bytes('b', 100))).Pushes[0]
	fine := b.Pushed(b.Kept("Fine", testenv.Bytes('c', 100))).Pushes[0]
	_ = b.Nuxeo.Unlock(open.Document)
	if _, err := b.App.DB.Writer.ExecContext(t.Context(), `UPDATE pushes
		SET state = 'returned', lock_state = 'releasing' WHERE id = $1`, left.ID); err != nil {
		t.Fatal(err)
	}

	if _, err := b.App.DB.Writer.ExecContext(t.Context(), `DELETE FROM pushes WHERE id = $1`, stray.ID); err != nil {
		t.Fatal(err)
	}

	var r maintenance.Report
	if err := b.App.Push.CheckLocks(t.Context(), &r); err != nil {
		t.Fatal(err)
	}

	if text := strings.Join(r.Lines, "\n"); r.Removed != 1 ||
		!strings.Contains(text, "Open is on Frame.io for review but was unlocked by hand") ||
		!strings.Contains(text, "Left") || !strings.Contains(text, "Stray is locked by josh, who pushed it once") ||
		strings.Contains(text, "Fine") {
		t.Errorf("%d locks were removed, want 1; the report says %s; want Open, Left and Stray in it, and nothing of "+
			"Fine", r.Removed, text)
	}

	if b.LockOwner(left.Document) != "" || b.LockOwner(fine.Document) != "josh" {
		t.Errorf("Left and Fine are locked by %q and %q, want nobody and josh", b.LockOwner(left.Document),
			b.LockOwner(fine.Document))
	}
}

func TestSeparateAssets(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	old := b.Add(b.Root, "Teaser.mov", testenv.Bytes('a', 100))
	b.Published(b.Josh, old)
	r := b.PushRequest(b.Only().UID)
	r.Separate = true
	p := b.PushedAs("josh", r).Pushes[0]
	if len(b.Assets("version_stack")) != 0 || len(b.Assets("file")) != 2 {
		t.Errorf("%d stacks and the files %v, want none and two", len(b.Assets("version_stack")), b.Assets("file"))
	}

	before := len(b.Nuxeo.Versions(p.Document))
	if v := b.Published(b.Josh, p.File)[0]; v.Outcome != "returned" {
		t.Errorf("what came back has the outcome %q with %q, want returned", v.Outcome, v.Message)
	}

	back(b, p, testenv.Bytes('a', 100), before+1)
}

// A store of files beside Nuxeo is followed to, without the credential.
func TestBlobsFromAnObjectStore(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Nuxeo(func(o *nuxeosim.Options) { o.DirectDownload = true }))
	b.Bind("Publish")
	p := b.Pushed(b.Kept("Teaser", testenv.Bytes('a', 5000))).Pushes[0]
	if p.State != push.Open || !bytes.Equal(b.Uploaded(p.File), testenv.Bytes('a', 5000)) {
		t.Errorf("the push is %s with %q, want it open, with its content on Frame.io", p.State, p.Reason)
	}
}
