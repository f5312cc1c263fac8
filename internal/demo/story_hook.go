package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// afterApproval is the automation that a customer of the demo has deployed in Nuxeo.
const afterApproval = "javascript.afterApproval"

// approved is that automation: its first run fails, as they sometimes do.
func (s *Stage) approved(nuxeosim.ChainCall) error {
	if s.stumbled.CompareAndSwap(false, true) {
		return errors.New("not this time")
	}
	return nil
}

// hook looks at what Nuxeo did when the document was approved on Frame.io.
func (t *story) hook(context.Context) error {
	doc := t.must(t.at.draft)
	if t.Nuxeo == nil { // a real one has no automation for the demo
		if doc.State != "approved" {
			return fmt.Errorf("the document is in the state %q", doc.State)
		}
		t.say("In Nuxeo, the document is approved as well: on-approved is \"transition:approve\".")
		return nil
	}

	ran := slices.DeleteFunc(t.Nuxeo.Ran(), func(c nuxeosim.ChainCall) bool { return c.Document != doc.UID })
	if len(ran) != 1 || ran[0].Params["status"] != "Approved" {
		return fmt.Errorf("the automation ran %d times: %v", len(ran), ran)
	}

	t.say("Nuxeo has run the automation %s on it, as %s, once for this approval.", afterApproval, ran[0].Login)
	return nil
}
