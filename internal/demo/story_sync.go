package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// dailies is a folder tree on Frame.io.
type dailies struct {
	top, one, two        string
	harbour, street, tea string
	stack                string // of harbour, once it has versions
}

// dailies are what the story mirrors; the guide begins without them.
func (d *seed) dailies(f *frameiosim.Server) (t dailies) {
	t.top = f.AddFolder(d.root, "Dailies")
	t.one, t.two = f.AddFolder(t.top, "Day 1"), f.AddFolder(t.top, "Day 2")
	t.harbour = f.AddFile(t.one, "Harbour.mp4", file("teaser_v1.mp4"), frameiosim.WithCreator(d.julia))
	t.street = f.AddFile(t.one, "Street.mov", file("making_of.mov"), frameiosim.WithCreator(d.julia))
	t.tea = f.AddFile(t.two, "Tea break.wav", file("jingle.wav"), frameiosim.WithCreator(d.josh))
	f.AddComment(t.harbour, frameiosim.CommentSpec{Text: "Take 3 is the best.", OwnerID: d.julia})
	return t
}

// synchronize mirrors a tree.
func (t *story) synchronize(ctx context.Context) error {
	t.dailies = t.seed.dailies(t.Frameio)
	t.say("Josh synchronizes the Nuxeo folder Trailers with the folder \"Dailies\" of the project.")
	got, err := t.josh.AddSync(ctx, api.SyncForm{
		Folder:        t.at.mirror,
		Team:          t.seed.workspace,
		Project:       t.seed.project,
		FrameioFolder: &t.dailies.top,
	})
	if err != nil {
		return err
	}

	t.synced = got.Id
	if _, err := t.ran(ctx, "3 new"); err != nil {
		return err
	}

	harbour := t.must(t.at.mirror + "/Day 1/Harbour")
	if c := t.repo.Comments(harbour.UID); len(c) != 1 {
		return fmt.Errorf("%d comments instead of 1", len(c))
	}

	return errors.Join(t.same(harbour.Path, "teaser_v1.mp4"), t.same(t.at.mirror+"/Day 1/Street", "making_of.mov"),
		t.same(t.at.mirror+"/Day 2/Tea break", "jingle.wav"),
		has(t.must(t.at.mirror), "FrameioSync"))
}

// ran waits until a run has ended; its summary must say each of the words.
func (t *story) ran(ctx context.Context, words ...string) (api.Sync, error) {
	if err := t.settle(ctx); err != nil {
		return api.Sync{}, err
	}

	got, err := t.josh.GetSync(ctx, t.synced)
	if err != nil {
		return api.Sync{}, err
	}

	if got.Last == nil {
		return api.Sync{}, fmt.Errorf("the answer was %+v", got)
	}

	summary := got.Last.Summary
	t.say("The folder shows: %s.", summary)
	for _, w := range words {
		if !strings.Contains(summary, w) {
			err = fmt.Errorf("%q does not say %q", summary, w)
		}
	}

	return *got, err
}

func (t *story) refresh(ctx context.Context, words ...string) (api.Sync, error) {
	if _, err := t.josh.RefreshSync(ctx, t.synced, api.RefreshSyncJSONRequestBody{}); err != nil {
		return api.Sync{}, err
	}
	return t.ran(ctx, words...)
}

// refreshUnchanged looks again: but for the mail about it, nothing is written.
func (t *story) refreshUnchanged(ctx context.Context) error {
	before := len(t.writes())
	t.say("Josh refreshes it. Nothing has changed on Frame.io.")
	if _, err := t.refresh(ctx, "nothing has changed"); err != nil {
		return err
	}

	if more := t.writes()[before:]; len(more) > 0 {
		return fmt.Errorf("%s was called", more[0])
	}

	t.say("Nothing was fetched, and nothing written in Nuxeo.")
	return nil
}

// check changes the tree, and says what a refresh would do about it.
func (t *story) check(ctx context.Context) error {
	t.mirrored = []string{
		t.must(t.at.mirror + "/Day 1/Harbour").UID, t.must(t.at.mirror + "/Day 1/Street").UID,
		t.must(t.at.mirror + "/Day 2/Tea break").UID,
	}

	t.Frameio.Rename(t.dailies.two, "Night")
	t.Frameio.Move(t.dailies.street, t.dailies.two)
	t.dailies.stack = t.Frameio.Stack(t.dailies.harbour,
		t.Frameio.AddFile(t.dailies.one, "Harbour.mp4", file("teaser_v2.mp4"), frameiosim.WithCreator(t.seed.julia)))
	t.say("On Frame.io \"Day 2\" becomes \"Night\", Street moves there, and Harbour gets a new version. Josh checks " +
		"what has changed.")

	// A check changes nothing, and says what a refresh would do.
	if _, err := t.josh.CheckSync(ctx, t.synced); err != nil {
		return err
	}

	if err := t.settle(ctx); err != nil {
		return err
	}

	found, err := t.josh.ListSyncDifferences(ctx, t.synced, nil)
	if err != nil {
		return err
	}

	said := map[string]string{}
	for _, d := range found.Differences {
		said[d.Name] = fmt.Sprint(d.Acts)
	}

	if want := map[string]string{
		"Night": "[rename]", "Street.mov": "[move]",
		"Harbour.mp4": "[update]",
	}; !maps.Equal(said, want) {
		return fmt.Errorf("a refresh would do %v, want %v", said, want)
	}

	t.say("A refresh would rename \"Day 2\", move Street and bring the new version of Harbour, and nothing else.")
	return nil
}

