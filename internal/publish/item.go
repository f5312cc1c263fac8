package publish

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// state is what a publish or expand item keeps.
type state struct {
	Interaction string `json:"interaction"`
	UserID      string `json:"user"`  // on Frame.io, who ran the action
	Owner       string `json:"owner"` // who answers for the binding
	// Runner is the Nuxeo login of who ran the action; empty when they never
	// connected.
	Runner string `json:"runner,omitempty"`
	// Reader is the login whose Frame.io sign-in is used, Actor (in the item)
	// the one that acts on Nuxeo; "who" finds both.
	Reader string     `json:"reader,omitempty"`
	Job    ingest.Job `json:"job"`
	Tree   *tree      `json:"tree,omitempty"` // of an expand item
}

// Document is the uid of the document that an item has made or updated; empty
// until there is one, and for other items.
func Document(it work.Item) string {
	var st state
	if it.Kind != KindPublish || it.Load(&st) != nil {
		return ""
	}
	return st.Job.Document
}

// atOnce is how many assets somebody waits for; more go in the background, and so
// does what is in folders.
const atOnce = 10

// items are those of an interaction. Several ones of the same asset are sorted
// out by its link.
func items(interaction string, in Interaction) []work.New {
	out := make([]work.New, 0, len(in.Resources))
	for _, r := range in.Resources {
		kind := KindPublish
		if frameio.Kind(r.Type) == frameio.KindFolder {
			kind = KindExpand
		}

		st := state{
			Interaction: interaction, UserID: in.UserID, Owner: in.Binding.Owner, Runner: in.Requester,
			Job: ingest.Job{
				Asset: ingest.Asset{
					Account:   in.AccountID,
					Workspace: in.WorkspaceID,
					Kind:      frameio.Kind(r.Type),
					ID:        r.ID,
				},
				Target: ingest.Target{
					Scope:        in.Binding.Folder,
					Folder:       in.Binding.Folder,
					DocumentType: in.Binding.DocumentType,
				},
			},
		}

		it := item(kind, r.Type+" "+r.ID, "", st)
		it.Ahead = len(in.Resources) <= atOnce && kind != KindExpand
		out = append(out, it)
	}

	return out
}

func item(kind, subject, title string, st state) work.New {
	if title == "" {
		title = subject
	}
	return work.New{
		Kind:      kind,
		Parent:    st.Interaction,
		Subject:   subject,
		Title:     title,
		Owner:     st.Owner,
		Requester: st.Runner,
		Data:      st,
	}
}

// Worker works on the items of publish.
//
//	step      what                                safe to repeat because
//	(first)   who acts                            reads only
//	resolve   which file; wait for the original   reads only
//	link      claim the link, find the document   the link is ours; a document of a lost answer is adopted
//	refresh   comments of the outgoing file       as comments
//	transfer  bytes into a batch                  no part is sent again before the server was asked what it has
//	attach    create empty, facet, metadata,      idempotency key and look-up; the same values again;
//	          content; or lock, look, keep in     the content by digest; the lock by when it was taken
//	          a version that is read, replace
//	verify    compare, facet there, unlock,       reads; the same values again; putting back needs the intent
//	          record
//	describe  facet, metadata, look               the same values again
//	comments  comments, annotations               external ids; keys; hashes
//	return    a version, if it was pushed         the newest version before is kept; a row of the push
//	unlock    the push's lock                     looked at before, by when it was taken
type Worker struct{ *Service }

// Step does the next step of an item.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	var st state
	if err := t.Load(&st); err != nil {
		return work.Next{}, err
	}

	if err := w.stillBound(ctx, t, &st); err != nil {
		return work.Next{}, err
	}

	next, err := w.step(ctx, t, &st)
	if fault.Is(err, fault.NotConnected, fault.NeedsOwner) {
		return w.deserted(ctx, t, &st, err)
	}

	return next, err
}

func (w Worker) step(ctx context.Context, t *work.Task, st *state) (work.Next, error) {
	if t.Step == "" {
		return w.who(ctx, t, st)
	}

	r, err := w.run(ctx, t, st)
	if err != nil {
		return work.Next{}, err
	}

	if t.Kind == KindExpand {
		return w.expand(ctx, r, st)
	}

	return w.Ingest.Step(ctx, r, t.Step)
}

// stillBound ends an item whose binding has ended since the interaction was
// accepted, unless the document may be there already: then it is finished.
func (w Worker) stillBound(ctx context.Context, t *work.Task, st *state) error {
	switch t.Step {
	case ingest.StepAttach, ingest.StepVerify, ingest.StepDescribe, ingest.StepComments, ingest.StepReturn,
		ingest.StepUnlock:
		return nil
	}

	var binding string
	err := w.DB.Reader.QueryRowContext(ctx, `SELECT binding_id FROM interactions
		WHERE id = $1`, st.Interaction).Scan(&binding)
	if err != nil {
		return err
	}

	stands, ending, err := w.Stands(ctx, binding)
	if err != nil {
		return err
	}

	st.Job.Target.Returning = ending
	if stands && !(ending && t.Kind == KindExpand) {
		return nil
	}

	return fault.New(fault.Gone, "This folder is no longer bound to Frame.io.").With("Bind it again and publish again.")
}

