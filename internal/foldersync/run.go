package foldersync

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// The steps of a run, in order.
const (
	stepList    = "sync-list"    // what is on Frame.io, into the database
	stepCompare = "sync-compare" // is so much gone that somebody should be asked
	stepFolders = "sync-folders" // folders: made, renamed, moved
	stepAssets  = "sync-assets"  // assets: renamed, moved; an item for each that has to be brought
	stepWait    = "sync-wait"    // until the items have ended
	stepGone    = "sync-gone"    // what is not there any more
	stepFacet   = "sync-facet"   // what the folder shows
	stepHeirs   = "sync-heirs"   // of a run that only compares: what takes over the document of what is missing
	stepCheck   = "sync-check"   // of a run that only compares: what Nuxeo has
)

// state is what an item of a run keeps.
type state struct {
	Sync   string `json:"sync"`
	Run    string `json:"run"`
	Remove bool   `json:"remove,omitempty"` // it takes a removed sync off its folder
	// Depth, or In, and After are how far the folders, or assets, are.
	Depth int    `json:"depth,omitempty"`
	In    string `json:"in,omitempty"`
	After string `json:"after,omitempty"`
	// Since is when the listing began, as the database has it: of what is told later
	// the next run is to know.
	Since int64 `json:"since,omitempty"`
	// Brought says that the sync had documents of files when the run began.
	Brought bool `json:"brought,omitempty"`
}

// rewind goes back to the first row.
func (st *state) rewind() { st.Depth, st.In, st.After = 0, "", "" }

// Worker works on runs.
//
//	step      what                                   safe to repeat because
//	(first)   are both folders there; the facet      reads; the same values again
//	list      what is on Frame.io, page by page      the same rows again; folders that are done are marked
//	compare   counts; asks when very much is gone    reads; a row of ours
//	folders   made, renamed, moved, by depth         looked for before; the same values again
//	assets    renamed, moved; items for the others   the same values again; items and cursor in one transaction
//	wait      until the items have ended             reads only
//	gone      marked, or put into the trash          the same again
//	facet     what the folder shows                  the same values again
type Worker struct{ *Service }

// run is one pass in the hands of its worker.
type run struct {
	*Service
	t    *work.Task
	st   *state
	sync Sync
	fio  *v4.Client
	nx   *nuxeo.Client

	stacked *bool             // the answer of stacking, once it is known
	dry     bool              // it only compares
	partial bool              // only folders are looked at in which something has changed
	parents map[string]string // of folders and stacks that were asked for
	writing sync.Mutex
}

// commit writes with the state of the run; several may do so at once.
func (r *run) commit(ctx context.Context, fn func(*sql.Tx) error) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.t.Commit(ctx, r.st, fn)
}

func (s *Service) open(ctx context.Context, t *work.Task) (*run, error) {
	r := &run{Service: s, t: t, st: new(state)}
	if err := t.Load(r.st); err != nil {
		return nil, err
	}

	var err error
	if r.sync, err = bare(ctx, s.DB.Reader, r.st.Sync); err != nil || r.st.Remove {
		return r, err
	}

	return r, s.DB.Reader.QueryRowContext(ctx, `SELECT partial, dry FROM sync_runs
		WHERE id = $1`, r.st.Run).Scan(&r.partial, &r.dry)
}

func (r *run) connect(ctx context.Context) (err error) {
	if r.nx, err = r.People.Nuxeo(ctx, r.sync.Owner); err != nil || r.st.Remove {
		return err
	}
	r.fio, err = r.People.Frameio(ctx, r.sync.Owner)
	return err
}

// Step does the next step of a run.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	r, err := w.open(ctx, t)
	if err != nil {
		return work.Next{}, err
	}

	if err := r.connect(ctx); err != nil {
		return work.Next{}, nobody(err)
	}

	steps := map[string]func(context.Context) (work.Next, error){
		"": r.start, stepList: r.list, stepCompare: r.compare, stepFolders: r.folders, stepAssets: r.assets,
		stepGone: r.gone, stepWait: r.wait, stepFacet: r.facet,
		stepHeirs: r.heirs, stepCheck: r.check,
	}

	do, ok := steps[t.Step]
	if !ok {
		return work.Next{}, fault.New(fault.Internal, "The connector does not know the step %q.", t.Step)
	}

	next, err := do(ctx)
	return next, met(err)
}

