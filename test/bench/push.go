package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// pushThroughput measures the way from Nuxeo to Frame.io, to the same relay as
// the other way.
func (b *bench) pushThroughput(ctx context.Context) error {
	if !b.wanted("push-throughput", "push-memory") {
		return nil
	}

	r, err := b.rig(ctx, false, "--transfer-verify", "parts")
	if err != nil {
		return err
	}
	defer r.stop()
	base, err := b.relay(ctx, r)
	if err != nil {
		return err
	}

	next, peak := 0, 0.0
	got, err := b.compare(ctx, base,
		contender{name: "push", size: moved, run: func(ctx context.Context) (figure, error) {
			next++
			f, used, err := r.pushed(ctx, r.Films[(next-1)%len(r.Films)])
			if next > 1 { // the first one warms up
				peak = max(peak, used)
			}
			return f, err
		}})
	if err != nil {
		return err
	}

	b.report("push-throughput", ratio(got["relay"], got["push"], seconds), 0.95, true)
	b.report("push-memory", peak, 32, false)
	return nil
}

// pushed pushes a document and tells what that cost, and the memory above idle.
func (r *rig) pushed(ctx context.Context, document string) (f figure, used float64, err error) {
	idle, err := r.connector.memory("VmRSS")
	if err != nil {
		return f, 0, err
	}

	before, err := r.connector.cpu()
	if err := errors.Join(err, r.connector.forgetPeak()); err != nil {
		return f, 0, err
	}

	if f.seconds, err = r.push(ctx, document); err != nil {
		return f, 0, err
	}

	after, err := r.connector.cpu()
	f.cpu = after - before
	peak, failed := r.connector.memory("VmHWM")
	return f, max(0, peak-idle), errors.Join(err, failed)
}

// push waits until a document is pushed and returns the seconds that its bytes
// took.
func (r *rig) push(ctx context.Context, document string) (float64, error) {
	sent, err := r.API.Push(ctx, api.PushJSONRequestBody{
		Documents: []string{document}, Team: r.Workspace,
		Project: r.Project,
	})
	if err != nil {
		return 0, fmt.Errorf("pushing: %w", err)
	}

	if sent.Pushes[0].Item == nil {
		return 0, fmt.Errorf("pushing: %+v", sent)
	}

	for {
		v, err := r.API.GetItem(ctx, *sent.Pushes[0].Item)
		if err != nil {
			return 0, err
		}

		switch v.State {
		case api.ItemStateDone:
			return between(*v.History, "transfer", "confirm"), nil
		case api.ItemStateFailed:
			return 0, fmt.Errorf("the push failed: %s", *v.Message)
		}

		time.Sleep(20 * time.Millisecond)
	}
}

// between is the time from one step to another.
func between(history []api.Event, from, to string) float64 {
	var first, last time.Time
	for _, e := range history {
		if e.Event == "step" && e.Detail == from && first.IsZero() {
			first = e.At
		}
		if e.Event == "step" && e.Detail == to {
			last = e.At
		}
	}

	return last.Sub(first).Seconds()
}
