package foldersync_test

import (
	"fmt"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// What a check says is what the refresh after it does: a file that was put on a stack is
// one update, and what the filter leaves out goes for that reason.
func TestACheckSaysWhatTheRefreshDoes(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	cut, old := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300)), b.Add(b.Root, "Old.mov", testenv.Bytes('b', 300))
	b.Add(b.Root, "Same.mov", testenv.Bytes('c', 300))
	for _, f := range []string{cut, old} {
		b.Frameio.SetStatus(f, "Approved")
	}

	m := b.Mirrored(func(q *foldersync.Request) { q.Filter.Status, q.Gone = []string{"Approved"}, foldersync.Trash })
	b.Frameio.SetStatus(old, "In Progress")
	next := b.Add(b.Root, "Cut 2.mov", testenv.Bytes('d', 400))
	b.Frameio.SetStatus(next, "Approved")
	b.Frameio.Stack(cut, next)
	got, want := m.Differences(), map[string]string{
		"Cut 2.mov": "* changed on Frame.io",
		"Old.mov":   "- not chosen by the filter any more",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the check says %v, want %v", got, want)
	}

	if r := m.Refresh(true); r.Created != 0 || r.Updated != 1 || r.Gone != 1 {
		t.Errorf("the refresh made %d, updated %d and lost %d, want 0, 1, 1", r.Created, r.Updated, r.Gone)
	}

	if got := m.Differences(); len(got) != 0 {
		t.Errorf("afterwards the check says %v, want nothing", got)
	}
}

// A document that both sides have changed keeps its name and place until somebody says
// whose content stays.
func TestAConflictKeepsItsNameAndPlace(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	night := b.Frameio.AddFolder(b.Root, "Night")
	cut := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	m := b.Mirrored()
	doc := m.At(b.Folder, "Cut")
	mine := map[string]any{
		"file:content": nuxeosim.Blob{Name: "mine.mov", MimeType: "video/quicktime", Data: testenv.Bytes('x', 10)},
	}

	if err := b.Nuxeo.Edit("josh", doc.UID, mine); err != nil {
		t.Fatal(err)
	}

	next := b.Add(b.Root, "Better cut.mov", testenv.Bytes('b', 400))
	stack := b.Frameio.Stack(cut, next)
	b.Frameio.Move(stack, night)
	same := func(when string) {
		t.Helper()
		if d, _ := b.Nuxeo.Doc(doc.UID); d.Title != "Cut" || d.ParentUID != b.Folder {
			t.Errorf("%s it is %q in %s, want %q in %s", when, d.Title, d.ParentUID, "Cut", b.Folder)
		}
	}

	m.Refresh(true)
	same("in conflict")
	b.Frameio.Rename(next, "Best cut.mov")
	m.Refresh(true)
	same("in conflict, when it was renamed again,")

	_, err := b.App.Sync.ResolveConflict(t.Context(), testenv.Viewer, m.ID, stack, foldersync.FrameioWins)
	if err != nil {
		t.Fatal(err)
	}

	b.Settle()
	m.Refresh(true)
	if d, _ := b.Nuxeo.Doc(doc.UID); d.Title != "Best cut" || d.ParentUID != m.At(b.Folder, "Night").UID ||
		d.Content.Digest != testenv.MD5(testenv.Bytes('b', 400)) {
		t.Errorf("settled, the document is %q in %s with %d bytes, want Best cut in Night with 400", d.Title,
			d.ParentUID, d.Content.Length)
	}
}

// Content that people took away in Nuxeo was changed there: it does not come again behind
// their backs, and another version of the file asks, in the check as in the run.
func TestRemovedContentIsAChange(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	cut := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	m := b.Mirrored()
	doc := m.At(b.Folder, "Cut")
	if err := b.Nuxeo.Edit("josh", doc.UID, map[string]any{"file:content": nil}); err != nil {
		t.Fatal(err)
	}

	b.Frameio.SetStatus(cut, "Approved")
	m.Refresh(true)
	if d, _ := b.Nuxeo.Doc(doc.UID); d.Content != nil || shows(d, "frameio:status") != "Approved" {
		t.Errorf("with another status the document has content %v and status %q, want none and Approved",
			d.Content, shows(d, "frameio:status"))
	}

	b.Frameio.Stack(cut, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('b', 400)))
	if r := m.Refresh(true); r.Conflicting != 1 || r.Updated != 0 {
		t.Errorf("another version: %d in conflict and %d updated, want 1 and 0", r.Conflicting, r.Updated)
	}
}

// Content that people give to a document whose asset brings metadata only is theirs alone:
// it is in nobody's way, and metadata, name and place go on to follow.
func TestContentOfOnesOwnIsNoConflict(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	cut := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	m := b.Mirrored(plain)
	doc, mine := m.At(b.Folder, "Cut"), testenv.Bytes('x', 10)
	if err := b.Nuxeo.Edit("josh", doc.UID, map[string]any{
		"file:content": nuxeosim.Blob{Name: "mine.mov", MimeType: "video/quicktime", Data: mine},
	}); err != nil {
		t.Fatal(err)
	}

	next := b.Add(b.Root, "Better cut.mov", testenv.Bytes('b', 400))
	b.Frameio.SetStatus(next, "Approved")
	b.Frameio.Stack(cut, next)
	if r := m.Refresh(true); r.Conflicting != 0 || r.Updated != 1 {
		t.Errorf("%d in conflict and %d updated, want 0 and 1", r.Conflicting, r.Updated)
	}

	d, _ := b.Nuxeo.Doc(doc.UID)
	if d.Title != "Better cut" || shows(d, "frameio:status") != "Approved" {
		t.Errorf("it is %q with status %q, want Better cut, Approved", d.Title, shows(d, "frameio:status"))
	}

	if d.Content == nil || d.Content.Digest != testenv.MD5(mine) {
		t.Errorf("its content is %v, want what it was given", d.Content)
	}
}

func TestOtherDigestsAreNoConflict(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	m := b.Mirrored()
	if err := b.Nuxeo.Redigest("SHA-256"); err != nil {
		t.Fatal(err)
	}

	if r := m.Refresh(false); r.Conflicting != 0 || r.Updated != 0 {
		t.Errorf("a refresh found %d conflicts and %d updates, want none", r.Conflicting, r.Updated)
	}

	b.Frameio.Stack(file, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
	if r := m.Refresh(false); r.Conflicting != 0 {
		t.Errorf("a new version of a file whose digest is another one is a conflict, want it brought")
	}

	if d := b.Only(); d.Content.Length != 2000 {
		t.Errorf("the document holds %d bytes, want the new 2000", d.Content.Length)
	}
}
