package push_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// stepwise cancels a push as it comes to a step.
type stepwise struct {
	work.Worker
	at     string
	cancel func(id string)
}

// Step is work.Worker's.
func (s stepwise) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	if t.Step == s.at && t.Kind == push.KindPush {
		s.cancel(t.ID)
	}
	return s.Worker.Step(ctx, t)
}

func TestCancelAtEachStep(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"lock", "create", "transfer", "confirm", "place", "describe"} {
		for _, linked := range []bool{false, true} {
			t.Run(fmt.Sprint(step, linked), func(t *testing.T) {
				t.Parallel()
				var at atomic.Pointer[testenv.Bed]
				b := testenv.New(t, testenv.World(func(w *app.World) {
					w.Worker = func(_ string, next work.Worker) work.Worker {
						return stepwise{next, step, func(id string) {
							if err := at.Load().App.Engine.Cancel(context.Background(), testenv.Viewer,
								id); err != nil {
								t.Errorf("cancelling at %q: %v", step, err)
							}
						}}
					}
				}))

				at.Store(b)
				b.Bind("Publish")
				uid := ""
				if linked {
					b.Published(b.Josh, b.Add(b.Root, "Teaser.mov", testenv.Bytes('a', 500)))
					uid = b.Only().UID
				} else {
					uid = b.Kept("Teaser", testenv.Bytes('a', 500))
				}

				doc, _ := b.Nuxeo.Doc(uid)
				before, versions, files := doc.Properties, len(b.Nuxeo.Versions(uid)), len(b.Assets("file"))
				p := b.Pushed(uid).Pushes[0]
				if p.State != push.Canceled || p.Lock == push.Ours || b.LockOwner(uid) != "" {
					t.Errorf("the push is %s with the lock %s, the document locked by %q; want it cancelled, not "+
						"ours, and nobody", p.State, p.Lock, b.LockOwner(uid))
				}

				if got := len(b.Assets("file")); got != files {
					t.Errorf("%d files on Frame.io, want %d", got, files)
				}

				doc, _ = b.Nuxeo.Doc(uid)
				if fmt.Sprint(doc.Properties["frameio:fileId"]) != fmt.Sprint(before["frameio:fileId"]) ||
					len(b.Nuxeo.Versions(uid)) != versions {
					t.Errorf("the document tells of the file %v and has %d versions, want %v and %d",
						doc.Properties["frameio:fileId"], len(b.Nuxeo.Versions(uid)), before["frameio:fileId"],
						versions)
				}

				if slices.Contains(doc.Facets, "FrameioAsset") != linked {
					t.Errorf("the document has the facets %v, want FrameioAsset among them: %v", doc.Facets, linked)
				}
			})
		}
	}
}

// A push that failed can be started again, and then arrives.
func TestRetriedPush(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	b.Frameio.Faults().Add(faults.Rule{Path: "/local_upload", Status: 403})
	p := b.Pushed(uid).Pushes[0]
	if p.State != push.Failed || !strings.Contains(p.Reason, "may not add files") {
		t.Fatalf("the push is %s with %q, want it failed, since they may not add files", p.State, p.Reason)
	}

	b.Untouched(uid)
	b.Frameio.Faults().Clear()
	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, p.Item); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	if p = b.OnePush(p.ID); p.State != push.Open || p.Lock != push.Ours || p.Reason != "" ||
		b.LockOwner(uid) != "josh" {
		t.Errorf("the retried push is %s with the lock %s and %q, the document locked by %q; want open, ours, no "+
			"reason and josh", p.State, p.Lock, p.Reason, b.LockOwner(uid))
	}

	b.Mails(2)
}

