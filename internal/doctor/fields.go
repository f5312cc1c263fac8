package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
)

// mostAccounts bounds whose fields are looked at.
const mostAccounts = 5

// fields looks for the facts for which an account on Frame.io has no field, as a person
// who is connected.
func (d *Doctor) fields(ctx context.Context) Finding {
	if d.unread() {
		return skipped("cannot be read without the encryption key")
	}

	fio, err := d.asConnected(ctx)
	if err != nil {
		return because(err, "")
	}

	if fio == nil {
		return skipped("nobody is connected to Frame.io yet, as whom its fields could be looked at")
	}

	// An installation may see very many accounts; the first ones show what is amiss.
	var without []string
	accounts := 0
	for a, err := range fio.Accounts(ctx) {
		if err != nil {
			return because(err, "")
		}

		if accounts++; accounts > mostAccounts {
			break
		}

		missing, err := d.missing(ctx, fio, a.ID)
		if err != nil {
			return because(err, "")
		}

		if len(missing) > 0 {
			without = append(without, fmt.Sprintf("%s has none for %s", a.Name, strings.Join(missing, ", ")))
		}
	}

	if len(without) > 0 {
		return warning("Look up what the fields are called on Frame.io, and give the names.",
			"documents will not show every fact: %s", strings.Join(without, "; "))
	}

	return ok("there is a field for each fact that documents show")
}

// asConnected returns a Frame.io client of one of the connected people, or nil.
func (d *Doctor) asConnected(ctx context.Context) (*v4.Client, error) {
	people, err := d.App.Identity.People(ctx)
	if err != nil {
		return nil, err
	}

	for _, p := range people {
		if p.Connected {
			return d.App.Identity.Frameio(ctx, p.Login)
		}
	}

	return nil, nil
}

// missing are the facts for which an account has no field, each with the settings that
// name it.
func (d *Doctor) missing(ctx context.Context, fio *v4.Client, account string) (missing []string, err error) {
	var names []string
	for f, err := range fio.Definitions(ctx, account) {
		if err != nil {
			return nil, err
		}
		names = append(names, f.Name)
	}

	// A fact may take several fields, as width and height.
	has := func(wanted ...frameio.Names) bool {
		for _, w := range wanted {
			found := false
			for _, name := range names {
				found = found || w.Has(name)
			}
			if !found {
				return false
			}
		}
		return true
	}

	// What documents show, and how it is configured.
	c := d.App.Config.Frameio
	for _, fact := range []struct {
		told bool
		name string
	}{
		{has(c.StatusField), "the status (frameio-status-field)"},
		{has(c.FrameRateField), "the frame rate (frameio-frame-rate-field)"},
		{has(c.DurationField), "the duration (frameio-duration-field)"},
		{has(c.CodecField), "the codec (frameio-codec-field)"},
		{
			has(c.ResolutionField) || has(c.WidthField, c.HeightField),
			"the resolution (frameio-width-field and frameio-height-field, or frameio-resolution-field)",
		},
	} {
		if !fact.told {
			missing = append(missing, fact.name)
		}
	}

	return missing, nil
}
