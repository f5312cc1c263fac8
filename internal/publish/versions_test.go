package publish_test

import (
	"crypto/md5"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// refused publishes and wants one failed item with the code and such a message.
func refused(b *testenv.Bed, person, code, says string, assets ...string) work.View {
	b.T.Helper()
	v := b.Published(person, assets...)[0]
	if v.State != work.Failed || v.Code != code || !strings.Contains(v.Message, says) {
		b.T.Fatalf("the item is %s at %q with %s, %q and the remedy %q; want it failed with %s and %q", v.State,
			v.Step, v.Code, v.Message, v.Remedy, code, says)
	}

	mails := b.Mail.Messages()
	if m := mails[len(mails)-1]; !strings.Contains(m.Text(), "failed") {
		b.T.Errorf("the mail says %q, want that something failed", m.Text())
	}

	return v
}

func TestEachNewHeadIsOneVersionMore(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", first)
	uid := b.Only().UID
	// Stacked after its first publish, it keeps its document.
	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
	b.PublishOne(b.Julia, "updated", stack)
	versions := [][]byte{testenv.Bytes('1', 1000), testenv.Bytes('2', 2000)}
	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('2', 2000), Versions: versions}})
	b.Frameio.AddFile(stack, "Cut 3.mov", frameiosim.Bytes(testenv.Bytes('3', 3000)))
	// Whichever member is selected, its stack's head is what arrives.
	b.PublishOne(b.Josh, "updated", first)
	versions = append(versions, testenv.Bytes('3', 3000))
	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('3', 3000), Versions: versions}})
	b.PublishOne(b.Julia, "unchanged", stack)
	if text := b.LastMail(); !strings.Contains(text, "was up to date") {
		t.Errorf("the mail says %q, want that it was up to date", text)
	}

	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('3', 3000), Versions: versions}})
	if b.Only().UID != uid {
		t.Errorf("the document: got %s, want %s as before", b.Only().UID, uid)
	}

	// Each version tells of the cut that it holds, and nothing is written after the last.
	for i, v := range b.Nuxeo.Versions(uid) {
		if want := fmt.Sprintf("%x", md5.Sum(versions[i])); v.Properties["frameio:digest"] != want ||
			!slices.Contains(v.Facets, "FrameioAsset") {
			t.Errorf("version %s tells of %v with the facets %v, want the facet and %s", v.VersionLabel,
				v.Properties["frameio:digest"], v.Facets, want)
		}
	}

	if label := b.Only().VersionLabel; label != "0.3" {
		t.Errorf("the document is at %s, want 0.3: nothing was changed since", label)
	}

	b.Mails(4)
}

func TestFiftyRemarksByTwoPeopleMakeNoVersion(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	one, two := testenv.Bytes('1', 1000), testenv.Bytes('2', 2000)
	first := b.Add(b.Root, "Cut.mov", one)
	b.PublishOne(b.Josh, "created", first)
	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", two))
	head := b.Frameio.AddFile(stack, "Cut 2b.mov", frameiosim.Bytes(two))
	b.PublishOne(b.Josh, "updated", stack)
	options := []string{"Approved", "In Progress", "Needs Review"}
	var comments, words []string
	for i := range 50 {
		who, other := b.Josh, b.Julia
		if i%2 == 1 {
			who, other = other, who
		}

		switch i % 5 {
		case 0:
			text := fmt.Sprintf("remark %d", i)
			comments, words = append(comments,
				b.Frameio.AddComment(head, frameiosim.CommentSpec{Text: text, OwnerID: other})), append(words, text)
		case 1:
			b.Frameio.SetStatus(head, options[i%3])
		case 2: // by another than whoever wrote it to Nuxeo
			words[len(words)-1] += " edited"
			b.Frameio.EditComment(comments[len(comments)-1], words[len(words)-1])
		case 3:
			b.Frameio.CompleteComment(comments[len(comments)-1], true)
		case 4:
			b.Frameio.Rename(head, fmt.Sprintf("Cut %d.mov", i))
		}

		b.PublishOne(who, "unchanged", stack)
	}

	b.Check(testenv.Want{"Cut": {Content: two, Versions: [][]byte{one, two}, Comments: words}})
	if d := b.Only(); d.Properties["frameio:status"] != options[46%3] ||
		d.Properties["frameio:fileName"] != "Cut 49.mov" {
		t.Errorf("the document has the status %v and the file name %v, want %s and Cut 49.mov",
			d.Properties["frameio:status"], d.Properties["frameio:fileName"], options[46%3])
	}
}

