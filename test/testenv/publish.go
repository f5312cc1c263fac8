package testenv

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Bytes is n times the byte c.
func Bytes(c byte, n int) []byte { return bytes.Repeat([]byte{c}, n) }

// Add makes a film on Frame.io, as josh.
func (b *Bed) Add(parent, name string, data []byte, opts ...frameiosim.FileOption) string {
	return b.Frameio.AddFile(parent, name, frameiosim.Bytes(data), append([]frameiosim.FileOption{
		frameiosim.WithMedia(frameiosim.Media{FPS: 25, Duration: 4, Width: 1920, Height: 1080, Codec: "ProRes"}),
		frameiosim.WithCreator(b.Josh),
	}, opts...)...)
}

// Remark adds a comment with a reply, and a drawing, and returns the words of all three.
func (b *Bed) Remark(file, words string) []string {
	c := b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: words, OwnerID: b.Julia, Timestamp: new(int64(5))})
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: words + " answered", OwnerID: b.Josh, ParentID: c})
	b.Frameio.AddComment(file, frameiosim.CommentSpec{
		Text:       words + " drawn",
		OwnerID:    b.Julia,
		Annotation: `[{"tool":"rect"}]`,
	})
	return []string{words, words + " answered", words + " drawn"}
}

// PublishOne publishes and wants exactly one item with the outcome.
func (b *Bed) PublishOne(person, outcome string, assets ...string) work.View {
	b.T.Helper()
	before := len(b.Settle())
	list := b.Published(person, assets...)
	if len(b.Settle()) != before+2 || list[0].State != work.Done || list[0].Outcome != outcome {
		b.T.Fatalf("%d items more, the newest %s %s with %q and the remedy %q; want 2, and it done and %s",
			len(b.Settle())-before, list[0].State, list[0].Outcome, list[0].Message, list[0].Remedy, outcome)
	}
	return list[0]
}

// LastMail is the text of the newest mail.
func (b *Bed) LastMail() string {
	b.T.Helper()
	mails := b.Mail.Messages()
	if len(mails) == 0 {
		b.T.Fatal("no mail")
	}
	return mails[len(mails)-1].Text()
}

// Histories are what happened to all items, in one line.
func (b *Bed) Histories() string {
	b.T.Helper()
	var out []string
	for _, v := range b.Settle() {
		events, err := b.App.Engine.History(b.T.Context(), v.ID)
		if err != nil {
			b.T.Fatal(err)
		}
		for _, e := range events {
			out = append(out, e.Event+": "+e.Detail)
		}
	}

	return strings.Join(out, "; ")
}

// Interactions counts what was accepted.
func (b *Bed) Interactions() (n int) {
	b.T.Helper()
	if err := b.App.DB.Reader.QueryRowContext(b.T.Context(), `SELECT COUNT(*) FROM interactions`).Scan(&n); err != nil {
		b.T.Fatal(err)
	}
	return n
}

// Before does something when Frame.io is first asked for such a path.
func (b *Bed) Before(path string, do func()) {
	b.Frameio.Faults().Add(faults.Rule{Path: path, Times: 1, Hook: Once(do)})
}

// Once is a hook that does something at its first request.
func Once(f func()) func(*http.Request) {
	var o sync.Once
	return func(*http.Request) { o.Do(f) }
}
