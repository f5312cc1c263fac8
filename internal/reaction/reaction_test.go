package reaction_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/reaction"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

const after = "javascript.after"

// asked is where Nuxeo is asked for it.
const asked = "/automation/javascript.after$"

func all(c *app.Config) {
	c.On = app.OnConfig{Arrived: after, Pushed: after, Returned: after, Approved: after, Rejected: after}
	c.Push.Rejected = "In Progress"
}

// returning reacts to returns only.
func returning(c *app.Config) { c.On.Returned = after }

// good is a chain that does its work.
func good(nuxeosim.ChainCall) error { return nil }

// ran are the events for which the chain was carried out, oldest first.
func ran(b *testenv.Bed) (names []string) {
	for _, c := range b.Nuxeo.Ran() {
		name, _ := c.Params["event"].(string)
		names = append(names, name)
	}
	return names
}

// comesBack pushes a document and publishes it back, and returns document and push. It waits for all items
// but reactions.
func comesBack(b *testenv.Bed) (document string, p push.Push) {
	b.T.Helper()
	b.Bind("Publish")
	document = b.Kept("Cut", []byte("pictures"))
	p = b.Pushed(document).Pushes[0]
	b.Run(b.Julia, p.File)
	b.SettleBut(func(v work.View) bool { return v.Kind == reaction.Kind })
	return document, b.OnePush(p.ID)
}

// reactions are the items, newest first.
func reactions(b *testenv.Bed) []work.View {
	b.T.Helper()
	list, _, err := b.App.Engine.Items(b.T.Context(), testenv.Viewer, work.Filter{Kind: reaction.Kind})
	if err != nil {
		b.T.Fatal(err)
	}
	return list
}

// returned wants the return to stand, whatever became of the reaction.
func returned(b *testenv.Bed, document string, p push.Push) {
	b.T.Helper()
	if p.State != push.Returned || b.LockOwner(document) != "" || len(b.Nuxeo.Versions(document)) != 1 {
		b.T.Errorf("the push is %s, the document locked by %q with %d versions; want returned, nobody and 1", p.State,
			b.LockOwner(document), len(b.Nuxeo.Versions(document)))
	}
}

func TestNuxeoReactsToWhatHappens(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Telling(frameiosim.Healthy), testenv.Config(all))
	b.Nuxeo.AddChain(after, good)
	b.Bind("Publish")
	b.Published(b.Josh, b.Add(b.Root, "Teaser.mov", testenv.Bytes('t', 500)))
	diff.Equal(t, "after a publish", ran(b), []string{"arrived"})

	// A review that rejects, approves, and comes back.
	document := b.Kept("Cut", []byte("pictures"))
	p := b.Pushed(document).Pushes[0]
	diff.Equal(t, "after a push", ran(b), []string{"arrived", "pushed"})
	if err := b.App.Webhooks.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}

	b.Frameio.SetStatus(p.File, "In Progress")
	b.Comes("the rejection", func() bool { return len(ran(b)) == 3 })
	b.Frameio.SetStatus(p.File, "Approved")
	b.Comes("the approval", func() bool { return len(ran(b)) == 4 })
	b.Run(b.Julia, p.File)
	b.Settle()
	diff.Equal(t, "after the return", ran(b), []string{"arrived", "pushed", "rejected", "approved", "returned"})

	// What the chain is told.
	got := b.Nuxeo.Ran()[3]
	if got.Login != "josh" || got.Document != document || got.Key == "" {
		t.Errorf("the approval ran as %s on %s with the key %q; want josh, %s and a key", got.Login, got.Document,
			got.Key, document)
	}
	for name, want := range map[string]string{
		"event": "approved", "document": document, "person": "josh", "file": p.File, "push": p.ID, "status": "Approved",
		"workspace": b.Workspace, "project": b.Project, "repeated": "false",
	} {
		if got.Params[name] != want {
			t.Errorf("the parameter %s is %v, want %s", name, got.Params[name], want)
		}
	}

	ids := map[any]bool{}
	for _, c := range b.Nuxeo.Ran() {
		ids[c.Params["eventId"]] = true
	}
	if len(ids) != 5 {
		t.Errorf("5 events have %d ids, want 5", len(ids))
	}
}

func TestWhatIsMirroredArrivesToo(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(all))
	b.Nuxeo.AddChain(after, good)
	file := b.Add(b.Root, "Teaser.mov", testenv.Bytes('t', 500))
	b.Frameio.SetStatus(file, "Approved")
	b.Mirrored()
	got := ran(b)
	if len(got) != 2 || strings.Join(got, " ") != "arrived approved" && strings.Join(got, " ") != "approved arrived" {
		t.Errorf("Nuxeo reacted to %v, want to arrived and approved", got)
	}
}

