package publish_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

const (
	part   = 16 << 20    // of a transfer to Nuxeo
	assets = "^/assets/" // where Frame.io's files come from
)

// holds checks the only document against generated content, without memory.
func holds(b *testenv.Bed, seed uint64, size int64) {
	b.T.Helper()
	h := md5.New()
	if _, err := io.Copy(h, pattern.New(seed, size).Reader(0, size)); err != nil {
		b.T.Fatal(err)
	}

	d := b.Only()
	if d.Content == nil || d.Content.Length != size || d.Content.Digest != hex.EncodeToString(h.Sum(nil)) ||
		d.Properties["frameio:digest"] != d.Content.Digest {
		b.T.Errorf("the document holds %+v and tells of the digest %v, want %d bytes with the digest %x", d.Content,
			d.Properties["frameio:digest"], size, h.Sum(nil))
	}

	if n := b.Nuxeo.Batches(); n != 0 {
		b.T.Errorf("%d upload batches are left, want none", n)
	}
}

func TestSizesAroundParts(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	for _, size := range []int64{1, part - 1, part, part + 1, 2 * part} {
		b.PublishOne(b.Josh, "created", b.Frameio.AddFile(b.Root, "Cut.mov", b.Frameio.Pattern(7, size)))
		holds(b, 7, size)
		if err := b.Nuxeo.Remove(b.Only().UID); err != nil {
			t.Fatal(err)
		}
	}

	refused(b, b.Josh, "refused", "empty", b.Frameio.AddFile(b.Root, "Nothing.mov", frameiosim.Bytes(nil)))
	if len(b.Documents()) != 0 {
		t.Errorf("the documents of an empty file: got %d, want 0", len(b.Documents()))
	}
}

// A transfer of several parts that something befalls on its way.
func TestLongTransfers(t *testing.T) {
	t.Parallel()
	const size = 50 << 20
	calls := func(b *testenv.Bed, method, path string) (n int) {
		for _, r := range b.Nuxeo.Requests() {
			if r.Method == method && strings.HasSuffix(r.Path, path) {
				n++
			}
		}
		return n
	}

	for name, c := range map[string]struct {
		befall func(b *testenv.Bed, file string) (seed uint64)
		check  func(b *testenv.Bed)
	}{
		"links expire between cuts": {func(b *testenv.Bed, _ string) uint64 {
			var n atomic.Int64 // every second request comes with a link that has ended
			b.Frameio.Faults().Add(faults.Rule{Path: assets, CutAfter: 9 << 20, Times: 9, Hook: func(*http.Request) {
				if n.Add(1)%2 == 0 {
					b.Frameio.ExpireLinks()
				}
			}})
			return 1
		}, func(b *testenv.Bed) {
			refused := 0
			for _, r := range b.Frameio.Requests() {
				if r.Class == "download" && r.Status == http.StatusForbidden {
					refused++
				}
			}
			if refused != 4 {
				b.T.Errorf("%d links had ended, want 4", refused)
			}
		}},
		"the source changes between cuts": {func(b *testenv.Bed, file string) uint64 {
			b.Frameio.Faults().Add(faults.Rule{Path: assets, CutAfter: 20 << 20, Times: 1, Hook: testenv.Once(func() {
				go b.Frameio.ReplaceContent(file, b.Frameio.Pattern(2, size))
			})})
			b.Frameio.Faults().Add(faults.Rule{Path: assets, Times: 1, BytesPerSecond: 100 << 20})
			return 2
		}, func(b *testenv.Bed) {
			if said := b.Histories(); !strings.Contains(said, "changed on Frame.io while it was read") {
				b.T.Errorf("the history says %s, want that the file changed on Frame.io while it was read", said)
			}
		}},
		"the source shrinks between cuts": {func(b *testenv.Bed, file string) uint64 {
			b.Frameio.Faults().Add(faults.Rule{
				Path: assets, CutAfter: 20 << 20, Times: 1, BytesPerSecond: 100 << 20,
				Hook: testenv.Once(func() {
					go b.Frameio.ReplaceContent(file, b.Frameio.Pattern(3, size-5))
				}),
			})
			return 3
		}, nil},
		"the batch is purged": {func(b *testenv.Bed, _ string) uint64 {
			b.Nuxeo.Faults().Add(faults.Rule{
				Method: "POST",
				Path:   "/upload/.+/0",
				Skip:   2,
				Times:  1,
				Hook:   func(*http.Request) { b.Nuxeo.ExpireBatches() },
			})
			return 1
		}, func(b *testenv.Bed) {
			if said := b.Histories(); strings.Count(said, "begun again") != 1 || calls(b, "POST", "/0") != 3+4 {
				b.T.Errorf("%d chunks were sent, want 7, and the transfer begun again once: %s",
					calls(b, "POST", "/0"), said)
			}
		}},
		"the batch is purged before the attach": {func(b *testenv.Bed, _ string) uint64 {
			b.Nuxeo.Faults().Add(faults.Rule{Method: "POST", Path: "/id/", Times: 1, Hook: func(*http.Request) {
				b.Nuxeo.ExpireBatches()
			}})
			return 1
		}, nil},
		"chunks are lost": {func(b *testenv.Bed, _ string) uint64 {
			b.Nuxeo.Faults().Add(faults.Rule{Method: "POST", Path: "/upload/.+/0", Skip: 1, Times: 2, Lost: true})
			return 1
		}, func(b *testenv.Bed) {
			if n := calls(b, "POST", "/0"); n != 4 {
				b.T.Errorf("%d chunks were sent, want 4: Nuxeo has those whose answer was lost", n)
			}
		}},
		"chunks are refused": {func(b *testenv.Bed, _ string) uint64 {
			b.Nuxeo.Faults().Add(faults.Rule{Method: "POST", Path: "/upload/.+/0", Skip: 1, Times: 2, Status: 500})
			return 1
		}, nil},
		"the process dies in the third part": {func(b *testenv.Bed, _ string) uint64 {
			b.Nuxeo.Faults().Add(faults.Rule{
				Method: "POST",
				Path:   "/upload/.+/0",
				Skip:   2,
				Times:  1,
				Hook:   func(*http.Request) { b.Die() },
			})
			return 1
		}, func(b *testenv.Bed) {
			// Nuxeo has three, though only two of them were noted; none is sent again.
			if n := calls(b, "POST", "/0"); n > 5 {
				b.T.Errorf("%d chunks were sent, want 5 at most", n)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			b.Bind("Publish")
			file := b.Frameio.AddFile(b.Root, "Cut.mov", b.Frameio.Pattern(1, size))
			seed := c.befall(b, file)
			b.Run(b.Josh, file)
			b.Survive()
			if len(b.Frameio.Faults().Hits())+len(b.Nuxeo.Faults().Hits()) == 0 {
				t.Error("faults that befell it: got 0, want some")
			}

			b.AllDone()
			want := int64(size)
			if seed == 3 {
				want -= 5
			}

			holds(b, seed, want)
			if c.check != nil {
				c.check(b)
			}
		})
	}
}

// A damaged new document is removed; a damaged version is kept, and what was
// there before is put back, whichever call of that fails once.
func TestDamageIsNoticedAndUndone(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]*faults.Rule{
		"":                      nil,
		"restoring":             {Path: "/Document.RestoreVersion$", Times: 1, Status: 500},
		"restored, and no word": {Path: "/Document.RestoreVersion$", Times: 1, Lost: true},
		"properties":            {Method: "PUT", Path: "/api/v1/id/[^/]*$", Skip: 1, Times: 1, Status: 409},
		"properties, and no word": {
			Method: "PUT", Path: "/api/v1/id/[^/]*$", Skip: 1, Times: 1, Lost: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			undone(t, fault)
		})
	}
}

