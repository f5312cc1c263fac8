package sim

import (
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/intake"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// checkHistories: one holder at a time has written each item's history, so that
// it goes forward. It goes back only to where it says that it begins again, or
// to look anew which file and which document it is about.
func (w *world) checkHistories() {
	for _, it := range w.items() {
		events, err := w.nodes[0].app.Engine.History(w.T.Context(), it.ID)
		if err != nil {
			w.violate("reading the history: %v", err)
			return
		}
		if twice := repeated(events); twice != "" {
			w.violate("one holder: %s %q has written %q twice", it.Kind, it.Title, twice)
		}
	}
}

// repeated is an event that two holders have written.
func repeated(events []work.Event) string {
	seen := map[string]bool{}
	for _, e := range events {
		what := e.Event
		switch {
		case e.Event == "begun again", e.Event == "retried", e.Event == "step" && slices.Contains([]string{intake.StepResolve, intake.StepLink}, e.Detail):
			clear(seen)
			continue
		case e.Event == "step":
			what += " " + e.Detail
		case e.Event != string(work.Done):
			continue
		}
		if seen[what] {
			return what
		}
		seen[what] = true
	}
	return ""
}
