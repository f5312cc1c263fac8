package main

import (
	"strconv"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type locksCmd struct {
	List    locksList    `cmd:"" help:"List documents that pushes have locked: yours, or all for administrators." default:"withargs"`
	Release locksRelease `cmd:"" help:"End the waiting for a push and unlock its document."`
}

type locksList struct {
	clientFlags
	Limit int `env:"-" help:"How many." default:"50"`
}

// Run lists what pushes have locked.
func (c *locksList) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.ListLocks(t.ctx, &api.ListLocksParams{Limit: &c.Limit})
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got.Pushes)
		}

		var rows [][]string
		for _, p := range got.Pushes {
			rows = append(rows, []string{
				p.Id, p.Created.Local().Format("2006-01-02 15:04"), short(p.Title, 40),
				p.PushedBy, string(p.State), p.TeamName, short(str(p.Reason), 60),
			})
		}

		return table(t, "Nothing is locked by a push.", "PUSH\tSINCE\tDOCUMENT\tBY\tSTATE\tTEAM\tREASON", rows)
	})
}

type locksRelease struct {
	clientFlags
	Push   string `arg:"" help:"Id of the push, as in \"locks list\"."`
	Reason string `env:"-" help:"Why; it is kept with the push." required:"" placeholder:"TEXT"`
}

// Run ends the waiting for a push.
func (c *locksRelease) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.ReleaseLock(t.ctx, c.Push, api.ReleaseLockJSONRequestBody{Reason: c.Reason})
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		t.printf("%s is unlocked.\n", strconv.Quote(got.Title))
		return nil
	})
}
