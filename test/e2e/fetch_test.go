package e2e

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
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
	return testenv.New(t, testenv.Fetched(), testenv.OneByOne(), testenv.Frameio(func(o *frameiosim.Options) {
		o.Remote = func(int) frameiosim.RemoteFate { return frameiosim.RemoteFate{Empty: empty} }
	}))
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
