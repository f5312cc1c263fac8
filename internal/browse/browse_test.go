package browse_test

import (
	"fmt"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/browse"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/repository"
)

func TestFoldersAreBounded(t *testing.T) {
	t.Parallel()
	r := repository.New(t)
	s := &browse.Service{Nuxeo: r.Nuxeo}
	for i := range browse.Most {
		r.Make(fmt.Sprintf("Day %03d", i), "Folder")
	}

	videos, _ := r.Doc(repository.Folder)

	got, more, err := s.Children(t.Context(), "josh", videos.UID)
	if err != nil || len(got) != browse.Most || more || got[7].Title != "Day 007" {
		t.Errorf("%d folders, more: %v, %v; want %d and no more, with Day 007 in its place", len(got), more, err,
			browse.Most)
	}

	r.Make("Another", "Folder")
	if got, more, err := s.Children(t.Context(), "josh", videos.UID); err != nil || len(got) != browse.Most || !more {
		t.Errorf("%d folders, more: %v, %v; want %d and more", len(got), more, err, browse.Most)
	}

	if got, _, err := s.Search(t.Context(), "josh", "another"); err != nil || len(got) != 1 {
		t.Errorf("found %v, %v; want one", got, err)
	}
}

func TestFoldersAreThoseOneMaySee(t *testing.T) {
	t.Parallel()
	r := repository.New(t)
	s := &browse.Service{Nuxeo: r.Nuxeo}
	secret := r.Make("Secret cut", "Folder")
	r.SetACL(repository.Folder+"/Secret cut", "olga", "Everything", false)
	if got, _, err := s.Search(t.Context(), "olga", "secret"); err != nil || len(got) != 0 {
		t.Errorf("a stranger finds %v, %v; want nothing", got, err)
	}

	if _, _, err := s.Children(t.Context(), "olga", secret); !fault.Is(err, fault.NotFound) {
		t.Errorf("a stranger who asks what is in it: got %v, want that it is not there", err)
	}

	if got, _, err := s.Search(t.Context(), "josh", "secret"); err != nil || len(got) != 1 {
		t.Errorf("josh finds %v, %v; want one", got, err)
	}
}