func undone(t *testing.T, fault *faults.Rule) {
	b := testenv.New(t)
	b.Bind("Publish")
	one, two := testenv.Bytes('1', 1000), testenv.Bytes('2', 2000)
	first := b.Add(b.Root, "Cut.mov", one)
	b.Nuxeo.DamageUploads(1)
	v := refused(b, b.Josh, "refused", "is not what Frame.io sent", first)
	if n := len(b.Documents()); n != 0 || b.Nuxeo.Batches() != 0 {
		t.Errorf("after damaged bytes: %d documents and %d batches, want none", n, b.Nuxeo.Batches())
	}

	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, v.ID); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	b.Check(testenv.Want{"Cut": {Content: one}})
	b.Nuxeo.AddEntries("l10nsubjects", "{cut}")
	edited := map[string]any{
		"dc:description": "For the {board}.",
		"dc:subjects":    []string{"art", "{cut}"},
		"dc:rights":      "All reserved.",
	}

	if err := b.Nuxeo.Edit("julia", b.Only().UID, edited); err != nil {
		t.Fatal(err)
	}

	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", two))
	told := func() string {
		p := maps.Clone(b.Only().Properties)
		for _, kept := range []string{"dc:contributors", "dc:lastContributor", "dc:modified"} { // by Nuxeo
			delete(p, kept)
		}
		return fmt.Sprint(p)
	}

	before := told()
	b.Nuxeo.DamageUploads(1)
	if fault != nil {
		b.Nuxeo.Faults().Add(*fault)
	}

	v = refused(b, b.Josh, "refused", "is not what Frame.io sent", stack)
	if after := told(); after != before {
		t.Errorf("the document tells %s\nafter the damage was undone, want %s as before", after, before)
	}

	damaged := testenv.Bytes('2', 2000)
	damaged[0] = b.Content(b.Nuxeo.Versions(b.Only().UID)[1].UID)[0]
	b.Check(testenv.Want{"Cut": {Content: one, Versions: [][]byte{one, damaged}}})
	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, v.ID); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	b.Check(testenv.Want{"Cut": {Content: two, Versions: [][]byte{one, damaged, two}}})
}

