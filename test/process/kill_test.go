// Package process attacks the connector as a process: the real binary, killed,
// stopped, replaced and started again, with real sockets and a real disk.
package process

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// A publish that is killed again and again, at moments drawn by a seed, ends as
// one document with the right bytes, and sends little twice.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	const (
		kills    = 12
		size     = 90 << 20
		partSize = 16 << 20
	)
	for _, verify := range []string{"digest", "parts"} {
		t.Run(verify, func(t *testing.T) {
			t.Parallel()
			p := newPlant(newSystems(t), "--transfer-verify", verify, "--transfer-streams", "2")
			p.start()
			file := p.frameio.AddFile(p.root, "long.mov", pattern.New(3, size))
			small := p.frameio.AddFile(p.root, "short.mov", pattern.New(4, 1000))
			p.bind()
			p.frameio.Faults().Add(faults.Rule{Path: "^/assets/", BytesPerSecond: 40 << 20})
			interaction, err := p.driver.Publish(t.Context(), file, small)
			if err != nil {
				t.Fatal(err)
			}

			rng := rand.New(rand.NewPCG(7, uint64(len(verify))))
			// further is true once more of the long file has arrived than at its first call.
			further := func() func(string, int64) bool {
				reached := int64(-1)
				return func(state string, moved int64) bool {
					if moved == 1000 { // the short one
						return false
					}
					if reached < 0 {
						reached = moved
					}
					return moved > reached || state == "done"
				}
			}

			for i := range kills {
				if i%2 == 1 { // three kills in a row without a byte that went further would park it
					if err := p.driver.Until(t.Context(), interaction, further(), 1); err != nil {
						t.Fatal(err)
					}
				}
				timer := time.NewTimer(time.Duration(rng.IntN(600)) * time.Millisecond)
				<-timer.C // a kill comes at any moment
				p.kill()
				p.start()
			}

			items, err := p.driver.Settle(t.Context(), interaction)
			if err != nil {
				t.Fatal(err)
			}

			p.check(size, 1000)
			for _, v := range items {
				if v.Transfer != nil && v.Transfer.Size == size {
					again := v.Transfer.Sent - size
					t.Logf("%s: %d kills, %.1f MiB of %d sent again", verify, kills, float64(again)/(1<<20), size>>20)
					if again > kills*2*partSize {
						t.Errorf("%d bytes were sent again, want at most two parts for each of %d kills", again, kills)
					}
				}
			}
		})
	}
}

func (p *plant) check(sizes ...int64) {
	p.t.Helper()
	docs := p.nuxeo.Children(p.folder)
	if len(docs) != len(sizes) {
		p.t.Fatalf("%d documents, want %d", len(docs), len(sizes))
	}

	for _, d := range docs {
		content := pattern.New(3, sizes[0])
		if d.Title == "short" {
			content = pattern.New(4, sizes[1])
		}
		if err := equal(p.nuxeo, d, content); err != nil {
			p.t.Errorf("the content of %s: %v", d.Title, err)
		}
	}

	// An empty batch whose name the process did not live to learn is Nuxeo's to
	// remove.
	if n := p.nuxeo.FilledBatches(); n != 0 {
		p.t.Errorf("%d upload batches are left, want none", n)
	}
}
