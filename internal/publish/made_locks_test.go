package publish_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// While a large document gets its content, nobody else gives it another, which ours would
// replace; a small one has it at once, and costs no call for a lock.
func TestALargeDocumentIsLockedWhileItIsMade(t *testing.T) {
	t.Parallel()
	const large = 1000
	for size, want := range map[int]string{large - 1: "", large: "josh"} {
		var b *testenv.Bed
		var holders []string
		b = testenv.New(t, testenv.World(func(w *app.World) {
			w.LockFrom = large
		}), testenv.AroundNuxeo(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/api/v1/id/") &&
					len(b.Documents()) == 1 && b.Only().Content == nil {
					holders = append(holders, b.Only().LockOwner)
				}
				next.ServeHTTP(w, r)
			})
		}))

		b.Bind("Publish")
		b.Published(b.Josh, b.Add(b.Root, "Cut.mov", testenv.Bytes('a', size)))

		if len(holders) == 0 {
			t.Fatalf("of %d bytes: nothing was written before the content was there, want some writes", size)
		}

		for _, got := range holders {
			if got != want {
				t.Errorf("while %d bytes are brought the document is locked by %q, want %q", size, got, want)
			}
		}

		if d := b.Only(); d.LockOwner != "" || d.Content.Digest != testenv.MD5(testenv.Bytes('a', size)) {
			t.Errorf("afterwards it is locked by %q, with %s, want by nobody and its own content", d.LockOwner,
				d.Content.Digest)
		}
	}
}

// A new document whose bytes are wrong is looked at once more, locked, before it is removed:
// what somebody has put there since the first look stays.
func TestWhatSomebodyPutIntoAWrongDocumentStays(t *testing.T) {
	t.Parallel()
	mine := testenv.Bytes('m', 500)
	var b *testenv.Bed
	b = testenv.New(t, testenv.AroundNuxeo(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/Document.Lock") { // the first look is over
				props := map[string]any{"file:content": nuxeosim.Blob{Name: "mine.mov", Data: mine}}
				if err := b.Nuxeo.Edit("julia", b.Only().UID, props); err != nil {
					t.Error(err)
				}
			}
			next.ServeHTTP(w, r)
		})
	}))

	b.Bind("Publish")
	b.Nuxeo.DamageUploads(1)
	b.Published(b.Josh, b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 1000)))
	if d := b.Only(); d.IsTrashed || d.Content == nil || d.Content.Digest != testenv.MD5(mine) || d.LockOwner != "" {
		t.Errorf("the document holds %+v, locked by %q, want what julia put there, and no lock", d.Content, d.LockOwner)
	}
}

// Whoever locked the document goes on with it when the item has to act as somebody else: the
// lock would shut that person out.
func TestTheHolderOfTheLockGoesOn(t *testing.T) {
	t.Parallel()
	var b *testenv.Bed
	var gone sync.Once
	b = testenv.New(t, testenv.AroundNuxeo(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && b.App != nil && len(b.Documents()) == 1 && b.Only().LockOwner == "julia" {
				first := false
				gone.Do(func() { first = true })
				if first { // she locked it, and her sign-in to Frame.io ends
					if err := b.App.Identity.Disconnect(r.Context(), "julia"); err != nil {
						t.Error(err)
					}
					http.Error(w, "not now", http.StatusServiceUnavailable)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}))

	b.Bind("Publish")
	b.Connect("julia")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", first)
	b.PublishOne(b.Julia, "updated", b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000))))
	if d := b.Only(); d.LockOwner != "" || d.Content.Digest != testenv.MD5(testenv.Bytes('2', 2000)) {
		t.Errorf("the document is locked by %q, with %d bytes, want by nobody and the second cut", d.LockOwner,
			d.Content.Length)
	}
}

// A person who has disconnected Frame.io can still be acted for in Nuxeo: an item that is cancelled then gives its lock
// back and leaves no bytes.
func TestCancellingCleansUpWithoutFrameio(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.World(func(w *app.World) { w.LockFrom = 1000 }))
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 2000))

	// While the content is being attached, josh disconnects Frame.io.
	var once sync.Once
	b.Nuxeo.Faults().Add(faults.Rule{
		Method: http.MethodPut, Path: "/api/v1/id/", Status: http.StatusInternalServerError,
		Hook: func(*http.Request) {
			once.Do(func() {
				if err := b.App.Identity.Disconnect(t.Context(), "josh"); err != nil {
					t.Error(err)
				}
			})
		},
	})
	b.Run(b.Josh, file)
	v := b.Until(func(v work.View) bool { return v.Kind == "publish" && v.Code == "needs_owner" })
	if d := b.Only(); d.LockOwner != "josh" {
		t.Fatalf("meanwhile the document is locked by %q, want josh", d.LockOwner)
	}

	b.Nuxeo.Faults().Clear()
	if err := b.App.Engine.Cancel(t.Context(), testenv.Viewer, v.ID); err != nil {
		t.Fatal(err)
	}
	if got := b.Await(v.ID).State; got != work.Canceled {
		t.Errorf("it is %s, want %s", got, work.Canceled)
	}
	if d := b.Only(); d.LockOwner != "" || d.Content != nil || b.Nuxeo.Batches() != 0 {
		t.Errorf("it leaves a lock of %q, %v, %d batches, want the empty document alone", d.LockOwner, d.Content,
			b.Nuxeo.Batches())
	}
}
