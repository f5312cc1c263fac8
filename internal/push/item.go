package push

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ratelimit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// The steps, in order.
const (
	stepLock     = "lock"
	stepCreate   = "create"
	stepTransfer = "transfer"
	stepFetch    = "fetch"
	stepConfirm  = "confirm"
	stepPlace    = "place"
	stepDescribe = "describe"
)

// state is what a push item keeps beside its row.
type state struct {
	Push     string `json:"push"`
	Document string `json:"document"`
	Binding  string `json:"binding"`
	Piece    Piece  `json:"piece"` // what is sent, as it was when the file was made
	Name     string `json:"name,omitempty"`

	// Adopted says that the lock is one that an earlier push took.
	Adopted bool `json:"adopted,omitempty"`
	// File is the file once it is known.
	File      string    `json:"file,omitempty"`
	MediaType string    `json:"media_type,omitempty"` // as Frame.io calls it
	Project   string    `json:"project,omitempty"`
	Began     time.Time `json:"began,omitzero"` // when the addresses of the parts were made
	Restarts  int       `json:"restarts,omitempty"`
	Looks     int       `json:"looks,omitempty"` // for a file whose creation was not answered
	ViewURL   string    `json:"view_url,omitempty"`

	// ByAddress: Frame.io fetches the file itself; Ordinary: that is not to be tried
	// any more, as it failed or cannot be.
	ByAddress bool `json:"by_address,omitempty"`
	Ordinary  bool `json:"ordinary,omitempty"`

	// Beside is the asset that the file joins; nil when it stands by itself.
	Beside *Spot  `json:"beside,omitempty"`
	Folder string `json:"folder,omitempty"` // where the file is
	Stack  string `json:"stack,omitempty"`

	// Before is what the document told of Frame.io before we wrote there.
	Before *before `json:"before,omitempty"`
}

// before is what to put back when a push comes to nothing.
type before struct {
	File   string         `json:"file"` // that we made it tell of
	Facet  bool           `json:"facet"`
	Values map[string]any `json:"values,omitempty"`
	Source *string        `json:"source,omitempty"` // dc:source, when that had to be touched
}

// About tells of which document an item is, and through which binding it goes;
// both are empty for other items.
func About(it work.Item) (document, binding string) {
	var st state
	if it.Kind != KindPush || it.Load(&st) != nil {
		return "", ""
	}
	return st.Document, st.Binding
}

// Worker works on push items.
//
//	step      what                                safe to repeat because
//	(first)   is it still wanted                  a row of ours
//	lock      lock as the person                  looked at before; intended, then known by when it was taken
//	create    make the file, record its id        an earlier one of the same name and size that nobody knows is
//	                                                removed
//	transfer  the bytes, in parts                 parts replace themselves; what arrived is in the checkpoint
//	fetch     or: Frame.io fetches it itself      reads, and then the same name again
//	confirm   wait until Frame.io has it          reads only
//	place     join the stack of the asset         where the file is tells whether it was done
//	describe  facet, ids; a first comment         the same values again; looked for
type Worker struct{ *Service }

// run is one push in the hands of its worker.
type run struct {
	*Service
	t   *work.Task
	st  *state
	p   Push
	fio *v4.Client
	nx  *nuxeo.Client
}

func (r *run) save(ctx context.Context) error { return r.t.Save(ctx, r.st) }

func (r *run) commit(ctx context.Context, fn func(*sql.Tx) error) error {
	return r.t.Commit(ctx, r.st, fn)
}

func (s *Service) open(ctx context.Context, t *work.Task) (*run, error) {
	r := &run{Service: s, t: t, st: new(state)}
	if err := t.Load(r.st); err != nil {
		return nil, err
	}
	var err error
	r.p, err = get(ctx, s.DB.Reader, r.st.Push)
	return r, err
}

// connect acts as the person on both sides.
func (r *run) connect(ctx context.Context) (err error) {
	if r.nx, err = r.People.Nuxeo(ctx, r.p.By); err != nil {
		return err
	}
	r.fio, err = r.People.Frameio(ctx, r.p.By)
	return err
}

// Step does the next step of an item.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	r, err := w.open(ctx, t)
	if err != nil {
		return work.Next{}, err
	}

	if t.Ahead {
		ctx = ratelimit.Interactive(ctx)
	}

	if t.Step == "" {
		return r.begin(ctx)
	}

	if err := r.connect(ctx); err != nil {
		return work.Next{}, nobody(err)
	}

	steps := map[string]func(context.Context) (work.Next, error){
		stepLock: r.lock, stepCreate: r.create, stepTransfer: r.transfer, stepFetch: r.fetch, stepConfirm: r.confirm,
		stepPlace: r.place, stepDescribe: r.describe,
	}

	do, ok := steps[t.Step]
	if !ok {
		return work.Next{}, fault.New(fault.Internal, "Unknown step %q.", t.Step)
	}

	return do(ctx)
}

// nobody ends a push whose person cannot be acted for any more, rather than
// keeping the document locked.
func nobody(err error) error {
	if fault.Is(err, fault.NeedsOwner) {
		f := fault.From(err)
		return fault.New(fault.Forbidden, "%s", f.Message).With(f.Remedy).Because(err)
	}
	return err
}

