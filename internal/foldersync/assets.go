package foldersync

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// syncAssets renames and moves documents whose assets were, and adds an item for each asset whose
// content or metadata changed. Items and cursor are written in one transaction.
func (r *run) syncAssets(ctx context.Context) (work.Next, error) {
	for !r.t.SliceOver() {
		// Take the next page of differences.
		some, err := r.changedAssets(ctx)
		if err != nil {
			return work.Next{}, err
		}

		if len(some) == 0 {
			return work.Next{Step: stepWait}, nil
		}

		// If a destination folder is missing in Nuxeo, create the folders first.
		if again, err := r.resetMissingFolders(ctx, some); again || err != nil {
			return work.Next{Step: stepFolders, After: time.Millisecond}, err
		}

		// Apply the page.
		if err := r.syncAssetPage(ctx, some); err != nil {
			return work.Next{}, err
		}
	}
	return work.Next{Step: stepAssets, After: time.Millisecond}, nil
}

// resetMissingFolders finds destination folders that people have deleted or trashed in Nuxeo and
// makes the run create them again. It reports whether there are any.
func (r *run) resetMissingFolders(ctx context.Context, some []change) (again bool, err error) {
	// Look at each folder that something is created in or moved to.
	checked := map[string]bool{}
	for _, c := range some {
		if c.had.Document != "" && c.had.Parent == c.Parent {
			continue
		}
		missing, err := r.resetMissingFolder(ctx, c.Parent, checked)
		if err != nil {
			return false, err
		}
		again = again || missing
	}

	// Start over with the folders.
	if again {
		r.st.rewind()
		return true, r.t.Save(ctx, r.st)
	}

	return false, nil
}

