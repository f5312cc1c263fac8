package push_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// A fetch that was lost without a word looks like a slow one until its time is over;
// meanwhile people read what happens, and no made-up progress.
func TestALostFetchGoesThroughUs(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	s := stored(t, []frameiosim.RemoteFate{{Lost: true}}, testenv.By(clock))
	s.Bind("Publish")
	uid := s.Kept("Teaser", testenv.Bytes('x', 2500))
	got, err := s.App.Push.Accept(t.Context(), "josh", s.PushRequest(uid))
	if err != nil {
		t.Fatal(err)
	}

	slow := func(v work.View) bool {
		return v.Kind == push.KindPush && strings.Contains(v.Message, "fetches the file from")
	}

	if v := s.Until(slow); v.Step != "fetch" || v.Transfer.Size != 0 || v.Code != "not_ready" {
		t.Errorf("the item is at %q with %s, %d bytes to move; want \"fetch\", not_ready and 0", v.Step, v.Code,
			v.Transfer.Size)
	}

	if left := s.Assets("file"); len(left) != 1 || left[0].Name != "(arriving "+got.Pushes[0].ID+") Teaser.mov" ||
		left[0].Status != "created" {
		t.Errorf("on Frame.io are %+v, want one file that is created and named as arriving", left)
	}

	clock.Move(4 * time.Minute)
	s.Until(func(v work.View) bool { return slow(v) && v.NotBefore.Sub(clock.Now()) > 30*time.Second })
	clock.Move(2 * time.Minute)
	s.AllDone()
	s.one(s.OnePush(got.Pushes[0].ID), "Teaser.mov", testenv.Bytes('x', 2500))
	if text := s.Histories(); !strings.Contains(text, "did not fetch the file within 5m0s") || s.remotes() != 1 {
		t.Errorf("%d remote uploads, want 1, and that Frame.io did not fetch the file within 5m0s: %s", s.remotes(),
			text)
	}
}

// A slow fetch is waited for.
func TestASlowFetchIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := stored(t, []frameiosim.RemoteFate{{Behind: 1500 * time.Millisecond}})
	s.Bind("Publish")
	p := s.Pushed(s.Kept("Teaser", testenv.Bytes('x', 2500))).Pushes[0]
	s.one(p, "Teaser.mov", testenv.Bytes('x', 2500))
	if s.parts() != 0 || s.ours.Load() != 0 {
		t.Errorf("%d parts and %d bytes came from us, want none", s.parts(), s.ours.Load())
	}
}

func TestAFetchIsCancelled(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"create", "fetch", "place", "describe", "in the middle", "unanswered"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			var at atomic.Pointer[testenv.Bed]
			s := stored(t, []frameiosim.RemoteFate{{Behind: 300 * time.Millisecond}}, testenv.World(func(w *app.World) {
				w.Worker = func(_ string, next work.Worker) work.Worker {
					return stepwise{next, step, func(id string) {
						_ = at.Load().App.Engine.Cancel(context.Background(), testenv.Viewer, id)
					}}
				}
			}))

			at.Store(s.Bed)
			s.Bind("Publish")
			uid := s.Kept("Teaser", testenv.Bytes('a', 500))
			switch step {
			case "in the middle":
				s.Frameio.Faults().Add(faults.Rule{Path: "/status$", Hook: testenv.Once(s.CancelPushes)})
			case "unanswered":
				s.Frameio.Faults().Add(faults.Rule{
					Path: "/remote_upload$",
					Lost: true,
					Hook: testenv.Once(s.CancelPushes),
				})
			}

			if p := s.Pushed(uid).Pushes[0]; p.State != push.Canceled || p.File != "" {
				t.Errorf("the push is %s with the file %q, want it cancelled with none", p.State, p.File)
			}

			s.Untouched(uid)
			if step != "create" && s.remotes() != 1 {
				t.Errorf("%d remote uploads, want 1", s.remotes())
			}
		})
	}
}

