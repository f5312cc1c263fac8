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
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// The names of the steps, as items store them.
const (
	stepList       = "sync-list"
	stepCompare    = "sync-compare"
	stepFolders    = "sync-folders"
	stepAssets     = "sync-assets"
	stepWait       = "sync-wait"
	stepGone       = "sync-gone"
	stepFacet      = "sync-facet"
	stepSuccessors = "sync-heirs"
	stepCheck      = "sync-check"
)

// A state is the state of an item of a run.
type state struct {
	Sync   string `json:"sync"`
	Run    string `json:"run"`
	Remove bool   `json:"remove,omitempty"` // takes the facet of a removed sync off its folder
	// The cursor: Depth and After for folders, In and After for assets.
	Depth int    `json:"depth,omitempty"`
	In    string `json:"in,omitempty"`
	After string `json:"after,omitempty"`
	// Since is when the listing began. Changes recorded later are left to the next run.
	Since int64 `json:"since,omitempty"`
	// HadFiles says that the sync had documents of files when the run began.
	HadFiles bool `json:"brought,omitempty"`
}

// rewind sets the cursor back to the first row.
func (st *state) rewind() { st.Depth, st.In, st.After = 0, "", "" }

// A Worker works on runs.
type Worker struct {
	work.NoUndo
	*Service
}

// flow is what happens in a run, and, in its last two steps, in a check.
var flow = work.Flow[*run]{
	{
		Does:   "check both folders, write the facet, begin a listing",
		Repeat: "reads; the same values again",
		Run:    (*run).start,
	},
	{
		Name:   stepList,
		Does:   "list what is on Frame.io, page by page",
		Repeat: "the same rows again; listed folders are marked",
		Run:    (*run).listTree,
	},
	{
		Name:   stepCompare,
		Does:   "count what was listed; if very much is gone, stop until a person confirms it",
		Repeat: "reads; changes only our database",
		Run:    (*run).checkLosses,
	},
	{
		Name:   stepFolders,
		Does:   "create, rename and move folders, those above first",
		Repeat: "looked for before; the same values again",
		Run:    (*run).syncFolders,
	},
	{
		Name:   stepAssets,
		Does:   "rename and move documents, add an item for each asset that is new or changed",
		Repeat: "the same values again; items and cursor in one transaction",
		Run:    (*run).syncAssets,
	},
	{
		Name:   stepWait,
		Does:   "wait until the items of the assets have ended",
		Repeat: "reads only",
		Run:    (*run).awaitItems,
	},
	{
		Name:   stepGone,
		Does:   "mark what does not exist any more, or put it into the trash",
		Repeat: "what is marked or in the trash stays so",
		Run:    (*run).syncMissing,
	},
	{
		Name:   stepFacet,
		Does:   "write what the folder shows",
		Repeat: "the same values again",
		Run:    (*run).updateFacet,
	},
	{
		Name:   stepSuccessors,
		Does:   "check only: find the assets that take over the document of a missing one, as a stack does",
		Repeat: "reads; changes only our database",
		Run:    (*run).findSuccessors,
	},
	{
		Name:   stepCheck,
		Does:   "check only: read the documents in Nuxeo and compare",
		Repeat: "reads; changes only our database",
		Run:    (*run).checkDocuments,
	},
}

// Steps describes the steps.
func (w Worker) Steps() []work.StepInfo { return flow.Info() }

// A run is one pass as its worker sees it.
type run struct {
	*Service
	t    *work.Task
	st   *state
	sync Sync
	fio  *v4.Client
	nx   *nuxeo.Client

	filesGone *bool             // filesMissing's answer, cached
	rows      string            // the fingerprint of the metadata map
	dry       bool              // only compares
	partial   bool              // looks only at folders in which something has changed
	parents   map[string]string // of folders and stacks, cached
	writing   sync.Mutex
}

