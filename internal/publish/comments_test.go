package publish_test

import (
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// comment finds the comment of a document whose words begin so.
func comment(b *testenv.Bed, words string) nuxeosim.CommentView {
	b.T.Helper()
	for _, c := range b.Nuxeo.Comments(b.Only().UID) {
		if strings.HasPrefix(testenv.Words(c), words) {
			return c
		}
	}
	b.T.Fatalf("the document has no comment %q, want one", words)
	return nuxeosim.CommentView{}
}

func TestCommentsFollowThoseOfFrameio(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 1000))
	fio := b.Frameio
	edited := fio.AddComment(file, frameiosim.CommentSpec{Text: "edited", OwnerID: b.Julia, Timestamp: new(int64(5))})
	resolved := fio.AddComment(file, frameiosim.CommentSpec{Text: "resolved"})
	deleted := fio.AddComment(file, frameiosim.CommentSpec{
		Text: "deleted", OwnerID: b.Julia,
		Annotation: `[{"tool":"arrow"}]`,
	})

	fio.AddComment(file, frameiosim.CommentSpec{Text: "deleted along", OwnerID: b.Josh, ParentID: deleted})
	discussed := fio.AddComment(file, frameiosim.CommentSpec{Text: "discussed", OwnerID: b.Julia})
	parent := fio.AddComment(file, frameiosim.CommentSpec{Text: "parent", OwnerID: b.Julia})
	reply := fio.AddComment(file, frameiosim.CommentSpec{Text: "reply", OwnerID: b.Josh, ParentID: parent})
	b.PublishOne(b.Josh, "created", file)
	uid := b.Only().UID
	if c := comment(b, "resolved"); !strings.HasPrefix(c.Text, "external reviewer\n") ||
		strings.Contains(c.Entity, `"resolved":true`) {
		t.Errorf("the comment reads %q with %s, want it by an external reviewer and not resolved", c.Text, c.Entity)
	}

	if c := comment(b, "deleted"); !c.Annotation || !strings.Contains(c.Entity, "arrow") {
		t.Errorf("the drawing is %+v, want an annotation with an arrow", c)
	}

	if comment(b, "reply").ParentID != comment(b, "parent").ID {
		t.Errorf("the reply: got it below %s, want %s", comment(b, "reply").ParentID, comment(b, "parent").ID)
	}

	before := map[string]string{"edited": comment(b, "edited").ID, "resolved": comment(b, "resolved").ID}
	mine := comment(b, "discussed").ID
	if _, err := b.App.Nuxeo.As(nuxeo.Basic("julia", "julia")).CreateComment(t.Context(), mine,
		nuxeo.Comment{Text: "in Nuxeo"}, "k"); err != nil {
		t.Fatal(err)
	}

	fio.EditComment(edited, "edited twice")
	fio.CompleteComment(resolved, true)
	fio.DeleteComment(deleted)
	fio.DeleteComment(discussed)
	fio.DeleteComment(reply)
	b.PublishOne(b.Julia, "unchanged", file)
	if c := comment(b, "edited twice"); c.ID != before["edited"] {
		t.Errorf("the edited comment: got %s, want %s as before", c.ID, before["edited"])
	}

	if c := comment(b, "resolved"); c.ID != before["resolved"] || !strings.Contains(c.Entity, `"resolved":true`) ||
		!strings.Contains(c.Text, "· resolved\n") {
		t.Errorf("the comment reads %q with %s, want the same one, resolved", c.Text, c.Entity)
	}

	if c := comment(b, "[removed on Frame.io]"); c.ID != mine || comment(b, "in Nuxeo").ParentID != mine {
		t.Errorf("the removed comment: got %s above %s, want %s above both",
			c.ID, comment(b, "in Nuxeo").ParentID, mine)
	}

	if n := len(b.Nuxeo.Comments(uid)); n != 5 {
		t.Errorf("%d comments, want 5", n)
	}

	// Nothing changed: nothing is written.
	b.Watch()
	b.PublishOne(b.Josh, "unchanged", file)
	if w := b.Writes(); len(w) != 0 {
		t.Errorf("it wrote %q, want nothing", w)
	}
}

func TestCommentThatNobodyMayChangeIsLeft(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 1000))
	one := b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "one", OwnerID: b.Julia})
	b.PublishOne(b.Julia, "created", file)
	b.Nuxeo.DropTokens("julia")
	b.Frameio.EditComment(one, "one edited")
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "two", OwnerID: b.Julia})
	b.PublishOne(b.Josh, "unchanged", file)
	if comment(b, "one").Text == comment(b, "two").Text || !strings.Contains(b.Histories(), "left as they are") {
		t.Errorf("the history: got %s, want \"left as they are\"", b.Histories())
	}

	b.Connect("julia")
	b.PublishOne(b.Josh, "unchanged", file)
	comment(b, "one edited")
	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('a', 1000), Comments: []string{"one edited", "two"}}})
}

// With a service account comments are its own, whoever publishes.
func TestServiceAccountWritesComments(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) {
		c.Nuxeo.ServiceUser, c.Nuxeo.ServicePassword = "Administrator", "Administrator"
	}))

	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 1000))
	words := b.Remark(file, "dark")
	b.PublishOne(b.Julia, "created", file)
	for _, c := range b.Nuxeo.Comments(b.Only().UID) {
		if c.Author != "Administrator" {
			t.Errorf("%s wrote %q, want Administrator", c.Author, c.Text)
		}
	}

	b.PublishOne(b.Josh, "unchanged", file)
	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('a', 1000), Comments: words}})
}

// What was said about the outgoing file until its successor came is in the
// version that holds it.
func TestLastWordsGoIntoTheVersion(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish to Nuxeo")
	first := addVideo(b, "cut.mov", "first")
	b.Published(b.Josh, first)
	last := frameiosim.CommentSpec{Text: "One last word", OwnerID: b.Julia, Timestamp: new(int64(50))}
	b.Frameio.AddComment(first, last)
	b.Frameio.Stack(first, addVideo(b, "cut.mov", "second cut"))
	b.Published(b.Josh, first)
	d := b.Only()
	for _, v := range b.Nuxeo.Versions(d.UID) {
		if v.Content != nil && v.Content.Length == int64(len("first")) {
			for _, c := range b.Nuxeo.Comments(v.UID) {
				if strings.Contains(c.Text, "One last word") {
					return
				}
			}
		}
	}

	t.Error("the version of the first cut: got none with its last comment, want one")
}
