package e2e

import (
	"fmt"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// Nuxeo refuses one call for good, whichever it is: the item fails and says so,
// and a retry ends as if nothing had been.
func TestRetryAfterEveryRefusal(t *testing.T) {
	t.Parallel()
	one, two := testenv.Bytes('1', 1000), testenv.Bytes('2', 2000)
	for name, prepare := range map[string]func(b *testenv.Bed) (string, testenv.Want){
		"create": func(b *testenv.Bed) (string, testenv.Want) {
			file := b.Add(b.Root, "Cut.mov", one)
			b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "dark", OwnerID: b.Julia})
			return file, testenv.Want{"Cut": {Content: one, Comments: []string{"dark"}}}
		},
		"update": func(b *testenv.Bed) (string, testenv.Want) {
			file := b.Add(b.Root, "Cut.mov", one)
			b.PublishOne(b.Josh, "created", file)
			stack := b.Frameio.Stack(file, b.Add(b.Root, "Cut 2.mov", two))
			return stack, testenv.Want{"Cut": {Content: two, Versions: [][]byte{one, two}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			more := true
			for n := 0; more; n++ {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					b := testenv.New(t, testenv.OneByOne())
					b.Bind("Publish")
					asset, want := prepare(b)
					b.Nuxeo.Faults().Add(faults.Rule{Skip: n, Times: 1, Status: 422})
					b.Run(b.Josh, asset)
					b.Settle()
					b.Nuxeo.Faults().Clear()
					for _, v := range b.Settle() {
						if v.State == work.Failed {
							if v.Code != "refused" || v.Message == "" {
								t.Errorf("%s at %q failed with %s and %q, want it refused with a message", v.Kind,
									v.Step, v.Code, v.Message)
							}
							if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, v.ID); err != nil {
								t.Fatal(err)
							}
						}
					}

					b.AllDone()
					hits := b.Nuxeo.Faults().Hits()
					if len(hits) > 0 && hits[0].Method == "DELETE" {
						b.MayLeave = 1 // it may not be removed, then
					}

					b.Check(want)
					if more = len(hits) > 0; more {
						t.Logf("refused: %v", hits[0])
					}
				})
				if n > 60 {
					t.Fatalf("retries: got %d, want an end before 60", n)
				}
			}
		})
	}
}
