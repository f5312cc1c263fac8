package testenv

import (
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
)

// LateLock has Nuxeo lock a document late: while the call is on its way, cancel is called, which
// ends the wait for its answer, and the lock is taken only when the document has been looked at
// twice since. The returned function tells how often it was.
func (b *Bed) LateLock(uid string, cancel func()) (looks func() int64) {
	late := make(chan struct{})
	release := sync.OnceFunc(func() { close(late) })
	b.T.Cleanup(release)
	var canceled atomic.Bool
	var n atomic.Int64
	b.Nuxeo.Faults().Add(faults.Rule{Path: "/Document.Lock$", Times: 1, Hook: func(*http.Request) {
		canceled.Store(true)
		cancel()
		<-late
	}})

	b.Nuxeo.Faults().Add(faults.Rule{Method: "GET", Path: "/id/" + uid + "$", Hook: func(*http.Request) {
		if !canceled.Load() || n.Add(1) != 2 { // the first has found nothing
			return
		}

		release()
		b.Comes("the late lock", func() bool { return b.LockOwner(uid) != "" })
	}})

	return n.Load
}
