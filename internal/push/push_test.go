package push_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func TestDocumentsGoToFrameio(t *testing.T) {
	t.Parallel()
	const part = 1000
	for _, verify := range []string{"digest", "parts"} {
		for _, size := range []int{1, part - 1, part, part + 1, 4*part + 2} {
			t.Run(fmt.Sprint(verify, size), func(t *testing.T) {
				t.Parallel()
				b := testenv.New(t, testenv.Frameio(func(o *frameiosim.Options) {
					o.PartSize = part
				}), testenv.Config(func(c *app.Config) { c.Transfer.Verify = verify }))

				b.Bind("Publish")
				data := testenv.Bytes('x', size)
				data[size-1] = 'y'
				uid := b.Kept("Teaser", data)
				p := b.Pushed(uid).Pushes[0]
				b.AllDone()
				if p.State != push.Open || p.Lock != push.Ours || p.File == "" || p.ViewURL == "" ||
					p.Size != int64(size) {
					t.Errorf("the push is %s with the lock %s, of the file %q at %q with %d bytes; want open, ours, "+
						"a file, an address and %d", p.State, p.Lock, p.File, p.ViewURL, p.Size, size)
				}

				if !bytes.Equal(b.Uploaded(p.File), data) {
					t.Error("what arrived: got other bytes, want those that were pushed")
				}

				if b.LockOwner(uid) != "josh" {
					t.Errorf("the document is locked by %q, want josh", b.LockOwner(uid))
				}

				doc, _ := b.Nuxeo.Doc(uid)
				if doc.Properties["frameio:fileId"] != p.File || doc.Properties["frameio:documentUid"] != uid ||
					doc.Properties["frameio:pushedBy"] != "josh" {
					t.Errorf("the document tells of the file %v of %v, by %v; want %s, %s and josh",
						doc.Properties["frameio:fileId"], doc.Properties["frameio:documentUid"],
						doc.Properties["frameio:pushedBy"], p.File, uid)
				}

				if n := len(b.Nuxeo.Versions(uid)); n != 0 {
					t.Errorf("the document has %d versions, want none", n)
				}

				if s := b.Frameio.Status(p.File); s != "Needs Review" {
					t.Errorf("the file has the status %q, want Needs Review", s)
				}

				b.Mails(1)
				if text := b.LastMail(); !strings.Contains(text, "Teaser") || !strings.Contains(text, "locked") {
					t.Errorf("the mail says %q, want Teaser, and that it is locked", text)
				}
			})
		}
	}
}

func TestWhatCannotBePushed(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	good := b.Kept("Good", testenv.Bytes('g', 10))
	if _, err := b.App.Push.Accept(t.Context(), "josh", b.PushRequest(good)); !fault.Is(err, fault.Conflict) ||
		fault.From(err).Message != "Folder not bound" {
		t.Errorf("pushing from a folder that is not bound: got %v, want a conflict: Folder not bound", err)
	}

	b.Bind("Publish")
	trashed := b.Kept("Trashed", testenv.Bytes('t', 10))
	_ = b.Nuxeo.Trash(trashed)
	empty := b.Kept("Empty", nil)
	theirs := b.Kept("Theirs", testenv.Bytes('l', 10))
	_ = b.Nuxeo.Lock(theirs, "julia")
	doc, _ := b.Nuxeo.Doc(b.Folder)
	bare := b.Nuxeo.MkDoc(doc.Path+"/Bare", "File", nil)
	for uid, want := range map[string]string{
		b.Folder: "is a folder", trashed: "trash", empty: "empty", theirs: "locked by julia", bare: "has no file",
		"nothing": "no such document",
	} {
		_, err := b.App.Push.Accept(t.Context(), "josh", b.PushRequest(uid))
		if err == nil || !strings.Contains(err.Error(), want) || fault.From(err).Remedy == "" {
			t.Errorf("pushing what cannot be pushed: got %v, want %q in it, and a remedy", err, want)
		}
	}

	preview, err := b.App.Push.Preview(t.Context(), "josh", b.PushRequest(good, trashed, bare))
	if err != nil || preview.Count != 1 || preview.Bytes != 10 || len(preview.Skipped) != 2 {
		t.Errorf("the preview is %+v, %v; want 1 document of 10 bytes, and 2 skipped", preview, err)
	}

	got := b.Pushed(good, trashed, theirs)
	if len(got.Pushes) != 1 || len(got.Skipped) != 2 || got.Pushes[0].State != push.Open {
		t.Errorf("accepted is %+v, want 1 open push and 2 skipped", got)
	}

	if _, err := b.App.Push.Accept(t.Context(), "josh", b.PushRequest(good)); !fault.Is(err, fault.Conflict) {
		t.Errorf("pushing it twice: got %v, want a conflict", err)
	}

	if b.LockOwner(theirs) != "julia" || b.LockOwner(trashed) != "" {
		t.Errorf("the locks: got %q and %q, want julia's and none", b.LockOwner(theirs), b.LockOwner(trashed))
	}

	b.Mails(1)
}

