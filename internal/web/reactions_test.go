package web_test

import (
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// Who may read the document sees what Nuxeo did about it, or could not; only those whose it is may retry.
func TestAReactionIsShownWithItsDocument(t *testing.T) {
	t.Parallel()
	const after = "javascript.after"
	f := open(t, testenv.Config(func(c *app.Config) { c.On.Pushed = after }))
	f.Bind("Publish")
	josh, julia := f.SignIn("josh"), f.SignIn("julia")
	document := f.Kept("Cut", []byte("pictures"))
	f.Pushed(document)
	for session, may := range map[string]bool{josh: true, julia: false} {
		r := f.document(session, document).Reaction
		if r == nil || r.State != api.ReactionStateFailed || r.Event != api.ReactionEventPushed || r.Action != after ||
			r.Person != "josh" || r.Message == nil || r.MayChange != may {
			t.Errorf("the reaction is %+v, want that of josh to pushed, failed, with a message, and may_change %v", r,
				may)
		}
	}

	// A retry does it, and the item tells of its document.
	f.Nuxeo.AddChain(after, func(nuxeosim.ChainCall) error { return nil })
	it, err := f.as(josh).RetryItem(t.Context(), f.document(josh, document).Reaction.Item)
	if err != nil || it.Document == nil || *it.Document != document {
		t.Fatalf("the retry: got %+v and %v, want the item with its document", it, err)
	}
	f.Settle()
	if r := f.document(josh, document).Reaction; r.State != api.ReactionStateDone || r.Message != nil {
		t.Errorf("after the retry it is %+v, want it done without a message", r)
	}
}
