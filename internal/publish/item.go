package publish

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/rights"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// A state is the state of a publish or expand item.
type state struct {
	Interaction string `json:"interaction"`
	UserID      string `json:"user"`  // on Frame.io, who ran the action
	Owner       string `json:"owner"` // who answers for the binding
	// Runner is the Nuxeo login of the person who ran the action; empty if they never
	// connected.
	Runner string `json:"runner,omitempty"`
	// Reader is the login whose Frame.io access is used; the item's actor is the one used on
	// Nuxeo. The first step chooses both.
	Reader string     `json:"reader,omitempty"`
	Job    ingest.Job `json:"job"`
	Tree   *tree      `json:"tree,omitempty"` // of an expand item
}

// DocumentUID returns the uid of the document that an item has created or updated. It is empty if
// there is none yet, and for items of other kinds.
func DocumentUID(it work.Item) string {
	var st state
	if it.Kind != KindPublish || it.Load(&st) != nil {
		return ""
	}
	return st.Job.Document
}

// maxInteractive is up to how many assets an interaction takes priority. Larger ones, and the
// content of folders, go in the background.
const maxInteractive = 10

// newItems returns the items of an interaction. Two items may be about the same asset: its link
// lets only one of them work on the document at a time.
func newItems(interaction string, in Interaction) []work.New {
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
					Map:          metamap.Scope{Binding: in.Binding.ID},
				},
			},
		}

		it := newItem(kind, r.Type+" "+r.ID, "", st)
		it.Interactive = len(in.Resources) <= maxInteractive && kind != KindExpand
		out = append(out, it)
	}

	return out
}

func newItem(kind, subject, title string, st state) work.New {
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

// A Worker works on the items of publish.
type Worker struct {
	*Service
	Flow work.Flow[*item]
}

// An item is one item as its worker sees it. It has no run in its first step, which chooses as whom
// we act.
type item struct {
	Worker
	t   *work.Task
	st  *state
	run *ingest.Run
}

// begin is the first step of both flows.
var begin = work.Step[*item]{
	Does: "choose as whom we act", Repeat: "reads only", Run: (*item).chooseActor,
}

// AssetFlow is what happens to a published asset.
var AssetFlow = append(work.Flow[*item]{begin}, ingest.StepsFor((*item).ingestStep)...)

func (i *item) ingestStep(ctx context.Context, name string) (work.Next, error) {
	return i.Ingest.Step(ctx, i.run, name)
}

// Steps describes the steps.
func (w Worker) Steps() []work.StepInfo { return w.Flow.Info() }

// Step runs the next step of an item.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	i := &item{Worker: w, t: t, st: new(state)}
	if err := t.Load(i.st); err != nil {
		return work.Next{}, err
	}

	if err := w.requireBinding(ctx, t, i.st); err != nil {
		return work.Next{}, err
	}

	next, err := i.step(ctx)
	if fault.Is(err, fault.NotConnected, fault.NeedsOwner) {
		return w.handleLostAccess(ctx, t, i.st, err)
	}

	return next, err
}

func (i *item) step(ctx context.Context) (next work.Next, err error) {
	if i.t.Step != "" {
		if i.run, err = i.newIngestRun(ctx, i.t, i.st); err != nil {
			return next, err
		}
	}
	return i.Flow.Run(ctx, i.t.Step, i)
}

// requireBinding returns an error that ends an item whose binding has been removed since the
// interaction was accepted. Once the document may exist, the item is finished all the same.
func (w Worker) requireBinding(ctx context.Context, t *work.Task, st *state) error {
	switch t.Step {
	case ingest.StepAttach, ingest.StepVerify, ingest.StepDescribe, ingest.StepComments, ingest.StepReturn,
		ingest.StepUnlock:
		return nil
	}

	var action string
	err := w.DB.Reader.QueryRowContext(ctx, `SELECT action_id FROM interactions
		WHERE id = $1`, st.Interaction).Scan(&action)
	if err != nil {
		return err
	}

	stands, ending, err := w.Stands(ctx, action)
	if err != nil {
		return err
	}

	st.Job.Target.Returning = ending
	if stands && !(ending && t.Kind == KindExpand) {
		return nil
	}

	return fault.New(fault.Gone, "This folder is no longer bound to Frame.io.").With("Bind it again and publish again.")
}

