package transfer

import (
	"context"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync/atomic"
)

// ordered moves the parts one after the other and makes the digest on the way.
// Reading ahead, hashing and sending go on beside each other, also from one part
// to the next.
func (r *run) ordered(ctx context.Context) ([]byte, error) {
	h, err := restore(r.o.Hash, r.state.HashState)
	if err != nil {
		return nil, err
	}

	// A digest goes over all bytes in order: without one that was kept, begin again.
	if r.state.HashState == nil {
		r.restart()
	}

	// Read, hash and send at the same time.
	d := newDigester(h)
	defer d.close()
	ahead := newReadAhead(r)
	defer func() { d.wait(); ahead.close() }() // no buffer is given back that is still being read
	for i := r.first(); i < r.plan.Count(); i++ {
		if r.over() {
			return nil, errors.Join(ErrSlice, d.wait())
		}
		if err := r.orderedPart(ctx, d, r.plan.Part(i), ahead); err != nil {
			return nil, errors.Join(err, d.wait())
		}
	}

	if err := d.wait(); err != nil {
		return nil, err
	}

	return []byte(hex.EncodeToString(h.Sum(nil))), nil
}

// restart forgets parts that were sent without a digest.
func (r *run) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Parts, r.state.Hashed = Parts{}, 0
	r.moved.Store(0)
}

func (r *run) first() int {
	if r.state.Hashed >= r.plan.Size && r.plan.Size > 0 {
		return r.plan.Count()
	}
	return r.plan.whole(r.state.Hashed)
}

// orderedPart sends one part. Each try begins with the digest as it was before
// the part; what the digest has seen of a part counts once the part is sent.
func (r *run) orderedPart(ctx context.Context, d *digester, p Part, ahead *readAhead) error {
	d.begin()
	return r.tries(ctx, func(tryCtx context.Context, dog *watchdog) error {
		// What is read ahead outlives the part, so it hangs on the run's context;
		// the watchdog ends it by closing.
		unhook := context.AfterFunc(tryCtx, ahead.interrupt)
		defer unhook()
		body := ahead.part(ctx, p, d)
		var mine atomic.Int64
		defer func() { r.flying.Add(-mine.Load()) }()
		counted := &counting{r: body, left: p.Length, moved: r.attempt(dog, &mine), whole: dog.handed}
		err := r.sink.Put(tryCtx, p, lending{counted, body})
		if err == nil && counted.n != p.Length {
			err = &shortError{want: p.Length, got: counted.n}
		}

		if err != nil {
			body.fail()
			d.rollBack()
			err = errors.Join(err, d.wait())
			ahead.close()
			return err
		}

		d.mark(func() error {
			state, err := save(d.hash)
			if err != nil {
				return err
			}
			return r.arrived(p, counted, state)
		})

		return nil
	})
}

// segment is what a digester is fed with: bytes, a buffer to give back once the
// bytes before it are through, or something to do then.
type segment struct {
	bytes []byte
	free  *[]byte
	then  func() error
	// reached is told the first error when everything before is through.
	reached chan<- error
}

// digester makes the digest beside the transfer, in the order it is fed.
type digester struct {
	hash   hash.Hash
	queue  chan segment
	done   chan struct{}
	before []byte
	err    error // the first one
}

func newDigester(h hash.Hash) *digester {
	d := &digester{hash: h, queue: make(chan segment, aheadBuffers), done: make(chan struct{})}
	go d.run()
	return d
}

func (d *digester) run() {
	defer close(d.done)
	for s := range d.queue {
		_, _ = d.hash.Write(s.bytes) // a hash never fails
		if s.free != nil {
			buffers.Put(s.free)
		}
		if s.then != nil && d.err == nil {
			d.err = s.then()
		}
		if s.reached != nil {
			s.reached <- d.err
		}
	}
}

// mark has something done once all before it is hashed.
func (d *digester) mark(fn func() error) { d.queue <- segment{then: fn} }

// begin remembers the digest at the start of a part.
func (d *digester) begin() {
	d.mark(func() (err error) {
		d.before, err = save(d.hash)
		return err
	})
}

// rollBack makes the digest what it was at the start of the part.
func (d *digester) rollBack() {
	d.mark(func() error { return d.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(d.before) })
}

// wait waits until everything is hashed and returns the first error.
func (d *digester) wait() error {
	reached := make(chan error)
	d.queue <- segment{reached: reached}
	return <-reached
}

func (d *digester) close() {
	close(d.queue)
	<-d.done
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
