package main

import (
	"flag"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
)

var (
	mirrorAssets  = flag.Int("assets", 200, "how many assets TestSync mirrors")
	mirrorFolders = flag.Int("folders", 10, "in how many folders they are")
	mirrorChanges = flag.Bool("changes", false,
		"whether TestSync also waits for what webhooks and the audit log tell, which takes a minute")
	originals = flag.Int("originals", 60, "how many assets TestSyncOriginal mirrors, 50 in a folder at most")
)

// What Frame.io lets a person do in a second, by its rules.
const (
	lists      = 5 // of one kind: folders, files or stacks
	listsBurst = 5 // at once, when none was made lately
	shows      = 10
)

// A folder is listed by three calls. What else a run asks is a matter of a few calls
// and seconds, and counts with few folders.
const (
	perFolder   = 3
	otherCalls  = 12
	otherTime   = 5.0
	fewFolders  = 500
	hundred     = 100
	callsOfEach = 4 // that one changed asset may cost
)

// TestSync mirrors a tree without contents, and refreshes it when nothing has
// changed, and when a hundred assets have: told by webhooks, told by nothing but the
// audit log after a time in which the connector was down, and not told at all.
func TestSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, b := newMirror(t, *mirrorAssets, *mirrorFolders), &bench{}
		bound, ideal := float64(perFolder**mirrorFolders), float64(*mirrorFolders-listsBurst)/lists
		calls, seconds := 0.0, 0.0
		if *mirrorFolders < fewFolders {
			calls, seconds = otherCalls/bound, otherTime/ideal
		}

		first := m.run(t, func() { m.begin(t, foldersync.Metadata) })
		m.complete(t)
		m.hooked(t)
		b.report("sync-first-calls", float64(first.calls)/bound, 1.05+calls, false)
		b.report("sync-first-time", first.took.Seconds()/ideal, 1.05+seconds, false)

		same := m.run(t, func() { m.refresh(t) })
		b.report("sync-unchanged-writes", float64(same.writes), 0, false)
		b.report("sync-unchanged-calls", float64(same.calls)/bound, 1.2+calls, false)
		m.hundred(t, b)
		b.report("sync-refused", float64(m.refused.Load()), 0, false)
		b.verdict(t)
	})
}

// TestSyncOriginal mirrors a tree with contents, of which Frame.io shows ten a
// second.
func TestSyncOriginal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folders := max(1, *originals/50)
		m, b := newMirror(t, *originals, folders), &bench{}
		first := m.run(t, func() { m.begin(t, foldersync.Original) })
		m.complete(t)
		ideal, slack := float64(max(0, folders-listsBurst))/lists+float64(*originals-shows)/shows, 0.0
		if folders < fewFolders {
			slack = 2 * otherTime / ideal
		}

		b.report("sync-first-original-shows", float64(m.Frameio.Calls("files.show"))/float64(*originals), 1.05, false)
		b.report("sync-first-original", first.took.Seconds()/ideal, 1.05+slack, false)
		b.verdict(t)
	})
}

func (b *bench) verdict(t *testing.T) {
	t.Helper()
	if b.short > 0 {
		t.Errorf("figures that fall short of their target: got %d, want 0", b.short)
	}
}

// hundred changes assets, and refreshes when nobody has told of it.
func (m *mirror) hundred(t *testing.T, b *bench) {
	t.Helper()
	some := m.some(min(hundred, len(m.files)/2))
	most := float64(callsOfEach*len(some)) + otherCalls
	if len(some) == hundred {
		most = callsOfEach * hundred
	}

	if *mirrorChanges {
		m.told(t, b, some, most)
	}

	m.deaf.Store(true)
	m.approve(some, "Needs Review")
	m.run(t, func() { m.refresh(t) })
	b.report("sync-hundred-lost", float64(m.behind(some, "Needs Review")), 0, false)
}

// told counts what Frame.io is asked until all documents show what its webhooks tell
// of, and what its audit log does.
func (m *mirror) told(t *testing.T, b *bench, some []string, most float64) {
	t.Helper()
	b.report("sync-hundred", m.until(t, 30*time.Minute, some, func() { m.approve(some, "Approved") }), most, false)
	b.report("sync-hundred-audit", m.until(t, time.Hour, some, func() {
		m.stop(t)
		m.approve(some, "In Progress")
		time.Sleep(10 * time.Minute) // until nobody tries any more to tell of it
		m.start(t)
	}), most, false)
}

// until counts the calls to Frame.io until all documents show what was approved
// last; without an end if that takes too long.
func (m *mirror) until(t *testing.T, most time.Duration, some []string, change func()) float64 {
	t.Helper()
	before, end := m.calls.Load(), time.Now().Add(most)
	change()
	for m.behind(some, m.approved) > 0 {
		if time.Now().After(end) {
			t.Logf("after %s %d of %d documents do not show %q", most, m.behind(some, m.approved),
				len(some), m.approved)
			return math.Inf(1)
		}
		time.Sleep(time.Second)
	}

	time.Sleep(time.Minute) // what is still under way
	return float64(m.calls.Load() - before)
}

// plant makes a tree: folders in folders, and in each as many files as in the
// others, one of them on a stack.
func (m *mirror) plant(assets, folders int) {
	const wide = 40
	in := []string{m.Root}
	for i := 1; i < folders; i++ {
		in = append(in, m.Frameio.AddFolder(in[(i-1)/wide], fmt.Sprintf("Folder %d", i)))
	}

	for i := range assets {
		parent, name := in[i%folders], fmt.Sprintf("clip %d", i)
		file := m.file(parent, name)
		if i < folders && assets >= 2*folders {
			head := m.file(parent, name+" again")
			m.Frameio.Stack(file, head)
			file = head
		}
		m.files = append(m.files, file)
	}
}
