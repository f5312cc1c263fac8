package binding_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// stateOf is where a binding stands.
func stateOf(b *testenv.Bed, id string) binding.State {
	b.T.Helper()
	one, err := b.App.Binding.Get(b.T.Context(), testenv.Viewer, id)
	if err != nil {
		b.T.Fatal(err)
	}
	return one.State
}

// broughtOf publishes an asset and gives its item when that has ended; the end of the
// binding may wait.
func broughtOf(b *testenv.Bed, asset string) work.View {
	b.T.Helper()
	seen := map[string]bool{}
	for _, it := range itemsOf(b) {
		seen[it.ID] = true
	}
	b.Run(b.Josh, asset)
	return b.Until(func(v work.View) bool { return !seen[v.ID] && v.Kind == "publish" && v.State.Final() })
}

func itemsOf(b *testenv.Bed) []work.View {
	all, _, err := b.App.Engine.Items(b.T.Context(), testenv.Viewer, work.Filter{Limit: 500})
	if err != nil {
		b.T.Fatal(err)
	}
	return all
}

// Nothing ends a binding while documents are under review unless somebody says what
// becomes of them.
func TestUnbindAsksForWhatIsUnderReview(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	b.Pushed(uid)
	_, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, "")
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "1 document of this folder is") {
		t.Errorf("unbinding says %v, want a conflict that tells of 1 document", err)
	}

	if got := stateOf(b, made.ID); got != binding.Bound || b.LockOwner(uid) != "josh" {
		t.Errorf("it is %s, and the document locked by %q; want %s and josh", got, b.LockOwner(uid), binding.Bound)
	}

	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID,
		"forget"); fault.From(err).Field != "reviews" {
		t.Errorf("an unknown fate: %v, want an error of the field reviews", err)
	}

	other := b.Bind("Publish as well") // through which it can come back
	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, ""); err != nil {
		t.Errorf("unbinding beside another binding: got %v, want no error", err)
	}

	b.Settle()
	if got := stateOf(b, other.ID); got != binding.Bound {
		t.Errorf("the other is %s, want %s", got, binding.Bound)
	}
}

// Released, what is under review is unlocked, and the binding is gone.
func TestUnbindReleasesWhatIsUnderReview(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish")
	var uids []string
	for _, name := range []string{"Teaser", "Trailer", "Spot"} {
		uids = append(uids, b.Kept(name, testenv.Bytes(name[1], 500)))
	}

	pushes := b.Pushed(uids...).Pushes
	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, binding.Release); err != nil {
		t.Fatal(err)
	}

	b.Settle()
	if got := stateOf(b, made.ID); got != binding.Unbound {
		t.Errorf("it is %s, want %s", got, binding.Unbound)
	}

	for i, p := range pushes {
		if p = b.OnePush(p.ID); p.State != push.Released || p.EndedBy != "josh" || b.LockOwner(uids[i]) != "" {
			t.Errorf("%s: %s by %q, locked by %q; want released by josh, and not locked", p.Title, p.State, p.EndedBy,
				b.LockOwner(uids[i]))
		}
	}

	if n := len(b.Assets("file")); n != len(uids) {
		t.Errorf("%d files on Frame.io, want the %d that were sent", n, len(uids))
	}
}

// When the last document has come back, nobody is asked what becomes of none: the binding
// ends at once.
func TestUnbindOfNothingUnderReviewAsksNothing(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock))
	made := b.Bind("Publish")
	p := b.Pushed(b.Kept("Teaser", testenv.Bytes('a', 500))).Pushes[0]
	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, binding.Await); err != nil {
		t.Fatal(err)
	}

	if err := b.App.Engine.Pause(t.Context(), "josh", "The end is not looked at yet."); err != nil {
		t.Fatal(err)
	}

	if _, err := b.App.Push.Release(t.Context(), testenv.Viewer, p.ID, "It is done."); err != nil {
		t.Fatal(err)
	}

	if got := stateOf(b, made.ID); got != binding.Ending {
		t.Fatalf("it is %s, want %s until it is looked at again", got, binding.Ending)
	}

	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, ""); err != nil {
		t.Errorf("unbinding says %v, want nothing: there is nothing to ask", err)
	}

	if err := b.App.Engine.Resume(t.Context(), "josh"); err != nil {
		t.Fatal(err)
	}

	b.Settle()
	if got := stateOf(b, made.ID); got != binding.Unbound {
		t.Errorf("it is %s, want %s", got, binding.Unbound)
	}
}