// resetMissingFolder clears the document of a folder that is missing in Nuxeo, and of the missing
// ones above it.
func (r *run) resetMissingFolder(ctx context.Context, key string, checked map[string]bool) (missing bool, err error) {
	for ; key != r.sync.Root && !checked[key]; missing = true {
		checked[key] = true
		e, ok, err := getEntry(ctx, r.DB.Reader, r.sync.ID, key)
		if err != nil || !ok || e.Document == "" {
			return missing, err
		}

		if err := ingest.RequireFolder(ctx, r.nx, e.Document); !fault.Is(err, fault.Gone) {
			return missing, err
		}

		if err := r.commit(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET document_uid = ''
				WHERE sync_id = $1 AND key = $2`, r.sync.ID, key)
			return err
		}); err != nil {
			return missing, err
		}

		key = e.Parent
	}
	return missing, nil
}

// syncAssetPage applies one page of differences.
func (r *run) syncAssetPage(ctx context.Context, all []change) error {
	// Rename and move, except where the folder does not exist in Nuxeo yet.
	some := slices.DeleteFunc(slices.Clone(all), func(c change) bool { return c.parentUID == "" })
	if err := r.renameAndMoveAll(ctx, some); err != nil {
		return err
	}

	// Create documents without content in bulk; the others get an item each.
	var want []change
	for _, c := range some {
		if c.refused == "" && c.needsImport(r.sync) {
			want = append(want, c)
		}
	}

	created, rest, err := r.bulkCreate(ctx, want)
	if err != nil {
		return err
	}

	if err := r.noteUnmapped(ctx, created); err != nil {
		return err
	}

	items := make([]work.New, 0, len(rest))
	for _, c := range rest {
		items = append(items, r.sync.newItem(c, r.st.Run, r.t.Requester, r.sync.Conflicts))
	}

	// Record it all with the cursor.
	last := all[len(all)-1]
	r.st.In, r.st.After = last.Parent, last.Key
	return r.recordAssets(ctx, some, created, items, len(some) < len(all))
}

// needsImport reports whether the asset needs an item or a bulk write. If both sides have changed
// it, the item finds out.
func (c change) needsImport(q Sync) bool {
	return hasAny(q.decide(c.situation()), Create, Update, Split) ||
		c.had.Document != "" && c.had.fingerprint != c.fingerprint
}

// renameAndMoveAll renames and moves the documents whose assets were, several at once.
func (r *run) renameAndMoveAll(ctx context.Context, some []change) error {
	g, in := errgroup.WithContext(ctx)
	g.SetLimit(max(1, r.MaxCalls))
	for i := range some {
		c := &some[i]
		if !hasAny(r.sync.decide(c.situation()), Rename, Move, Restore) {
			continue
		}

		g.Go(func() error {
			uid, err := r.renameAndMove(in, c)
			if c.refused = refusalMessage(cannotArrange, err); c.refused != "" {
				return nil
			}
			c.had.Document = uid
			return err
		})
	}

	return g.Wait()
}

// recordAssets records a page of assets and adds the items for the others. With others set, a
// folder is missing that this run cannot create, so that it requests a full run.
func (r *run) recordAssets(
	ctx context.Context, some []change, created []pendingDoc, items []work.New, others bool,
) error {
	var ids []string
	err := r.commit(ctx, func(tx *sql.Tx) (err error) {
		if others {
			if err := r.requestFullRun(ctx, tx); err != nil {
				return err
			}
		}

		done := map[string]bool{}
		for _, s := range created {
			done[s.Key] = true
		}

		for _, c := range some {
			if err := r.recordPosition(ctx, tx, c, done[c.Key]); err != nil {
				return err
			}
		}

		if err := r.recordCreated(ctx, tx, created); err != nil {
			return err
		}

		ids, err = r.t.Add(ctx, tx, items...)
		return err
	})

	r.t.Wake(ids...)
	return err
}

// recordPosition records the name and folder of an asset, or why its document could not be renamed
// or moved.
func (r *run) recordPosition(ctx context.Context, tx *sql.Tx, c change, created bool) error {
	if c.refused != "" {
		return r.recordProblem(ctx, tx, c.had, c.refused)
	}

	if hasAny(r.sync.decide(c.situation()), Conflict) { // name and folder stay until it is resolved
		c.Name, c.Parent = c.had.Name, c.had.Parent
	}

	if err := r.countPosition(ctx, tx, c); err != nil || created {
		return err
	}

	e := c.had
	e.Parent, e.Name, e.Gone = c.Parent, c.Name, false
	return putEntry(ctx, tx, r.t.Now(), r.sync.ID, e)
}

// newItem returns the item that imports one asset.
func (q Sync) newItem(c change, run, requester, conflicts string) work.New {
	st := assetState{
		Sync: q.ID, Key: c.Key, Print: c.fingerprint, Head: c.head, Job: q.newJob(c),
		New:     c.had.Document == "" || c.had.fingerprint == "",
		Earlier: q.Earlier && c.Kind == string(frameio.KindStack),
	}

	st.Job.Mirror.Overwrite, st.Job.Mirror.Both = conflicts == FrameioWins, conflicts == KeepBoth
	return work.New{
		Kind:      KindAsset,
		Parent:    run,
		Subject:   c.Kind + " " + c.Key,
		Title:     c.Name,
		Owner:     q.Owner,
		Actor:     q.Owner,
		Requester: requester,
		Data:      st,
	}
}

// newJob returns the ingest job for an asset.
func (q Sync) newJob(c change) ingest.Job {
	return ingest.Job{
		Asset: ingest.Asset{Account: q.Account, Workspace: q.Workspace, Kind: frameio.Kind(c.Kind), ID: c.Key},
		Target: ingest.Target{
			Scope:        q.FolderUID,
			Folder:       c.parentUID,
			DocumentType: q.DocumentType,
			PublishedBy:  q.Owner,
			Map:          metamap.Scope{Sync: q.ID},
		},
		Mirror: &ingest.Mirror{
			NoComments: !q.Comments,
			NoContent:  q.Fetch == Metadata,
			Proxy:      q.Fetch == Proxy,
			Folder:     c.Parent,
			Refetch:    c.had.refetch && c.had.Document != "",
		},
	}
}