// Content that is damaged twice, the first time without a word, is not taken for what was there
// before: the document gets back what a person had put there.
func TestDamageIsNotTakenForWhatWasThere(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, ingest.Created, first)
	mine := testenv.Bytes('x', 500)
	if err := b.Nuxeo.Edit("julia", b.Only().UID, map[string]any{
		"file:content": nuxeosim.Blob{Name: "mine.mov", MimeType: "video/quicktime", Data: mine},
	}); err != nil {
		t.Fatal(err)
	}

	b.Nuxeo.DamageUploads(2)
	b.Nuxeo.Faults().Add(faults.Rule{Method: "PUT", Path: "/api/v1/id/[^/]*$", Times: 1, Lost: true})
	refused(b, b.Josh, "refused", "is not what Frame.io sent", first)
	if got, want := b.Only().Content.Digest, testenv.MD5(mine); got != want {
		t.Errorf("the document holds %s after it was damaged twice, want %s, which julia had put there", got, want)
	}
}

// What a failed item could not clean up is looked at again an hour later. By then another item may
// have brought the next version, which stays.
func TestALateCleanUpLeavesWhatCameSince(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	one, two, three := testenv.Bytes('1', 1000), testenv.Bytes('2', 2000), testenv.Bytes('3', 3000)
	first := b.Add(b.Root, "Cut.mov", one)
	publish := func(asset string, want []byte) {
		t.Helper()
		b.Published(b.Josh, asset)
		if d := b.Only(); d.Content == nil || d.Content.Digest != testenv.MD5(want) {
			t.Fatalf("the document holds %v, want what was published", d.Content)
		}
	}

	again := func(when string, want []byte) {
		t.Helper()
		b.Nuxeo.Faults().Clear()
		titles, err := b.App.Engine.CleanUpAgain(t.Context(), time.Time{})
		if err != nil || len(titles) != 1 {
			t.Fatalf("%s: cleaned up %q (%v), want one item", when, titles, err)
		}
		b.Settle()
		if d := b.Only(); d.Content == nil || d.Content.Digest != testenv.MD5(want) {
			t.Errorf("%s: after the late clean-up the document holds %v, want what came since", when, d.Content)
		}
	}

	// A new document that could not be removed.
	b.Nuxeo.DamageUploads(1)
	b.Nuxeo.Faults().Add(faults.Rule{Method: "DELETE", Path: "/api/v1/id/", Status: 403})
	b.Published(b.Josh, first)

	// Where that fails again it holds nothing up.
	if titles, err := b.App.Engine.CleanUpAgain(t.Context(), time.Time{}); err != nil || len(titles) != 1 {
		t.Fatalf("cleaned up %q (%v), want one item", titles, err)
	}

	b.Settle()
	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", two))
	publish(stack, two)
	again("created", two)

	// A content that could not be put back.
	b.Frameio.AddToStack(stack, b.Add(b.Root, "Cut 3.mov", three))
	b.Nuxeo.DamageUploads(1)
	b.Nuxeo.Faults().Add(faults.Rule{Path: "/Document.RestoreVersion$", Status: 403})
	b.Published(b.Josh, stack)
	publish(stack, three)
	again("replaced", three)
}

func TestCancelWhileBytesMove(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	moving := make(chan string, 8)
	b.Frameio.Faults().Add(faults.Rule{
		Path:           assets,
		BytesPerSecond: 4 << 20,
		Hook:           func(r *http.Request) { moving <- r.URL.Path },
	})

	b.Run(b.Josh, b.Frameio.AddFile(b.Root, "Cut.mov", b.Frameio.Pattern(1, 40<<20)))
	<-moving
	list, _, err := b.App.Engine.Items(t.Context(), testenv.Viewer, work.Filter{Kind: "publish"})
	if err != nil || len(list) != 1 {
		t.Fatalf("the items that publish: %v, %v; want one", list, err)
	}

	if err := b.App.Engine.Cancel(t.Context(), testenv.Viewer, list[0].ID); err != nil {
		t.Fatal(err)
	}

	if v := b.Await(list[0].ID); v.State != work.Canceled {
		t.Errorf("the item is %s with %q, want it cancelled", v.State, v.Message)
	}

	b.Settle()
	if len(b.Documents()) != 0 || b.Nuxeo.Batches() != 0 {
		t.Errorf("after the cancel: %d documents and %d batches, want none", len(b.Documents()), b.Nuxeo.Batches())
	}

	if text := b.LastMail(); !strings.Contains(text, "was cancelled") {
		t.Errorf("the mail says %q, want that it was cancelled", text)
	}

	b.Mails(1)
	b.Frameio.Faults().Clear()
	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, list[0].ID); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	holds(b, 1, 40<<20)
}
