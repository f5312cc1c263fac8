package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// swept are the scenes that go wrong: on PostgreSQL three, since what happens between
// two commits is the same on both databases.
func swept() []scene {
	if !pg.Chosen() || testenv.Whole() {
		return scenes
	}
	return slices.DeleteFunc(slices.Clone(scenes), func(s scene) bool {
		return !slices.Contains([]string{"create", "push", "sync"}, s.name)
	})
}

// moments are those at which the i-th write goes wrong. In the usual run that is one of the
// three in turn, and another one on each database: the same writes come at other places in
// other scenes, and the simulation strikes them anywhere.
func moments(i int) []testenv.Moment {
	all := []testenv.Moment{testenv.Lost, testenv.Before, testenv.After}
	if testenv.Whole() {
		return all
	}

	if pg.Chosen() {
		i++
	}

	return all[i%3 : i%3+1]
}

// Every remote write of every scene goes wrong, in one of three ways: the process dies
// before it, the process dies after it had its effect but before anybody knows,
// and the answer alone is lost.
func TestEveryRemoteWriteMayGoWrong(t *testing.T) {
	t.Parallel()
	for _, s := range swept() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			writes, _ := rehearse(t, s)
			if len(writes) == 0 {
				t.Fatal("writes: got 0, want some")
			}

			t.Logf("%d remote writes", len(writes))
			for i, w := range writes {
				for _, when := range moments(i) {
					t.Run(fmt.Sprintf("%d-%s", i+1, when), func(t *testing.T) {
						t.Parallel()
						b := testenv.New(t, testenv.OneByOne())
						deed, check := s.prepare(b)
						b.FailAt(i+1, when)
						deed()
						if died := b.Survive(); died == (when == testenv.Lost) {
							t.Errorf("%s: the process died: got %v, want %v", w, died, when != testenv.Lost)
						}

						// Items may come in another order than before.
						if got := b.Writes(); when == testenv.Lost && len(got) > i &&
							strings.HasSuffix(got[i], "/upload/") {
							b.MayLeave = 1
						}

						check()
						if t.Failed() {
							t.Logf("it was %s of %q, then %q", w, writes, b.Writes())
						}
					})
				}
			}
		})
	}
}

// The process dies at commits; every so many-th of each scene is tried.
func TestEveryCommitMayBeTheLast(t *testing.T) {
	t.Parallel()
	for _, s := range swept() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			_, commits := rehearse(t, s)
			every := s.commits
			switch {
			case testenv.Whole():
				every = (every + 2) / 3
			case pg.Chosen():
				every *= 2
			}

			t.Logf("%d questions of the database, every %d. tried", commits, every)
			for n := 1; n <= commits; n += every {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					t.Parallel()
					b := testenv.New(t, testenv.OneByOne())
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
