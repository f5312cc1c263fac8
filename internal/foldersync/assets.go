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
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// assets renames and moves documents as their assets were, and adds an item for
// each asset that shows something else by now. Items and the place in the list are
// in one transaction.
func (r *run) assets(ctx context.Context) (work.Next, error) {
	for !r.t.SliceOver() {
		some, err := r.changedAssets(ctx)
		if err != nil {
			return work.Next{}, err
		}

		if len(some) == 0 {
			return work.Next{Step: stepWait}, nil
		}

		if again, err := r.foldersLost(ctx, some); again || err != nil {
			return work.Next{Step: stepFolders, After: time.Millisecond}, err
		}

		if err := r.assetsAre(ctx, some); err != nil {
			return work.Next{}, err
		}
	}
	return work.Next{Step: stepAssets, After: time.Millisecond}, nil
}

// foldersLost finds folders that documents are to be put into and that people have
// deleted or put into the trash in Nuxeo: they are made again.
func (r *run) foldersLost(ctx context.Context, some []change) (again bool, err error) {
	looked := map[string]bool{}
	for _, c := range some {
		if c.had.Document != "" && c.had.Parent == c.Parent {
			continue
		}
		lost, err := r.folderLost(ctx, c.Parent, looked)
		if err != nil {
			return false, err
		}
		again = again || lost
	}

	if again {
		r.st.rewind()
		return true, r.t.Save(ctx, r.st)
	}

	return false, nil
}

// folderLost looks at a folder and, while they are lost, at those above it.
func (r *run) folderLost(ctx context.Context, key string, looked map[string]bool) (lost bool, err error) {
	for ; key != r.sync.Root && !looked[key]; lost = true {
		looked[key] = true
		e, ok, err := entry(ctx, r.DB.Reader, r.sync.ID, key)
		if err != nil || !ok || e.Document == "" {
			return lost, err
		}

		if err := ingest.Present(ctx, r.nx, e.Document); !fault.Is(err, fault.Gone) {
			return lost, err
		}

		if err := r.commit(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET document_uid = ''
				WHERE sync_id = $1 AND key = $2`, r.sync.ID, key)
			return err
		}); err != nil {
			return lost, err
		}

		key = e.Parent
	}
	return lost, nil
}

func (r *run) assetsAre(ctx context.Context, all []change) error {
	some := slices.DeleteFunc(slices.Clone(all), func(c change) bool { return c.parentIn == "" })
	if err := r.arrangeAll(ctx, some); err != nil {
		return err
	}

	var want []change
	for _, c := range some {
		if c.refused == "" && c.wanted(r.sync) {
			want = append(want, c)
		}
	}

	laid, rest, err := r.lay(ctx, want)
	if err != nil {
		return err
	}

	items := make([]work.New, 0, len(rest))
	for _, c := range rest {
		items = append(items, r.sync.item(c, r.st.Run, r.t.Requester, r.sync.Conflicts))
	}

	last := all[len(all)-1]
	r.st.In, r.st.After = last.Parent, last.Key
	return r.record(ctx, some, laid, items, len(some) < len(all))
}

// wanted reports whether the asset is to be brought: that both sides changed it, an item
// finds out.
func (c change) wanted(q Sync) bool {
	return does(q.decide(c.standing()), Create, Update, Part) || c.had.Document != "" && c.had.print != c.print
}

// arrangeAll renames and moves the documents whose assets were, several at once.
func (r *run) arrangeAll(ctx context.Context, some []change) error {
	g, in := errgroup.WithContext(ctx)
	g.SetLimit(max(1, r.Lanes))
	for i := range some {
		c := &some[i]
		if !does(r.sync.decide(c.standing()), Rename, Move, Return) {
			continue
		}

		g.Go(func() error {
			uid, err := r.arrange(in, c)
			if c.refused = refusal(notArranged, err); c.refused != "" {
				return nil
			}
			c.had.Document = uid
			return err
		})
	}

	return g.Wait()
}

// record writes down what became of some assets, and adds the items for those that
// are still to be brought. Others may have no folder in Nuxeo that the run can make.
func (r *run) record(ctx context.Context, some []change, laid []sheet, items []work.New, others bool) error {
	var ids []string
	err := r.commit(ctx, func(tx *sql.Tx) (err error) {
		if others {
			if err := r.whole(ctx, tx); err != nil {
				return err
			}
		}

		done := map[string]bool{}
		for _, s := range laid {
			done[s.Key] = true
		}

		for _, c := range some {
			if err := r.arranged(ctx, tx, c, done[c.Key]); err != nil {
				return err
			}
		}

		if err := r.lain(ctx, tx, laid); err != nil {
			return err
		}

		ids, err = r.t.Add(ctx, tx, items...)
		return err
	})

	r.t.Wake(ids...)
	return err
}

// arranged records where an asset is now, or why it is not.
func (r *run) arranged(ctx context.Context, tx *sql.Tx, c change, laid bool) error {
	if c.refused != "" {
		return r.refuse(ctx, tx, c.had, c.refused)
	}

	if does(r.sync.decide(c.standing()), Conflict) { // it keeps its name and place until it is settled
		c.Name, c.Parent = c.had.Name, c.had.Parent
	}

	if err := r.counted(ctx, tx, c); err != nil || laid {
		return err
	}

	e := c.had
	e.Parent, e.Name, e.Gone = c.Parent, c.Name, false
	return put(ctx, tx, r.t.Now(), r.sync.ID, e)
}

// item brings one asset.
func (q Sync) item(c change, run, requester, conflicts string) work.New {
	st := assetState{
		Sync: q.ID, Key: c.Key, Print: c.print, Head: c.head, Job: q.job(c),
		New:     c.had.Document == "" || c.had.print == "",
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

// job is what ingest is to do for an asset.
func (q Sync) job(c change) ingest.Job {
	return ingest.Job{
		Asset: ingest.Asset{Account: q.Account, Workspace: q.Workspace, Kind: frameio.Kind(c.Kind), ID: c.Key},
		Target: ingest.Target{
			Scope:        q.FolderUID,
			Folder:       c.parentIn,
			DocumentType: q.DocumentType,
			PublishedBy:  q.Owner,
		},
		Mirror: &ingest.Mirror{
			NoComments: !q.Comments,
			Plain:      q.Fetch == Metadata,
			Proxy:      q.Fetch == Proxy,
			Folder:     c.Parent,
		},
	}
}