// begin takes a push up, for the first time or again after it came to nothing.
func (r *run) begin(ctx context.Context) (work.Next, error) {
	bound, err := r.Bound(ctx, []string{r.p.Scope})
	if err != nil {
		return work.Next{}, err
	}

	for _, b := range bound {
		if b.Workspace == r.p.Workspace {
			return work.Next{Step: stepLock}, r.takeUp(ctx)
		}
	}

	return work.Next{}, notBound()
}

func (r *run) takeUp(ctx context.Context) error {
	r.st.Restarts = 0
	err := r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET state = 'sending', reason = '', ended = 0, ended_by = '',
			updated = $1,
			lock_state = CASE lock_state WHEN 'released' THEN '' WHEN 'releasing' THEN 'ours' ELSE lock_state END
			WHERE id = $2 AND state IN ('sending', 'failed', 'canceled')`,
			store.Millis(r.t.Now()), r.p.ID)
		return err
	})
	if store.Duplicate(err) {
		return fault.New(fault.Conflict, "%q is being pushed again already.", r.p.Title).Because(err)
	}

	return err
}

// document reads the document anew and refuses what has become of it.
func (r *run) document(ctx context.Context) (*nuxeo.Document, error) {
	doc, err := r.nx.Get(ctx, r.p.Document, wanted)
	switch nuxeo.StatusOf(err) {
	case http.StatusNotFound, http.StatusForbidden:
		return nil, fault.New(fault.Gone, "The document was deleted in Nuxeo, or you may not see it any more.").
			With("Restore it, then push again.").Because(err)
	}

	if err != nil {
		return nil, err
	}

	if doc.LockOwner != "" && doc.LockOwner != r.p.By {
		return nil, lockedBy(doc)
	}

	return doc, compatible(doc)
}

// Undo removes what a push left half made and gives the lock back. What has
// arrived stays.
func (w Worker) Undo(ctx context.Context, t *work.Task) error {
	r, err := w.open(ctx, t)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || r.p.State != Sending && r.p.State != Failed && r.p.State != Canceled {
		return err
	}
	return errors.Join(r.putBack(ctx), r.removeFile(ctx), r.unlock(ctx, r.p))
}

// Ended records how a push came out, ties the document to its asset, and after
// the last one of the request has the person told.
func (w Worker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	// One after the other, on several nodes too: one of them must be the last.
	if _, err := tx.ExecContext(ctx, `UPDATE pushes SET updated = updated WHERE id = (SELECT MIN(id) FROM pushes
		WHERE batch = $1)`, it.Parent); err != nil {
		return nil, err
	}

	p, err := get(ctx, tx, it.Subject)
	if err != nil {
		return nil, err
	}

	if p.State == Sending {
		if err := w.conclude(ctx, tx, it, p); err != nil {
			return nil, err
		}
	}

	if err := link.Release(ctx, tx, it.ID); err != nil {
		return nil, err
	}

	return w.tell(ctx, tx, it)
}

func (s *Service) conclude(ctx context.Context, tx *sql.Tx, it work.Item, p Push) error {
	now := s.Now()
	if it.State != work.Done {
		to := Failed
		if it.State == work.Canceled {
			to = Canceled
		}
		_, err := conclude(ctx, tx, now, p.ID, to, it.Message, "", Sending, Sending)
		return err
	}

	var st state
	if err := it.Load(&st); err != nil {
		return err
	}

	sent := link.Sent{
		Folder:   p.Scope,
		Document: p.Document,
		Asset:    st.asset(p.Account),
		File:     st.File,
		Size:     st.Piece.Length,
		Digest:   st.Piece.Digest,
	}

	l, err := link.Tie(ctx, tx, now, sent)
	if err != nil {
		return err
	}

	_, err = tx.ExecContext(ctx, `UPDATE pushes SET state = 'open', link_id = $1, file_id = $2, view_url = $3,
		opened = $4, updated = $4, upload = NULL,
		project_name = CASE project_id WHEN $6 THEN project_name ELSE '' END, project_id = $6, folder_id = $7
		WHERE id = $5`,
		l.ID, st.File, st.ViewURL, store.Millis(now), p.ID, st.Project, st.Folder)
	return err
}

// asset is what the document is tied to: the file, or the stack that it joined.
func (st *state) asset(account string) link.Asset {
	a := link.Asset{Account: account, Key: st.File, Files: []string{st.File}}
	if st.Stack != "" {
		a.Key = st.Stack
		if st.Beside != nil {
			a.Files = append(a.Files, st.Beside.File)
		}
	}
	return a
}

// tell adds the mail after the last item of a request.
func (s *Service) tell(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	var open, told int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN kind = 'push' AND state IN ('waiting', 'running')
		THEN 1 END),
		COUNT(CASE WHEN kind = 'push-notice' THEN 1 END) FROM items WHERE parent = $1`, it.Parent).Scan(&open,
		&told); err != nil || open > 0 {
		return nil, err
	}

	return s.Engine.Add(ctx, tx, work.New{
		Kind: KindNotice, Parent: it.Parent, Subject: fmt.Sprintf("round %d", told+1),
		Title: "Mail about what was pushed",
		Owner: it.Owner, Actor: it.Owner, Requester: it.Requester, Ahead: it.Ahead, Data: struct{}{},
	})
}
