package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type syncPause struct{ syncFlags }

// Run pauses.
func (c *syncPause) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		s, err := c.sync(t, k)
		if err != nil {
			return err
		}

		got, err := k.PauseSync(t.ctx, s.Id)
		if err != nil {
			return err
		}

		return c.tell(t, *got, "%s is not synchronized until you resume or refresh it.\n")
	})
}

// tell says of a folder what is so now.
func (c *syncFlags) tell(t *terminal, s api.Sync, format string) error {
	if c.JSON {
		return printJSON(t, s)
	}
	t.printf(format, s.FolderPath)
	return nil
}

type syncResume struct{ syncFlags }

// Run resumes.
func (c *syncResume) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		s, err := c.sync(t, k)
		if err != nil {
			return err
		}

		got, err := k.ResumeSync(t.ctx, s.Id)
		if err != nil {
			return err
		}

		return c.tell(t, *got, "%s is synchronized again, "+everyText(got.EveryMinutes)+".\n")
	})
}

type syncRemove struct {
	syncFlags
	Yes bool `env:"-" help:"Do not ask."`
}

// Run ends a synchronization.
func (c *syncRemove) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		s, err := c.sync(t, k)
		if err != nil {
			return err
		}

		if err := c.sure(t, s); err != nil {
			return err
		}

		if err := k.RemoveSync(t.ctx, s.Id); err != nil {
			return err
		}

		return c.tell(t, s, "%s is no longer synchronized. Every document stays.\n")
	})
}

// sure asks, unless the answer was given already.
func (c *syncRemove) sure(t *terminal, s api.Sync) error {
	if c.Yes {
		return nil
	}

	_, _ = fmt.Fprintf(t.err, "Stop synchronizing %s with %s? Every document stays. [y/N] ", plain.Line(s.FolderPath),
		plain.Line(originOf(s)))
	line, err := t.line()
	if err != nil && err != io.EOF {
		return err
	}

	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return fault.New(fault.Canceled, "Nothing was removed.").With("Answer y, or give --yes.")
	}

	return nil
}

type syncTroubles struct {
	syncFlags
	Limit int `env:"-" help:"How many." default:"50"`
}

// Run lists what wants attention.
func (c *syncTroubles) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		s, err := c.sync(t, k)
		if err != nil {
			return err
		}

		all, hidden, err := k.troubles(t, s.Id, c.Limit)
		t.leftOut(hidden)
		if err != nil || c.JSON {
			return orJSON(t, all, err)
		}

		var rows [][]string
		for _, e := range all {
			rows = append(rows, []string{e.Key, short(e.Name, 40), str(e.Document), short(troubleText(e), 100)})
		}

		return table(t, "Nothing needs attention.", "KEY\tNAME\tDOCUMENT\tWHAT", rows)
	})
}

func troubleText(e api.SyncEntry) string {
	switch {
	case e.Problem != nil:
		return "failed: " + *e.Problem
	case e.Conflict != nil:
		return "conflict: " + *e.Conflict
	}
	return "gone on Frame.io"
}

// troubles are as many as are wanted, and how many more are not for this person to see.
func (c *client) troubles(t *terminal, id string, most int) (all []api.SyncEntry, hidden int, err error) {
	all, q := []api.SyncEntry{}, &api.ListSyncTroublesParams{}
	for len(all) < most {
		n := min(most-len(all), 500)
		q.Limit = &n
		got, err := c.ListSyncTroubles(t.ctx, id, q)
		if err != nil {
			return nil, 0, err
		}

		all, hidden = append(all, got.Entries...), hidden+num(got.Hidden)
		if q.Cursor = got.Next; q.Cursor == nil {
			break
		}
	}

	return all, hidden, nil
}

type syncSettle struct {
	syncFlags
	Key    string `arg:"" help:"Key of the asset, as in \"sync troubles\"."`
	Use    string `env:"-" help:"Whose content stays: ${enum}. With frameio, what Nuxeo had is kept as a version; with both, what Frame.io has becomes a second document." enum:"nuxeo,frameio,both" required:""`
	NoWait bool   `env:"-" help:"Do not wait until it has arrived."`
}

// Run settles a conflict.
func (c *syncSettle) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		s, err := c.sync(t, k)
		if err != nil {
			return err
		}

		got, err := k.SettleSync(t.ctx, s.Id, api.SettleSyncJSONRequestBody{
			Key: c.Key,
			Use: api.SettleSyncJSONBodyUse(c.Use),
		})
		if err != nil {
			return err
		}

		return c.outcome(t, k, *got)
	})
}

func (c *syncSettle) outcome(t *terminal, k *client, s api.Sync) error {
	switch {
	case c.Use == "nuxeo":
		return c.tell(t, s, "In %s, Nuxeo's content stays until the asset changes again.\n")
	case c.NoWait:
		return c.tell(t, s, "Frame.io's content is being brought into %s.\n")
	}

	// It is settled when the run has ended and it is in trouble no more.
	s, err := k.ended(t, s, func(api.Sync) {})
	if err != nil {
		return err
	}

	all, _, err := k.troubles(t, s.Id, s.Troubled+s.Conflicting+s.Missing)
	if err != nil {
		return err
	}

	for _, e := range all {
		if e.Key == c.Key {
			return fault.New(fault.Refused, "%s could not be brought: %s", e.Name, troubleText(e)).
				With("Refresh the synchronization.")
		}
	}

	if c.Use == "both" {
		return c.tell(t, s, "In %s, Nuxeo's document stays, and Frame.io's content has one of its own.\n")
	}

	return c.tell(t, s, "Frame.io's content has come into %s; a version keeps what Nuxeo had.\n")
}
