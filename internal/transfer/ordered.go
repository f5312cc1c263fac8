package transfer

import (
	"context"
	"encoding"
	"encoding/hex"
	"fmt"
	"hash"
)

// ordered moves the parts one after the other and makes the digest on the way.
// Reading ahead, hashing and sending go on beside each other.
func (r *run) ordered(ctx context.Context) ([]byte, error) {
	h, err := restore(r.o.Hash, r.state.HashState)
	if err != nil {
		return nil, err
	}
	if r.state.HashState == nil {
		r.restart()
	}
	ahead := newReadAhead(r)
	defer func() { ahead.close() }()
	for i := r.first(); i < r.plan.Count(); i++ {
		if r.over() {
			return nil, ErrSlice
		}
		if err := r.orderedPart(ctx, h, r.plan.Part(i), ahead); err != nil {
			return nil, err
		}
	}
	sum := h.Sum(nil)
	return []byte(hex.EncodeToString(sum)), nil
}

// restart forgets parts that were sent without a digest.
func (r *run) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Sums, r.state.Hashed = map[int]uint32{}, 0
	r.moved.Store(0)
}

func (r *run) first() int {
	if r.state.Hashed >= r.plan.Size && r.plan.Size > 0 {
		return r.plan.Count()
	}
	return int(r.state.Hashed / r.plan.PartSize)
}

// orderedPart sends one part. Each try begins with the digest as it was before
// the part.
func (r *run) orderedPart(ctx context.Context, h hash.Hash, p Part, ahead *readAhead) error {
	before, err := save(h)
	if err != nil {
		return err
	}
	return r.tries(ctx, func(tryCtx context.Context, alive func(int)) error {
		if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(before); err != nil {
			return err
		}
		// What is read ahead outlives the part, so it hangs on the run's context;
		// the watchdog ends it by closing.
		unhook := context.AfterFunc(tryCtx, ahead.interrupt)
		defer unhook()
		body := ahead.part(ctx, p, h)
		summed := &summing{r: body, moved: func(n int) { alive(n); r.sent.Add(int64(n)) }}
		err := r.sink.Put(tryCtx, p, summed)
		body.finish(err != nil)
		if err != nil {
			ahead.close()
			return err
		}
		after, err := save(h)
		if err != nil {
			return err
		}
		return r.arrived(p, summed, after)
	})
}

func save(h hash.Hash) ([]byte, error) {
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return nil, fmt.Errorf("the digest %T cannot be kept over a restart", h)
	}
	return m.MarshalBinary()
}

func restore(make func() hash.Hash, state []byte) (hash.Hash, error) {
	h := make()
	if state == nil {
		return h, nil
	}
	u, ok := h.(encoding.BinaryUnmarshaler)
	if !ok {
		return nil, fmt.Errorf("the digest %T cannot be kept over a restart", h)
	}
	if err := u.UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("the kept digest: %w", err)
	}
	return h, nil
}
