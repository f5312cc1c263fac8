package sim

import (
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// checkHistories: one holder at a time has written each item's history, so that
// it goes forward. It goes back only to where it says that it begins again, or
// to look anew who acts, which file and which document it is about.
func (w *world) checkHistories() {
	for _, it := range w.items() {
		events, err := w.nodes[0].app.Engine.History(w.T.Context(), it.ID)
		if err != nil {
			w.violate("reading the history: %v", err)
			return
		}

		if twice := repeated(events); twice != "" {
			var told []string
			for _, e := range events {
				told = append(told, strings.TrimSpace(e.Event+" "+e.Detail))
			}
			w.violate("one holder: %s %q has written %q twice: %s", it.Kind, it.Title, twice, strings.Join(told, "; "))
		}
	}
}

// repeated is an event that two holders have written.
func repeated(events []work.Event) string {
	seen := map[string]bool{}
	for _, e := range events {
		what := e.Event
		switch {
		case slices.Contains([]string{"begun again", "through the connector", "retried", "acting"}, e.Event),
			e.Event == "step" && slices.Contains([]string{ingest.StepResolve, ingest.StepLink}, e.Detail):
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
