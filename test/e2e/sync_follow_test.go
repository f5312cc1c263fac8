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
	b := testenv.New(t, telling(frameiosim.Healthy))
	file := add(b, b.Root, "Cut.mov", content('a', 500))
	m := mirrored(b)
	uid := m.at(m.Folder, "Cut").UID
	if err := b.App.Webhooks.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}

	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	comes(b, "the comment", says(b, uid, "Too long."))
	b.Frameio.SetStatus(file, "Approved")
	comes(b, "the status", func() bool {
		m.told()
		return status(b, uid, "Approved")()
	})

	b.Settle()
	if s := m.get(); s.Troubled != 0 || s.Last.Waiting != 0 {
		t.Errorf("the synchronization is %+v, want nothing in trouble or waiting", s)
	}

	if r := m.refresh(false); r.Created+r.Updated+r.Failed+r.Gone != 0 {
		t.Errorf("the next run is %+v, want nothing created, updated, failed or gone", r)
	}
}
