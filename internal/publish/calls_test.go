package publish_test

import (
	"crypto/md5"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// spent are the calls to Nuxeo about documents and uploads since the n-th.
func spent(b *testenv.Bed, n int) (calls []string) {
	for _, r := range b.Nuxeo.Requests()[n:] {
		if !strings.Contains(r.Path, "Document.Mail") && !strings.Contains(r.Path, "/user/") &&
			!strings.HasSuffix(r.Path, "/me") {
			calls = append(calls, r.Method+" "+r.Path)
		}
	}
	return calls
}

// What a publish costs Nuxeo, which has twenty threads for everybody.
func TestCallsOfAPublish(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	before := len(b.Nuxeo.Requests())
	b.PublishOne(b.Josh, "created", first)
	if calls := spent(b, before); len(calls) > 12 {
		t.Errorf("a new document took %d calls, want at most 12:\n%s", len(calls), strings.Join(calls, "\n"))
	}

	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
	before = len(b.Nuxeo.Requests())
	b.PublishOne(b.Josh, "updated", stack)
	if calls := spent(b, before); len(calls) > 14 {
		t.Errorf("a new version took %d calls, want at most 14:\n%s", len(calls), strings.Join(calls, "\n"))
	}

	b.Frameio.AddFile(stack, "Cut 3.mov", frameiosim.Bytes(testenv.Bytes('3', 3000)))
	before = len(b.Nuxeo.Requests())
	b.PublishOne(b.Julia, "updated", stack)
	if calls := spent(b, before); len(calls) > 14 {
		t.Errorf("a new version by another took %d calls, want at most 14:\n%s", len(calls), strings.Join(calls, "\n"))
	}
}

// Where sums of parts are compared, Nuxeo tells the digest only afterwards: it is written
// into the metadata then, and nothing else is done twice.
func TestCallsWithoutADigest(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Transfer.Verify = "parts" }))
	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	before := len(b.Nuxeo.Requests())
	b.PublishOne(b.Josh, "created", first)
	calls := spent(b, before)
	if n := count(calls, "Document.AddFacet"); n != 1 || len(calls) > 15 {
		t.Errorf("a new document took %d calls, want at most 15; the facet was put on %d times, want once:\n%s",
			len(calls), n, strings.Join(calls, "\n"))
	}

	if doc := b.Only(); doc.Properties["frameio:digest"] != testenv.MD5(testenv.Bytes('1', 1000)) {
		t.Errorf("the document tells the digest %v, want %x", doc.Properties["frameio:digest"],
			md5.Sum(testenv.Bytes('1', 1000)))
	}
}

func count(calls []string, of string) (n int) {
	for _, c := range calls {
		if strings.Contains(c, of) {
			n++
		}
	}
	return n
}
