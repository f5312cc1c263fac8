package explain

import (
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Where an asset of a synchronization stands is what the entry says and, if that says nothing, the newest item.
func TestWhereAMirroredAssetStands(t *testing.T) {
	t.Parallel()
	there := entry{state: "active", document: "uid"}
	with := func(change func(*entry)) entry {
		e := there
		change(&e)
		return e
	}
	disputed := with(func(e *entry) { e.conflict = "both" })
	trashed := with(func(e *entry) { e.gone, e.whenGone = true, "trash" })
	item := func(state work.State, outcome, message string) itemStory {
		return itemStory{View: work.View{Item: work.Item{State: state, Outcome: outcome, Message: message}}}
	}

	for name, c := range map[string]struct {
		of         entry
		newest     itemStory
		state, why string
	}{
		"all is well":         {there, item(work.Done, "unchanged", ""), InPlace, ""},
		"it is on its way":    {there, item(work.Running, "", "Bytes move."), UnderWay, "Bytes move."},
		"it never came":       {with(func(e *entry) { e.document = "" }), itemStory{}, UnderWay, "not come yet"},
		"it could not come":   {with(func(e *entry) { e.problem = "no right" }), itemStory{}, Failed, "no right"},
		"its item failed":     {there, item(work.Failed, "", "No space."), Failed, "No space."},
		"both sides changed":  {disputed, itemStory{}, Conflict, "both"},
		"both, and it failed": {disputed, item(work.Failed, "", "x"), Conflict, "both"},
		"gone, and kept":      {with(func(e *entry) { e.gone = true }), itemStory{}, Gone, "was kept"},
		"gone, and trashed":   {trashed, itemStory{}, Gone, "trash"},
		"paused": {
			with(func(e *entry) { e.state, e.reason = "paused", "By josh." }), itemStory{}, InPlace, "By josh.",
		},
	} {
		tie := &tied{Tie: Tie{Kind: BySync, ID: "sync", State: InPlace}}
		c.of.judge(&tie.Tie)
		if c.newest.State != "" {
			tie.newest(c.newest)
		}
		if tie.State != c.state || !strings.Contains(tie.Why, c.why) || c.why == "" && tie.Why != "" {
			t.Errorf("%s: it is %s, %q; want %s and %q", name, tie.State, tie.Why, c.state, c.why)
		}
	}
}