// who decides as whom to act: the one who ran the action, if they have connected
// Frame.io and may write in the folder, else the binder who delegated.
func (w Worker) who(ctx context.Context, t *work.Task, st *state) (work.Next, error) {
	runner, err := w.runner(ctx, st)
	if err != nil {
		return work.Next{}, err
	}

	b, err := w.binding(ctx, st.Interaction)
	if err != nil {
		return work.Next{}, err
	}

	st.Owner = b.Owner
	t.Actor, st.Reader, st.Job.Restarts = st.Owner, st.Owner, 0
	st.Runner, t.Requester = runner, runner
	st.Job.Target.PublishedBy = "Frame.io user " + st.UserID
	if b.Publishers == Connected {
		if err := w.asThemself(ctx, t, st, runner); err != nil {
			return work.Next{}, err
		}
	} else if runner != "" {
		st.Job.Target.PublishedBy = runner
		_, err := w.People.Frameio(ctx, runner)
		if err == nil {
			st.Reader = runner
		} else if !fault.Is(err, fault.NotConnected) {
			return work.Next{}, err
		}
		may, err := w.mayWrite(ctx, runner, st.Job.Target.Folder)
		if err != nil {
			return work.Next{}, err
		}
		if may {
			t.Actor = runner
		}
	}

	if err := t.Save(ctx, st); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: firstStep(t.Kind)}, t.Note(ctx, "acting", "for %s: in Nuxeo as %s, on Frame.io as %s",
		st.Job.Target.PublishedBy, t.Actor, st.Reader)
}

// asThemself lets who ran the action act, and nobody for them.
func (w Worker) asThemself(ctx context.Context, t *work.Task, st *state, runner string) error {
	if runner == "" {
		return fault.New(fault.Forbidden, "The person who published this has not connected Nuxeo.").
			With("Connect Nuxeo and Frame.io, then publish again.")
	}

	if err := w.People.Usable(ctx, runner); err != nil {
		return err
	}

	may, err := w.mayWrite(ctx, runner, st.Job.Target.Folder)
	if err != nil {
		return err
	}

	if !may {
		return fault.New(fault.Forbidden, "%s may not add documents to this folder in Nuxeo.", runner).
			With("Ask for the right to write there, then retry.")
	}

	st.Job.Target.PublishedBy, st.Reader, t.Actor = runner, runner, runner
	return nil
}

func firstStep(kind string) string {
	if kind == KindExpand {
		return stepList
	}
	return ingest.StepResolve
}

// runner is the login of whoever ran the action; empty when they never
// connected.
func (w Worker) runner(ctx context.Context, st *state) (string, error) {
	p, err := w.People.PersonOnFrameio(ctx, st.UserID)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return p.Login, err
}

// mayWrite reports whether a person can put documents into a folder. Not being
// able to ask as that person counts as no.
func (w Worker) mayWrite(ctx context.Context, login, folder string) (bool, error) {
	nx, err := w.People.Nuxeo(ctx, login)
	if fault.Is(err, fault.NeedsOwner) {
		return false, nil
	}

	if err != nil {
		return false, err
	}

	doc, err := nx.Get(ctx, folder, nuxeo.Fetch{Enrichers: []string{"permissions"}})
	switch nuxeo.StatusOf(err) {
	case 401, 403, 404:
		return false, nil
	}

	if err != nil {
		return false, err
	}

	return slices.Contains(doc.Permissions(), "AddChildren"), nil
}

// run puts an item into ingest's hands.
func (w Worker) run(ctx context.Context, t *work.Task, st *state) (*ingest.Run, error) {
	nx, err := w.People.Nuxeo(ctx, t.Actor)
	if err != nil {
		return nil, err
	}

	fio, err := w.People.Frameio(ctx, st.Reader)
	if err != nil {
		return nil, err
	}

	return &ingest.Run{
		Task: t, Job: &st.Job, Frameio: fio, Nuxeo: nx, Actor: t.Actor, Colleague: w.People.Nuxeo,
		Save:   func(ctx context.Context) error { return t.Save(ctx, st) },
		Commit: func(ctx context.Context, fn func(*sql.Tx) error) error { return t.Commit(ctx, st, fn) },
	}, nil
}

// Undo removes what an item left half made.
func (w Worker) Undo(ctx context.Context, t *work.Task) error {
	var st state
	if err := t.Load(&st); err != nil {
		return err
	}

	if !st.Job.Unfinished() {
		return nil
	}

	r, err := w.run(ctx, t, &st)
	if fault.Is(err, fault.NotConnected, fault.NeedsOwner) {
		return nil // nobody is left to do it as; Nuxeo removes old batches itself
	}

	if err != nil {
		return err
	}

	return w.Ingest.Undo(ctx, r)
}

// Ended lets go of the link and, after the last item of the interaction, has
// people told.
func (w Worker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	if err := link.Release(ctx, tx, it.ID); err != nil {
		return nil, err
	}

	var open, round int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM items WHERE parent = $1 AND kind IN ('publish', 'expand')
		AND state IN ('waiting', 'running')`, it.Parent).Scan(&open); err != nil {
		return nil, err
	}

	if open > 0 {
		return nil, nil
	}

	if err := tx.QueryRowContext(ctx, `SELECT round FROM interactions
		WHERE id = $1`, it.Parent).Scan(&round); err != nil {
		return nil, err
	}

	if _, err := tx.ExecContext(ctx, `UPDATE interactions SET round = round + 1 WHERE id = $1`, it.Parent); err != nil {
		return nil, err
	}

	return w.Engine.Add(ctx, tx, work.New{
		Kind: KindNotice, Parent: it.Parent, Subject: fmt.Sprintf("round %d", round),
		Title: "Mail about what was published",
		Owner: it.Owner, Requester: it.Requester, Data: notice{},
	})
}
