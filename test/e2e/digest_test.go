package e2e

import (
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// A digest that Nuxeo makes later, or by another algorithm, is no other content.
func TestOtherDigestsAreNoOtherContent(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := add(b, b.Root, "Cut.mov", content('1', 1000))
	newest(b, b.Josh, "created", file)
	for _, algorithm := range []string{"SHA-256", "SHA-1", "MD5"} {
		if err := b.Nuxeo.Redigest(algorithm); err != nil {
			t.Fatal(err)
		}
		before := len(b.Nuxeo.Requests())
		newest(b, b.Josh, ingest.Unchanged, file)
		for _, call := range spent(b, before) {
			if strings.Contains(call, "/upload/") {
				t.Errorf("with digests by %s the file was sent again: %s, want no upload", algorithm, call)
			}
		}
	}

	b.Check(testenv.Want{"Cut": {Content: content('1', 1000), Versions: [][]byte{content('1', 1000)}}})

	// What another person wrote meanwhile is, even when it is as long.
	if err := b.Nuxeo.Edit("julia", b.Only().UID, map[string]any{
		"file:content": nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: content('x', 1000)},
	}); err != nil {
		t.Fatal(err)
	}

	if err := b.Nuxeo.Redigest("SHA-256"); err != nil {
		t.Fatal(err)
	}

	newest(b, b.Josh, "updated", file)
	if err := b.Nuxeo.Redigest("MD5"); err != nil {
		t.Fatal(err)
	}

	newest(b, b.Josh, ingest.Unchanged, file)
	b.Check(testenv.Want{
		"Cut": {
			Content:  content('1', 1000),
			Versions: [][]byte{content('1', 1000), content('1', 1000), content('x', 1000), content('1', 1000)},
		},
	})
}

func TestOtherDigestsAreNoConflict(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := add(b, b.Root, "Cut.mov", content('1', 1000))
	m := mirrored(b)
	if err := b.Nuxeo.Redigest("SHA-256"); err != nil {
		t.Fatal(err)
	}

	if r := m.refresh(false); r.Conflicting != 0 || r.Updated != 0 {
		t.Errorf("a refresh found %d conflicts and %d updates, want none", r.Conflicting, r.Updated)
	}

	b.Frameio.Stack(file, add(b, b.Root, "Cut 2.mov", content('2', 2000)))
	if r := m.refresh(false); r.Conflicting != 0 {
		t.Errorf("a new version of a file whose digest is another one is a conflict, want it brought")
	}

	if d := b.Only(); d.Content.Length != 2000 {
		t.Errorf("the document holds %d bytes, want the new 2000", d.Content.Length)
	}
}
