package publish_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// texts are the words of the comments that a document has in Nuxeo, without their authors.
func texts(b *testenv.Bed, uid string) (all []string) {
	for _, c := range b.Nuxeo.Comments(uid) {
		all = append(all, testenv.Words(c))
	}
	return all
}

func oddlyTalkedAbout(b *testenv.Bed, file string) {
	for _, spec := range []frameiosim.CommentSpec{
		{Text: "plain"},
		{Text: "as a timecode", Odd: map[string]any{"timestamp": "00:00:02:05"}},
		{Text: "as a fraction", Odd: map[string]any{"timestamp": 12.5}},
		{Text: "as text", Odd: map[string]any{"page": "3", "duration": "2"}},
		{Text: "without a zone", Odd: map[string]any{"created_at": "2026-11-29T10:00:00", "completed_at": "yesterday"}},
		{Text: "of a strange owner", Odd: map[string]any{"owner": "Josh", "mentions": 7}},
		{
			Text: "with a file",
			Odd:  map[string]any{"attachments": []any{map[string]any{"name": "notes.pdf", "file_size": 2048}}},
		},
		{
			Text: "with a change",
			Odd: map[string]any{
				"text_review_annotation": map[string]any{"selection_text": "colour", "suggested_text": "color"},
			},
		},
	} {
		b.Frameio.AddComment(file, spec)
	}
}

// Comments that are odd arrive with what can be read of them; what a comment carries
// beside its text arrives in words.
func TestOddCommentsArrive(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Loose()) // the simulated Frame.io says what the contract does not
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	oddlyTalkedAbout(b, file)
	b.PublishOne(b.Josh, "created", file)
	got := strings.Join(texts(b, b.Only().UID), "|")
	for _, want := range []string{
		"plain", "as a timecode", "as a fraction", "as text", "without a zone", "of a strange owner",
		"with a file\nAttached: notes.pdf (2 kB)",
		"with a change\nChange “colour” to “color”",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the comments say %q, want %q among it", got, want)
		}
	}

	whole := ""
	for _, c := range b.Nuxeo.Comments(b.Only().UID) {
		whole += c.Text + "\n"
	}

	for _, want := range []string{"00:00:02:05", "00:00:00:12"} {
		if !strings.Contains(whole, want) {
			t.Errorf("the comments say %q, want the time %s among it", whole, want)
		}
	}
}

// One that cannot be read at all costs the others nothing, is told of, and is no reason to
// take away what is not among the others.
func TestOneUnreadableComment(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Loose()) // the simulated Frame.io says what the contract does not
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	early := b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "early"})
	b.PublishOne(b.Josh, "created", file)
	b.Frameio.DeleteComment(early)
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "whole"})
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "lost", Odd: map[string]any{"id": 7}})
	b.PublishOne(b.Josh, ingest.Unchanged, file)
	if got := strings.Join(texts(b, b.Only().UID), "|"); got != "early|whole" {
		t.Errorf("the comments are %q, want the early one, which may be the one that cannot be read, and the whole one",
			got)
	}

	if told := b.Histories(); !strings.Contains(told, "1 of the comments, which cannot be read") ||
		!strings.Contains(told, "lost") {
		t.Errorf("the history says %q, want the comment that was left out, as it came", told)
	}

	mails := b.Mail.Messages()
	if text := mails[len(mails)-1].Text(); !strings.Contains(text, "1 comment could not be read") {
		t.Errorf("the mail says %q, want that a comment could not be read", text)
	}
}

// A push comes back although a comment is odd.
func TestAPushReturnsWithOddComments(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Loose()) // the simulated Frame.io says what the contract does not
	b.Bind("Publish")
	p := b.Pushed(b.Kept("Teaser", testenv.Bytes('a', 100))).Pushes[0]
	oddlyTalkedAbout(b, p.File)
	b.Frameio.AddComment(p.File, frameiosim.CommentSpec{Text: "lost", Odd: map[string]any{"id": nil}})
	b.Published(b.Josh, p.File)
	if now := b.OnePush(p.ID); now.State != push.Returned || b.LockOwner(p.Document) != "" {
		t.Errorf("the push is %s and the document locked by %q, want it returned and free", now.State,
			b.LockOwner(p.Document))
	}
}

// One asset of a published folder that cannot be read costs no other, and is told of.
func TestAPublishedFolderWithOddEntries(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Loose())
	b.Bind("Publish")
	day := b.Frameio.AddFolder(b.Root, "Day")
	b.Add(day, "Fine.mov", testenv.Bytes('f', 100))
	b.Frameio.SetOdd(b.Add(day, "Nameless.mov", testenv.Bytes('n', 100)), map[string]any{"id": nil})
	b.Run(b.Josh, day)
	items := b.Settle()
	i := slices.IndexFunc(items, func(v work.View) bool { return v.Kind == "expand" })
	if i < 0 || !strings.Contains(items[i].Outcome, "but for 1") {
		t.Fatalf("the items are %+v, want an expand with all but for 1", items)
	}

	if d := b.Tree(); len(d["Day/Fine"]) != 1 {
		t.Errorf("Nuxeo holds %v, want Day/Fine among it", d)
	}

	mails := b.Mail.Messages()
	if len(mails) != 1 || !strings.Contains(mails[0].Text(), "cannot be read") {
		t.Errorf("the mails are %+v, want one that tells what cannot be read", mails)
	}
}