// nobody ends a run whose owner cannot be acted for: the sync pauses and says so.
func nobody(err error) error {
	if fault.Is(err, fault.NeedsOwner, fault.NotConnected) {
		f := fault.From(err)
		return fault.New(fault.NotConnected, "%s", f.Message).
			With("Let somebody who may write in the folder refresh it: they become its owner.").Because(err)
	}
	return err
}

// start begins a run, for the first time or again after it came to nothing.
func (r *run) start(ctx context.Context) (work.Next, error) {
	if r.st.Remove {
		return work.Next{Step: stepFacet}, nil
	}

	if r.sync.State == Removed {
		return work.Next{}, fault.New(fault.Gone, "The synchronization was removed.").With("Configure a new one.")
	}

	if err := r.present(ctx); err != nil {
		return work.Next{}, err
	}

	if !r.dry {
		if err := r.mark(ctx); err != nil {
			return work.Next{}, err
		}
	}

	if err := r.forgetSeen(ctx); err != nil {
		return work.Next{}, err
	}

	r.st.rewind()
	r.st.Since = store.Millis(r.Now())
	err := r.DB.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sync_entries
		WHERE sync_id = $1 AND kind = 'file' AND document_uid <> '')`, r.sync.ID).Scan(&r.st.Brought)
	if err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: stepList}, r.commit(ctx, func(tx *sql.Tx) error { return r.clean(ctx, tx) })
}

// clean begins the listing anew: the root is its first row.
func (r *run) clean(ctx context.Context, tx *sql.Tx) error {
	now := store.Millis(r.t.Now())
	if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET state = 'running', message = '', ended = 0
		WHERE id = $1`, r.st.Run); err != nil {
		return err
	}

	if err := put(ctx, tx, r.t.Now(), r.sync.ID, Entry{
		Key:      r.sync.Root,
		Kind:     kindFolder,
		Name:     r.sync.RootName,
		Document: r.sync.FolderUID,
	}); err != nil {
		return err
	}

	if err := r.top(ctx, tx); err != nil || r.dry {
		return err
	}

	_, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'active', reason = '', remedy = '', updated = $1
		WHERE id = $2`, now, r.sync.ID)
	return err
}

// forgottenAtOnce is how many rows one transaction removes: nobody else writes
// meanwhile.
const forgottenAtOnce = 5000

// forgetSeen removes what the runs of the sync have seen, bit by bit. What a check has
// found is kept until the next check.
func (r *run) forgetSeen(ctx context.Context) error {
	for {
		var n int64
		err := r.commit(ctx, func(tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, `DELETE FROM sync_seen WHERE (run_id, key) IN
				(SELECT run_id, key FROM sync_seen WHERE run_id IN (SELECT id FROM sync_runs
				WHERE sync_id = $1 AND (NOT dry OR $2)) LIMIT $3)`, r.sync.ID, r.dry, forgottenAtOnce)
			if err == nil {
				n, err = res.RowsAffected()
			}
			return err
		})
		if err != nil || n < forgottenAtOnce {
			return err
		}
	}
}

// top are the folders that the listing begins with: the root, or those in which
// something has changed.
func (r *run) top(ctx context.Context, tx *sql.Tx) error {
	if r.partial {
		_, err := tx.ExecContext(ctx, `INSERT INTO sync_seen (run_id, key, kind, parent, depth, name)
			SELECT $1, key, 'folder', parent, 0, name FROM sync_entries e WHERE sync_id = $2 AND kind = 'folder'
			AND document_uid <> '' AND NOT gone
				AND EXISTS (SELECT 1 FROM sync_changes c WHERE c.sync_id = $2
				AND c.folder = e.key)`, r.st.Run, r.sync.ID)
		return err
	}

	_, err := tx.ExecContext(ctx, `INSERT INTO sync_seen (run_id, key, kind, parent, depth, name)
		VALUES ($1, $2, 'folder', '', 0, $3)`,
		r.st.Run, r.sync.Root, r.sync.RootName)
	return err
}

// present makes sure that both folders are there. Copied or moved folders of Nuxeo
// keep what they are: the sync goes by the folder's uid.
func (r *run) present(ctx context.Context) error {
	if err := ingest.Present(ctx, r.nx, r.sync.FolderUID); err != nil {
		if fault.Is(err, fault.Gone) {
			return fault.New(fault.Gone, "The folder is gone in Nuxeo, or %s may not see it.", r.sync.Owner).
				With("Restore it, or remove the synchronization.").Because(err)
		}
		return err
	}

	_, err := r.fio.Folder(ctx, r.sync.Account, r.sync.Root)
	if v4.NotFound(err) || v4.StatusOf(err) == 403 {
		return fault.New(fault.Gone, "The folder %q is gone on Frame.io, or %s may not see it any more.",
			r.sync.RootName, r.sync.Owner).
			With("Restore it, or remove the synchronization. The documents stay as they are.").Because(err)
	}

	return err
}

// Undo leaves what a run has done: the next one goes on from there.
func (w Worker) Undo(context.Context, *work.Task) error { return nil }

// Ended records how a run came out. One that failed for good pauses its sync with
// the reason, so that it is seen and not repeated for ever.
func (w Worker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	var st state
	if err := it.Load(&st); err != nil || st.Remove {
		return nil, err
	}

	if err := link.Release(ctx, tx, it.ID); err != nil {
		return nil, err
	}

	now, to, dry := store.Millis(w.Now()), Done, false
	if err := tx.QueryRowContext(ctx, `SELECT dry FROM sync_runs WHERE id = $1`, st.Run).Scan(&dry); err != nil {
		return nil, err
	}

	if it.State != work.Done {
		to = Failed
	} else if it.Outcome == outcomeStopped {
		to = Stopped
	}

	if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET state = $1, message = CASE WHEN $2 = '' THEN message ELSE $2
		END, ended = $3 WHERE id = $4`,
		string(to), it.Message, now, st.Run); err != nil {
		return nil, err
	}

	if it.State == work.Failed && !dry {
		if _, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'paused', reason = $1, remedy = $2, due = 0,
			updated = $3 WHERE id = $4 AND state = 'active' AND run_id = $5`,
			it.Message, it.Remedy, now, st.Sync, st.Run); err != nil {
			return nil, err
		}
	}

	if to == Done && !dry {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sync_changes
			WHERE sync_id = $1 AND told < $2`, st.Sync, st.Since); err != nil {
			return nil, err
		}
	}

	last, err := w.lastAfter(ctx, tx, st, to == Done && !dry)
	if err != nil {
		return nil, err
	}

	telling, err := w.tell(ctx, tx, it, st)
	return append(last, telling...), err
}

