package main

import (
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type itemsCmd struct {
	List    itemsList    `cmd:"" help:"List items, newest first." default:"withargs"`
	Show    itemsShow    `cmd:"" help:"Show one item with its history."`
	Batches itemsBatches `cmd:"" help:"List what was published or pushed together and is under way, or failed within a day."`
	Watch   itemsWatch   `cmd:"" help:"Watch items with progress."`
	Retry   itemsRetry   `cmd:"" help:"Start failed or cancelled items again."`
	Cancel  itemsCancel  `cmd:"" help:"Stop items; what is half made is removed."`
}

type itemsList struct {
	clientFlags
	State  string `env:"-" help:"Only those in a state: ${enum}." enum:",waiting,running,done,failed,canceled" default:""`
	Kind   string `env:"-" help:"Only those of a kind: publish, expand, notice, push, push-notice, bind, unbind, sync, sync-asset, sync-comments, sync-posters, sync-notice, copy, copy-undo, reaction, delivery."`
	Parent string `env:"-" help:"Only those of a batch, an interaction or a binding." placeholder:"ID"`
	Search string `env:"-" help:"Only those whose title has these words in it." placeholder:"WORDS"`
	Person string `env:"-" help:"Only those of a person." placeholder:"LOGIN"`

	FailedFirst  bool `env:"-" help:"What has failed comes before the rest."`
	Housekeeping bool `env:"-" help:"Also mails and what else follows by itself, which administrators may see."`
	Limit        int  `env:"-" help:"How many." default:"50"`
}

// Run lists items.
func (c *itemsList) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		all, err := c.fetch(t, k)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, all)
		}

		var rows [][]string
		for _, v := range all {
			rows = append(rows, []string{
				v.Id, v.Created.Local().Format("01-02 15:04:05"), v.Kind, short(v.Title, 40),
				stateOf(v), sizeOf(v), short(str(v.Message), 70),
			})
		}

		return table(t, "There are no items.", "ITEM\tSINCE\tKIND\tWHAT\tSTATE\tBYTES\tREASON", rows)
	})
}

func (c *itemsList) fetch(t *terminal, k *client) ([]api.Item, error) {
	q := &api.ListItemsParams{}
	set := func(to **string, v string) {
		if v != "" {
			*to = &v
		}
	}

	set(&q.Kind, c.Kind)
	set(&q.Parent, c.Parent)
	set(&q.Search, c.Search)
	set(&q.Person, c.Person)
	if c.FailedFirst {
		q.FailedFirst = &c.FailedFirst
	}

	if c.Housekeeping {
		q.Housekeeping = &c.Housekeeping
	}

	if c.State != "" {
		s := api.ListItemsParamsState(c.State)
		q.State = &s
	}

	// Page after page, up to the limit.
	all := []api.Item{}
	for len(all) < c.Limit {
		n := min(c.Limit-len(all), 500)
		q.Limit = &n
		got, err := k.ListItems(t.ctx, q)
		if err != nil {
			return nil, err
		}

		all = append(all, got.Items...)
		if got.Next == nil {
			break
		}

		q.Cursor = got.Next
	}

	return all, nil
}

// stateOf is the state with what a person wants to know beside it.
func stateOf(v api.Item) string {
	switch {
	case v.State == api.ItemStateDone && v.Outcome != nil:
		return "done, " + *v.Outcome
	case v.State == api.ItemStateRunning && v.Step != "":
		return "running, " + v.Step
	case v.State == api.ItemStateWaiting && v.Attempt > 0:
		return fmt.Sprintf("waiting, tried %d times", v.Attempt)
	}
	return string(v.State)
}

func sizeOf(v api.Item) string {
	if v.Transfer == nil {
		return ""
	}
	if v.State == api.ItemStateRunning && v.Transfer.Done < v.Transfer.Size {
		return progressText(v.Transfer.Done, v.Transfer.Size)
	}
	return plain.Size(v.Transfer.Size)
}

// progressText tells how much of a size is there.
func progressText(done, size int64) string { return plain.Size(done) + " of " + plain.Size(size) }

func short(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

type itemsShow struct {
	clientFlags
	Item string `arg:"" help:"Id of the item."`
}

// Run shows an item.
func (c *itemsShow) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.GetItem(t.ctx, c.Item)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		return showItem(t, *got)
	})
}

func showItem(t *terminal, v api.Item) error {
	rows := [][]string{{"Kind", v.Kind}, {"State", stateOf(v)}}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}

	// Why it is as it is comes first.
	add("Reason", str(v.Message))
	add("What to do", str(v.Remedy))
	add("Belongs to", v.Owner)
	add("Acts as", str(v.Actor))
	add("Part of", v.Parent)
	if v.Transfer != nil {
		add("Bytes", progressText(v.Transfer.Done, v.Transfer.Size))
	}

	add("Correlation id", v.Correlation)

	// Its history goes below.
	if err := table(t, "", "What\t"+v.Title, rows); err != nil {
		return err
	}

	if v.History == nil {
		return nil
	}

	t.printf("\n")
	for _, e := range *v.History {
		t.printf("%s  %s  %s\n", e.At.Local().Format(time.DateTime), e.Event, e.Detail)
	}

	return nil
}
