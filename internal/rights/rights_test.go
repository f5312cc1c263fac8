package rights_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/rights"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/repository"
)

// josh may write one document and read another; a third is closed to him, and a fourth is gone.
func documents(t *testing.T, r *repository.Repository) (mine, theirs, closed, gone string) {
	t.Helper()
	mine, theirs = r.Make("mine", "File"), r.Make("theirs", "File")
	closed, gone = r.Make("closed", "File"), r.Make("gone", "File")
	r.SetACL(repository.Folder+"/mine", "josh", "ReadWrite", true)
	r.SetACL(repository.Folder+"/closed", "josh", "Everything", false)
	if err := r.Remove(gone); err != nil {
		t.Fatal(err)
	}
	return mine, theirs, closed, gone
}

func TestRightsOnDocuments(t *testing.T) {
	t.Parallel()
	r := repository.New(t)
	mine, theirs, closed, gone := documents(t, r)
	all := []string{mine, theirs, closed, gone, "", mine}
	got, err := rights.Of(t.Context(), r, "josh", all...)
	if err != nil {
		t.Fatal(err)
	}

	for uid, want := range map[string][2]bool{ // to read, to write
		mine: {true, true}, theirs: {true, false}, closed: {false, false}, gone: {false, false},
	} {
		if may := [2]bool{got.Has(uid, rights.Read), got.Has(uid, rights.WriteProperties)}; may != want {
			t.Errorf("of all, %s: may read and write: got %v, want %v", uid, may, want)
		}

		one, err := rights.Of(t.Context(), r, "josh", uid)
		may := [2]bool{one.Has(uid, rights.Read), one.Has(uid, rights.WriteProperties)}
		if err != nil || may != want {
			t.Errorf("of %s alone: may read and write: got %v, %v; want %v", uid, may, err, want)
		}
	}

	readable, err := rights.Readable(t.Context(), r, "josh", all...)
	if want := map[string]bool{mine: true, theirs: true}; err != nil || !maps.Equal(readable, want) {
		t.Errorf("readable are %v, %v; want %v", readable, err, want)
	}
}

// However many there are, each is asked for once, a thousand in a call.
func TestRightsOfManyTakeFewCalls(t *testing.T) {
	t.Parallel()
	r := repository.New(t)
	mine, _, _, _ := documents(t, r)
	uids := []string{mine, mine}
	for i := range 1500 {
		uids = append(uids, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
	}

	before := len(r.Requests())
	got, err := rights.Of(t.Context(), r, "josh", slices.Concat(uids, uids)...)
	if err != nil || !got.Has(mine, rights.WriteProperties) || len(got) != 1 {
		t.Errorf("got %v, %v; want only those on %s", got, err, mine)
	}

	if n := len(r.Requests()) - before; n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
}

func TestWhoCannotBeActedForHasNoRights(t *testing.T) {
	t.Parallel()
	r := repository.New(t)
	mine, theirs, _, _ := documents(t, r)
	for _, login := range []string{repository.Nobody, "somebody Nuxeo does not know"} {
		for _, uids := range [][]string{{mine}, {mine, theirs}, nil} {
			if got, err := rights.Of(t.Context(), r, login, uids...); err != nil || len(got) != 0 {
				t.Errorf("%s on %v: got %v, %v; want none", login, uids, got, err)
			}
		}
	}
}