// lastAfter has comments and posters brought once documents and bytes are there.
func (w Worker) lastAfter(ctx context.Context, tx *sql.Tx, st state, done bool) ([]string, error) {
	q, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM syncs WHERE id = $1`, st.Sync))
	if err != nil || !done || q.State != Active {
		return nil, err
	}
	return w.after(ctx, tx, q, w.Now()) // whatever has failed before
}

// tell has the person told who asked for a run, or the owner of the sync when it is
// in need of them.
func (s *Service) tell(ctx context.Context, tx *sql.Tx, it work.Item, st state) ([]string, error) {
	var why string
	if err := tx.QueryRowContext(ctx, `SELECT why FROM sync_runs WHERE id = $1`, st.Run).Scan(&why); err != nil {
		return nil, err
	}

	if it.State == work.Canceled || why == Check || (why == Schedule || why == Changes) && it.State == work.Done &&
		it.Outcome != outcomeStopped {
		return nil, nil
	}

	var told int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM items WHERE parent = $1 AND kind = 'sync-notice'`, st.Run).
		Scan(&told); err != nil {
		return nil, err
	}

	return s.Engine.Add(ctx, tx, work.New{
		Kind: KindNotice, Parent: st.Run, Subject: fmt.Sprintf("round %d", told+1),
		Title: "Mail about a synchronization", Owner: it.Owner, Actor: it.Owner, Requester: it.Requester, Data: st,
	})
}

// Outcomes of a run.
const (
	outcomeSynced  = "synchronized"
	outcomeStopped = "stopped"
	outcomeRemoved = "removed"
	outcomeChecked = "checked"
)

// waitEvery is how often a run looks whether its items have ended.
const waitEvery = time.Second

// wait is over when no item of the run is under way.
func (r *run) wait(ctx context.Context) (work.Next, error) {
	one, err := getRun(ctx, r.DB.Reader, r.st.Run)
	if err != nil {
		return work.Next{}, err
	}

	if one.Waiting > 0 {
		f := fault.New(fault.NotReady, "%d of %d assets are still on their way.", one.Waiting, one.Waiting+one.Created+
			one.Updated+one.Unchanged+one.Conflicting+one.Failed)
		f.RetryAfter = waitEvery
		return work.Next{}, f
	}

	return work.Next{Step: stepGone}, nil
}
