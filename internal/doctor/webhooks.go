package doctor

import (
	"context"
)

// webhooks tells of teams under review whose events do not reach us.
func (d *Doctor) webhooks(ctx context.Context) Finding {
	switch {
	case d.App.Config.Frameio.Webhooks == "off":
		return skipped("switched off (frameio-webhooks); reviews are looked at every 15 minutes")
	case d.unread():
		return skipped("cannot be read without the encryption key")
	}

	all, err := d.App.Webhooks.Teams(ctx)
	if err != nil {
		return because(err, "")
	}

	// Count the teams without, and remember a reason.
	var without int
	var why string
	for _, t := range all {
		if !t.Active {
			without, why = without+1, t.Problem
		}
	}

	switch {
	case len(all) == 0:
		return ok("nothing was pushed recently, and nothing is mirrored; there is one for each team from then on")
	case without == 0:
		return ok("%d, one for each team to which something was pushed or that is mirrored", len(all))
	case why == "":
		return warning("If it stays so, do the chore webhooks under Administration, Frame.io, Health, or with "+
			"`nuxeo-frameio chore webhooks`: it says why.",
			"%d of %d teams have none yet; their reviews are looked at every 15 minutes", without,
			len(all)).on(onHealth)
	}

	return warning("Let somebody who may manage webhooks in the team push there, or set a service credential.",
		"%d of %d teams have none, so that their reviews are looked at every 15 minutes: %s", without, len(all), why)
}