// refreshChanged follows a rename, a move and a new version by the same documents.
func (t *story) refreshChanged(ctx context.Context) error {
	was := t.mirrored
	t.say("Josh refreshes.")
	if _, err := t.refresh(ctx, "1 renamed", "1 moved"); err != nil {
		return err
	}

	// The documents are the same ones, in other places.
	is := map[string]string{}
	for _, folder := range t.repo.Children(t.at.mirror) {
		for _, d := range t.repo.Children(folder.UID) {
			is[folder.Title+"/"+d.Title] = d.UID
		}
	}

	if len(is) != 3 || is["Day 1/Harbour"] != was[0] || is["Night/Street"] != was[1] ||
		is["Night/Tea break"] != was[2] {
		return fmt.Errorf("there are the documents %v, not %v", is, was)
	}

	t.say("The same documents: renamed, moved, with a version more. Nothing was copied.")
	return errors.Join(t.same(was[0], "teaser_v2.mp4"), t.kept(was[0], "teaser_v1.mp4", "teaser_v2.mp4"))
}

// conflict changes one document on both sides.
func (t *story) conflict(ctx context.Context) error {
	uid := t.must(t.at.mirror + "/Day 1/Harbour").UID
	mine := nuxeosim.Blob{Name: "Harbour.mp4", MimeType: "video/mp4", Data: mustRead("making_of.mov")}
	if err := t.repo.Edit(t.Login("josh"), uid, map[string]any{"file:content": mine}); err != nil {
		return err
	}

	third := t.Frameio.AddFile(t.dailies.one, "Harbour.mp4", file("teaser_v1.mp4"),
		frameiosim.WithCreator(t.seed.julia))
	t.Frameio.AddToStack(t.dailies.stack, third)
	t.say("Harbour is changed in Nuxeo, and gets one more version on Frame.io. Josh refreshes.")
	s, err := t.refresh(ctx, "1 in conflict")
	if err = errors.Join(err, t.same(uid, "making_of.mov")); err != nil {
		return err
	}

	t.say("What Josh has in Nuxeo stays, and the folder says that %d is in conflict. He decides for Frame.io's.",
		s.Conflicting)
	return t.settleConflict(ctx, uid)
}

func (t *story) settleConflict(ctx context.Context, uid string) error {
	troubles, err := t.josh.ListSyncTroubles(ctx, t.synced, nil)
	if err != nil {
		return err
	}

	if len(troubles.Entries) != 1 {
		return fmt.Errorf("the answer was %+v", troubles)
	}

	form := api.SettleSyncJSONRequestBody{Key: troubles.Entries[0].Key, Use: "frameio"}
	if _, err := t.josh.SettleSync(ctx, t.synced, form); err != nil {
		return err
	}

	if err := t.settle(ctx); err != nil {
		return err
	}

	t.say("Frame.io's content came; a version keeps what Nuxeo had.")
	return errors.Join(t.same(uid, "teaser_v1.mp4"), t.kept(uid, "making_of.mov"))
}

// gone deletes one on Frame.io: its document stays and is marked.
func (t *story) gone(ctx context.Context) error {
	uid := t.must(t.at.mirror + "/Day 2/Tea break").UID
	t.Frameio.Delete(t.dailies.tea)
	t.say("Tea break is deleted on Frame.io. Josh refreshes.")
	s, err := t.refresh(ctx, "1 gone")
	if err != nil {
		return err
	}

	if d := t.must(uid); d.IsTrashed || s.Missing != 1 {
		return fmt.Errorf("trashed is %v, and %d are missing", d.IsTrashed, s.Missing)
	}

	t.say("Its document stays in Nuxeo, marked as gone on Frame.io.")
	return t.same(uid, "jingle.wav")
}

// removeSync ends it; every document stays.
func (t *story) removeSync(ctx context.Context) error {
	if err := t.josh.RemoveSync(ctx, t.synced); err != nil {
		return err
	}

	if err := t.settle(ctx); err != nil {
		return err
	}

	if has(t.must(t.at.mirror), "FrameioSync") == nil {
		return errors.New("the folder still has the facet")
	}

	if n := len(t.repo.Children(t.at.mirror)); n != 2 {
		return fmt.Errorf("%d folders are left of 2", n)
	}

	t.say("The synchronization is removed; every document stays.")
	return t.same(t.at.mirror+"/Day 1/Harbour", "teaser_v1.mp4")
}
