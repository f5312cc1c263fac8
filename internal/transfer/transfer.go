// Package transfer moves the bytes of one file from a source to a sink: in
// parts, resumable, verified, in bounded memory.
//
// It owns the plan, the digest, and the rule when an attempt has died. What must
// hold: a part arrives whole or not at all; no byte touches the disk; memory
// depends on streams and buffers, never on the file; a source or sink that
// makes no progress is given up, however long the whole may take. It knows
// neither remote system: a Source reads ranges, a Sink takes parts, and both
// say by their errors whether trying again makes sense.
package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"
)

// Source reads ranges of the file. A source that notices that the file is not
// the same any more fails with an error that wraps ErrChanged.
type Source interface {
	// Open reads n bytes from off. A body that ends early is noticed here, not
	// by the source.
	Open(ctx context.Context, off, n int64) (io.ReadCloser, error)
}

// Sink takes parts, in any order, each again if need be. body gives exactly
// part.Length bytes or an error.
type Sink interface {
	Put(ctx context.Context, part Part, body io.Reader) error
}

// ErrChanged says that the source is not the file any more that the transfer
// began with.
var ErrChanged = errors.New("the source changed meanwhile")

// ErrSlice ends a run whose time is up; the state says where to go on.
var ErrSlice = errors.New("the time slice is over")

// Part is a piece of the file.
type Part struct {
	Index, Count   int
	Offset, Length int64
}

// Plan divides a file into parts of one size, but for the last, or of any sizes.
type Plan struct {
	Size     int64
	PartSize int64
	// Ends are where the parts end if another system chooses their sizes;
	// PartSize does not count then.
	Ends []int64
}

// PlanOf divides a file into parts of these sizes.
func PlanOf(sizes []int64) Plan {
	var p Plan
	for _, size := range sizes {
		p.Size += size
		p.PartSize = max(p.PartSize, size)
		p.Ends = append(p.Ends, p.Size)
	}
	return p
}

// Count is the number of parts; an empty file has one empty part.
func (p Plan) Count() int {
	if len(p.Ends) > 0 {
		return len(p.Ends)
	}
	if p.Size <= 0 {
		return 1
	}
	return int((p.Size + p.PartSize - 1) / p.PartSize)
}

// Part is the piece with an index from 0 to Count()-1.
func (p Plan) Part(i int) Part {
	off := p.reached(i)
	return Part{Index: i, Count: p.Count(), Offset: off, Length: p.reached(i+1) - off}
}

// reached is how many bytes the first parts have.
func (p Plan) reached(parts int) int64 {
	if len(p.Ends) == 0 || parts == 0 {
		return min(int64(parts)*p.PartSize, p.Size)
	}
	return p.Ends[parts-1]
}

// whole is how many parts the first bytes fill.
func (p Plan) whole(bytes int64) int {
	if len(p.Ends) == 0 {
		return int(bytes / p.PartSize)
	}
	i, exact := slices.BinarySearch(p.Ends, bytes)
	if exact {
		i++
	}
	return i
}

// Options are how a transfer is run.
type Options struct {
	// Streams is how many parts move at once when the order does not matter.
	Streams int
	// Hash makes the digest of the whole file; nil leaves it out. With it parts
	// go in order, since a digest can only be made in order.
	Hash func() hash.Hash
	// Idle ends an attempt that moved nothing for so long.
	Idle time.Duration
	// Until is when no new part is begun any more; zero means never.
	Until time.Time
	// Tries is how often a part is tried before the run fails.
	Tries int
	// Permanent says of an error that trying again is useless.
	Permanent func(error) bool
	// Checkpoint stores the state; it is called often, never twice at once, and
	// not for every part when parts are faster than it.
	Checkpoint func(ctx context.Context, s State, p Progress) error
	// Again is told of each try that failed and is followed by another; its error ends the run.
	Again func(ctx context.Context, err error) error
	// Pause waits between tries.
	Pause func(ctx context.Context, try int) error
}

// Backoff pauses between tries, from 400 ms on and twice as long each time.
func Backoff(ctx context.Context, try int) error {
	select {
	case <-time.After(200 * time.Millisecond << try):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Progress is how far a run is, for people: what arrived and what of unfinished
// parts is on its way. Sent counts bytes that went again as well.
type Progress struct {
	Done, Sent int64
	Rate       int64     // bytes a second lately
	Quiet      time.Time // since when nothing has moved; zero: something does
}

// State is what a transfer needs to go on after a crash.
type State struct {
	Parts Parts `json:"parts,omitempty"` // that arrived
	// Hashed is how many bytes HashState covers: a number of whole parts.
	Hashed    int64  `json:"hashed,omitempty"`
	HashState []byte `json:"hash_state,omitempty"`
	Sent      int64  `json:"sent,omitempty"`
}

// UnmarshalJSON reads what this version wrote, or an older one.
func (s *State) UnmarshalJSON(text []byte) error {
	type plain State
	in := struct {
		*plain
		Summed summedParts `json:"sums"`
	}{plain: (*plain)(s)}
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}

	if s.Parts == nil {
		s.Parts = Parts(in.Summed)
	}

	return nil
}

// Keep drops parts that the sink does not have, and the digest behind the first hole.
func (s *State) Keep(has func(index int) bool, plan Plan) {
	for i := range s.Parts {
		if !has(i) {
			delete(s.Parts, i)
		}
	}

	// The digest covers the parts up to the first that is missing.
	whole := 0
	for ; whole < plan.Count(); whole++ {
		if !s.Parts[whole] {
			break
		}
	}

	if s.Hashed > plan.reached(whole) {
		*s = State{Sent: s.Sent} // the digest cannot be turned back
	}
}

func (s State) done(plan Plan) (n int64) {
	for i := range s.Parts {
		n += plan.Part(i).Length
	}
	return n
}

// Run moves what the state lacks and returns the state at the end. With a
// digest its hexadecimal form is returned too, once all is done. On error the
// returned state is where to go on.
func Run(ctx context.Context, plan Plan, s State, src Source, sink Sink, o Options) (State, []byte, error) {
	if plan.Size < 0 || plan.PartSize <= 0 {
		return s, nil, fmt.Errorf("a file of %d bytes in parts of %d cannot be moved", plan.Size, plan.PartSize)
	}

	if s.Parts == nil {
		s.Parts = Parts{}
	}

	// Count on from what has been done before.
	r := &run{plan: plan, src: src, sink: sink, o: o, state: s}
	r.keeper = newKeeper(o.Checkpoint)
	r.moved.Store(s.done(plan))
	r.sent.Store(s.Sent)

	// Move the bytes, with the keeper saving checkpoints beside.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := r.keeper.start(ctx, r.snapshot)
	var digest []byte
	var err error
	if o.Hash != nil {
		digest, err = r.ordered(ctx)
	} else {
		err = r.parallel(ctx)
	}

	err = errors.Join(err, stop())
	return r.snapshotState(), digest, err
}
