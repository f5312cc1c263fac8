package testenv

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Viewer sees everything.
var Viewer = work.Viewer{Login: "Administrator", Admin: true}

// Bind binds the folder as josh and returns the binding.
func (b *Bed) Bind(name string) binding.Binding {
	b.T.Helper()
	made, item, err := b.App.Binding.Bind(b.T.Context(), "josh", binding.Request{
		Folder: b.Folder, ActionName: name,
		Workspaces: []string{b.Workspace},
	})
	if err != nil {
		b.T.Fatal(err)
	}

	if v := b.Await(item); v.State != work.Done {
		b.T.Fatalf("bind %s: %s %s", v.State, v.Message, v.Remedy)
	}

	made, err = b.App.Binding.Get(b.T.Context(), Viewer, made.ID)
	if err != nil {
		b.T.Fatal(err)
	}

	return made
}

// patience is how long a test waits for what must come, without a sign that it will;
// longestPatience is for what moves but does not come to an end.
const (
	patience        = 2 * time.Minute
	longestPatience = 3 * patience
)

// A test looks at the connector, which is a real server, at first often and then less
// so. Looking costs as well, and most of all when the machine is busy: the pauses are
// at least pollShare times as long as the looks.
const (
	pollFirst, pollLast = 5 * time.Millisecond, 20 * time.Millisecond
	pollShare           = 8
)

// poll waits a little longer each time.
type poll struct {
	next  time.Duration
	ended time.Time // the last pause
}

func (p *poll) wait() {
	p.next = min(pollLast, max(pollFirst, p.next*5/4))
	pause := p.next
	if !p.ended.IsZero() {
		pause = max(pause, min(pollShare*time.Since(p.ended), time.Second))
	}
	time.Sleep(pause)
	p.ended = time.Now()
}

// Await waits until an item is final.
func (b *Bed) Await(item string) work.View {
	b.T.Helper()
	v, err := b.App.Engine.Await(b.T.Context(), Viewer, item, patience)
	if err != nil {
		b.T.Fatal(err)
	}

	if !v.State.Final() {
		b.T.Fatalf("item %q is not final after %s%s", v.Title, patience, b.Story())
	}

	return v
}

// Run runs the only custom action as a person on assets.
func (b *Bed) Run(person string, assets ...string) frameiosim.ActionResult {
	b.T.Helper()
	res, err := b.Frameio.RunAction(b.T.Context(), b.Action().ID, person, assets)
	if err != nil {
		b.T.Fatal(err)
	}
	return res
}

// Until waits until there is an item of the kind that is looked for.
func (b *Bed) Until(found func(work.View) bool) work.View {
	b.T.Helper()
	deadline, p := time.Now().Add(patience), poll{}
	for {
		items, _ := b.items(found)
		for _, v := range items {
			if found(v) {
				return v
			}
		}
		if time.Now().After(deadline) {
			b.T.Fatalf("no item is as the caller waits for it after %s%s", patience, b.Story())
		}
		p.wait()
	}
}

// Settle waits until every item is final and returns them, newest first.
func (b *Bed) Settle() []work.View {
	b.T.Helper()
	return b.SettleBut(nil)
}

// SettleUnder waits until the items of a parent are final. Of many it looks seldom,
// since looking costs as well.
func (b *Bed) SettleUnder(parent string) {
	b.T.Helper()
	for deadline := time.Now().Add(longestPatience); ; time.Sleep(5 * pollLast) {
		open, some, err := b.App.Engine.CountOpen(b.T.Context(), parent)
		if err != nil {
			b.T.Fatal(err)
		}
		if some && open == 0 {
			return
		}
		if time.Now().After(deadline) {
			b.T.Fatalf("%d items of %s are not final after %s%s", open, parent, longestPatience, b.Story())
		}
	}
}

// glance is how long it is enough to count the items that are not final.
const glance = 500 * time.Millisecond

// SettleBut also takes items as they are that may stay so; nil: none may.
func (b *Bed) SettleBut(stays func(work.View) bool) []work.View {
	b.T.Helper()
	begin, last, reached, p := time.Now(), time.Now(), "", poll{}
	for looked := time.Now(); ; {
		// Counting costs a tenth of looking at each.
		if stays == nil && time.Since(looked) < glance && b.anyOpen() {
			p.wait()
			continue
		}

		items, open := b.items(stays)
		looked = time.Now()
		if open == "" {
			return items
		}

		// As long as something moves on, a busy machine is given time.
		if now := progress(items); now != reached {
			last, reached = time.Now(), now
		}

		if time.Since(last) > patience || time.Since(begin) > longestPatience {
			b.T.Fatalf("not every item is final after %s, such as %s%s", time.Since(begin).Round(time.Second),
				open, b.Story())
		}

		p.wait()
	}
}

// anyOpen reports whether an item is not final.
func (b *Bed) anyOpen() bool {
	b.T.Helper()
	counts, _, err := b.App.Engine.Counts(context.Background())
	if err != nil {
		b.T.Fatal(err)
	}

	for state, n := range counts {
		if n > 0 && !state.Final() {
			return true
		}
	}

	return false
}

// progress is how far items are, but for what only waits and is tried again.
func progress(items []work.View) string {
	var out strings.Builder
	for _, v := range items {
		fmt.Fprintf(&out, "%s %s %v\n", v.ID, v.Step, v.State.Final())
	}
	return out.String()
}

func (b *Bed) items(stays func(work.View) bool) (items []work.View, open string) {
	items, _, err := b.App.Engine.Items(context.Background(), Viewer, work.Filter{Limit: 500})
	if err != nil {
		b.T.Fatal(err)
	}

	for _, v := range items {
		if !v.State.Final() && (stays == nil || !stays(v)) {
			open = v.Kind + " " + v.Title + " " + string(v.State) + " " + v.Step + " " + v.Message
		}
	}

	return items, open
}

// Published runs an action, settles, and returns the interaction's publish
// items, newest first.
func (b *Bed) Published(person string, assets ...string) []work.View {
	b.T.Helper()
	b.Run(person, assets...)
	var out []work.View
	for _, v := range b.Settle() {
		if v.Kind == "publish" {
			out = append(out, v)
		}
	}

	return out
}

// Documents are the documents in the folder.
func (b *Bed) Documents() []nuxeosim.DocView { return b.Nuxeo.Children(b.Folder) }

// Only is the only document in the folder.
func (b *Bed) Only() nuxeosim.DocView {
	b.T.Helper()
	docs := b.Documents()
	if len(docs) != 1 {
		b.T.Fatalf("%d documents", len(docs))
	}
	return docs[0]
}

// Offer runs the only custom action under an interaction id of the caller's,
// and takes any answer: the connector may be dead.
func (b *Bed) Offer(person, interaction string, assets ...string) frameiosim.ActionResult {
	b.T.Helper()
	res, err := b.Frameio.DeliverAction(b.T.Context(), frameiosim.DeliverSpec{
		ActionID: b.Action().ID, PersonID: person, ResourceIDs: assets, InteractionID: interaction, Tries: 1,
	})
	if err != nil {
		b.T.Fatal(err)
	}
	return res
}

// Action is the only custom action.
func (b *Bed) Action() frameiosim.ActionView {
	b.T.Helper()
	actions := b.Frameio.Actions(b.Workspace)
	if len(actions) != 1 {
		b.T.Fatalf("%d custom actions", len(actions))
	}
	return actions[0]
}
