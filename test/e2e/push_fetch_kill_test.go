package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
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

// fetches are pushes that Frame.io fetches, or begins to: every fetch of an empty
// one is lost.
var fetches = []struct {
	scene
	empty bool
}{
	{scene{name: "whole", prepare: scenePush, commits: 3}, false},
	{scene{name: "version", prepare: scenePushVersion, commits: 7}, false},
	{scene{name: "empty", prepare: scenePush, commits: 5}, true},
}

// ofFetches are the writes that a push by our hands does not make: the usual run lets
// only these go wrong, since the others do in the sweep over the pushes.
var ofFetches = regexp.MustCompile(`/remote_upload$|^(PATCH|DELETE) .*/files/`)

func fetchBed(t *testing.T, empty bool) *testenv.Bed {
	t.Helper()
	return stored(t, nil, testenv.OneByOne(), testenv.Frameio(func(o *frameiosim.Options) {
		o.Remote = func(int) frameiosim.RemoteFate { return frameiosim.RemoteFate{Empty: empty} }
	})).Bed
}

// Each remote write and some commits of a push by address go wrong, as those of all
// scenes do.
func TestAFetchMayGoWrongAnywhere(t *testing.T) {
	t.Parallel()
	for _, s := range fetches {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := fetchBed(t, s.empty)
			deed, check := s.prepare(b)
			b.Watch()
			deed()
			b.Settle()
			writes, commits := b.Writes(), b.Commits()
			check()
			if n := b.Frameio.Calls("files.create_remote_upload"); n != 1 {
				t.Fatalf("%d remote uploads in %q, want 1", n, writes)
			}

			t.Logf("%d remote writes, %d questions of the database", len(writes), commits)
			for i, w := range writes {
				if !testenv.Whole() && !ofFetches.MatchString(w) {
					continue
				}
				for _, when := range moments(i) {
					t.Run(fmt.Sprintf("%d-%s", i+1, when), func(t *testing.T) {
						t.Parallel()
						b := fetchBed(t, s.empty)
						deed, check := s.prepare(b)
						b.FailAt(i+1, when)
						deed()
						if died := b.Survive(); died == (when == testenv.Lost) {
							t.Errorf("%s: the process died: got %v, want %v", w, died, when != testenv.Lost)
						}

						check()
						if t.Failed() {
							t.Logf("it was %s of %q, then %q", w, writes, b.Writes())
						}
					})
				}
			}

			every := s.commits
			if !testenv.Whole() {
				every *= 2
			}

			for n := 1; n <= commits; n += every {
				t.Run(fmt.Sprint("commit-", n), func(t *testing.T) {
					t.Parallel()
					b := fetchBed(t, s.empty)
					deed, check := s.prepare(b)
					b.DieAtCommit(n)
					deed()
					b.Survive()
					b.Watch() // it dies once
					check()
				})
			}
		})
	}
}

// A fetch that was lost without a word looks like a slow one until its time is over;
// meanwhile people read what happens, and no made-up progress.
func TestALostFetchGoesThroughUs(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	s := stored(t, []frameiosim.RemoteFate{{Lost: true}}, testenv.By(clock))
	s.Bind("Publish")
	uid := kept(s.Bed, "Teaser", content('x', 2500))
	got, err := s.App.Push.Accept(t.Context(), "josh", request(s.Bed, uid))
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

	if left := assets(s.Bed, "file"); len(left) != 1 || left[0].Name != "(arriving "+got.Pushes[0].ID+") Teaser.mov" ||
		left[0].Status != "created" {
		t.Errorf("on Frame.io are %+v, want one file that is created and named as arriving", left)
	}

	clock.Move(4 * time.Minute)
	s.Until(func(v work.View) bool { return slow(v) && v.NotBefore.Sub(clock.Now()) > 30*time.Second })
	clock.Move(2 * time.Minute)
	s.AllDone()
	s.one(onePush(s.Bed, got.Pushes[0].ID), "Teaser.mov", content('x', 2500))
	if text := history(s.Bed); !strings.Contains(text, "did not fetch the file within 5m0s") || s.remotes() != 1 {
		t.Errorf("%d remote uploads, want 1, and that Frame.io did not fetch the file within 5m0s: %s", s.remotes(),
			text)
	}
}