// What comes between: a foreign lock, a trash, an unbind; each ends the push with a
// reason and leaves nothing.
func TestWhatComesBetween(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		befall func(b *testenv.Bed, uid string)
		says   string
	}{
		"locked by another": {func(b *testenv.Bed, uid string) { _ = b.Nuxeo.Lock(uid, "julia") }, "locked by julia"},
		"trashed":           {func(b *testenv.Bed, uid string) { _ = b.Nuxeo.Trash(uid) }, "trash"},
		"deleted":           {func(b *testenv.Bed, uid string) { _ = b.Nuxeo.Remove(uid) }, "in Nuxeo"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			b.Bind("Publish")
			uid := b.Kept("Teaser", testenv.Bytes('a', 500))
			b.Frameio.Faults().Add(faults.Rule{
				Path:  "/upload/parts/",
				Times: 1,
				Hook:  testenv.Once(func() { c.befall(b, uid) }),
			})

			p := b.Pushed(uid).Pushes[0]
			if p.State != push.Failed || !strings.Contains(p.Reason, c.says) {
				t.Errorf("the push is %s with %q, want it failed with %q", p.State, p.Reason, c.says)
			}

			if n := len(b.Assets("file")); n != 0 {
				t.Errorf("%d files are left, want none", n)
			}

			if by := b.LockOwner(uid); by != "" && by != "julia" || name == "locked by another" && by != "julia" {
				t.Errorf("%s: the document is locked by %q, want nobody, or julia where she locked it", name, by)
			}
		})
	}
}

// A file that changes while it is read is sent anew.
// An asset that is deleted while the next version is put on its stack leaves that on its own; nobody
// is told of a right that is missing.
func TestTheAssetIsDeletedWhileItIsStacked(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	old := b.Add(b.Root, "Teaser.mov", testenv.Bytes('a', 100))
	b.Published(b.Josh, old)
	uid := b.Only().UID
	if err := b.Nuxeo.Edit("josh", uid, map[string]any{
		"file:content": nuxeosim.Blob{Name: "Teaser.mov", MimeType: "video/quicktime", Data: testenv.Bytes('b', 110)},
	}); err != nil {
		t.Fatal(err)
	}

	b.Frameio.Faults().Add(faults.Rule{
		Path: "/version_stacks$", Method: "POST", Hook: testenv.Once(func() { b.Frameio.Delete(old) }),
	})
	p := b.Pushed(uid).Pushes[0]
	if p.State != push.Open || !bytes.Equal(b.Uploaded(p.File), testenv.Bytes('b', 110)) {
		t.Errorf("the push is %s (%s), want it open with the new content", p.State, p.Reason)
	}
}

func TestContentChangesMeanwhile(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	b.Frameio.Faults().Add(faults.Rule{Path: "/upload/parts/", Times: 1, Status: 503, Hook: testenv.Once(func() {
		_ = b.Nuxeo.SetProps(uid, map[string]any{
			"file:content": nuxeosim.Blob{Name: "b.mov", MimeType: "video/quicktime", Data: testenv.Bytes('b', 700)},
		})
	})})

	p := b.Pushed(uid).Pushes[0]
	if p.State != push.Open || !bytes.Equal(b.Uploaded(p.File), testenv.Bytes('b', 700)) || len(b.Assets("file")) != 1 {
		t.Errorf("the push is %s with %q, and %d files are on Frame.io; want open, the new content, and 1", p.State,
			p.Reason, len(b.Assets("file")))
	}
}

