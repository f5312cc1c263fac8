package copies_test

import (
	"context"
	"database/sql"
	"net/http"
	"sync"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/copies"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// Between the look and the moment in which Frame.io is asked, people may still say that the copy stays.
func TestWhatHasBegunIsStopped(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		meanwhile func(s stage, push string)
		state     copies.State
		reason    string
	}{
		"the binding leaves copies": {func(s stage, _ string) {
			s.choose(binding.Copies{Action: binding.LeaveCopy})
		}, copies.Kept, "The binding leaves copies on Frame.io now."},
		"the binding waits longer": {func(s stage, _ string) {
			s.choose(binding.Copies{Action: binding.DeleteCopy, Days: 300})
		}, copies.Waiting, ""},
		"somebody keeps it": {func(s stage, push string) {
			if _, err := s.App.Copies.Keep(s.T.Context(), josh, push); err != nil {
				s.T.Error(err)
			}
		}, copies.Kept, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, deleting)
			_, p := s.back("Cut")

			mirrored, once := s.App.Copies.Mirrored, sync.Once{}
			s.App.Copies.Mirrored = func(ctx context.Context, account string, assets []string) (string, error) {
				once.Do(func() { tc.meanwhile(s, p.ID) })
				return mirrored(ctx, account, assets)
			}

			s.later(31 * day)
			if s.is(p.ID, tc.state, tc.reason); s.files() != 1 {
				t.Errorf("%d files on Frame.io, want the one that is to stay", s.files())
			}
		})
	}
}

// A file that two documents belong to is left, whoever pushed it.
func TestAFileOfTwoDocumentsIsLeft(t *testing.T) {
	t.Parallel()
	s := setup(t, deleting)
	_, p := s.back("Cut")
	if err := s.App.DB.Tx(t.Context(), func(tx *sql.Tx) error {
		asset := link.Asset{Account: s.Account, Key: p.File, Files: []string{p.File}}
		l, err := link.Acquire(t.Context(), tx, s.clock.Now(), "another-folder", asset, "another-item")
		if err != nil {
			return err
		}
		return link.SetDocument(t.Context(), tx, s.clock.Now(), &l, "another-document")
	}); err != nil {
		t.Fatal(err)
	}

	s.later(31 * day)
	if s.is(p.ID, copies.Left, "Another document in Nuxeo belongs to the same file."); s.files() != 1 {
		t.Errorf("%d files on Frame.io, want the one of both documents", s.files())
	}
}

// When Frame.io has been asked, what cannot be seen is not taken for done, nor for undone.
func TestWhatWasAskedForIsNotGuessed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		meanwhile func(s stage)
		reason    string
	}{
		"nobody may look": {func(s stage) {
			s.Frameio.Faults().Add(faults.Rule{Method: http.MethodGet, Path: "/files/", Status: http.StatusForbidden})
		}, "Whether it was done cannot be seen: josh may not see the file on Frame.io any more."},
		"it is cancelled": {func(s stage) {
			all, _, err := s.App.Engine.Items(s.T.Context(), testenv.Viewer, work.Filter{Kind: copies.KindCopy})
			if err != nil || len(all) != 1 {
				s.T.Errorf("the items are %v, %v; want one", all, err)
				return
			}
			if err := s.App.Engine.Cancel(s.T.Context(), testenv.Viewer, all[0].ID); err != nil {
				s.T.Error(err)
			}
		}, "It was cancelled when Frame.io had been asked already: it may have been done."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, deleting)
			_, p := s.back("Cut")
			s.Frameio.Faults().Add(faults.Rule{
				Method: http.MethodDelete, Path: "/files/", Times: 1, Lost: true,
				Hook: testenv.Once(func() { tc.meanwhile(s) }),
			})

			s.later(31 * day)
			s.is(p.ID, copies.Left, tc.reason)
		})
	}
}
