package push_test

import (
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// underReview pushes a document and waits for its webhook.
func underReview(b *testenv.Bed) (document, file string) {
	b.T.Helper()
	b.Bind("Publish")
	document = b.Kept("Cut", []byte("pictures"))
	p := b.Pushed(document).Pushes[0]
	if err := b.App.Webhooks.Complete(b.T.Context()); err != nil {
		b.T.Fatal(err)
	}
	return document, p.File
}

func TestAReviewIsSeenAsItGoesOn(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Telling(frameiosim.Healthy))
	document, file := underReview(b)
	versions := len(b.Nuxeo.Versions(document))
	k := b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too dark.", OwnerID: b.Julia})
	b.Comes("the comment", b.Says(document, "Too dark."))
	b.Frameio.EditComment(k, "Too dark by far.")
	b.Comes("the change of it", b.Says(document, "Too dark by far."))
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Lit up.", OwnerID: b.Josh, ParentID: k})
	b.Frameio.CompleteComment(k, true) // tells of the file's comments, the reply among them
	b.Comes("the reply", b.Says(document, "Lit up."))
	b.Frameio.SetStatus(file, "Approved")
	b.Comes("the status", b.StatusIs(document, "Approved"))
	if n := len(b.Nuxeo.Versions(document)); n != versions {
		t.Errorf("watching made %d versions, want none", n-versions)
	}

	if got := b.LockOwner(document); got != "josh" {
		t.Errorf("after the watching the document is locked by %q, want josh", got)
	}
}

// Whatever becomes of events, what they tell of arrives once.
func TestEventsThatAreLostRepeatedAndLate(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Telling(func(n int) frameiosim.EventFate {
		return frameiosim.EventFate{Lost: n%3 == 0, Times: 1 + n%3, Behind: time.Duration(n%4) * 20 * time.Millisecond}
	}))

	document, file := underReview(b)
	words := []string{"alpha", "beta", "gamma", "delta", "epsilon", "zeta"}
	for _, w := range words {
		b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: w, OwnerID: b.Julia})
	}

	b.Frameio.SetStatus(file, "In Progress")
	comesBy(b, "reviews", words, document) // what was lost is found by the regular look
	b.Comes("the status", b.StatusIs(document, "In Progress"))
	for _, w := range words {
		b.Comes(w, b.Says(document, w))
	}

	if n := len(b.Nuxeo.Comments(document)); n != len(words) {
		t.Errorf("the document has %d comments, want %d", n, len(words))
	}
}

// comesBy does a chore until the comments are there: the last event may still be
// on its way when it is done first.
func comesBy(b *testenv.Bed, chore string, words []string, document string) {
	b.T.Helper()
	b.Comes("everything", func() bool {
		if _, err := b.App.Maintenance.DoNow(b.T.Context(), chore); err != nil {
			b.T.Fatal(err)
		}
		for _, w := range words {
			if !b.Says(document, w)() {
				return false
			}
		}
		return true
	})
}

// The status shows in a property of Nuxeo's own, by a table of names; one that
// the table does not have, or whose value Nuxeo refuses, leaves the property as it was.
func TestStatusShowsInAPropertyOfNuxeo(t *testing.T) {
	t.Parallel()
	options := testenv.Frameio(func(o *frameiosim.Options) {
		o.StatusOptions = []string{"Needs Review", "In Progress", "Approved", "Rejected"}
	})
	b := testenv.New(t, testenv.Telling(frameiosim.Healthy), options, testenv.Config(func(c *app.Config) {
		c.Frameio.StatusProperty, c.Frameio.StatusValues = "dc:nature",
			[]string{"Approved=approved", "in progress=open", "Rejected=no entry of the vocabulary"}
	}))

	b.Nuxeo.AddEntries("nature", "approved", "open")
	document, file := underReview(b)
	nature := func(want string) func() bool {
		return func() bool { d, _ := b.Nuxeo.Doc(document); return d.Properties["dc:nature"] == want }
	}

	b.Frameio.SetStatus(file, "In Progress")
	b.Comes("the value of a status", nature("open"))
	b.Frameio.SetStatus(file, "Needs Review")
	b.Comes("a status that the table does not have", b.StatusIs(document, "Needs Review"))
	if !nature("open")() {
		t.Error("the property: got it changed, want open")
	}

	b.Frameio.SetStatus(file, "Rejected")
	b.Comes("a status whose value Nuxeo refuses", b.StatusIs(document, "Rejected"))
	if !nature("open")() {
		t.Error("the property after a refused value: got it changed, want open")
	}

	b.Frameio.SetStatus(file, "Approved")
	b.Comes("the last one", nature("approved"))
}