// commit writes together with the state of the run. It may be called concurrently.
func (r *run) commit(ctx context.Context, fn func(*sql.Tx) error) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.t.Commit(ctx, r.st, fn)
}

func (s *Service) openRun(ctx context.Context, t *work.Task) (*run, error) {
	r := &run{Service: s, t: t, st: new(state)}
	if err := t.Load(r.st); err != nil {
		return nil, err
	}

	var err error
	if r.sync, err = getSync(ctx, s.DB.Reader, r.st.Sync); err != nil || r.st.Remove {
		return r, err
	}

	rows, err := s.Ingest.Map.Rows(ctx, metamap.Scope{Sync: r.sync.ID})
	if err != nil {
		return r, err
	}

	r.rows = metamap.Fingerprint(metamap.Only(rows, metamap.ToNuxeo))
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT partial, dry FROM sync_runs
		WHERE id = $1`, r.st.Run).Scan(&r.partial, &r.dry)
	return r, err
}

func (r *run) connect(ctx context.Context) (err error) {
	if r.nx, err = r.People.Nuxeo(ctx, r.sync.Owner); err != nil || r.st.Remove {
		return err
	}
	r.fio, err = r.People.Frameio(ctx, r.sync.Owner)
	return err
}

// Step runs the next step of a run.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	r, err := w.openRun(ctx, t)
	if err != nil {
		return work.Next{}, err
	}

	if err := r.connect(ctx); err != nil {
		return work.Next{}, ownerGone(err)
	}

	next, err := flow.Run(ctx, t.Step, r)
	return next, retryOnConflict(err)
}

// start begins a run, for the first time or again after it failed.
func (r *run) start(ctx context.Context) (work.Next, error) {
	// The sync may have been removed meanwhile.
	if r.st.Remove {
		return work.Next{Step: stepFacet}, nil
	}

	if r.sync.State == Removed {
		return work.Next{}, fault.New(fault.Gone, "The synchronization was removed.").With("Configure a new one.")
	}

	// Both folders have to exist, and Nuxeo's shows the sync from the start.
	if err := r.requireFolders(ctx); err != nil {
		return work.Next{}, err
	}

	if !r.dry {
		if err := r.markFolder(ctx); err != nil {
			return work.Next{}, err
		}
	}

	// Begin a new listing.
	if err := r.deleteSeen(ctx); err != nil {
		return work.Next{}, err
	}

	r.st.rewind()
	r.st.Since = store.Millis(r.Now())
	err := r.DB.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sync_entries
		WHERE sync_id = $1 AND kind = 'file' AND document_uid <> '')`, r.sync.ID).Scan(&r.st.HadFiles)
	if err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: stepList}, r.commit(ctx, func(tx *sql.Tx) error { return r.resetListing(ctx, tx) })
}

// resetListing begins a new listing with its first rows.
func (r *run) resetListing(ctx context.Context, tx *sql.Tx) error {
	now := store.Millis(r.t.Now())
	if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET state = 'running', message = '', ended = 0
		WHERE id = $1`, r.st.Run); err != nil {
		return err
	}

	if err := putEntry(ctx, tx, r.t.Now(), r.sync.ID, Entry{
		Key:      r.sync.Root,
		Kind:     kindFolder,
		Name:     r.sync.RootName,
		Document: r.sync.FolderUID,
	}); err != nil {
		return err
	}

	if err := r.addRoots(ctx, tx); err != nil || r.dry {
		return err
	}

	_, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'active', reason = '', remedy = '', updated = $1
		WHERE id = $2`, now, r.sync.ID)
	return err
}

// deleteBatch is how many rows one transaction deletes: on SQLite it blocks every other writer.
const deleteBatch = 5000

