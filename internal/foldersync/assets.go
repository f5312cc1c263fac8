package foldersync

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/intake"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// assets renames and moves documents as their assets were, and adds an item for
// each asset that shows something else by now. Items and the place in the list are
// in one transaction.
func (r *run) assets(ctx context.Context) (work.Next, error) {
	for !r.t.SliceOver() {
		some, err := r.changed(ctx, false)
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
		r.st.Depth, r.st.After = 0, ""
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
		if err := intake.Present(ctx, r.nx, e.Document); !fault.Is(err, fault.Gone) {
			return lost, err
		}
		if err := r.commit(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET document_uid = '' WHERE sync_id = $1 AND key = $2`, r.sync.ID, key)
			return err
		}); err != nil {
			return lost, err
		}
		key = e.Parent
	}
	return lost, nil
}

func (r *run) assetsAre(ctx context.Context, some []change) error {
	var items []work.New
	for i, c := range some {
		if c.had.Document != "" && (c.had.Name != c.Name || c.had.Parent != c.Parent || c.had.Gone) {
			uid, err := r.arrange(ctx, &some[i])
			if some[i].refused = refusal(notArranged, err); some[i].refused != "" {
				continue
			}
			if err != nil {
				return err
			}
			some[i].had.Document = uid
		}
		if c = some[i]; c.had.Document == "" || c.had.print != c.print || c.had.Problem != "" {
			items = append(items, r.sync.item(c, r.st.Run, r.t.Requester, r.sync.Conflicts == FrameioWins))
		}
	}
	var ids []string
	last := some[len(some)-1]
	r.st.Depth, r.st.After = last.Depth, last.Key
	err := r.commit(ctx, func(tx *sql.Tx) (err error) {
		for _, c := range some {
			if err := r.arranged(ctx, tx, c); err != nil {
				return err
			}
		}
		ids, err = r.t.Add(ctx, tx, items...)
		return err
	})
	r.t.Wake(ids...)
	return err
}

// arranged records where an asset is now, or why it is not.
func (r *run) arranged(ctx context.Context, tx *sql.Tx, c change) error {
	if c.refused != "" {
		return r.refuse(ctx, tx, c.had, c.refused)
	}
	if err := r.counted(ctx, tx, c); err != nil {
		return err
	}
	e := c.had
	e.Parent, e.Name, e.Gone = c.Parent, c.Name, false
	return put(ctx, tx, r.t.Now(), r.sync.ID, e)
}

// item brings one asset.
func (q Sync) item(c change, run, requester string, overwrite bool) work.New {
	st := assetState{Sync: q.ID, Key: c.Key, Print: c.print, New: c.had.Document == "" || c.had.print == "", Job: intake.Job{
		Asset:  intake.Asset{Account: q.Account, Workspace: q.Workspace, Kind: frameio.Kind(c.Kind), ID: c.Key},
		Target: intake.Target{Scope: q.FolderUID, Folder: c.parentIn, DocumentType: q.DocumentType, PublishedBy: q.Owner},
		Mirror: &intake.Mirror{Overwrite: overwrite, NoComments: !q.Comments},
	}}
	return work.New{Kind: KindAsset, Parent: run, Subject: c.Kind + " " + c.Key, Title: c.Name, Owner: q.Owner, Actor: q.Owner, Requester: requester, Data: st}
}