// While what is under review may come back, nothing else is taken; when all is back, the
// binding ends.
func TestUnbindWaitsForWhatIsUnderReview(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock))
	made := b.Bind("Publish")
	one, two := b.Kept("Teaser", testenv.Bytes('a', 500)), b.Kept("Trailer", testenv.Bytes('b', 500))
	pushes := b.Pushed(one, two).Pushes
	strange := b.Add(b.Root, "Strange.mov", testenv.Bytes('c', 500))
	before := len(b.Nuxeo.Children(b.Folder))
	item, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, binding.Await)
	if err != nil {
		t.Fatal(err)
	}

	if _, err := b.App.Maintenance.DoNow(t.Context(), "clean-ups"); err != nil { // it leaves the action there
		t.Fatal(err)
	}

	v := broughtOf(b, strange)
	if v.State != work.Failed || !strings.Contains(v.Message, "only takes back what is under review") ||
		len(b.Nuxeo.Children(b.Folder)) != before {
		t.Errorf("what is new is %s %q, with %d documents; want failed and %d", v.State, v.Message,
			len(b.Nuxeo.Children(b.Folder)), before)
	}

	if got := stateOf(b, made.ID); got != binding.Ending {
		t.Errorf("it is %s while documents are under review, want %s", got, binding.Ending)
	}

	for i, p := range pushes {
		if v := broughtOf(b, p.File); v.State != work.Done {
			t.Errorf("what comes back is %s with %q, want it done", v.State, v.Message)
		}
		if p = b.OnePush(p.ID); p.State != push.Returned || b.LockOwner([]string{one, two}[i]) != "" {
			t.Errorf("%s: %s, locked by %q; want returned and not locked", p.Title, p.State,
				b.LockOwner([]string{one, two}[i]))
		}
	}

	clock.Move(2 * time.Minute)
	b.Until(func(v work.View) bool { return v.ID == item && v.State == work.Done })
	if got := stateOf(b, made.ID); got != binding.Unbound {
		t.Errorf("it is %s when all is back, want %s", got, binding.Unbound)
	}
}

// After thirty days what is still under review is released.
func TestUnbindDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock))
	made := b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	p := b.Pushed(uid).Pushes[0]
	item, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, binding.Await)
	if err != nil {
		t.Fatal(err)
	}

	clock.Move(29 * 24 * time.Hour)
	if err := b.App.Engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}

	if got := stateOf(b, made.ID); got != binding.Ending || b.LockOwner(uid) != "josh" {
		t.Errorf("after 29 days it is %s, and the document locked by %q; want %s and josh", got,
			b.LockOwner(uid), binding.Ending)
	}

	clock.Move(2 * 24 * time.Hour)
	b.Until(func(v work.View) bool { return v.ID == item && v.State == work.Done })
	if p = b.OnePush(p.ID); stateOf(b, made.ID) != binding.Unbound || p.State != push.Released ||
		b.LockOwner(uid) != "" {
		t.Errorf("after 31 days the binding is %s, the push %s, the document locked by %q; want unbound, released "+
			"and nobody", stateOf(b, made.ID), p.State, b.LockOwner(uid))
	}
}

// Whoever cancels the end while it waits has the binding again.
func TestUnbindMayBeCancelled(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish")
	b.Pushed(b.Kept("Teaser", testenv.Bytes('a', 500)))
	item, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, binding.Await)
	if err != nil {
		t.Fatal(err)
	}

	if err := b.App.Engine.Cancel(t.Context(), testenv.Viewer, item); err != nil {
		t.Fatal(err)
	}

	b.Until(func(v work.View) bool { return v.ID == item && v.State == work.Canceled })
	if got := stateOf(b, made.ID); got != binding.Bound {
		t.Errorf("it is %s, want %s", got, binding.Bound)
	}

	b.PublishOne(b.Josh, "created", b.Add(b.Root, "New.mov", testenv.Bytes('c', 500)))
}
