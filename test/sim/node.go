package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// moment is when a call goes wrong for good.
type moment int

const (
	never  moment = iota
	before        // the process dies and the call never leaves it
	after         // the call has its effect, the process dies before the answer
)

// node is one connector process: it can die, be frozen, and have a wrong clock.
type node struct {
	w    *world
	name string
	skew atomic.Int64

	app     *app.App
	current atomic.Pointer[app.App]
	dead    atomic.Bool
	stop    context.CancelFunc
	running sync.WaitGroup
	// gone is closed when the process has died.
	gone chan struct{}
	why  atomic.Pointer[string]

	mu      sync.Mutex
	frozen  chan struct{} // closed by thaw; nil when not frozen
	calls   int           // until the next fatal call; 0: none
	commits int           // until the next fatal commit; 0: none
	moment  moment
	until   int           // transactions until it freezes; 0: it does not
	long    time.Duration // how long, then
}

func (n *node) now() time.Time { return time.Now().Add(time.Duration(n.skew.Load())) }

// start starts the process on the database that all nodes share.
func (n *node) start() {
	w := n.w
	n.dead.Store(false)
	n.gone = make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	n.stop = cancel
	a, err := app.New(ctx, w.config, app.World{
		Log: slog.New(requestid.Handler(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		Now: n.now, Dial: w.net.Dial, Node: n.name,
		Wrap: func(system string, next http.RoundTripper) http.RoundTripper { return w.chaos.around(n, system, next) },
		Queue: func(*store.DB) work.Queue {
			return newQueue(w.seed, n, w.shape.workers)
		},
		// Each sweep costs real time, and of one node nobody takes work over.
		Work: func(s *work.Settings) {
			if w.shape.nodes == 1 {
				s.Sweep = 15 * time.Second
			}
		},
		Gate:     n.gate,
		LockFrom: w.seed.lockFrom(),
	})
	if err != nil {
		w.T.Fatalf("%s does not start: %v", n.name, err)
	}

	n.app = a
	n.current.Store(a)
	n.running.Go(func() {
		err := a.Run(ctx)
		switch {
		case err == nil, errors.Is(err, context.Canceled), n.dead.Load():
		case strings.Contains(err.Error(), "was removed while the connector runs"): // before it had begun
			n.die("without its database file")
		default:
			w.violate("the connector ends by itself: %v", err)
		}
	})
}

// die ends the process as a crash would: nothing is recorded any more. It may be
// called from within the process.
func (n *node) die(why string) {
	if n.dead.Swap(true) {
		return
	}

	n.why.Store(&why)
	n.w.chaos.stopped()
	n.current.Store(nil)
	n.thaw()
	n.stop()
	close(n.gone)
}

// bury waits until nothing of the process is left.
func (n *node) bury() {
	n.running.Wait()
	_ = n.app.Close() // what it could not write any more it complains of
}

// keepAlive starts the process again after each crash, until done is closed.
func (n *node) keepAlive(done <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		case <-n.gone:
		}

		n.w.crashed(n)
		n.bury()
		pause := n.w.seed.hash("pause", n.name, fmt.Sprint(i)) % uint64(time.Minute)
		time.Sleep(time.Duration(pause))
		n.w.whole()
		n.start()
		n.w.trace("%s is started again", n.name)
	}
}

// gate is asked by the database before a transaction begins and before it is
// committed. Only the former waits while the process is frozen: SQLite would
// keep everybody else waiting in real time.
func (n *node) gate() error {
	if !committing() {
		n.freezeInTime()
		n.wait()
	}

	n.mu.Lock()
	due := false
	if n.commits > 0 {
		n.commits--
		due = n.commits == 0
	}

	n.mu.Unlock()
	if due {
		n.die("at a commit")
	}

	if n.dead.Load() {
		return errDead
	}

	return nil
}

// committing reports whether the caller is the goroutine that commits for all.
func committing() bool {
	pcs := make([]uintptr, 12)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if strings.Contains(f.Function, "store.(*group)") {
			return true
		}
		if !more {
			return false
		}
	}
}

// breathe waits while the process is frozen, and reports whether it lives.
func (n *node) breathe() error {
	n.wait()
	if n.dead.Load() {
		return errDead
	}
	return nil
}

func (n *node) wait() {
	n.mu.Lock()
	frozen := n.frozen
	n.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
}

func (n *node) isFrozen() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.frozen != nil
}

// freezeAt makes the node freeze at the n-th transaction from now on, in the
// middle of its work, for so long.
func (n *node) freezeAt(transactions int, long time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.until, n.long = transactions, long
}

func (n *node) freezeInTime() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.until == 0 {
		return
	}

	if n.until--; n.until > 0 || n.frozen != nil {
		return
	}

	n.frozen = make(chan struct{})
	n.w.trace("%s freezes for %v", n.name, n.long)
	n.w.chaos.stopped()
	time.AfterFunc(n.long, func() {
		n.w.trace("%s wakes up", n.name)
		n.w.chaos.awoke(n.long)
		n.thaw()
	})
}

func (n *node) thaw() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.frozen != nil {
		close(n.frozen)
		n.frozen = nil
	}
}

// arm makes the node die at the n-th commit, or at the n-th remote call.
func (n *node) arm(commits, calls int, when moment) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.commits, n.calls, n.moment = commits, calls, when
}

// fatal reports whether the node dies at this call. Reads are as good as writes.
func (n *node) fatal(string, *http.Request) moment {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.calls == 0 {
		return never
	}

	if n.calls--; n.calls > 0 {
		return never
	}

	return n.moment
}

// ServeHTTP answers as the process does: a dead one breaks off, and what it
// would have said is lost.
func (n *node) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	a := n.current.Load()
	if a == nil {
		panic(http.ErrAbortHandler)
	}

	n.w.offer(r)
	rec := httptest.NewRecorder()
	a.Handler().ServeHTTP(rec, r)
	if n.breathe() != nil {
		panic(http.ErrAbortHandler)
	}

	for name, values := range rec.Header() {
		out.Header()[name] = values
	}

	n.w.answered(n, r, rec)
	out.WriteHeader(rec.Code)
	_, _ = out.Write(rec.Body.Bytes()) // whoever asked may be gone
}
