package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type statusCmd struct{ clientFlags }

// Run shows how the installation is.
func (c *statusCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.Status(t.ctx)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		return showStatus(t, *got)
	})
}

func showStatus(t *terminal, st api.Status) error {
	t.printf("nuxeo-frameio %s on %s\n", st.Version,
		map[api.StatusDatabase]string{api.Sqlite: "SQLite", api.Postgres: "PostgreSQL"}[st.Database])
	if p := st.Paused; p != nil {
		t.printf("PAUSED by %s since %s%s; %d items still run\n", p.By, clock(p.Since),
			because(str(p.Reason)), p.Running)
	}

	// How much there is to do,
	var counts []string
	for _, state := range []string{"waiting", "running", "done", "failed", "canceled"} {
		counts = append(counts, fmt.Sprintf("%d %s", st.Items[state], state))
	}

	t.printf("Items: %s", strings.Join(counts, ", "))
	if st.OldestDueSeconds >= 1 {
		t.printf("; the oldest that is due has waited %s", (time.Duration(st.OldestDueSeconds) * time.Second).String())
	}

	// who does it, and what is done at intervals.
	t.printf("\n\n")
	var nodes, chores [][]string
	for _, n := range st.Nodes {
		nodes = append(nodes, []string{
			n.Id, n.Version, clock(n.Started),
			map[bool]string{true: "alive", false: "silent since " + clock(n.Seen)}[n.Alive],
		})
	}

	if err := table(t, "No node runs.", "NODE\tVERSION\tSTARTED\tSTATE", nodes); err != nil {
		return err
	}

	t.printf("\n")
	for _, ch := range st.Chores {
		chores = append(chores, choreRow(ch))
	}

	return table(t, "", "CHORE\tLAST\tREMOVED\tNEXT\tWHAT IT DOES", chores)
}

func choreRow(ch api.Chore) []string {
	last, next := "never", "soon"
	if ch.Ended != nil {
		last = clock(*ch.Ended)
	}

	if ch.Due != nil {
		next = clock(*ch.Due)
	}

	if ch.Problem != nil {
		last += " (failed)"
	}

	return []string{ch.Name, last, strconv.Itoa(ch.Removed), next, ch.What}
}

func clock(at time.Time) string { return at.Local().Format("01-02 15:04:05") }

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

type pauseCmd struct {
	clientFlags
	Reason string        `env:"-" help:"Why, for whoever looks." placeholder:"TEXT"`
	Wait   time.Duration `env:"-" help:"Wait so long for running items to come to their checkpoint; 0 does not wait." default:"1m"`
}

// Run pauses and waits until nothing runs.
func (c *pauseCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.Pause(t.ctx, api.PauseJSONRequestBody{Reason: &c.Reason})
		if err != nil {
			return err
		}
		return c.quiet(t, k, got.Paused)
	})
}

// quiet waits until nothing runs.
func (c *pauseCmd) quiet(t *terminal, k *client, p *api.Pause) error {
	until := time.Now().Add(c.Wait)
	for p != nil && p.Running > 0 && time.Now().Before(until) {
		select {
		case <-time.After(time.Second):
		case <-t.ctx.Done():
			return t.ctx.Err()
		}

		got, err := k.Status(t.ctx)
		if err != nil {
			return err
		}

		p = got.Paused
	}

	// Say how it came out.
	if p == nil {
		return fault.New(fault.Conflict, "Somebody has resumed meanwhile.")
	}

	if c.JSON {
		return printJSON(t, p)
	}

	if p.Running > 0 && c.Wait > 0 {
		return fault.New(fault.NotReady, "Paused, but %d items have not come to a checkpoint yet.", p.Running).
			With("Look again with `nuxeo-frameio status`.")
	}

	t.printf("Paused: calls are accepted, nothing starts. End it with `nuxeo-frameio resume`.\n")
	return nil
}

type resumeCmd struct{ clientFlags }

// Run ends the pause.
func (c *resumeCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.Resume(t.ctx)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		t.printf("Resumed; %d items wait.\n", got.Items["waiting"])
		return nil
	})
}

type choreCmd struct {
	clientFlags
	Name string `arg:"" help:"Name of the chore; the status lists them."`
}

// Run does a chore and tells what it did.
func (c *choreCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.DoChore(t.ctx, c.Name)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		t.printf("%s: %d removed\n", c.Name, got.Removed)
		for _, line := range got.Lines {
			t.printf("  %s\n", line)
		}

		return nil
	})
}

type linksCmd struct {
	Rebuild linksRebuild `cmd:"" help:"Make lost links again from the facets of documents below bound folders (administrators)."`
}

type linksRebuild struct{ clientFlags }

// Run starts the items and watches them.
func (c *linksRebuild) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.RebuildLinks(t.ctx)
		if err != nil {
			return err
		}
		w := itemsWatch{clientFlags: c.clientFlags, Parent: got.Parent}
		return w.watch(t, k)
	})
}