// A file of which Frame.io has fetched nothing, and that somebody publishes before the push has
// removed it, is waited for: it is not said to be empty.
func TestAnEmptyArrivalIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := stored(t, []frameiosim.RemoteFate{{Empty: true}})
	s.Bind("Publish")
	uid := s.Kept("Teaser", testenv.Bytes('a', 2500))
	var early work.View
	s.Frameio.Faults().Add(faults.Rule{Path: "/files/", Method: "DELETE", Hook: testenv.Once(func() {
		s.Offer(s.Josh, "early", s.Assets("file")[0].ID)
		early = s.Until(func(v work.View) bool { return v.Kind == "publish" && v.Code != "" })
	})})

	s.one(s.Pushed(uid).Pushes[0], "Teaser.mov", testenv.Bytes('a', 2500))
	if early.Code != "not_ready" {
		t.Errorf("publishing what arrives: got %s %q, want not_ready", early.Code, early.Message)
	}
}

// What Frame.io has made of a fetch that came to nothing is removed later, even if
// it looks complete.
func TestWhatAFetchLeavesIsReaped(t *testing.T) {
	t.Parallel()
	s := stored(t, []frameiosim.RemoteFate{{Short: 1}})
	s.Bind("Publish")
	uid := s.Kept("Teaser", testenv.Bytes('a', 500))
	s.Frameio.Faults().Add(faults.Rule{Path: "/files/", Method: "DELETE", Status: 403})
	p := s.Pushed(uid).Pushes[0]
	if left := s.Assets("file"); p.State != push.Failed || s.LockOwner(uid) != "" || len(left) != 1 ||
		left[0].Status == "created" {
		t.Fatalf("the push is %s, the document locked by %q, and on Frame.io are %+v; want failed, nobody and one file",
			p.State, s.LockOwner(uid), left)
	}

	s.Frameio.Faults().Clear()
	var r maintenance.Report
	if err := s.App.Push.Reap(t.Context(), &r); err != nil || r.Removed != 1 || len(s.Assets("file")) != 0 {
		t.Errorf("reaping gave %v, %d removed and %d left; want 1 and 0: %v", err, r.Removed,
			len(s.Assets("file")), r.Lines)
	}

	if err := s.App.Engine.Retry(t.Context(), testenv.Viewer, p.Item); err != nil {
		t.Fatal(err)
	}

	s.AllDone()
	s.one(s.OnePush(p.ID), "Teaser.mov", testenv.Bytes('a', 500))
	if s.remotes() != 1 {
		t.Errorf("%d remote uploads, want 1", s.remotes())
	}
}

// The address of the store is signed: it is only ever on its way.
func TestAddressesOfTheStoreStaySecret(t *testing.T) {
	t.Parallel()
	log := new(written)
	s := stored(t, []frameiosim.RemoteFate{{Behind: 300 * time.Millisecond, Failed: true}},
		testenv.World(func(w *app.World) {
			w.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		}))

	s.Bind("Publish")
	middle := 0
	s.Frameio.Faults().Add(faults.Rule{
		Path: "/status$",
		Hook: testenv.Once(func() { middle++; secretless(s.Bed, "in the middle") }),
	})

	s.Frameio.Faults().Add(faults.Rule{
		Path:       "/remote_upload$",
		Times:      1,
		Status:     429,
		RetryAfter: "1",
		Body:       `{"errors":[{"detail":"/_direct/?signature=echo"}]}`,
	})

	p := s.Pushed(s.Kept("Teaser", testenv.Bytes('a', 500))).Pushes[0]
	s.one(p, "Teaser.mov", testenv.Bytes('a', 500))
	secretless(s.Bed, "at the end")
	if middle != 1 || s.remotes() != 2 { // the first was too early
		t.Errorf("looked at the secrets %d times with %d remote uploads, want 1 and 2", middle, s.remotes())
	}

	log.mu.Lock()
	defer log.mu.Unlock()
	if !strings.Contains(log.text.String(), "step") {
		t.Errorf("the log: got %.200q, want steps in it", log.text.String())
	}

	for _, word := range []string{"_direct", "ignature="} {
		if strings.Contains(log.text.String(), word) {
			t.Errorf("the log tells %q, want nothing of addresses", word)
		}
	}
}