func TestATransitionIsFollowed(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.On.Returned = "transition:approve" }))
	document, p := comesBack(b)
	b.Settle()
	returned(b, document, p)
	if doc, _ := b.Nuxeo.Doc(document); doc.State != "approved" {
		t.Errorf("the document is in the state %s, want approved", doc.State)
	}
}

// A transition that does not lead on is said with the state of the document.
func TestATransitionThatIsNotPossible(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.On.Returned = "transition:backToProject" }))
	document, p := comesBack(b)
	b.Settle()
	returned(b, document, p)
	it := reactions(b)[0]
	if it.State != work.Failed || !strings.Contains(it.Message, "backToProject") ||
		!strings.Contains(it.Message, "state project") || it.Remedy == "" {
		t.Errorf("the reaction is %s with %q and %q; want failed, the transition, the state and a remedy", it.State,
			it.Message, it.Remedy)
	}
}

func TestAFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(returning))
	left := 2
	b.Nuxeo.AddChain(after, func(nuxeosim.ChainCall) error {
		if left--; left >= 0 {
			return errors.New("not now")
		}
		return nil
	})
	document, p := comesBack(b)
	b.Settle()
	returned(b, document, p)
	diff.Equal(t, "what ran", ran(b), []string{"returned"})
}

// A chain that fails is given up after a few times, shown with the document, and done once when a person
// retries.
func TestAChainThatFailsIsShownAndRetried(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(returning))
	calls := 0
	b.Nuxeo.AddChain(after, func(nuxeosim.ChainCall) error { calls++; return errors.New("broken") })
	document, p := comesBack(b)
	b.Settle()
	returned(b, document, p)
	if calls != 5 {
		t.Errorf("the chain was tried %d times, want 5", calls)
	}

	shown, err := b.App.Reactions.Newest(t.Context(), document)
	if err != nil || shown == nil || shown.State != work.Failed || !strings.Contains(shown.Message, after) {
		t.Fatalf("with the document: %+v, %v; want a failure that names the chain", shown, err)
	}

	b.Nuxeo.AddChain(after, good)
	if err := b.App.Engine.Retry(t.Context(), work.Viewer{Login: "josh"}, shown.ID); err != nil {
		t.Fatal(err)
	}
	b.Settle()
	diff.Equal(t, "what ran", ran(b), []string{"returned"})
	if got := b.Nuxeo.Ran()[0].Params; got["eventId"] != shown.Event.ID || got["repeated"] != "false" {
		t.Errorf("the retry has the event %v and repeated %v, want %s and false: Nuxeo had said that it failed",
			got["eventId"], got["repeated"], shown.Event.ID)
	}
}

// What Nuxeo answers about a chain ends the reaction at once, with what to do.
func TestWhyNuxeoDoesNotReact(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		chain  nuxeosim.Chain
		code   fault.Code
		says   string
		remedy string
	}{
		"no such chain": {nil, fault.Refused, "Nuxeo has no automation " + after, "on-returned"},
		"not allowed": {
			func(nuxeosim.ChainCall) error { return nuxeosim.Refuse(http.StatusForbidden, "no") },
			fault.Forbidden, "may not do " + after, "right",
		},
		"a chain that is not content": {func(nuxeosim.ChainCall) error {
			return nuxeosim.Refuse(http.StatusBadRequest, "no")
		}, fault.Refused, "does not accept it", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Config(returning))
			if c.chain != nil {
				b.Nuxeo.AddChain(after, c.chain)
			}
			document, p := comesBack(b)
			b.Settle()
			returned(b, document, p)
			it := reactions(b)[0]
			if it.State != work.Failed || it.Code != string(c.code) || !strings.Contains(it.Message, c.says) ||
				!strings.Contains(it.Remedy, c.remedy) || it.Attempt != 0 {
				t.Errorf("it is %s: %s %q %q after %d failures; want failed at once: %s %q %q", it.State, it.Code,
					it.Message, it.Remedy, it.Attempt, c.code, c.says, c.remedy)
			}
		})
	}
}

// An answer that is lost, or one of something in the way, is no reason to do it twice.
func TestItIsDoneOnceWhateverIsAnswered(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]faults.Rule{
		"lost":     {Lost: true},
		"nonsense": {Status: http.StatusOK, Body: "<html>sign in</html>"},
		"gateway":  {Status: http.StatusBadGateway, Body: "<html>later</html>"},
		"reset":    {Reset: true},
		"cut":      {CutAfter: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Config(returning))
			b.Nuxeo.AddChain(after, good)
			rule.Path, rule.Times = asked, 2
			b.Nuxeo.Faults().Add(rule)
			document, p := comesBack(b)
			b.Settle()
			returned(b, document, p)
			diff.Equal(t, "what ran", ran(b), []string{"returned"})
		})
	}
}

