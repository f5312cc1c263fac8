package publish_test

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
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", file)
	for _, algorithm := range []string{"SHA-256", "SHA-1", "MD5"} {
		if err := b.Nuxeo.Redigest(algorithm); err != nil {
			t.Fatal(err)
		}
		before := len(b.Nuxeo.Requests())
		b.PublishOne(b.Josh, ingest.Unchanged, file)
		for _, call := range spent(b, before) {
			if strings.Contains(call, "/upload/") {
				t.Errorf("with digests by %s the file was sent again: %s, want no upload", algorithm, call)
			}
		}
	}

	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('1', 1000), Versions: [][]byte{testenv.Bytes('1', 1000)}}})

	// What another person wrote meanwhile is, even when it is as long.
	if err := b.Nuxeo.Edit("julia", b.Only().UID, map[string]any{
		"file:content": nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: testenv.Bytes('x', 1000)},
	}); err != nil {
		t.Fatal(err)
	}

	if err := b.Nuxeo.Redigest("SHA-256"); err != nil {
		t.Fatal(err)
	}

	b.PublishOne(b.Josh, "updated", file)
	if err := b.Nuxeo.Redigest("MD5"); err != nil {
		t.Fatal(err)
	}

	b.PublishOne(b.Josh, ingest.Unchanged, file)
	b.Check(testenv.Want{
		"Cut": {
			Content: testenv.Bytes('1', 1000),
			Versions: [][]byte{
				testenv.Bytes('1', 1000),
				testenv.Bytes('1', 1000),
				testenv.Bytes('x', 1000),
				testenv.Bytes('1', 1000),
			},
		},
	})
}