// A slow fetch is waited for.
func TestASlowFetchIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := stored(t, []frameiosim.RemoteFate{{Behind: 1500 * time.Millisecond}})
	s.Bind("Publish")
	p := pushed(s.Bed, kept(s.Bed, "Teaser", content('x', 2500))).Pushes[0]
	s.one(p, "Teaser.mov", content('x', 2500))
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
			uid := kept(s.Bed, "Teaser", content('a', 500))
			switch step {
			case "in the middle":
				s.Frameio.Faults().Add(faults.Rule{Path: "/status$", Hook: onlyOnce(func() { cancelAll(s.Bed) })})
			case "unanswered":
				s.Frameio.Faults().Add(faults.Rule{
					Path: "/remote_upload$",
					Lost: true,
					Hook: onlyOnce(func() { cancelAll(s.Bed) }),
				})
			}

			if p := pushed(s.Bed, uid).Pushes[0]; p.State != push.Canceled || p.File != "" {
				t.Errorf("the push is %s with the file %q, want it cancelled with none", p.State, p.File)
			}

			untouched(s.Bed, uid)
			if step != "create" && s.remotes() != 1 {
				t.Errorf("%d remote uploads, want 1", s.remotes())
			}
		})
	}
}

// What Frame.io has made of a fetch that came to nothing is removed later, even if
// it looks complete.
func TestWhatAFetchLeavesIsReaped(t *testing.T) {
	t.Parallel()
	s := stored(t, []frameiosim.RemoteFate{{Short: 1}})
	s.Bind("Publish")
	uid := kept(s.Bed, "Teaser", content('a', 500))
	s.Frameio.Faults().Add(faults.Rule{Path: "/files/", Method: "DELETE", Status: 403})
	p := pushed(s.Bed, uid).Pushes[0]
	if left := assets(s.Bed, "file"); p.State != push.Failed || lockOwner(s.Bed, uid) != "" || len(left) != 1 ||
		left[0].Status == "created" {
		t.Fatalf("the push is %s, the document locked by %q, and on Frame.io are %+v; want failed, nobody and one file",
			p.State, lockOwner(s.Bed, uid), left)
	}

	s.Frameio.Faults().Clear()
	var r maintenance.Report
	if err := s.App.Push.Reap(t.Context(), &r); err != nil || r.Removed != 1 || len(assets(s.Bed, "file")) != 0 {
		t.Errorf("reaping gave %v, %d removed and %d left; want 1 and 0: %v", err, r.Removed,
			len(assets(s.Bed, "file")), r.Lines)
	}

	if err := s.App.Engine.Retry(t.Context(), testenv.Viewer, p.Item); err != nil {
		t.Fatal(err)
	}

	s.AllDone()
	s.one(onePush(s.Bed, p.ID), "Teaser.mov", content('a', 500))
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
		Hook: onlyOnce(func() { middle++; secretless(s.Bed, "in the middle") }),
	})

	s.Frameio.Faults().Add(faults.Rule{
		Path:       "/remote_upload$",
		Times:      1,
		Status:     429,
		RetryAfter: "1",
		Body:       `{"errors":[{"detail":"/_direct/?signature=echo"}]}`,
	})

	p := pushed(s.Bed, kept(s.Bed, "Teaser", content('a', 500))).Pushes[0]
	s.one(p, "Teaser.mov", content('a', 500))
	secretless(s.Bed, "at the end")
	if middle != 1 || s.remotes() != 2 { // the first was too early
		t.Errorf("looked at the secrets %d times with %d remote uploads, want 1 and 2", middle, s.remotes())
	}

	log.mu.Lock()
	defer log.mu.Unlock()
	if !strings.Contains(log.text.String(), "step") {
		t.Error("nothing was logged")
	}

	for _, word := range []string{"_direct", "ignature="} {
		if strings.Contains(log.text.String(), word) {
			t.Errorf("the log tells %q, want nothing of addresses", word)
		}
	}
}
