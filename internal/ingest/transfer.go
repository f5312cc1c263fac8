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

// digestAlgorithm is Nuxeo's default. With another one only sizes and part checksums are compared.
const digestAlgorithm = "MD5"

const (
	minPart = 16 << 20
	maxPart = 256 << 20
)

// PlanFor returns the parts for a file of a size: a thousandth of it, between 16 and 256 MiB.
func PlanFor(size int64) transfer.Plan {
	part := min(max(size/1000, minPart), maxPart)
	return transfer.Plan{Size: size, PartSize: part}
}

// A checkpoint is what the transfer row keeps between slices.
type checkpoint struct {
	Batch string         `json:"batch"`
	ETag  string         `json:"etag"`
	State transfer.State `json:"state"`
}

// transfer copies the original into an upload batch, continuing where an earlier slice or process
// stopped. The batch is recorded in the item before a byte goes in.
func (s *Service) transfer(ctx context.Context, r *Run) (work.Next, error) {
	cp, present, err := s.prepare(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	// Copy until the slice is over. Checkpoints store the state.
	plan := PlanFor(r.Job.File.length())
	src := &original{
		files: s.Files, frameio: r.Frameio, account: r.Job.Asset.Account, file: r.Job.File.ID,
		size: r.Job.File.length(), etag: cp.ETag,
		proxy: r.Job.File.Proxy != nil, link: s.signedLinks.take(r.Task.ID, r.Job.File.ID, r.Task.Now()),
		requesting: make(chan struct{}, 1),
	}

	dst := &batch{nuxeo: r.Nuxeo.Over(s.Uploads), id: r.Job.Batch, file: r.Job.File, uncertain: present}
	state, digest, err := transfer.Run(ctx, plan, cp.State, src, dst, s.options(r, src, cp))
	_ = state // the last checkpoint has stored it
	switch {
	case errors.Is(err, transfer.ErrSlice):
		return work.Next{Step: StepTransfer, After: time.Millisecond}, nil
	case errors.Is(err, transfer.ErrChanged):
		return s.restart(ctx, r, StepResolve, "The file changed on Frame.io while it was read.")
	case batchLost(err, dst):
		return s.restart(ctx, r, StepTransfer, "Nuxeo's upload batch was gone.")
	case err != nil:
		return work.Next{}, err
	}

	r.Job.Digest = string(digest)
	return work.Next{Step: StepAttach}, r.Save(ctx)
}

// batchLost reports whether Nuxeo lost the batch, as opposed to Frame.io the file.
func batchLost(err error, dst *batch) bool {
	return err != nil && dst.isLost()
}

// prepare reads the state of the transfer and asks Nuxeo which chunks it has.
func (s *Service) prepare(ctx context.Context, r *Run) (cp checkpoint, present chunks, err error) {
	t, err := r.Task.Transfer(ctx)
	if err != nil {
		return checkpoint{}, nil, err
	}

	if t.State != "" {
		if err := json.Unmarshal([]byte(t.State), &cp); err != nil {
			return checkpoint{}, nil, fmt.Errorf("the kept transfer: %w", err)
		}
	}

	if r.Job.Batch == "" || cp.Batch != r.Job.Batch {
		cp = checkpoint{}
	}

	if r.Job.Batch != "" {
		return s.reconcile(ctx, r, cp)
	}

	if r.Job.Batch, err = r.Nuxeo.NewBatch(ctx); err != nil {
		return checkpoint{}, nil, err
	}

	return checkpoint{Batch: r.Job.Batch}, nil, r.Save(ctx)
}

// reconcile reduces the checkpoint to what the server has. Chunks that the server has beyond that
// were sent but not recorded, and must not be sent again.
func (s *Service) reconcile(ctx context.Context, r *Run, cp checkpoint) (checkpoint, chunks, error) {
	state, err := r.Nuxeo.Uploaded(ctx, r.Job.Batch)
	switch {
	case nuxeo.NotFound(err):
		// Nothing arrived, or the batch is gone: start with a new one.
		if len(cp.State.Parts) > 0 {
			if err := r.Task.Note(ctx, "begun again", "Nuxeo's upload batch had expired."); err != nil {
				return checkpoint{}, nil, err
			}
		}
		if err := s.dropBatch(ctx, r); err != nil {
			return checkpoint{}, nil, err
		}
		return s.prepare(ctx, r)
	case err != nil:
		return checkpoint{}, nil, err
	}

	plan := PlanFor(r.Job.File.length())
	cp.Batch = r.Job.Batch
	cp.State.Keep(state.Has, plan)

	present := chunks{}
	for i := range plan.Count() {
		if !cp.State.Parts[i] && state.Has(i) {
			present[i] = true
		}
	}

	return cp, present, nil
}

func (s *Service) options(r *Run, src *original, cp checkpoint) transfer.Options {
	o := transfer.Options{
		Streams: s.Set.Streams, Idle: s.Set.Idle, Tries: 4, Until: r.Task.SliceEnds(),
		Permanent: fault.Permanent,
		Pause:     transfer.Backoff,
		Checkpoint: func(ctx context.Context, st transfer.State, p transfer.Progress) error {
			cp.State, cp.ETag = st, src.tag()
			b, err := json.Marshal(cp)
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
