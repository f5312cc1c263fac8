package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type syncPlan struct {
	syncFlags
	All bool `env:"-" help:"Show every thing rather than the first of each kind."`
}

// Run compares both sides and says what a refresh would make of it.
func (c *syncPlan) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		s, err := c.compare(t, k)
		if err != nil {
			return err
		}
		p, err := k.plan(t, s)
		if err != nil {
			return err
		}
		if c.JSON {
			err = printJSON(t, p)
		} else {
			err = c.show(t, s, p)
		}

		if n := p.work(); err == nil && n > 0 {
			err = fault.New(fault.Conflict, "A refresh would do something about %s.", plural(n, "one thing", "%d things")).
				With("`nuxeo-frameio sync refresh " + s.Id + "` does it.")
		}
		return err
	})
}

// planGroup is what a refresh would do with some things.
type planGroup struct {
	Name string               `json:"name"` // create, update, move, gone, conflict, failed or left
	Some []api.SyncDifference `json:"things"`

	what string
}

type plan []planGroup

// plan sorts what a check has found by what a refresh would do.
func (c *client) plan(t *terminal, s api.Sync) (plan, error) {
	all, _, hidden, err := c.differences(t, s.Id, math.MaxInt)
	if err != nil {
		return nil, err
	}
	t.leftOut(hidden)
	troubles, _, err := c.troubles(t, s.Id, math.MaxInt)
	if err != nil {
		return nil, err
	}
	failed := map[string]bool{}
	for _, e := range troubles {
		failed[e.Key] = e.Problem != nil
	}
	return sorted(s, all, failed), nil
}

func sorted(s api.Sync, all []api.SyncDifference, failed map[string]bool) plan {
	p := plan{
		{Name: "create", what: "to be brought, which Nuxeo does not have"},
		{Name: "update", what: "to be brought again"},
		{Name: "move", what: "to be renamed or moved"},
		{Name: "gone", what: "gone on Frame.io; their documents " + map[bool]string{true: "go into the trash", false: "stay and are marked"}[s.Gone == api.SyncGoneTrash]},
		{Name: "conflict", what: "changed on both sides"},
		{Name: "failed", what: "not brought so far, to be tried again"},
		{Name: "waiting", what: "not ready on Frame.io; what Nuxeo has of them stays as it is"},
		{Name: "left", what: "changed in Nuxeo only, which a refresh leaves as they are"},
	}
	for i := range p {
		p[i].Some = []api.SyncDifference{}
		for _, d := range all {
			if fateOf(s, d, failed[d.Key]) == p[i].Name {
				p[i].Some = append(p[i].Some, d)
			}
		}
	}
	return p
}

// fateOf is what a refresh would do with a thing. A document that both sides changed
// is a conflict unless the synchronization says that Frame.io's content comes.
func fateOf(s api.Sync, d api.SyncDifference, failed bool) string {
	there := strings.Contains(d.What, "changed on Frame.io")
	switch {
	case strings.Contains(d.What, "still being uploaded to Frame.io"), strings.Contains(d.What, "empty on Frame.io"):
		return "waiting"
	case d.Sign == "+":
		return "create"
	case d.Sign == "-":
		return "gone"
	case d.Sign == "!" && failed:
		return "failed"
	case d.Sign == "!", there && strings.Contains(d.What, "changed in Nuxeo") && s.Conflicts != api.SyncConflictsFrameio:
		return "conflict"
	case there:
		return "update"
	case strings.Contains(d.What, "on Frame.io"):
		return "move"
	}
	return "left"
}

// work is how many things a refresh would do something about.
func (p plan) work() (n int) {
	for _, g := range p {
		if g.Name != "left" && g.Name != "waiting" {
			n += len(g.Some)
		}
	}
	return n
}

// planShown is how many things of a kind are shown.
const planShown = 10

func (c *syncPlan) show(t *terminal, s api.Sync, p plan) error {
	if p.work() == 0 {
		t.printf("A refresh would do nothing: %s.\n", treeText(s.Last.Assets, s.Last.Folders))
	}
	for _, g := range p {
		if len(g.Some) == 0 {
			continue
		}
		t.printf("%d %s:\n", len(g.Some), g.what)
		for i, d := range g.Some {
			if i == planShown && !c.All {
				t.printf("  … and %s; --all shows them.\n", plural(len(g.Some)-i, "one more", "%d more"))
				break
			}
			t.printf("  %s %s\n", d.Sign, planLine(d))
		}
	}
	return nil
}

func planLine(d api.SyncDifference) string {
	line := short(d.Name, 60)
	if d.Kind == api.SyncDifferenceKindFolder {
		line += "/"
	}
	if d.Sign == "*" || d.Sign == "!" {
		line += fmt.Sprintf("  (%s)", short(d.What, 100))
	}
	return line
}
