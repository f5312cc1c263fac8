package e2e

import (
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func TestOneInteractionDeliveredManyTimes(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	spec := frameiosim.DeliverSpec{
		ActionID:      b.Action().ID,
		PersonID:      b.Josh,
		ResourceIDs:   []string{file, file},
		InteractionID: "the-one",
		Tries:         1,
	}

	deliver := func(skew time.Duration, status int) {
		s := spec
		s.Skew = skew
		res, err := b.Frameio.DeliverAction(t.Context(), s)
		if err != nil || res.Status != status || status == 200 && res.Description != "Asset pushed to Nuxeo." {
			t.Errorf("skew %v: answered with %+v, %v; want status %d", skew, res, err, status)
		}
	}

	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { deliver(0, 200) })
	}

	wg.Wait()
	deliver(0, 200)
	b.AllDone()
	deliver(0, 200)
	deliver(-4*time.Minute, 200) // time passes on the way: the edges are tried where it stands still
	deliver(4*time.Minute, 200)
	deliver(-6*time.Minute, 401)
	deliver(6*time.Minute, 401)
	if items := b.Settle(); len(items) != 3 || b.Interactions() != 1 { // bind, publish, mail
		t.Errorf("%d items of %d interactions, want 3 of 1", len(items), b.Interactions())
	}

	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('1', 1000)}})
	b.Mails(1)
}

func TestEveryJobTwiceAtOnce(t *testing.T) {
	t.Parallel()
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Twice())
			deed, check := s.prepare(b)
			deed()
			b.Settle()
			check()
		})
	}
}

func TestManyInteractionsForOneAssetAtOnce(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	words := b.Remark(file, "dark")
	var wg sync.WaitGroup
	for _, person := range []string{b.Josh, b.Julia, b.Josh} {
		wg.Go(func() { b.Run(person, file) })
	}

	wg.Wait()
	b.AllDone()
	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('1', 1000), Comments: words}})
	b.Mails(3)
}

func TestOneAssetSelectedInSeveralWays(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	day := b.Frameio.AddFolder(b.Root, "Day")
	lone := b.Add(day, "Lone.mov", testenv.Bytes('l', 500))
	member := b.Add(day, "Cut.mov", testenv.Bytes('1', 1000))
	stack := b.Frameio.Stack(member, b.Add(day, "Cut 2.mov", testenv.Bytes('2', 2000)))
	b.Run(b.Josh, stack, member, lone, day)
	b.AllDone()
	b.Mails(1)
	b.PublishOne(b.Josh, "unchanged", stack)
	b.PublishOne(b.Josh, "unchanged", lone)
	// Where they are depends on which item came first; what they hold does not.
	if got := sizes(b, b.Folder); len(got) != 2 || got["Cut 2"] != 2000 || got["Lone"] != 500 {
		t.Errorf("the sizes below the folder are %v, want Cut 2 with 2000 and Lone with 500", got)
	}
}

// sizes are the documents below a folder by title; two of one title would add
// up.
func sizes(b *testenv.Bed, folder string) map[string]int64 {
	out := map[string]int64{}
	for _, d := range b.Nuxeo.Children(folder) {
		if d.Content != nil {
			out[d.Title] += d.Content.Length
		}
		for title, n := range sizes(b, d.UID) {
			out[title] += n
		}
	}

	return out
}
