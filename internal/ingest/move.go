package ingest

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/transfer"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// digestAlgorithm is Nuxeo's default; another one there makes us compare sizes
// and part sums only.
const digestAlgorithm = "MD5"

const (
	minPart = 16 << 20
	maxPart = 256 << 20
)

// PlanFor divides a file for Nuxeo: a thousandth of it, between 16 and 256 MiB.
func PlanFor(size int64) transfer.Plan {
	part := min(max(size/1000, minPart), maxPart)
	return transfer.Plan{Size: size, PartSize: part}
}

// saved is what the transfer row keeps between slices.
type saved struct {
	Batch string         `json:"batch"`
	ETag  string         `json:"etag"`
	State transfer.State `json:"state"`
}

// transfer moves the original into an upload batch and goes on where an earlier
// slice or process stopped. A batch is named in the item before a byte goes in.
func (s *Service) transfer(ctx context.Context, r *Run) (work.Next, error) {
	kept, there, err := s.prepare(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	plan := PlanFor(r.Job.File.length())
	src := &original{
		files: s.Files, frameio: r.Frameio, account: r.Job.Asset.Account, file: r.Job.File.ID,
		size: r.Job.File.length(), etag: kept.ETag,
		proxy: r.Job.File.Proxy != nil, link: s.fresh.take(r.Task.ID, r.Job.File.ID, r.Task.Now()),
		asking: make(chan struct{}, 1),
	}

	dst := &batch{nuxeo: r.Nuxeo.Over(s.Uploads), id: r.Job.Batch, file: r.Job.File, unsure: there}
	state, digest, err := transfer.Run(ctx, plan, kept.State, src, dst, s.options(r, src, kept))
	_ = state // the last checkpoint has stored it
	switch {
	case errors.Is(err, transfer.ErrSlice):
		return work.Next{Step: StepTransfer, After: time.Millisecond}, nil
	case errors.Is(err, transfer.ErrChanged):
		return s.restart(ctx, r, StepResolve, "The file changed on Frame.io while it was read.")
	case isNotFound(err, dst):
		return s.restart(ctx, r, StepTransfer, "Nuxeo's upload batch was gone.")
	case err != nil:
		return work.Next{}, err
	}

	r.Job.Digest = string(digest)
	return work.Next{Step: StepAttach}, r.Save(ctx)
}

// isNotFound reports whether Nuxeo lost the batch, as against Frame.io the file.
func isNotFound(err error, dst *batch) bool {
	return err != nil && dst.gone()
}

// prepare reads where the transfer stands and asks Nuxeo what of it is there.
func (s *Service) prepare(ctx context.Context, r *Run) (kept saved, there chunks, err error) {
	t, err := r.Task.Transfer(ctx)
	if err != nil {
		return saved{}, nil, err
	}

	if t.State != "" {
		if err := json.Unmarshal([]byte(t.State), &kept); err != nil {
			return saved{}, nil, fmt.Errorf("the kept transfer: %w", err)
		}
	}

	if r.Job.Batch == "" || kept.Batch != r.Job.Batch {
		kept = saved{}
	}

	if r.Job.Batch != "" {
		return s.confirm(ctx, r, kept)
	}

	if r.Job.Batch, err = r.Nuxeo.NewBatch(ctx); err != nil {
		return saved{}, nil, err
	}

	return saved{Batch: r.Job.Batch}, nil, r.Save(ctx)
}

// confirm keeps only what the server says it has. What it has beyond that was sent, and
// nobody could note it: those chunks must not be sent again.
func (s *Service) confirm(ctx context.Context, r *Run, kept saved) (saved, chunks, error) {
	state, err := r.Nuxeo.Uploaded(ctx, r.Job.Batch)
	switch {
	case nuxeo.NotFound(err):
		// Nothing arrived, or the batch is gone: a new one costs nothing then.
		if len(kept.State.Sums) > 0 {
			if err := r.Task.Note(ctx, "begun again", "Nuxeo's upload batch had expired."); err != nil {
				return saved{}, nil, err
			}
		}
		if err := s.dropBatch(ctx, r); err != nil {
			return saved{}, nil, err
		}
		return s.prepare(ctx, r)
	case err != nil:
		return saved{}, nil, err
	}

	plan := PlanFor(r.Job.File.length())
	kept.Batch = r.Job.Batch
	kept.State.Keep(state.Has, plan)

	there := chunks{}
	for i := range plan.Count() {
		if _, noted := kept.State.Sums[i]; !noted && state.Has(i) {
			there[i] = true
		}
	}

	return kept, there, nil
}

func (s *Service) options(r *Run, src *original, kept saved) transfer.Options {
	o := transfer.Options{
		Streams: s.Set.Streams, Idle: s.Set.Idle, Tries: 4, Until: r.Task.SliceEnds(),
		Permanent: fault.Permanent,
		Pause:     transfer.Backoff,
		Checkpoint: func(ctx context.Context, st transfer.State, p transfer.Progress) error {
			kept.State, kept.ETag = st, src.tag()
			b, err := json.Marshal(kept)
			if err != nil {
				return err
			}

			return r.Task.Progress(ctx, work.Transfer{
				Name:  r.Job.File.Name,
				Size:  r.Job.File.length(),
				Done:  p.Done,
				Sent:  p.Sent,
				Rate:  p.Rate,
				Quiet: p.Quiet,
				State: string(b),
			})
		},
		Again: func(ctx context.Context, err error) error {
			return r.Task.Note(ctx, "part again", "%s", fault.From(err).Message)
		},
	}
	if s.Set.Verify == "digest" {
		o.Hash = func() hash.Hash { return md5.New() }
	}

	return o
}