// The connector dies while Nuxeo works: the next one asks with the same key.
func TestACrashDoesNotRepeatIt(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(returning))
	died := false
	b.Nuxeo.AddChain(after, func(nuxeosim.ChainCall) error {
		if !died {
			died = true
			b.Die()
		}
		return nil
	})
	b.Bind("Publish")
	document := b.Kept("Cut", []byte("pictures"))
	p := b.Pushed(document).Pushes[0]
	b.Run(b.Julia, p.File)
	b.Comes("the chain", func() bool { return len(ran(b)) > 0 })
	b.Restart()
	b.Settle()
	returned(b, document, b.OnePush(p.ID))
	diff.Equal(t, "what ran", ran(b), []string{"returned"})
	if it := reactions(b)[0]; it.State != work.Done || it.Outcome != reaction.Ran {
		t.Errorf("the reaction is %s %s with %q, want done and ran", it.State, it.Outcome, it.Message)
	}
}

// After a day Nuxeo knows the key no more: what may have been done is left to a person.
func TestWhatMayHaveBeenDoneLongAgoIsNotRepeated(t *testing.T) {
	t.Parallel()
	clock := &testenv.Clock{}
	b := testenv.New(t, testenv.By(clock), testenv.Config(returning))
	b.Nuxeo.AddChain(after, good)
	b.Nuxeo.Faults().Add(faults.Rule{Path: asked, Lost: true, Times: 1, Hook: testenv.Once(b.Die)})
	b.Bind("Publish")
	document := b.Kept("Cut", []byte("pictures"))
	p := b.Pushed(document).Pushes[0]
	b.Run(b.Julia, p.File)
	b.Comes("the chain", func() bool { return len(ran(b)) == 1 })
	b.Stop()
	clock.Move(25 * time.Hour)
	b.Start()
	b.Connect("josh")
	b.Settle()
	it := reactions(b)[0]
	if it.State != work.Failed || !strings.Contains(it.Message, "whether it did is not known") || len(ran(b)) != 1 {
		t.Fatalf("the reaction is %s with %q and ran %d times; want failed, not known, and 1", it.State, it.Message,
			len(ran(b)))
	}

	// A person decides, and the chain can tell.
	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, it.ID); err != nil {
		t.Fatal(err)
	}
	b.Settle()
	got := b.Nuxeo.Ran()
	if len(got) != 2 || got[1].Params["repeated"] != "true" || got[1].Params["eventId"] != got[0].Params["eventId"] {
		t.Errorf("after the retry it ran %d times, the last with %v; want 2, repeated, and the same event", len(got),
			got[len(got)-1].Params)
	}
}

// A chain that takes its time holds up nothing else.
func TestNothingWaitsForASlowChain(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(returning))
	let := make(chan struct{})
	b.Nuxeo.AddChain(after, func(nuxeosim.ChainCall) error { <-let; return nil })
	document, p := comesBack(b)
	returned(b, document, p)
	b.Run(b.Josh, b.Add(b.Root, "Teaser.mov", testenv.Bytes('t', 500)))
	b.SettleBut(func(v work.View) bool { return v.Kind == reaction.Kind })
	if n := len(b.Documents()); n != 2 {
		t.Errorf("%d documents while the chain runs, want 2", n)
	}
	close(let)
	b.Settle()
	diff.Equal(t, "what ran", ran(b), []string{"returned"})
}

// The audit tells in whose name it was done.
func TestItIsInTheAudit(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(returning))
	b.Nuxeo.AddChain(after, good)
	document, _ := comesBack(b)
	b.Settle()
	var who, about, detail string
	if err := b.App.DB.Reader.QueryRowContext(t.Context(), `SELECT who, about, detail FROM audit
		WHERE what = 'reacted'`).Scan(&who, &about, &detail); err != nil {
		t.Fatal(err)
	}
	if who == "" || about != document || !strings.Contains(detail, after+", on returned") {
		t.Errorf("the entry tells of %q, %q and %q; want a person, %s and the chain", who, about, detail, document)
	}
}

// What does not apply to anything is said before the program starts.
func TestSettingsThatCannotBe(t *testing.T) {
	t.Parallel()
	c := app.Defaults()
	c.On.Approved = "run this"
	if f := fault.From(c.Check()); f == nil || f.Field != "on-approved" || f.Remedy == "" {
		t.Errorf("an action with a blank: got %v, want the field on-approved and a remedy", f)
	}
}