func TestWhatAPersonPutThereIsKept(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", first)
	mine := testenv.Bytes('m', 700)
	if err := b.Nuxeo.SetProps(b.Only().UID,
		map[string]any{"file:content": nuxeosim.Blob{Name: "mine.mov", Data: mine}}); err != nil {
		t.Fatal(err)
	}

	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
	b.PublishOne(b.Josh, "updated", stack)
	b.Check(testenv.Want{
		"Cut": {
			Content:  testenv.Bytes('2', 2000),
			Versions: [][]byte{testenv.Bytes('1', 1000), mine, testenv.Bytes('2', 2000)},
		},
	})

	// The same head again brings its content back, and keeps what was there.
	if err := b.Nuxeo.SetProps(b.Only().UID, map[string]any{
		"file:content": nuxeosim.Blob{Name: "mine.mov", Data: testenv.Bytes('n', 800)},
	}); err != nil {
		t.Fatal(err)
	}

	b.PublishOne(b.Josh, "updated", stack)
	b.Check(testenv.Want{
		"Cut": {
			Content: testenv.Bytes('2', 2000),
			Versions: [][]byte{
				testenv.Bytes('1', 1000),
				mine,
				testenv.Bytes('2', 2000),
				testenv.Bytes('n', 800),
				testenv.Bytes('2', 2000),
			},
		},
	})
}

func TestCustomersPolicyMakesNoVersionAndLosesNothing(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	err := b.Nuxeo.AddContribution([]byte(`<component name="customer"><require>org.nuxeo.frameio.versioning</require>
<extension target="org.nuxeo.ecm.core.api.versioning.VersioningService" point="policies">
<policy id="frameio-content" increment="NONE" beforeUpdate="false" order="40"><filter-id>frameio-content</filter-id></policy>
</extension></component>`))
	if err != nil {
		t.Fatal(err)
	}

	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", first)
	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
	b.PublishOne(b.Julia, "updated", stack)
	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('2', 2000), Versions: [][]byte{testenv.Bytes('1', 1000)}}})
	b.Frameio.AddFile(stack, "Cut 3.mov", frameiosim.Bytes(testenv.Bytes('3', 3000)))
	b.PublishOne(b.Josh, "updated", stack)
	b.Check(testenv.Want{
		"Cut": {
			Content:  testenv.Bytes('3', 3000),
			Versions: [][]byte{testenv.Bytes('1', 1000), testenv.Bytes('2', 2000)},
		},
	})
}

func TestLockedDocumentWaitsForItsOwner(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", first)
	uid := b.Only().UID
	if err := b.Nuxeo.Lock(uid, "olga"); err != nil {
		t.Fatal(err)
	}

	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
	v := refused(b, b.Josh, "locked", "locked by olga", stack)
	if d := b.Only(); d.LockOwner != "olga" || d.Content.Length != 1000 || b.Nuxeo.Batches() != 0 {
		t.Errorf("the document is locked by %q with %d bytes, %d upload batches; want olga, 1000 and none",
			d.LockOwner, d.Content.Length, b.Nuxeo.Batches())
	}

	if err := b.Nuxeo.Unlock(uid); err != nil {
		t.Fatal(err)
	}

	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, v.ID); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	b.Check(testenv.Want{
		"Cut": {
			Content:  testenv.Bytes('2', 2000),
			Versions: [][]byte{testenv.Bytes('1', 1000), testenv.Bytes('2', 2000)},
		},
	})

	b.Mails(3)
}

