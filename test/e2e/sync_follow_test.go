package e2e

import (
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// What is said about a mirrored asset arrives between two runs, and so do its status
// and a new version.
func TestAMirroredAssetIsFollowed(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Telling(frameiosim.Healthy))
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
	m := b.Mirrored()
	uid := m.At(m.Folder, "Cut").UID
	if err := b.App.Webhooks.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}

	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	b.Comes("the comment", b.Says(uid, "Too long."))
	b.Frameio.SetStatus(file, "Approved")
	b.Comes("the status", func() bool {
		hinted(m)
		return b.StatusIs(uid, "Approved")()
	})

	b.Settle()
	if s := m.Get(); s.Troubled != 0 || s.Last.Waiting != 0 {
		t.Errorf("the synchronization is %+v, want nothing in trouble or waiting", s)
	}

	if r := m.Refresh(false); r.Created+r.Updated+r.Failed+r.Gone != 0 {
		t.Errorf("the next run is %+v, want nothing created, updated, failed or gone", r)
	}
}
