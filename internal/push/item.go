package push

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ratelimit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// The names of the steps, as items store them.
const (
	stepLock     = "lock"
	stepCreate   = "create"
	stepTransfer = "transfer"
	stepFetch    = "fetch"
	stepConfirm  = "confirm"
	stepPlace    = "place"
	stepDescribe = "describe"
)

// A state is what a push item keeps besides its row.
type state struct {
	Push     string `json:"push"`
	Document string `json:"document"`
	Binding  string `json:"binding"`
	Piece    Piece  `json:"piece"` // what is sent, as it was when the file was made
	Name     string `json:"name,omitempty"`

	// Adopted says that an earlier push took the lock.
	Adopted bool `json:"adopted,omitempty"`
	// LockLooks counts how often a lock whose taking was not answered has been looked for.
	LockLooks int `json:"lock_looks,omitempty"`
	// File is the id of the file once it exists.
	File      string    `json:"file,omitempty"`
	MediaType string    `json:"media_type,omitempty"` // as Frame.io calls it
	Project   string    `json:"project,omitempty"`
	Began     time.Time `json:"began,omitzero"` // when the addresses of the parts were created
	Restarts  int       `json:"restarts,omitempty"`
	Looks     int       `json:"looks,omitempty"` // for a file whose creation was not answered
	ViewURL   string    `json:"view_url,omitempty"`

	// ByAddress says that Frame.io fetches the file itself, and Ordinary that this failed or is
	// not possible.
	ByAddress bool `json:"by_address,omitempty"`
	Ordinary  bool `json:"ordinary,omitempty"`

	// Beside is the asset that the file becomes a version of; nil if it stays on its own.
	Beside *Location `json:"beside,omitempty"`
	Folder string    `json:"folder,omitempty"` // where the file is
	Stack  string    `json:"stack,omitempty"`

	// Fields is what the fields of the file get from properties, and Unmapped what could not be mapped.
	Fields   []v4.FieldValue `json:"fields,omitempty"`
	Unmapped []string        `json:"unmapped,omitempty"`

	// Previous is what the document said about Frame.io before our writes.
	Previous *previous `json:"before,omitempty"`
}

// A previous is what to restore when a push fails.
type previous struct {
	File   string         `json:"file"` // the one we wrote
	Facet  bool           `json:"facet"`
	Values map[string]any `json:"values,omitempty"`
	Source *string        `json:"source,omitempty"` // dc:source, if it had to be changed
}

// Subject returns the document of an item and the binding that it goes through. Both are empty for
// items of other kinds.
func Subject(it work.Item) (document, binding string) {
	var st state
	if it.Kind != KindPush || it.Load(&st) != nil {
		return "", ""
	}
	return st.Document, st.Binding
}

// A Worker works on push items.
type Worker struct{ *Service }

// flow is what happens to a pushed document.
var flow = work.Flow[*run]{
	{
		Does:   "check that the folder is still bound",
		Repeat: "changes one row of our database",
		Run:    (*run).start,
	},
	{
		Name:   stepLock,
		Does:   "lock the document as the person",
		Repeat: "it is read before; the intent, then the creation time of the lock, is recorded",
		Run:    (*run).lockDocument,
	},
	{
		Name:   stepCreate,
		Does:   "create the file on Frame.io, record its id",
		Repeat: "an unrecorded one of the same name and size is deleted",
		Run:    (*run).create,
	},
	{
		Name:   stepTransfer,
		Does:   "copy the bytes, in parts",
		Repeat: "parts replace themselves; what arrived is in the checkpoint",
		Run:    (*run).transfer,
	},
	{
		Name:   stepFetch,
		Does:   "in place of `transfer`: wait until Frame.io has fetched the file itself",
		Repeat: "reads, and then the same name again",
		Run:    (*run).fetch,
	},
	{
		Name:   stepConfirm,
		Does:   "wait until Frame.io has the whole file",
		Repeat: "reads only",
		Run:    (*run).confirm,
	},
	{
		Name:   stepPlace,
		Does:   "put the file on the stack of its asset",
		Repeat: "the folder of the file shows whether it was done",
		Run:    (*run).placeOnStack,
	},
	{
		Name:   stepDescribe,
		Does:   "write facet and ids to the document, a comment with its address on Frame.io; decide its fields",
		Repeat: "the same values again; the comment is looked for",
		Run:    (*run).describe,
	},
}

// Steps describes the steps.
func (w Worker) Steps() []work.StepInfo { return flow.Info() }

// A run is one push as its worker sees it.
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

func (s *Service) openRun(ctx context.Context, t *work.Task) (*run, error) {
	r := &run{Service: s, t: t, st: new(state)}
	if err := t.Load(r.st); err != nil {
		return nil, err
	}
	var err error
	r.p, err = getPush(ctx, s.DB.Reader, r.st.Push)
	return r, err
}

// connect gets access to both sides as the person.
func (r *run) connect(ctx context.Context) (err error) {
	if r.nx, err = r.People.Nuxeo(ctx, r.p.By); err != nil {
		return err
	}
	r.fio, err = r.People.Frameio(ctx, r.p.By)
	return err
}

// Step runs the next step of an item.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	r, err := w.openRun(ctx, t)
	if err != nil {
		return work.Next{}, err
	}

	if t.Interactive {
		ctx = ratelimit.Interactive(ctx)
	}

	if t.Step != "" {
		if err := r.connect(ctx); err != nil {
			return work.Next{}, personGone(err)
		}
	}

	return flow.Run(ctx, t.Step, r)
}

