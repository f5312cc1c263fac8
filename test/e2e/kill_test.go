package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/bed"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// Every remote write of every scene goes wrong in three ways: the process dies
// before it, the process dies after it had its effect but before anybody knows,
// and the answer alone is lost.
func TestEveryRemoteWriteMayGoWrong(t *testing.T) {
	t.Parallel()
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			writes, _ := rehearse(t, s)
			if len(writes) == 0 {
				t.Fatal("nothing was written")
			}
			t.Logf("%d remote writes", len(writes))
			for i, w := range writes {
				for k, when := range []bed.Moment{bed.Before, bed.After, bed.Lost} {
					if pg.Chosen() && k != i%3 { // what the other database has seen whole
						continue
					}
					t.Run(fmt.Sprintf("%d-%s", i+1, when), func(t *testing.T) {
						t.Parallel()
						b := bed.New(t, bed.OneByOne())
						deed, check := s.prepare(b)
						if strings.HasSuffix(w, "/upload/") && when == bed.Lost {
							b.MayLeave = 1
						}
						b.FailAt(i+1, when)
						deed()
						if died := b.Survive(); died == (when == bed.Lost) {
							t.Errorf("%s: died: %v", w, died)
						}
						check()
						if t.Failed() {
							t.Logf("it was %s, then %q", w, b.Writes()[i:])
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
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			_, commits := rehearse(t, s)
			every := s.commits
			if pg.Chosen() {
				every *= 2
			}
			t.Logf("%d questions of the database, every %d. tried", commits, every)
			for n := 1; n <= commits; n += every {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					t.Parallel()
					b := bed.New(t, bed.OneByOne())
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
