package review

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

// From Frame.io itself: what its API sends twice for unchanged comments must
// not look like a change.
func TestFromFrameioToNuxeo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	sim, err := frameiosim.New(frameiosim.Options{Seed: 1, RateFactor: -1})
	if err != nil {
		t.Fatal(err)
	}

	srv := httptest.NewServer(sim)
	t.Cleanup(func() { srv.Close(); _ = sim.Close() })
	sim.SetURL(srv.URL)
	owner := sim.AddPerson("Olga Owner", "olga@example.org")
	account := sim.AddAccount("Studio", owner)
	_, root := sim.AddProject(sim.AddWorkspace(account, "Features"), "Film")
	file := sim.AddFile(root, "f.mov", sim.Pattern(1, 1000))
	token := sim.AccessToken(owner)
	client, err := v4.New(srv.URL, http.DefaultClient, func(context.Context, string) (string, error) {
		return token, nil
	})
	if err != nil {
		t.Fatal(err)
	}

	all := func() (out []frameio.Comment) {
		for c, err := range client.Comments(t.Context(), account, file) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, c)
		}
		return out
	}

	one := sim.AddComment(file, frameiosim.CommentSpec{Text: "One.", OwnerID: owner, Timestamp: ptr(25)})
	reply := sim.AddComment(file, frameiosim.CommentSpec{Text: "By a guest.", ParentID: one})
	two := sim.AddComment(file, frameiosim.CommentSpec{Text: "Two.", OwnerID: owner, Annotation: `[{"tool":"line"}]`})
	w.must(all()...)
	w.wants("comment "+one+": One.", "  comment "+reply+": By a guest.", "drawing "+two+": Two.")
	if head := w.of(reply).Text; head != "external reviewer\nBy a guest." {
		t.Errorf("a guest's reply reads %q, want it to begin with external reviewer", head)
	}

	if n := w.calls(func() { w.must(all()...) }); n != 0 {
		t.Errorf("an unchanged import made %d calls, want none", n)
	}

	sim.CompleteComment(one, true)
	sim.EditComment(reply, "Edited.")
	sim.DeleteComment(two)
	w.must(all()...)
	w.wants("comment "+one+": One.", "  comment "+reply+": Edited.")
}
