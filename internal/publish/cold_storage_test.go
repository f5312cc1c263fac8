package publish_test

import (
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// freeze moves the master of a document into cold storage: a thumbnail is left.
func freeze(b *testenv.Bed, uid string) {
	b.T.Helper()
	thumbnail := nuxeosim.Blob{Name: "thumbnail.png", MimeType: "image/png", Data: testenv.Bytes('t', 50)}
	if err := b.Nuxeo.SetProps(uid, map[string]any{"file:content": thumbnail}); err != nil {
		b.T.Fatal(err)
	}

	b.Nuxeo.RunBackground() // or it would take the facet away again
	if err := b.Nuxeo.AddFacet(uid, "ColdStorage"); err != nil {
		b.T.Fatal(err)
	}
}

// What lies in cold storage is neither sent in place of the master nor replaced; metadata
// and comments of what is there already arrive.
func TestColdStorageIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", first)
	uid := b.Only().UID
	freeze(b, uid)

	_, err := b.App.Push.Accept(t.Context(), "josh", b.PushRequest(uid))
	if err == nil || !strings.Contains(err.Error(), "cold storage") {
		t.Errorf("a push of it ends with %v, want that it is in cold storage", err)
	}

	b.PublishOne(b.Josh, ingest.Unchanged, first)
	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
	refused(b, b.Josh, "refused", "in cold storage", stack)
	if d := b.Only(); d.Content.Length != 50 {
		t.Errorf("the document shows %d bytes, want its thumbnail of 50", d.Content.Length)
	}
}
