package reaction

import (
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
)

// A Nuxeo may evaluate a parameter that begins with expr:.
func TestNothingFromOutsideIsEvaluated(t *testing.T) {
	t.Parallel()
	const evil = `expr:Runtime.getRuntime().exec("id")`
	st := state{Action: "javascript.after", Event: event.Event{ID: "1", Name: event.Approved, Subject: event.Subject{
		Document: "doc", Person: evil, Account: evil, Workspace: evil, Project: evil, File: evil, Asset: evil,
		Push: evil, Status: evil,
	}}}
	for name, value := range st.params() {
		if text, _ := value.(string); strings.HasPrefix(text, "expr:") {
			t.Errorf("the parameter %s is %q, want something before expr:", name, text)
		}
	}
}

func TestParametersTellOfTheEvent(t *testing.T) {
	t.Parallel()
	st := state{Action: "javascript.after", Round: 1, Event: event.Event{
		ID: "1", Name: event.Rejected, At: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC),
		Subject: event.Subject{Document: "doc", Person: "josh", Account: "a", File: "f", Status: "Needs Work"},
	}}
	diff.Equal(t, "the parameters", st.params(), map[string]any{
		"event": "rejected", "eventId": "1", "eventTime": "2026-11-24T10:00:00Z", "repeated": "true", "document": "doc",
		"person": "josh", "account": "a", "workspace": "", "project": "", "file": "f", "asset": "", "push": "",
		"status": "Needs Work",
	})
	st.Action = "transition:approve"
	diff.Equal(t, "those of a transition", st.params(), map[string]any{"value": "approve"})
}

func TestActionsHaveNames(t *testing.T) {
	t.Parallel()
	for action, want := range map[Action]bool{
		"javascript.afterApproval": true, "Chain.After": true, "transition:approve": true, "my_chain-2": true,
		"": false, "transition:": false, "a b": false, "../id": false, "a/@async": false, "a?b": false,
	} {
		if got := action.Valid(); got != want {
			t.Errorf("%q is valid: got %v, want %v", action, got, want)
		}
	}
}