// chooseActor chooses whom to act as, separately for each side: on Frame.io the person who ran the
// action if they have connected it, in Nuxeo the same person if they may write in the folder, and
// otherwise the owner of the binding. If only connected people may publish, both sides have to be
// that person.
func (i *item) chooseActor(ctx context.Context) (work.Next, error) {
	w, t, st := i.Worker, i.t, i.st
	// Who ran it, and for which binding?
	runner, err := w.runner(ctx, st)
	if err != nil {
		return work.Next{}, err
	}

	b, err := w.binding(ctx, st.Interaction)
	if err != nil {
		return work.Next{}, err
	}

	// By default the owner of the binding acts.
	st.Owner = b.Owner
	t.Actor, st.Reader, st.Job.Restarts = st.Owner, st.Owner, 0
	st.Runner, t.Requester = runner, runner
	st.Job.Target.PublishedBy = "Frame.io user " + st.UserID
	// The person takes over where they can; if only connected people may publish, on both sides.
	if b.Publishers == Connected {
		if err := w.actAsRunner(ctx, t, st, runner); err != nil {
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

	// Save it, and note it in the history.
	if err := t.Save(ctx, st); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: w.Flow[1].Name}, t.Note(ctx, "acting", "for %s: in Nuxeo as %s, on Frame.io as %s",
		st.Job.Target.PublishedBy, t.Actor, st.Reader)
}

// actAsRunner makes the person who ran the action the one who acts on both sides. No one else may
// stand in for them.
func (w Worker) actAsRunner(ctx context.Context, t *work.Task, st *state, runner string) error {
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

// runner returns the login of the person who ran the action, or the empty string if they never
// connected.
func (w Worker) runner(ctx context.Context, st *state) (string, error) {
	p, err := w.People.PersonOnFrameio(ctx, st.UserID)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return p.Login, err
}

// mayWrite reports whether a person may add documents to a folder. If we cannot act as that person,
// they may not.
func (w Worker) mayWrite(ctx context.Context, login, folder string) (bool, error) {
	may, err := rights.Of(ctx, w.People, login, folder)
	return may.Has(folder, rights.AddChildren), err
}

// newIngestRun returns the ingest run for an item.
func (w Worker) newIngestRun(ctx context.Context, t *work.Task, st *state) (*ingest.Run, error) {
	r, err := ingest.NewRun(ctx, w.People, t, &st.Job, st)
	if err != nil {
		return nil, err
	}
	r.Frameio, err = w.People.Frameio(ctx, st.Reader)
	return r, err
}

// Undo removes what an unfinished item has left.
func (w Worker) Undo(ctx context.Context, t *work.Task) error {
	st := new(state)
	if err := t.Load(st); err != nil {
		return err
	}
	return w.Ingest.UndoItem(ctx, w.People, t, &st.Job, st)
}

// Ended releases the link and, after the last item of the interaction, adds the mail.
func (w Worker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	// Release the link.
	if err := link.Release(ctx, tx, it.ID); err != nil {
		return nil, err
	}

	// Tell what happened.
	added, err := w.tellArrival(ctx, tx, it)
	if err != nil {
		return nil, err
	}

	mail, err := w.Engine.AddAfterLast(ctx, tx, it, work.New{
		Kind: KindNotice, Title: "Mail about what was published",
		Owner: it.Owner, Requester: it.Requester, Data: notice{},
	}, KindPublish, KindExpand)
	return append(added, mail...), err
}

// tellArrival tells of a published asset that it arrived, came back or failed, and what the review says of it.
func (w Worker) tellArrival(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	failed := it.State == work.Failed
	if it.State != work.Done && !failed || it.Kind != KindPublish && !failed {
		return nil, nil
	}

	var st state
	if err := it.Load(&st); err != nil {
		return nil, err
	}

	about := w.Ingest.Subject(st.Job)
	about.Title, about.Owner, about.Person, about.Requester = it.Title, it.Owner, it.Actor, it.Requester
	about.Batch, about.Item = it.Parent, it.ID
	if failed {
		about.Reason = it.Message
		return w.Events.Tell(ctx, tx, event.Failed, fmt.Sprintf("%s %d", it.ID, it.Generation), about)
	}

	// What was pushed comes back once; anything else arrives with its content.
	var added []string
	var err error
	switch back := st.Job.Return; {
	case back != nil && back.Closed:
		added, err = w.Events.Tell(ctx, tx, event.Returned, back.Push, about)
	case it.Outcome == ingest.Created || it.Outcome == ingest.Updated:
		added, err = w.Events.Tell(ctx, tx, event.Arrived, it.ID, about)
	}

	if err != nil {
		return nil, err
	}

	more, err := w.Events.See(ctx, tx, about)
	return append(added, more...), err
}