func TestDocumentThatIsGoneBecomesANewOne(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"trashed", "deleted"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			b.Bind("Publish")
			file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
			words := b.Remark(file, "dark")
			b.PublishOne(b.Josh, "created", file)
			old := b.Only().UID
			gone := b.Nuxeo.Remove
			if how == "trashed" {
				gone = b.Nuxeo.Trash
			}

			if err := gone(old); err != nil {
				t.Fatal(err)
			}

			b.PublishOne(b.Josh, "created", file)
			b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('1', 1000), Comments: words}})
		})
	}
}

// A copy of what was published elsewhere carries our marks as well, but it is
// somebody's own document.
func TestCopyIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	copied := b.Nuxeo.MkDoc("/default-domain/workspaces/videos/copy", "File", map[string]any{
		"dc:title": "Copy", "dc:source": "frameio:" + b.Account + "/" + file,
		"file:content": nuxeosim.Blob{Name: "Cut.mov", Data: testenv.Bytes('1', 1000)},
	})

	if err := b.Nuxeo.AddFacet(copied, "FrameioAsset"); err != nil {
		t.Fatal(err)
	}

	if err := b.Nuxeo.SetProps(copied, map[string]any{
		"frameio:documentUid": "another",
		"frameio:fileName":    "kept",
	}); err != nil {
		t.Fatal(err)
	}

	b.PublishOne(b.Josh, "created", file)
	if d, _ := b.Nuxeo.Doc(copied); len(b.Documents()) != 2 || d.Properties["frameio:fileName"] != "kept" ||
		len(b.Nuxeo.Versions(copied)) != 0 {
		t.Errorf("%d documents, the copy is %+v with %d versions; want 2, the file name kept, and none",
			len(b.Documents()), d, len(b.Nuxeo.Versions(copied)))
	}
}

// A new head with the same bytes is news, but no new content.
func TestSameBytesMakeNoVersion(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", first)
	stack := b.Frameio.Stack(first, b.Add(b.Root, "Cut again.mov", testenv.Bytes('1', 1000)))
	b.PublishOne(b.Julia, "unchanged", stack)
	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('1', 1000)}})
	if name := b.Only().Properties["frameio:fileName"]; name != "Cut again.mov" {
		t.Errorf("the document tells of the file %v, want Cut again.mov", name)
	}
}

// What a person puts there when we have locked the document already is kept as well: the
// lock does not keep out who holds it.
func TestWhatComesBetweenVersionAndUpdateIsKept(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.PublishOne(b.Josh, "created", file)
	uid, mine := b.Only().UID, testenv.Bytes('m', 300)
	var made atomic.Bool
	edit := sync.OnceFunc(func() {
		if err := b.Nuxeo.Edit("josh", uid, map[string]any{
			"file:content": nuxeosim.Blob{Name: "mine.mov", MimeType: "video/quicktime", Data: mine},
		}); err != nil {
			t.Error(err)
		}
	})

	b.Nuxeo.Faults().Add(faults.Rule{Path: "/Document.Lock", Hook: func(*http.Request) { made.Store(true) }})
	b.Nuxeo.Faults().Add(faults.Rule{Method: "GET", Path: "/id/" + uid + "$", Hook: func(*http.Request) {
		if made.Load() {
			edit()
		}
	}})

	stack := b.Frameio.Stack(file, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
	b.PublishOne(b.Josh, "updated", stack)
	b.Check(testenv.Want{
		"Cut": {
			Content:  testenv.Bytes('2', 2000),
			Versions: [][]byte{testenv.Bytes('1', 1000), mine, testenv.Bytes('2', 2000)},
		},
	})
}
