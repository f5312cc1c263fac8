package push_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// A creation that is on its way when its push is cancelled is made after we have
// looked for it, and is found nevertheless.
func TestACreationThatComesLateIsFound(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	late := make(chan struct{})
	release := sync.OnceFunc(func() { close(late) })
	t.Cleanup(release)
	var looks atomic.Int64
	b.Frameio.Faults().Add(faults.Rule{Path: "/local_upload", Times: 1, Hook: func(*http.Request) {
		b.CancelPushes()
		<-late
	}})

	b.Frameio.Faults().Add(faults.Rule{
		Path: "/folders/" + b.Root + "/files$", Method: "GET",
		Hook: func(*http.Request) {
			if looks.Add(1) == 2 { // the first has found nothing
				release()
			}
		},
	})

	p := b.Pushed(uid).Pushes[0]
	if p.State != push.Canceled || p.Making != "" || b.LockOwner(uid) != "" {
		t.Errorf("the push is %s, making %q, the document locked by %q; want it cancelled, nothing and nobody",
			p.State, p.Making, b.LockOwner(uid))
	}

	if n := looks.Load(); n < 2 || len(b.Assets("file")) != 0 {
		t.Errorf("looked for the file %d times, and %d files are left; want at least 2 and none", n,
			len(b.Assets("file")))
	}
}

// A lock that is on its way when its push is cancelled is taken after we have looked for it, and is
// given back nevertheless.
func TestALockThatComesLateIsGivenBack(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	looks := b.LateLock(uid, b.CancelPushes)
	if p := b.Pushed(uid).Pushes[0]; p.State != push.Canceled || p.HoldsLock() {
		t.Errorf("the push is %s with the lock %q, want it cancelled without one", p.State, p.Lock)
	}

	if by := b.LockOwner(uid); by != "" || looks() < 2 {
		t.Errorf("looked %d times, and the document is locked by %q; want at least 2, and nobody", looks(), by)
	}
}
