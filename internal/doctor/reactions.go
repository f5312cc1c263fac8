package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
)

// reactions looks whether Nuxeo has what it is to do.
func (d *Doctor) reactions(ctx context.Context) Finding {
	actions := d.App.Reactions.Actions
	var set, missing, settings []string
	for _, name := range event.Names {
		if actions[name] == "" {
			continue
		}

		set = append(set, fmt.Sprintf("%s (%s)", actions[name], name))
		if d.away || d.nx() == nil {
			continue
		}

		there, err := d.nx().HasOperation(ctx, actions[name].Operation())
		if err != nil {
			return because(err, askAgain)
		}
		if !there {
			missing, settings = append(missing, string(actions[name])), append(settings, "on-"+string(name))
		}
	}

	switch {
	case len(set) == 0:
		return ok("nothing is set to happen in Nuxeo after a review; on-approved and its like do that")
	case d.away || d.nx() == nil:
		return skipped("%s", d.why())
	case len(missing) > 0:
		return broken("Deploy them in Nuxeo, or correct "+strings.Join(settings, ", ")+".",
			"Nuxeo has no automation %s", strings.Join(missing, ", "))
	}

	return ok("Nuxeo has %s; transitions are checked when they are followed", strings.Join(set, ", "))
}
