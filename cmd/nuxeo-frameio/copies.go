package main

import (
	"strconv"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type copiesCmd struct {
	List    copiesList    `cmd:"" help:"List the copies of a binding." default:"withargs"`
	Include copiesInclude `cmd:"" help:"Let the binding's choice hold also for the copies of what came back before it."`
	Keep    copiesKeep    `cmd:"" help:"Leave a copy on Frame.io that waits to be moved or deleted."`
	Again   copiesAgain   `cmd:"" help:"Move or delete now a copy that was left or kept."`
	Undo    copiesUndo    `cmd:"" help:"Move a copy back, or say that people have restored a deleted one on Frame.io."`
}

type copiesList struct {
	clientFlags
	Binding string `arg:"" help:"The binding: its id, or the name of its action, as in \"bindings\"."`
}

// Run lists the copies of a binding.
func (c *copiesList) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		id, err := k.binding(t, c.Binding)
		if err != nil {
			return err
		}

		got, err := k.ListCopies(t.ctx, id)
		if err != nil || c.JSON {
			return orPrint(t, got, err)
		}

		return tellCopies(t, got)
	})
}

func orPrint(t *terminal, v any, err error) error {
	if err != nil {
		return err
	}
	return printJSON(t, v)
}

// tellCopies prints copies, and how many there are besides.
func tellCopies(t *terminal, got *api.CopyList) error {
	var rows [][]string
	for _, c := range got.Copies {
		rows = append(rows, []string{
			c.Push, short(c.Title, 40), plain.Size(c.Size), copyState(c), short(str(c.Reason), 80),
		})
	}

	err := table(t, "There is no copy that anything becomes of.", "PUSH\tDOCUMENT\tSIZE\tCOPY\tWHY", rows)
	if err != nil {
		return err
	}

	t.printf("Under review: %s. Waiting: %s. Came back before the choice: %s.\n", amount(got.UnderReview),
		amount(got.Waiting), amount(got.Earlier))
	t.leftOut(got.Hidden)
	return nil
}

func amount(a api.CopyAmount) string {
	if a.Count == 0 {
		return "none"
	}
	return strconv.Itoa(a.Count) + ", " + plain.Size(a.Bytes)
}

// copyState says how far a copy is, and until when.
func copyState(c api.Copy) string {
	day := func(at time.Time) string { return at.Local().Format(time.DateOnly) }
	switch {
	case c.State == api.CopyStateWaiting && c.Action == api.CopyActionMove:
		return "to be moved to " + strconv.Quote(str(c.Folder))
	case c.State == api.CopyStateWaiting:
		return "to be deleted on " + day(c.Due)
	case c.State == api.CopyStateMoved:
		return "moved to " + strconv.Quote(str(c.Folder))
	case c.State == api.CopyStateDeleted && c.RestorableUntil != nil:
		return "deleted, can be restored until " + day(*c.RestorableUntil)
	case c.State == api.CopyStateDeleted && c.Ended != nil:
		return "deleted on " + day(*c.Ended)
	}
	return string(c.State)
}

type copiesInclude struct {
	clientFlags
	sureFlag
	Binding string `arg:"" help:"The binding: its id, or the name of its action, as in \"bindings\"."`
	DryRun  bool   `env:"-" help:"Only say what would become of each copy, and which would be left, and why."`
}

// Run includes what came back before, after it has said what becomes of it.
func (c *copiesInclude) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		id, err := k.binding(t, c.Binding)
		if err != nil {
			return err
		}

		b, err := k.GetBinding(t.ctx, id)
		if err != nil {
			return err
		}

		p, err := k.PreviewCopies(t.ctx, id, b.Copies)
		if err != nil {
			return err
		}

		if c.DryRun && c.JSON {
			return printJSON(t, p)
		}
		if !c.JSON {
			if err := tellCopies(t, p); err != nil || c.DryRun {
				return err
			}
		}

		return c.include(t, k, id)
	})
}

func (c *copiesInclude) include(t *terminal, k *client, id string) error {
	if err := c.sure(t, "Include the copies of what came back before?"); err != nil {
		return err
	}

	got, err := k.IncludeCopies(t.ctx, id)
	if err != nil || c.JSON {
		return orPrint(t, got, err)
	}

	n := 0
	if got.Included != nil {
		n = *got.Included
	}
	t.printf("%s\n", plural(n, "1 copy is included.", "%d copies are included."))
	return nil
}

// copyFlags name a copy.
type copyFlags struct {
	clientFlags
	Push string `arg:"" help:"Id of the push, as in \"copies list\"."`
}

// tell prints how a copy is after something was done with it.
func (c *copyFlags) tell(t *terminal, got *api.Copy, err error) error {
	if err != nil || c.JSON {
		return orPrint(t, got, err)
	}

	t.printf("The copy of %s: %s. %s\n", strconv.Quote(got.Title), copyState(*got), str(got.Reason))
	return nil
}

type copiesKeep struct{ copyFlags }

// Run leaves a copy.
func (c *copiesKeep) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.KeepCopy(t.ctx, c.Push)
		return c.tell(t, got, err)
	})
}

type copiesAgain struct{ copyFlags }

// Run moves or deletes a copy.
func (c *copiesAgain) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.RetryCopy(t.ctx, c.Push)
		return c.tell(t, got, err)
	})
}

type copiesUndo struct{ copyFlags }

// Run takes back what became of a copy.
func (c *copiesUndo) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.UndoCopy(t.ctx, c.Push)
		return c.tell(t, got, err)
	})
}
