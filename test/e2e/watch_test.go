package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// telling is a bed whose Frame.io tells webhooks of what happens.
func telling(fate func(int) frameiosim.EventFate) testenv.Option {
	return testenv.Frameio(func(o *frameiosim.Options) { o.Events, o.EventBackoff = fate, 10*time.Millisecond })
}

// underReview pushes a document and waits for its webhook.
func underReview(b *testenv.Bed) (document, file string) {
	b.T.Helper()
	b.Bind("Publish")
	document = kept(b, "Cut", []byte("pictures"))
	p := pushed(b, document).Pushes[0]
	if err := b.App.Webhooks.Complete(b.T.Context()); err != nil {
		b.T.Fatal(err)
	}
	return document, p.File
}

func says(b *testenv.Bed, document, words string) func() bool {
	return func() bool {
		for _, c := range b.Nuxeo.Comments(document) {
			if strings.Contains(c.Text, words) {
				return true
			}
		}
		return false
	}
}

func status(b *testenv.Bed, document, want string) func() bool {
	return func() bool {
		d, _ := b.Nuxeo.Doc(document)
		got, _ := d.Properties["frameio:status"].(string)
		return got == want
	}
}

// comes waits for what a hint brings.
func comes(b *testenv.Bed, what string, is func() bool) {
	b.T.Helper()
	const patience = 2 * time.Minute
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) { // hints come in their own time
		if time.Now().After(end) {
			b.T.Fatalf("%s did not come, want it within %s%s", what, patience, b.Story())
		}
	}
}

func TestAReviewIsSeenAsItGoesOn(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, telling(frameiosim.Healthy))
	document, file := underReview(b)
	versions := len(b.Nuxeo.Versions(document))
	k := b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too dark.", OwnerID: b.Julia})
	comes(b, "the comment", says(b, document, "Too dark."))
	b.Frameio.EditComment(k, "Too dark by far.")
	comes(b, "the change of it", says(b, document, "Too dark by far."))
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Lit up.", OwnerID: b.Josh, ParentID: k})
	b.Frameio.CompleteComment(k, true) // tells of the file's comments, the reply among them
	comes(b, "the reply", says(b, document, "Lit up."))
	b.Frameio.SetStatus(file, "Approved")
	comes(b, "the status", status(b, document, "Approved"))
	if n := len(b.Nuxeo.Versions(document)); n != versions {
		t.Errorf("watching made %d versions, want none", n-versions)
	}

	if got := lockOwner(b, document); got != "josh" {
		t.Errorf("after the watching the document is locked by %q, want josh", got)
	}
}

// Whatever becomes of events, what they tell of arrives once.
func TestEventsThatAreLostRepeatedAndLate(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, telling(func(n int) frameiosim.EventFate {
		return frameiosim.EventFate{Lost: n%3 == 0, Times: 1 + n%3, Behind: time.Duration(n%4) * 20 * time.Millisecond}
	}))

	document, file := underReview(b)
	words := []string{"alpha", "beta", "gamma", "delta", "epsilon", "zeta"}
	for _, w := range words {
		b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: w, OwnerID: b.Julia})
	}

	b.Frameio.SetStatus(file, "In Progress")
	comesBy(b, "reviews", words, document) // what was lost is found by the regular look
	comes(b, "the status", status(b, document, "In Progress"))
	for _, w := range words {
		comes(b, w, says(b, document, w))
	}

	if n := len(b.Nuxeo.Comments(document)); n != len(words) {
		t.Errorf("the document has %d comments, want %d", n, len(words))
	}
}

// comesBy does a chore until the comments are there: the last event may still be
// on its way when it is done first.
func comesBy(b *testenv.Bed, chore string, words []string, document string) {
	b.T.Helper()
	comes(b, "everything", func() bool {
		if _, err := b.App.Maintenance.DoNow(b.T.Context(), chore); err != nil {
			b.T.Fatal(err)
		}
		for _, w := range words {
			if !says(b, document, w)() {
				return false
			}
		}
		return true
	})
}

// The status shows in a property of Nuxeo's own, by a table of names; one that
// the table does not have leaves the property as it was.
func TestStatusShowsInAPropertyOfNuxeo(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, telling(frameiosim.Healthy), testenv.Config(func(c *app.Config) {
		c.Frameio.StatusProperty, c.Frameio.StatusValues = "dc:nature",
			[]string{"Approved=approved", "in progress=open"}
	}))

	document, file := underReview(b)
	nature := func(want string) func() bool {
		return func() bool { d, _ := b.Nuxeo.Doc(document); return d.Properties["dc:nature"] == want }
	}

	b.Frameio.SetStatus(file, "In Progress")
	comes(b, "the value of a status", nature("open"))
	b.Frameio.SetStatus(file, "Needs Review")
	comes(b, "a status that the table does not have", status(b, document, "Needs Review"))
	if !nature("open")() {
		t.Error("it changed the property")
	}

	b.Frameio.SetStatus(file, "Approved")
	comes(b, "the last one", nature("approved"))
}
