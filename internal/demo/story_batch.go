package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// shots are how many files are published together, of which the last few may not be downloaded at first.
const shots, shotsClosed = 24, 2

// batch publishes many files with one run of the action: they are one whole, of which what failed is
// started again with one call.
func (t *story) batch(ctx context.Context) error {
	t.say("Josh selects %d shots at once and runs \"Publish to Nuxeo\"; %d of them he may not download.", shots,
		shotsClosed)
	var files []string
	for i := range shots {
		name := fmt.Sprintf("Shot %02d.wav", i+1)
		made := t.Frameio.AddFile(t.seed.root, name, file("jingle.wav"), frameiosim.WithCreator(t.seed.josh))
		files = append(files, made)
	}

	t.download(files, false)
	if _, err := t.Frameio.RunAction(ctx, t.action.ID, t.seed.josh, files); err != nil {
		return err
	}

	b, err := t.wholeEnds(ctx)
	if err != nil {
		return err
	}

	if b.Documents != shots || b.Arrived != shots-shotsClosed || b.Failed != shotsClosed || b.Failures == nil {
		return fmt.Errorf("the batch tells of %d of %d documents, and %d failures", b.Arrived, b.Documents, b.Failed)
	}

	t.say("Activity shows one card: %d of %d, and first of all: %s — %s", b.Arrived, b.Documents,
		(*b.Failures)[0].Title, (*b.Failures)[0].Message)
	t.download(files, true)
	got, err := t.josh.RetryBatch(ctx, b.Batch)
	if err != nil {
		return err
	}

	if got.Changed != shotsClosed {
		return fmt.Errorf("%d items were started again", got.Changed)
	}

	if err := t.settle(ctx); err != nil {
		return err
	}

	t.say("He is given the right, and \"Retry all failed\" brings the rest.")
	return t.allArrived(ctx)
}

// download says whether the last shots may be downloaded.
func (t *story) download(files []string, may bool) {
	for _, id := range files[shots-shotsClosed:] {
		t.Frameio.SetDownloadable(id, may)
	}
}

// wholeEnds waits until all of the only batch has ended.
func (t *story) wholeEnds(ctx context.Context) (api.Batch, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		all, err := t.josh.ListBatches(ctx, nil)
		if err != nil {
			return api.Batch{}, err
		}

		if n := len(all.Batches); n != 1 {
			return api.Batch{}, fmt.Errorf("there are %d batches", n)
		}

		if b := all.Batches[0]; b.Open == 0 {
			return b, nil
		}

		select {
		case <-ctx.Done():
			return api.Batch{}, errors.New("it did not finish in time")
		case <-tick.C:
		}
	}
}

// allArrived checks that each shot is a document, and that there is no batch any more.
func (t *story) allArrived(ctx context.Context) error {
	all, err := t.josh.ListBatches(ctx, nil)
	if err == nil && len(all.Batches) != 0 {
		err = fmt.Errorf("there are %d batches in the end", len(all.Batches))
	}

	for i := range shots {
		err = errors.Join(err, t.same(fmt.Sprintf("%s/Shot %02d", t.at.folder, i+1), "jingle.wav"))
	}

	return err
}
