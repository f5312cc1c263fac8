package transfer

import (
	"context"
	"errors"
	"io"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

type run struct {
	plan   Plan
	src    Source
	sink   Sink
	o      Options
	keeper *keeper

	mu          sync.Mutex
	state       State
	moved, sent atomic.Int64
	// flying is what of unfinished parts is on its way.
	flying atomic.Int64
}

// attempt counts the bytes of one try of one part; what it has in flight is
// taken back by their creator.
func (r *run) attempt(dog *watchdog, mine *atomic.Int64) func(int) {
	return func(n int) {
		dog.alive()
		r.sent.Add(int64(n))
		r.flying.Add(int64(n))
		mine.Add(int64(n))
	}
}

func (r *run) snapshotState() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	s.Parts = maps.Clone(s.Parts)
	s.Sent = r.sent.Load()
	return s
}

func (r *run) snapshot() (State, Progress) {
	return r.snapshotState(), Progress{Done: min(r.plan.Size, r.moved.Load()+r.flying.Load()), Sent: r.sent.Load()}
}

func (r *run) over() bool { return !r.o.Until.IsZero() && time.Now().After(r.o.Until) }

// parallel moves the missing parts, several at once.
func (r *run) parallel(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, r.o.Streams))
	missing := r.snapshotState()
	for i := range r.plan.Count() {
		if missing.Parts[i] {
			continue
		}

		if ctx.Err() != nil {
			break
		}

		// Parts that are on their way are finished; no others are begun.
		if r.over() {
			g.Go(func() error { return ErrSlice })
			break
		}

		g.Go(func() error { return r.part(ctx, r.plan.Part(i)) })
	}

	return g.Wait()
}

// part moves one part, trying again as the options say.
func (r *run) part(ctx context.Context, p Part) error {
	return r.tries(ctx, func(ctx context.Context, dog *watchdog) error {
		readCtx, cancel := context.WithCancel(ctx)
		body := &guarded{
			r: &resuming{ctx: readCtx, src: r.src, off: p.Offset, left: p.Length, permanent: r.o.Permanent},
		}
		defer func() { cancel(); body.stop() }()
		var mine atomic.Int64
		defer func() { r.flying.Add(-mine.Load()) }()

		// What was counted for an attempt that failed is taken back.
		counted := &counting{r: body, left: p.Length, moved: r.attempt(dog, &mine), whole: dog.handed}
		if err := r.sink.Put(ctx, p, counted); err != nil {
			return err
		}

		return r.arrived(p, counted, nil)
	})
}

// arrived records a part that the sink took.
func (r *run) arrived(p Part, counted *counting, hashState []byte) error {
	if counted.n != p.Length {
		return &shortError{want: p.Length, got: counted.n}
	}

	// From here on the part is not sent again.
	r.mu.Lock()
	r.state.Parts[p.Index] = true
	if hashState != nil {
		r.state.HashState, r.state.Hashed = hashState, p.Offset+p.Length
	}

	r.mu.Unlock()
	r.moved.Add(p.Length)
	r.keeper.touch()
	return nil
}

// tries runs an attempt under the watchdog until it succeeds or is hopeless. An
// answer that was late is given twice the time: what a proxy has in its buffers
// moves unseen, and a slow link behind it looks like a dead one.
func (r *run) tries(ctx context.Context, attempt func(context.Context, *watchdog) error) error {
	answer := r.o.Idle
	for try := 1; ; try++ {
		late, err := watch(ctx, r.o.Idle, answer, attempt)
		if late {
			answer *= 2
		}

		if err == nil || ctx.Err() != nil || try >= max(1, r.o.Tries) || r.hopeless(err) {
			return err
		}

		// The caller may want to ask for new addresses, for example.
		if r.o.Again != nil {
			if err := r.o.Again(ctx, err); err != nil {
				return err
			}
		}

		if r.o.Pause != nil {
			if err := r.o.Pause(ctx, try); err != nil {
				return err
			}
		}
	}
}

func (r *run) hopeless(err error) bool {
	return errors.Is(err, ErrChanged) || r.o.Permanent != nil && r.o.Permanent(err)
}

// counting counts what passes, and tells when it is the whole.
type counting struct {
	r       io.Reader
	n, left int64
	moved   func(int)
	whole   func()
}

func (s *counting) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.count(n)
	return n, err
}

func (s *counting) count(n int) {
	s.n, s.left = s.n+int64(n), s.left-int64(n)
	if n > 0 {
		s.moved(n)
	}

	if s.left == 0 {
		s.whole()
	}
}

// lending is a counted body whose bytes can be written from where they lie.
type lending struct {
	*counting
	from io.WriterTo
}

// WriteTo writes what is left.
func (l lending) WriteTo(w io.Writer) (int64, error) {
	return l.from.WriteTo(&stepping{w: w, count: l.count, step: firstStep})
}

// stepping writes in smaller steps over a slow link, so that whoever counts sees that something
// moves.
type stepping struct {
	w     io.Writer
	count func(int)
	step  int
}

func (s *stepping) Write(p []byte) (total int, err error) {
	for len(p) > 0 {
		some := p[:min(len(p), s.step)]
		s.count(len(some))
		start := time.Now()
		n, err := s.w.Write(some)
		s.step = nextStep(s.step, time.Since(start))
		total += n
		if err != nil {
			return total, err
		}
		p = p[n:]
	}

	return total, nil
}