// personGone turns the error that the person cannot be acted for into one that ends the push,
// instead of keeping the document locked.
func personGone(err error) error {
	if fault.Is(err, fault.NeedsOwner) {
		f := fault.From(err)
		return fault.New(fault.Forbidden, "%s", f.Message).With(f.Remedy).Because(err)
	}
	return err
}

// start begins a push, for the first time or again after it failed, if the folder is still bound.
func (r *run) start(ctx context.Context) (work.Next, error) {
	bound, err := r.Bound(ctx, []string{r.p.Scope})
	if err != nil {
		return work.Next{}, err
	}

	for _, b := range bound {
		if b.Workspace == r.p.Workspace {
			return work.Next{Step: stepLock}, r.markSending(ctx)
		}
	}

	return work.Next{}, notBound()
}

func (r *run) markSending(ctx context.Context) error {
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

// loadDocument reads the document and checks that it can still be pushed.
func (r *run) loadDocument(ctx context.Context) (*nuxeo.Document, error) {
	doc, err := r.nx.Get(ctx, r.p.Document, documentFetch)
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

	return doc, checkPushable(doc)
}

// Undo deletes what a failed push has created and releases the lock. What has arrived stays.
func (w Worker) Undo(ctx context.Context, t *work.Task) error {
	r, err := w.openRun(ctx, t)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || r.p.State != Sending && r.p.State != Failed && r.p.State != Canceled {
		return err
	}
	return errors.Join(r.restoreMetadata(ctx), r.deleteFile(ctx), r.releaseLock(ctx))
}

// Ended records the outcome of a push and links the document to its asset. After the last push of
// the request it adds the mail.
func (w Worker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	// Record the outcome.
	p, err := getPush(ctx, tx, it.Subject)
	if err != nil {
		return nil, err
	}

	var added []string
	if p.State == Sending {
		if err := w.recordEnd(ctx, tx, it, p); err != nil {
			return nil, err
		}
		if added, err = w.tellPushed(ctx, tx, it, p); err != nil {
			return nil, err
		}
	}

	// Release the link.
	if err := link.Release(ctx, tx, it.ID); err != nil {
		return nil, err
	}

	mail, err := w.addNotice(ctx, tx, it)
	return append(added, mail...), err
}

// tellPushed tells of a push that has arrived, or failed.
func (s *Service) tellPushed(ctx context.Context, tx *sql.Tx, it work.Item, p Push) ([]string, error) {
	switch it.State {
	case work.Failed:
		about := subjectOf(p)
		about.Reason = it.Message
		return s.Events.Tell(ctx, tx, event.Failed, fmt.Sprintf("%s %d", it.ID, it.Generation), about)
	case work.Done:
	default:
		return nil, nil
	}

	var st state
	if err := it.Load(&st); err != nil {
		return nil, err
	}

	about := subjectOf(p)
	about.File, about.Project, about.Asset = st.File, st.Project, st.asset(p.Account).Key
	return s.Events.Tell(ctx, tx, event.Pushed, p.ID, about)
}

// subjectOf is what events tell of a push.
func subjectOf(p Push) event.Subject {
	return event.Subject{
		Document: p.Document, Title: p.Title, Owner: p.By, Person: p.By, Requester: p.By,
		Account: p.Account, Workspace: p.Workspace, Project: p.Project, File: p.File, Push: p.ID,
		Binding: p.Binding, Batch: p.Batch, Item: p.Item,
	}
}

// recordEnd records the outcome of a push that was being sent.
func (s *Service) recordEnd(ctx context.Context, tx *sql.Tx, it work.Item, p Push) error {
	now := s.Now()
	// It failed or was cancelled.
	if it.State != work.Done {
		to := Failed
		if it.State == work.Canceled {
			to = Canceled
		}
		_, err := endPush(ctx, tx, now, p.ID, to, it.Message, "", Sending, Sending)
		return err
	}

	// It has arrived: link the document and open the push.
	var st state
	if err := it.Load(&st); err != nil {
		return err
	}

	sent := link.Attachment{
		Folder:   p.Scope,
		Document: p.Document,
		Asset:    st.asset(p.Account),
		File:     st.File,
		Size:     st.Piece.Length,
		Digest:   st.Piece.Digest,
	}

	l, err := link.Attach(ctx, tx, now, sent)
	if err != nil {
		return err
	}

	values := ""
	if len(st.Fields) > 0 {
		b, err := json.Marshal(st.Fields)
		if err != nil {
			return err
		}
		values = string(b)
	}

	_, err = tx.ExecContext(ctx, `UPDATE pushes SET state = 'open', field_values = $8, link_id = $1, file_id = $2, view_url = $3,
		opened = $4, updated = $4, upload = NULL,
		project_name = CASE project_id WHEN $6 THEN project_name ELSE '' END, project_id = $6, folder_id = $7
		WHERE id = $5`,
		l.ID, st.File, st.ViewURL, store.Millis(now), p.ID, st.Project, st.Folder, values)
	return err
}

// asset returns what the document is linked to: the file, or the stack that it was put on.
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

// addNotice adds the mail after the last item of a request.
func (s *Service) addNotice(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	return s.Engine.AddAfterLast(ctx, tx, it, work.New{
		Kind: KindNotice, Title: "Mail about what was pushed",
		Owner: it.Owner, Actor: it.Owner, Requester: it.Requester, Interactive: it.Interactive, Data: struct{}{},
	}, KindPush)
}