func TestLinkedDocumentsJoinTheirAsset(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	sub := b.Frameio.AddFolder(b.Root, "Sub")
	old := b.Add(sub, "Teaser.mov", testenv.Bytes('a', 100))
	b.Published(b.Josh, old)
	uid := b.Only().UID
	for i, data := range [][]byte{testenv.Bytes('b', 110), testenv.Bytes('c', 120)} {
		if err := b.Nuxeo.Edit("josh", uid, map[string]any{
			"file:content": nuxeosim.Blob{Name: "Teaser.mov", MimeType: "video/quicktime", Data: data},
		}); err != nil {
			t.Fatal(err)
		}

		p := b.Pushed(uid).Pushes[0]
		b.AllDone()
		stacks := b.Assets("version_stack")
		if len(stacks) != 1 || p.Folder != sub {
			t.Fatalf("%d stacks, in the folder %s; want 1 in %s", len(stacks), p.Folder, sub)
		}

		if in := b.Members(stacks[0].ID); len(in) != i+2 || in[i+1] != p.File {
			t.Errorf("the stack holds %v, want %d files of which the last is %s", in, i+2, p.File)
		}

		// What comes back is what is there: no byte, one version.
		before := len(b.Nuxeo.Versions(uid))
		v := b.Published(b.Josh, p.File)[0]
		if v.State != work.Done || v.Outcome != "returned" || len(b.Nuxeo.Versions(uid)) != before+1 ||
			b.LockOwner(uid) != "" {
			t.Errorf("what came back is %s %s, with %d versions, locked by %q; want done, returned, %d and nobody",
				v.State, v.Outcome, len(b.Nuxeo.Versions(uid)), b.LockOwner(uid), before+1)
		}

		if p = b.OnePush(p.ID); p.State != push.Returned || p.Lock != push.Free {
			t.Errorf("the push is %s with the lock %s, want returned and free", p.State, p.Lock)
		}
	}
}

func TestForeignAndOwnLocksStay(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	uid := b.Kept("Mine", testenv.Bytes('m', 50))
	_ = b.Nuxeo.Lock(uid, "josh")
	p := b.Pushed(uid).Pushes[0]
	if p.State != push.Open || p.Lock != push.Own {
		t.Fatalf("the push is %s with the lock %s, want open and its own", p.State, p.Lock)
	}

	if v := b.Published(b.Josh, p.File)[0]; v.Outcome != "returned" {
		t.Errorf("what came back has the outcome %q with %q, want returned", v.Outcome, v.Message)
	}

	if b.LockOwner(uid) != "josh" {
		t.Errorf("the person's own lock: got it held by %q, want josh", b.LockOwner(uid))
	}
}

func TestAPushThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Frameio(func(o *frameiosim.Options) { o.UploadTTL = time.Nanosecond }))
	b.Bind("Publish")
	uid := b.Kept("Slow", testenv.Bytes('s', 5000))
	p := b.Pushed(uid).Pushes[0]
	if p.State != push.Failed || !strings.Contains(p.Reason, "addresses") {
		t.Errorf("the push is %s with %q, want it failed for its addresses", p.State, p.Reason)
	}

	v := b.Await(p.Item)
	if !strings.Contains(v.Remedy, "MB/s") {
		t.Errorf("the remedy is %q, want a speed in MB/s in it", v.Remedy)
	}

	b.Untouched(uid)
	b.Mails(1)
}

// While documents that were pushed together are on their way, it shows how many
// are there: to who pushed them and to administrators.
func TestHowFarABulkIs(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	if err := b.App.Engine.Pause(t.Context(), "Administrator", ""); err != nil {
		t.Fatal(err)
	}

	r := b.PushRequest(b.Kept("One", testenv.Bytes('1', 10)), b.Kept("Two", testenv.Bytes('2', 20)),
		b.Kept("Three", testenv.Bytes('3', 30)))
	got, err := b.App.Push.Accept(t.Context(), "josh", r)
	if err != nil {
		t.Fatal(err)
	}

	for who, want := range map[work.Viewer]int{
		{Login: "josh"}:              1,
		{Login: "julia"}:             0,
		{Login: "root", Admin: true}: 1,
	} {
		all, err := b.App.Engine.Batches(t.Context(), who, work.BatchFilter{})
		if err != nil || len(all) != want {
			t.Fatalf("%s sees %d pushes in progress, %v; want %d", who.Login, len(all), err, want)
		}

		if want == 0 {
			continue
		}

		if p := all[0]; p.Parent != got.Batch || p.By != "josh" || p.Items != 3 || p.Open != 3 || p.Arrived != 0 ||
			p.Failed != 0 || p.Bytes != 60 || p.Estimated || p.Left != nil {
			t.Errorf("in progress is %+v, want batch %s by josh with 3 documents of 60 bytes, of which none "+
				"has arrived or failed", p, got.Batch)
		}

		where, err := b.App.Push.Destinations(t.Context(), []string{got.Batch})
		if place := where[got.Batch]; err != nil || place.Project != "Film" || place.Workspace == "" {
			t.Errorf("the batch goes to %+v, %v; want a team, and the project Film", place, err)
		}
	}

	another := work.BatchFilter{Bindings: []string{"another"}}
	if all, err := b.App.Engine.Batches(t.Context(), testenv.Viewer, another); err != nil || len(all) != 0 {
		t.Errorf("in progress through another binding: %+v, %v; want nothing", all, err)
	}

	if err := b.App.Engine.Resume(t.Context(), "Administrator"); err != nil {
		t.Fatal(err)
	}

	b.Settle()
	if all, err := b.App.Engine.Batches(t.Context(), testenv.Viewer, work.BatchFilter{}); err != nil || len(all) != 0 {
		t.Errorf("in progress at the end: %+v, %v; want nothing", all, err)
	}
}
