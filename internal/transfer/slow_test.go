package transfer

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const (
	slowSpeed = 50 << 10 // bytes a second
	slowSize  = 20 << 20
	slowIdle  = 30 * time.Second
)

// link is a source and sink over slow links: it gives and takes pieces, each
// after its time. At a byte chosen it falls silent.
type link struct {
	piece        int64
	read, write  int64 // bytes a second; 0: at once
	silent       int64 // offset at which the source says nothing more; 0: never
	deaf         int64 // count of bytes after which the sink takes nothing more; 0: never
	answerAfter  time.Duration
	taken, tried atomic.Int64
}

// Open is Source's.
func (l *link) Open(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	return io.NopCloser(&slowBody{ctx: ctx, l: l, off: off, left: n}), nil
}

type slowBody struct {
	ctx       context.Context
	l         *link
	off, left int64
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}

	if b.l.silent > 0 && b.off >= b.l.silent {
		<-b.ctx.Done()
		return 0, b.ctx.Err()
	}

	n := min(int64(len(p)), b.l.piece, b.left)
	if err := after(b.ctx, n, b.l.read); err != nil {
		return 0, err
	}

	b.off, b.left = b.off+n, b.left-n
	return int(n), nil
}

// after waits as long as n bytes take.
func after(ctx context.Context, n, speed int64) error {
	if speed == 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(time.Duration(n) * time.Second / time.Duration(speed)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Put is Sink's; it copies as the transport does.
func (l *link) Put(ctx context.Context, p Part, body io.Reader) error {
	l.tried.Add(1)
	if _, err := copyWide(taker{ctx, l}, io.LimitReader(body, p.Length)); err != nil {
		return err
	}

	select {
	case <-time.After(l.answerAfter):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type taker struct {
	ctx context.Context
	l   *link
}

func (t taker) Write(p []byte) (int, error) {
	if t.l.deaf > 0 && t.l.taken.Load() >= t.l.deaf {
		<-t.ctx.Done()
		return 0, t.ctx.Err()
	}
	t.l.taken.Add(int64(len(p)))
	return len(p), after(t.ctx, int64(len(p)), t.l.write)
}

func slowRun(l *link, digest bool, tries int) error {
	o := Options{Streams: 2, Tries: tries, Idle: slowIdle}
	if digest {
		o.Hash = md5.New
	}
	_, _, err := Run(context.Background(), Plan{Size: slowSize, PartSize: 8 << 20}, State{}, l, l, o)
	return err
}

// A transfer over a slow link takes its time and is never given up.
func TestSlowLinksComplete(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]*link{
		"source": {piece: 1400, read: slowSpeed}, "sink": {piece: 64 << 10, write: slowSpeed},
		"both":  {piece: 1400, read: slowSpeed, write: slowSpeed},
		"crawl": {piece: 1400, read: 2 << 10}, "crawling sink": {piece: 64 << 10, write: 8 << 10},
	} {
		for _, digest := range []bool{false, true} {
			t.Run(fmt.Sprint(name, digest), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					l := link{piece: l.piece, read: l.read, write: l.write}
					if err := slowRun(&l, digest, 1); err != nil {
						t.Errorf("the slow transfer ended after %v with %v, want it whole", time.Since(start), err)
					}
					t.Log("took", time.Since(start))
				})
			})
		}
	}
}

// Who falls silent is noticed within the time, wherever it happens.
func TestSilenceIsNoticed(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]*link{
		"source at once": {piece: 1400, read: slowSpeed, silent: 1},
		"source amid":    {piece: 1400, read: slowSpeed, silent: 9 << 20},
		"sink at once":   {piece: 64 << 10, deaf: 1}, "sink amid": {piece: 64 << 10, deaf: 9 << 20, write: slowSpeed},
	} {
		for _, digest := range []bool{false, true} {
			t.Run(fmt.Sprint(name, digest), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					l := link{piece: l.piece, read: l.read, write: l.write, silent: l.silent, deaf: l.deaf}
					moving := time.Duration(0)
					if speed := max(l.read, l.write); speed > 0 {
						moving = time.Duration(max(l.silent, l.deaf)) * time.Second / time.Duration(speed)
					}
					start := time.Now()
					err := slowRun(&l, digest, 1)
					if took := time.Since(start); !errors.Is(err, errIdle) || took > moving+slowIdle+2*time.Second {
						t.Errorf("noticed after %v, %v of which it moved: %v; want %v within %v", took, moving, err,
							errIdle, moving+slowIdle+2*time.Second)
					}
				})
			})
		}
	}
}

// An answer that comes late, because buffers on the way have to drain, is waited
// for longer each time.
func TestLateAnswersAreWaitedForLonger(t *testing.T) {
	t.Parallel()
	for _, digest := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := &link{piece: 64 << 10, answerAfter: 100 * time.Second}
			if err := slowRun(l, digest, 4); err != nil {
				t.Error(err)
			}
			if l.tried.Load() != 9 { // 30, 60, 120 seconds for each of three parts
				t.Errorf("%d tries, want 9", l.tried.Load())
			}
			if err := slowRun(&link{piece: 64 << 10, answerAfter: time.Hour}, digest, 1); !errors.Is(err, errIdle) {
				t.Errorf("without an answer: got %v, want %v", err, errIdle)
			}
		})
	}
}
