package transfer

import (
	"context"
	"time"
)

// keeper stores checkpoints beside the transfer: one at a time, always the
// newest, so that a slow disk slows nothing down. What a crash loses is what
// moved since the last one.
type keeper struct {
	store   func(context.Context, State, Progress) error
	touched chan struct{}
}

func newKeeper(store func(context.Context, State, Progress) error) *keeper {
	return &keeper{store: store, touched: make(chan struct{}, 1)}
}

// touch says that there is something new.
func (k *keeper) touch() {
	select {
	case k.touched <- struct{}{}:
	default:
	}
}

// tick is how often progress is stored while no part ends.
const tick = time.Second

// start stores until the returned function is called, which stores once more
// and returns the last error.
func (k *keeper) start(ctx context.Context, snapshot func() (State, Progress)) func() error {
	if k.store == nil {
		return func() error { return nil }
	}

	quit, done := make(chan struct{}), make(chan struct{})
	rate := meter{at: time.Now(), moved: time.Now()}
	go func() {
		defer close(done)
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				return
			case <-k.touched:
			case <-ticker.C:
			}
			// A checkpoint that fails is made up for by the next or the last one.
			_ = k.save(ctx, snapshot, &rate)
		}
	}()

	return func() error {
		close(quit)
		<-done
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer stop()
		return k.save(ctx, snapshot, &rate)
	}
}

func (k *keeper) save(ctx context.Context, snapshot func() (State, Progress), rate *meter) error {
	s, p := snapshot()
	p.Rate, p.Quiet = rate.of(p.Sent)
	return k.store(ctx, s, p)
}

// silence is how long nothing may move before that is told.
const silence = 5 * time.Second

// meter is a speed over the last seconds, smoothed.
type meter struct {
	at    time.Time
	moved time.Time // when something did last
	sent  int64
	rate  float64
	some  bool
}

// of is the speed in bytes a second, and since when nothing has moved; zero: something
// does. A speed that only fades says nothing of how long it takes.
func (m *meter) of(sent int64) (rate int64, quiet time.Time) {
	now := time.Now()
	if sent != m.sent || m.moved.IsZero() {
		m.moved = now
	}

	rate = m.speed(now, sent)
	if now.Sub(m.moved) >= silence {
		return 0, m.moved
	}

	return rate, time.Time{}
}

func (m *meter) speed(now time.Time, sent int64) int64 {
	// A very short span would make the rate jump.
	span := now.Sub(m.at).Seconds()
	if span < 0.2 && m.some {
		return int64(m.rate)
	}

	// The first span counts wholly; later ones move the rate by degrees.
	if !m.some {
		m.some, m.rate = span >= 0.2, float64(sent-m.sent)/max(span, 0.001)
	} else {
		m.rate += (float64(sent-m.sent)/span - m.rate) * 0.4
	}

	m.at, m.sent = now, sent
	return int64(m.rate)
}
