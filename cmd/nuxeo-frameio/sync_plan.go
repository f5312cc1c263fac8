package main

import (
	"fmt"
	"math"

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
			err = fault.New(fault.Conflict, "A refresh would do something about %s.",
				plural(n, "one thing", "%d things")).
				With("`nuxeo-frameio sync refresh " + s.Id + "` does it.")
		}

		return err
	})
}

// planGroup is what a refresh would do with some things.
type planGroup struct {
	Name string               `json:"name"` // create, update, move, gone, conflict, part, failed, waiting or left
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
	return sorted(s, all), nil
}

func sorted(s api.Sync, all []api.SyncDifference) plan {
	p := plan{
		{Name: "create", what: "to be brought, which Nuxeo does not have"},
		{Name: "update", what: "to be brought again"},
		{Name: "move", what: "to be renamed or moved"},
		{
			Name: "gone",
			what: "gone on Frame.io; their documents " +
				map[bool]string{true: "go into the trash", false: "stay and are marked"}[s.Gone == api.SyncGoneTrash],
		},
		{Name: "conflict", what: "changed on both sides"},
		{
			Name: "part",
			what: "changed on both sides; the documents are renamed and stay, what Frame.io has becomes others",
		},
		{Name: "failed", what: "not brought so far, to be tried again"},
		{Name: "waiting", what: "not ready on Frame.io; what Nuxeo has of them stays as it is"},
		{Name: "left", what: "changed in Nuxeo only, which a refresh leaves as they are"},
	}

	// Each difference belongs to one group.
	for i := range p {
		p[i].Some = []api.SyncDifference{}
		for _, d := range all {
			if groupOf(d) == p[i].Name {
				p[i].Some = append(p[i].Some, d)
			}
		}
	}

	return p
}

// groupOf is where the plan shows a thing: by the first of what a refresh does with it.
func groupOf(d api.SyncDifference) string {
	if len(d.Acts) == 0 {
		return "left"
	}
	switch act := d.Acts[0]; act {
	case api.SyncActWait:
		return "waiting"
	case api.SyncActReturn:
		return "create"
	case api.SyncActRename, api.SyncActMove:
		return "move"
	case api.SyncActCreate, api.SyncActUpdate:
		if d.Sign == "!" {
			return "failed"
		}
		return string(act)
	default:
		return string(act)
	}
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
