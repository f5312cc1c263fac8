package web_test

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/tables"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

const (
	large = 300 << 20
	// bound is far below the file and well above what both simulators, which
	// live in this process too, use by themselves.
	bound = 48 << 20
)

// peak is the largest heap while fn runs, above what it was before.
func peak(fn func()) int64 {
	var most atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	before := heap()
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			most.Store(max(most.Load(), heap()))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()

	fn()
	close(stop)
	<-stopped
	return most.Load() - before
}

func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// TestMemoryAndGoroutines is alone in the process while it runs, so it is not
// parallel.
func TestMemoryAndGoroutines(t *testing.T) {
	if testing.Short() {
		need.Skip(t, "it moves 600 MiB")
	}

	tables.Address(t, t.TempDir()) // it may connect to PostgreSQL, which all tests of the process do by one connection
	runtime.GC()
	before := runtime.NumGoroutine()
	for _, verify := range []string{"digest", "parts"} {
		t.Run(verify, func(t *testing.T) { publishLarge(t, verify) })
	}

	if left := poll(func() bool { return runtime.NumGoroutine() <= before }); !left {
		t.Errorf("%d goroutines, want the %d that were there before:\n%s", runtime.NumGoroutine(), before, stacks())
	}
}

func publishLarge(t *testing.T, verify string) {
	f := open(t, testenv.Config(func(c *app.Config) {
		c.Transfer.Verify = verify
	}), testenv.Nuxeo(func(o *nuxeosim.Options) { o.DataDir = t.TempDir() }))

	f.Bind("Publish")
	f.Published(f.Josh, f.file("Warm.mov", 1<<20))
	runtime.GC()
	file := f.Frameio.AddFile(f.Root, "Large.mov", f.Frameio.Pattern(3, large))
	most := peak(func() {
		f.Run(f.Josh, file)
		f.Until(func(v work.View) bool { return v.Title == "Large.mov" && v.State.Final() })
	})

	t.Logf("%s: %d MiB above before", verify, most>>20)
	if most > bound {
		t.Errorf("the heap grew by %d MiB, want at most %d", most>>20, bound>>20)
	}

	f.AllDone()
	for _, d := range f.Documents() {
		if d.Title == "Large" && d.Content.Length != large {
			t.Errorf("the document holds %s, want %d bytes", shown(d.Content), large)
		}
	}

	if !poll(func() bool { return busy() == "" }) {
		t.Errorf("what moved bytes goes on after the end, want nothing:\n%s", busy())
	}
}

// poll waits until something holds, as real connections end when they like.
func poll(holds func() bool) bool {
	deadline, tick := time.After(time.Minute), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			return false
		case <-tick.C:
		}
	}

	return true
}

func stacks() string {
	buf := make([]byte, 4<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// busy are the goroutines that move bytes or work on an asset.
func busy() (all string) {
	for _, g := range strings.Split(stacks(), "\n\n") {
		for _, pkg := range []string{"internal/transfer.", "internal/ingest.", "internal/publish."} {
			if strings.Contains(g, "nuxeo-frameio/"+pkg) {
				all += g + "\n\n"
				break
			}
		}
	}
	return all
}