func TestBulk(t *testing.T) {
	t.Parallel()
	// other tests check the contract
	b := testenv.New(t, testenv.Loose(), testenv.Config(func(c *app.Config) { c.Push.Comment = true }))
	b.Bind("Publish")
	var documents []string
	for i := range 101 {
		documents = append(documents, b.Kept(fmt.Sprintf("Clip %03d", i), testenv.Bytes('c', 100+i)))
	}

	got, err := b.App.Push.Accept(t.Context(), "josh", b.PushRequest(documents...))
	if err != nil {
		t.Fatal(err)
	}

	b.SettleUnder(got.Batch)
	for i, p := range got.Pushes {
		got.Pushes[i] = b.OnePush(p.ID)
	}

	if len(got.Pushes) != 101 {
		t.Fatalf("%d pushes, want 101", len(got.Pushes))
	}

	for _, p := range got.Pushes {
		if p.State != push.Open || b.LockOwner(p.Document) != "josh" || b.Frameio.Status(p.File) != "Needs Review" {
			t.Errorf("%s: the push is %s with %q, locked by %q, status %q; want open, josh and Needs Review", p.Title,
				p.State, p.Reason, b.LockOwner(p.Document), b.Frameio.Status(p.File))
		}
	}

	if n := b.Frameio.Calls("metadata.bulk_update"); n != 2 {
		t.Errorf("the status took %d calls, want 2", n)
	}

	if c := b.Frameio.Comments(got.Pushes[0].File); len(c) != 1 ||
		!strings.Contains(c[0].Text, got.Pushes[0].Document) {
		t.Errorf("the comments are %v, want one with the document's id %s", c, got.Pushes[0].Document)
	}

	b.Mails(1)
	m := b.Mail.Messages()[0]
	if text := b.LastMail(); !strings.Contains(m.Subject, "101 documents have arrived") ||
		!strings.Contains(text, "Clip 000") || !strings.Contains(text, "And 51 more") {
		t.Errorf("the mail is %q and says %s; want 101 documents that have arrived, Clip 000, And 51 more", m.Subject,
			text)
	}
}

// An unknown status is told and no reason to fail.
func TestUnknownStatus(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	r := b.PushRequest(b.Kept("Teaser", testenv.Bytes('a', 500)))
	r.Status = "Nonsense"
	if p := b.PushedAs("josh", r).Pushes[0]; p.State != push.Open {
		t.Errorf("with a status that does not exist the push is %s with %q, want it open", p.State, p.Reason)
	}

	if text := b.Histories(); !strings.Contains(text, `no status "Nonsense"`) {
		t.Errorf("the history says %q, want that there is no status \"Nonsense\"", text)
	}
}

// What a push that came to nothing could not remove is removed later.
func TestHalfMadeFilesAreReaped(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	b.Frameio.Faults().Add(faults.Rule{Path: "/upload/parts/", Status: 403})
	b.Frameio.Faults().Add(faults.Rule{Path: "/files/", Method: "DELETE", Status: 403})
	p := b.Pushed(uid).Pushes[0]
	if p.State != push.Failed || b.LockOwner(uid) != "" || len(b.Assets("file")) != 1 {
		t.Fatalf("the push is %s, the document locked by %q, %d files on Frame.io; want failed, nobody and 1", p.State,
			b.LockOwner(uid), len(b.Assets("file")))
	}

	b.Frameio.Faults().Clear()
	var r maintenance.Report
	if err := b.App.Push.Reap(t.Context(), &r); err != nil || r.Removed != 1 || len(b.Assets("file")) != 0 {
		t.Errorf("reaping gave %v, %d removed and %d left; want 1 and 0: %v", err, r.Removed, len(b.Assets("file")),
			r.Lines)
	}
}

// A file whose creation was never answered is found by the reaper too, and what is
// talked about by now is left alone.
func TestLostCreationsAreReaped(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	b.Frameio.Faults().Add(faults.Rule{Path: "/local_upload", Lost: true})
	b.Frameio.Faults().Add(faults.Rule{Path: "/folders/" + b.Root + "/files", Method: "GET", Status: 500})
	p := b.Pushed(uid).Pushes[0]
	left := len(b.Assets("file"))
	if p.State != push.Failed || left == 0 {
		t.Fatalf("the push is %s with %d files on Frame.io, want it failed, and some", p.State, left)
	}

	b.Frameio.Faults().Clear()
	mine := b.Frameio.AddFile(b.Root, "Teaser.mov", frameiosim.Bytes(testenv.Bytes('b', 500)),
		frameiosim.WithCreator(b.Josh))
	var r maintenance.Report
	if err := b.App.Push.Reap(t.Context(), &r); err != nil || r.Removed != 1 {
		t.Errorf("reaping gave %v, %+v; want one removed", err, r)
	}

	if there := b.Assets("file"); len(there) != 1 || there[0].ID != mine {
		t.Errorf("on Frame.io are %+v, want only %s, which people made", there, mine)
	}
}