// deleteSeen deletes the listings of earlier runs of the sync, batch by batch. The result of a
// check is kept until the next check.
func (r *run) deleteSeen(ctx context.Context) error {
	for {
		var n int64
		err := r.commit(ctx, func(tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, `DELETE FROM sync_seen WHERE (run_id, key) IN
				(SELECT run_id, key FROM sync_seen WHERE run_id IN (SELECT id FROM sync_runs
				WHERE sync_id = $1 AND (NOT dry OR $2)) LIMIT $3)`, r.sync.ID, r.dry, deleteBatch)
			if err == nil {
				n, err = res.RowsAffected()
			}
			return err
		})
		if err != nil || n < deleteBatch {
			return err
		}
	}
}

// addRoots adds the folders that the listing begins with: the root, or those in which something has
// changed.
func (r *run) addRoots(ctx context.Context, tx *sql.Tx) error {
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

// requireFolders returns an error if one of the two folders does not exist. The sync follows the uid
// of the Nuxeo folder, so that moving the folder changes nothing.
func (r *run) requireFolders(ctx context.Context) error {
	if err := ingest.RequireFolder(ctx, r.nx, r.sync.FolderUID); err != nil {
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

// Ended records how a run ended. A failure pauses the sync with the reason, so that people see it
// and it is not repeated for ever.
func (w Worker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	var st state
	if err := it.Load(&st); err != nil || st.Remove {
		return nil, err
	}

	// Release the links that bulk creation had acquired.
	if err := link.Release(ctx, tx, it.ID); err != nil {
		return nil, err
	}

	// Record how the run ended.
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

	// A failure pauses the sync; a success settles the changes it has seen.
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

	// What comes next: comments and posters, and a mail.
	followUps, err := w.followUpsAfterRun(ctx, tx, st, to == Done && !dry)
	if err != nil {
		return nil, err
	}

	notices, err := w.notify(ctx, tx, it, st)
	return append(followUps, notices...), err
}

// followUpsAfterRun schedules comments and posters once documents and content exist.
func (w Worker) followUpsAfterRun(ctx context.Context, tx *sql.Tx, st state, done bool) ([]string, error) {
	q, err := scanSync(tx.QueryRowContext(ctx, `SELECT `+syncColumns+` FROM syncs WHERE id = $1`, st.Sync))
	if err != nil || !done || q.State != Active {
		return nil, err
	}
	return w.addFollowUps(ctx, tx, q, w.Now()) // even if one has failed before
}

// notify adds the mail to the person who asked for a run, or to the owner if the sync needs them.
func (s *Service) notify(ctx context.Context, tx *sql.Tx, it work.Item, st state) ([]string, error) {
	var why string
	if err := tx.QueryRowContext(ctx, `SELECT why FROM sync_runs WHERE id = $1`, st.Run).Scan(&why); err != nil {
		return nil, err
	}

	if it.State == work.Canceled || why == Check || (why == Schedule || why == Changes) && it.State == work.Done &&
		it.Outcome != outcomeStopped {
		return nil, nil
	}

	var sent int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM items WHERE parent = $1 AND kind = 'sync-notice'`, st.Run).
		Scan(&sent); err != nil {
		return nil, err
	}

	return s.Engine.Add(ctx, tx, work.New{
		Kind: KindNotice, Parent: st.Run, Subject: fmt.Sprintf("round %d", sent+1),
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

// itemsPoll is how often a run checks whether its items have ended, in case the last of them did so
// on a node of an older version, which wakes nobody.
const itemsPoll = 30 * time.Second

// awaitItems waits until all items of the run have ended.
func (r *run) awaitItems(ctx context.Context) (work.Next, error) {
	one, err := getRun(ctx, r.DB.Reader, r.st.Run)
	if err != nil {
		return work.Next{}, err
	}

	if one.Waiting > 0 {
		f := fault.New(fault.NotReady, "%d of %d assets are still on their way.", one.Waiting, one.Waiting+one.Created+
			one.Updated+one.Unchanged+one.Conflicting+one.Failed)
		f.RetryAfter = itemsPoll
		r.t.Await(r.st.Run, KindAsset)
		return work.Next{}, f
	}

	return work.Next{Step: stepGone}, nil
}
