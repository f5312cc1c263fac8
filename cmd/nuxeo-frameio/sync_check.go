package main

import (
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type syncCheck struct {
	syncFlags
	Limit int `env:"-" help:"How many differences are shown." default:"200"`
}

// Run compares both sides and shows what differs.
func (c *syncCheck) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		s, err := c.compare(t, k)
		if err != nil {
			return err
		}
		return c.compared(t, k, s)
	})
}

// compare does a run that changes nothing, and shows how it goes.
func (c *syncFlags) compare(t *terminal, k *client) (api.Sync, error) {
	s, err := c.sync(t, k)
	if err != nil {
		return s, err
	}

	got, err := k.CheckSync(t.ctx, s.Id)
	if err != nil {
		return s, err
	}

	shown := &runLine{screen: newScreen(t), title: s.FolderTitle, silent: c.JSON}
	s, err = k.ended(t, *got, shown.put)
	shown.end()
	if err == nil && s.Last.State != api.SyncRunStateDone {
		err = k.whyFailed(t, s)
	}

	return s, err
}

// compared shows the differences; that there are some is an error.
func (c *syncCheck) compared(t *terminal, k *client, s api.Sync) error {
	all, more, hidden, err := k.differences(t, s.Id, c.Limit)
	if err != nil {
		return err
	}

	if c.JSON {
		err = printJSON(t, all)
	} else {
		err = showDifferences(t, s, all, hidden)
	}

	t.leftOut(hidden)
	if err != nil || len(all) == 0 {
		return err
	}

	// A script goes by the exit code.
	count := plural(len(all), "One thing differs", "%d things differ")
	if more {
		count = "More than " + strings.ToLower(count[:1]) + count[1:]
	}

	return fault.New(fault.Conflict, "%s.", count).
		With("A refresh brings what is new on Frame.io; what was changed in Nuxeo stays.")
}

func showDifferences(t *terminal, s api.Sync, all []api.SyncDifference, hidden int) error {
	none := "Both sides are the same: " + treeText(s.Last.Assets, s.Last.Folders) + "."
	if hidden > 0 {
		none = "Nothing differs that you may see."
	}

	var rows [][]string
	for _, d := range all {
		rows = append(rows, []string{string(d.Sign), short(d.Name, 40), d.Key, str(d.Document), short(d.What, 100)})
	}

	return table(t, none, " \tNAME\tKEY\tDOCUMENT\tWHAT", rows)
}

// differences are as many as are wanted, whether there are more, and how many of them are
// not for this person to see.
func (c *client) differences(
	t *terminal, id string, most int,
) (all []api.SyncDifference, more bool, hidden int, err error) {
	all = []api.SyncDifference{}
	q := &api.ListSyncDifferencesParams{}
	for len(all) < most {
		n := min(most-len(all), 500)
		q.Limit = &n
		got, err := c.ListSyncDifferences(t.ctx, id, q)
		if err != nil {
			return nil, false, 0, err
		}

		all, hidden = append(all, got.Differences...), hidden+num(got.Hidden)
		if q.Cursor = got.Next; q.Cursor == nil {
			return all, false, hidden, nil
		}
	}

	return all, true, hidden, nil
}