// Two documents whose files look the same do not take each other's for one of a lost
// creation.
func TestTwinsArePushedBoth(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	doc, _ := b.Nuxeo.Doc(b.Folder)
	other := b.Nuxeo.MkDoc(doc.Path+"/Other", "Folder", nil)
	one, two := b.Kept("Teaser", testenv.Bytes('a', 500)), b.Kept("Trailer", testenv.Bytes('b', 500))
	if err := errors.Join(b.Nuxeo.SetProps(two, map[string]any{
		"file:content": nuxeosim.Blob{Name: "Teaser.mov", MimeType: "video/quicktime", Data: testenv.Bytes('b', 500)},
	}), b.Nuxeo.Move(two, other, "")); err != nil {
		t.Fatal(err)
	}

	b.Frameio.Faults().Add(faults.Rule{Path: "/local_upload", Lost: true, Times: 1})
	b.Frameio.Faults().Add(faults.Rule{Path: "/local_upload", BytesPerSecond: 700})
	var deleted atomic.Int64
	b.Frameio.Faults().Add(faults.Rule{Path: "/files/", Method: "DELETE", Hook: func(*http.Request) { deleted.Add(1) }})
	for _, p := range b.Pushed(one, two).Pushes {
		if p.State != push.Open || p.Making != "" ||
			!bytes.Equal(b.Uploaded(p.File), testenv.Bytes(map[string]byte{one: 'a', two: 'b'}[p.Document], 500)) {
			t.Errorf("the push of %s is %s, making %q, of the file %q; want open, nothing, and the document's own "+
				"content", p.Document, p.State, p.Making, p.File)
		}
	}

	if n := len(b.Assets("file")); n != 2 || deleted.Load() != 1 {
		t.Errorf("%d files and %d removed, want 2 and 1", n, deleted.Load())
	}
}

// The lock of a push that could not give it back is that of the next one, and ends
// with it.
func TestALockThatWasLeftIsTakenOver(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	b.Frameio.Faults().Add(faults.Rule{Path: "/local_upload", Status: 403})
	b.Nuxeo.Faults().Add(faults.Rule{Path: "/Document.Unlock", Status: 403})
	first := b.Pushed(uid).Pushes[0]
	if first.State != push.Failed || first.Lock != push.Releasing || b.LockOwner(uid) != "josh" {
		t.Fatalf("the first push is %s with the lock %s, the document locked by %q; want failed, releasing and josh",
			first.State, first.Lock, b.LockOwner(uid))
	}

	locked, _, err := b.App.Push.Locks(t.Context(), work.Viewer{Login: "josh"}, "", 0)
	if err != nil || len(locked) != 1 {
		t.Errorf("the locks that josh holds: %v, %v; want one", locked, err)
	}

	b.Frameio.Faults().Clear()
	b.Nuxeo.Faults().Clear()
	second := b.Pushed(uid).Pushes[0]
	if second.State != push.Open || second.Lock != push.Ours || b.OnePush(first.ID).Lock != push.Free {
		t.Errorf("the second push is %s, its lock %s and the first's %s; want open, ours and free", second.State,
			second.Lock, b.OnePush(first.ID).Lock)
	}

	// The clean-up of the first takes nothing from the second.
	if _, err := b.App.Engine.CleanUpAgain(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}

	b.Settle()
	doc, _ := b.Nuxeo.Doc(uid)
	if b.LockOwner(uid) != "josh" || doc.Properties["frameio:fileId"] != second.File || len(b.Assets("file")) != 1 {
		t.Errorf("the document is locked by %q and tells of %v, %d files on Frame.io; want josh, %s and 1",
			b.LockOwner(uid), doc.Properties["frameio:fileId"], len(b.Assets("file")), second.File)
	}

	b.Published(b.Julia, second.File)
	back(b, second, testenv.Bytes('a', 500), 1)
}
