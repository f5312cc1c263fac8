package main

import (
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type itemsBatches struct {
	clientFlags
	Folder string `env:"-" help:"Only those that come through the bindings of a folder, by its uid." placeholder:"UID"`
}

// Run lists batches, and names what failed of each.
func (c *itemsBatches) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		q := &api.ListBatchesParams{}
		if c.Folder != "" {
			q.Folder = &c.Folder
		}

		got, err := k.ListBatches(t.ctx, q)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got.Batches)
		}

		var rows [][]string
		for _, b := range got.Batches {
			rows = append(rows, []string{
				b.Batch, b.Created.Local().Format("01-02 15:04:05"), short(whither(b), 50), b.By, howMany(b),
				howMuch(b), leftOf(b),
			})
		}

		err = table(t, "Nothing that belongs together is under way.",
			"BATCH\tSINCE\tWHAT\tBY\tARRIVED\tBYTES\tLEFT", rows)
		if err == nil {
			tellFailures(t, got.Batches)
		}

		return err
	})
}

// tellFailures says what failed lately, and how to go on.
func tellFailures(t *terminal, all []api.Batch) {
	for _, b := range all {
		if b.Failures == nil {
			continue
		}

		t.printf("\n")
		for _, f := range *b.Failures {
			t.printf("– %s: %s\n", f.Title, strings.TrimSpace(f.Message+" "+str(f.Remedy)))
		}

		if more := b.Failed - len(*b.Failures); more > 0 {
			t.printf("– and %d more: nuxeo-frameio items --state failed --parent %s\n", more, b.Batch)
		}

		t.printf("Start again what failed: nuxeo-frameio items retry --batch %s\n", b.Batch)
	}
}

// whither is where a batch goes.
func whither(b api.Batch) string {
	if b.Kind == api.BatchKindPublish {
		return "publish to " + str(b.FolderTitle)
	}

	parts := []string{str(b.TeamName), str(b.ProjectName), str(b.FrameioFolderName)}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return "push to " + strings.Join(parts, " / ")
}

// howMany is how many documents have arrived, and what became of others.
func howMany(b api.Batch) string {
	text := plain.Number(b.Arrived) + " of " + plain.Number(b.Documents)
	if b.Failed > 0 {
		text += ", " + plain.Number(b.Failed) + " failed"
	}

	if b.Canceled > 0 {
		text += ", " + plain.Number(b.Canceled) + " cancelled"
	}

	return text
}

func howMuch(b api.Batch) string {
	if b.Estimated != nil {
		return plain.Size(b.BytesDone) + " of about " + plain.Size(b.Bytes)
	}
	return progressText(b.BytesDone, b.Bytes)
}

func leftOf(b api.Batch) string {
	if b.SecondsLeft == nil {
		return ""
	}
	return plain.Duration(time.Duration(*b.SecondsLeft) * time.Second)
}

type itemsRetry struct {
	clientFlags
	Items     []string `arg:"" optional:"" help:"Ids of items."`
	Batch     string   `env:"-" help:"Everything that failed of a batch." placeholder:"ID"`
	AllFailed bool     `env:"-" help:"Every failed item of yours."`
}

// Run retries items.
func (c *itemsRetry) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		if c.Batch != "" {
			got, err := k.RetryBatch(t.ctx, c.Batch)
			if err == nil {
				tellChanged(t, got.Changed, "1 item is started again.", "%d items are started again.")
			}
			return err
		}

		if c.AllFailed {
			return c.all(t, k)
		}

		if len(c.Items) == 0 {
			return fault.Field("items", "Give ids, --batch or --all-failed.", "Which items?")
		}

		// Each is told at once: the next may be refused.
		for _, id := range c.Items {
			got, err := k.RetryItem(t.ctx, id)
			if err != nil {
				return err
			}
			t.printf("%s is started again: %s\n", id, got.Title)
		}

		return nil
	})
}

// changedAtOnce is how many items one call changes.
const changedAtOnce = 500

// all retries everything that has failed.
func (c *itemsRetry) all(t *terminal, k *client) error {
	list := itemsList{clientFlags: c.clientFlags, State: "failed", Limit: 1000}
	failed, err := list.fetch(t, k)
	if err != nil {
		return err
	}

	n := 0
	for some := range slices.Chunk(failed, changedAtOnce) {
		var sel api.ItemSelection
		for _, v := range some {
			sel.Items = append(sel.Items, v.Id)
		}

		got, err := k.RetryItems(t.ctx, sel)
		if err != nil {
			return err
		}

		n += got.Changed
	}

	tellChanged(t, n, "1 item is started again.", "%d items are started again.")
	return nil
}

func tellChanged(t *terminal, n int, one, many string) { t.printf("%s\n", plural(n, one, many)) }

type itemsCancel struct {
	clientFlags
	Items []string `arg:"" optional:"" help:"Ids of items."`
	Batch string   `env:"-" help:"Everything of a batch that is not finished." placeholder:"ID"`
}

// Run cancels items.
func (c *itemsCancel) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		if c.Batch != "" {
			got, err := k.CancelBatch(t.ctx, c.Batch)
			if err == nil {
				tellChanged(t, got.Changed, "1 item is being stopped.", "%d items are being stopped.")
			}
			return err
		}

		if len(c.Items) == 0 {
			return fault.Field("items", "Give ids, or --batch.", "Which items?")
		}

		for _, id := range c.Items {
			got, err := k.CancelItem(t.ctx, id)
			if err != nil {
				return err
			}
			t.printf("%s is being stopped: %s\n", id, got.Title)
		}

		return nil
	})
}
