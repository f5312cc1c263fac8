package reaction

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// keyLife is how long a key is relied on: Nuxeo forgets it after a day.
const keyLife = 20 * time.Hour

// mostFailures is how often Nuxeo may fail in a row before a reaction fails: what a chain does wrong once
// it mostly does wrong again.
const mostFailures = 5

// A Worker works on reactions.
type Worker struct {
	work.NoEnded
	*Service
}

// A run is one reaction as its worker sees it.
type run struct {
	Worker
	t  *work.Task
	st *state
	nx *nuxeo.Client
}

// flow is what happens to a reaction.
var flow = work.Flow[*run]{
	{
		Does: "have Nuxeo run the chain, or follow the transition, as the person",
		Repeat: "the time of the first request is recorded before; an idempotency key while Nuxeo knows it, and " +
			"after that not",
		Run: (*run).ask,
	},
	{
		Name:   stepRecord,
		Does:   "write an entry of the audit",
		Repeat: "another entry tells of the same event",
		Run:    (*run).record,
	},
}

const stepRecord = "record"

// Steps describes the steps.
func (w Worker) Steps() []work.StepInfo { return flow.Info() }

// Step runs the next step.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	r := &run{Worker: w, t: t, st: new(state)}
	if err := t.Load(r.st); err != nil {
		return work.Next{}, err
	}

	var err error
	if r.nx, err = w.People.Nuxeo(ctx, r.st.Event.Person); err != nil {
		return work.Next{}, personGone(err, r.st.Event.Person)
	}

	return flow.Run(ctx, t.Step, r)
}

// ask asks Nuxeo. While no answer has come, it asks the same with the same key.
func (r *run) ask(ctx context.Context) (work.Next, error) {
	// What was asked too long ago would be carried out a second time.
	now := r.Now()
	if !r.st.Asked.IsZero() && now.Sub(r.st.Asked) > keyLife {
		return work.Next{}, fault.New(fault.Refused,
			"Nuxeo was asked to do %s at %s, and whether it did is not known.", r.st.Action,
			r.st.Asked.UTC().Format(time.DateTime)).With("Look at the document; retry if it was not done.")
	}

	// Record that it is about to be asked.
	if r.st.Asked.IsZero() {
		r.st.Asked = now
		if err := r.t.Save(ctx, r.st); err != nil {
			return work.Next{}, err
		}
	}

	err := r.nx.Operation(ctx, r.st.Action.Operation(), "doc:"+r.st.Event.Document, r.st.params(), nil,
		nuxeo.WriteOptions{IdempotencyKey: r.t.Key("ask", strconv.Itoa(r.st.Round)), NoResult: true}, nil)
	if err != nil {
		return work.Next{}, r.explain(ctx, err)
	}

	return work.Next{Step: stepRecord}, nil
}

// record tells the audit what was done as the person.
func (r *run) record(ctx context.Context) (work.Next, error) {
	e := r.st.Event
	return work.Next{Done: true, Outcome: Ran}, r.Audit.Write(ctx, audit.Entry{
		Who: e.Person, What: audit.Reacted, About: e.Document,
		Detail: fmt.Sprintf("%s, on %s: %s (event %s)", r.st.Action, e.Name, e.Title, e.ID),
	})
}

// explain says what an answer means. One of Nuxeo's own that nothing was done ends the wait for it.
func (r *run) explain(ctx context.Context, err error) error {
	status := nuxeo.StatusOf(err)
	switch {
	case status < http.StatusBadRequest, status == http.StatusBadGateway, status == http.StatusServiceUnavailable,
		status == http.StatusGatewayTimeout: // no answer, or one of something in the way: it is not known
		return err
	case status == http.StatusConflict: // of the key, while it runs, or of the chain
		return fault.New(fault.Unavailable, "Nuxeo is doing %s, or was stopped in the middle of it.", r.st.Action).
			With("If it stays so, look at the document; retry if it was not done.").Because(err)
	}

	r.st.Asked = time.Time{}
	if err := r.t.Save(ctx, r.st); err != nil {
		return err
	}

	switch {
	case status == http.StatusForbidden:
		return fault.New(fault.Forbidden, "%s may not do %s on this document in Nuxeo.", r.st.Event.Person,
			r.st.Action).With("Give them the right, then retry.").Because(err)
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		return r.explainMissing(ctx, err)
	case status >= http.StatusInternalServerError:
		return r.explainFailure(ctx, err)
	}

	return err
}

// explainMissing tells a document that is gone from a chain that is not there.
func (r *run) explainMissing(ctx context.Context, missing error) error {
	_, err := r.nx.Get(ctx, r.st.Event.Document, nuxeo.Fetch{})
	switch {
	case nuxeo.NotFound(err) || nuxeo.StatusOf(err) == http.StatusForbidden:
		return fault.New(fault.Gone, "The document was deleted in Nuxeo, or %s may not see it any more.",
			r.st.Event.Person).Because(missing)
	case err != nil:
		return err
	}

	return fault.New(fault.Refused, "Nuxeo has no automation %s, or %s may not run it.", r.st.Action,
		r.st.Event.Person).
		With("Deploy it in Nuxeo, or correct the setting on-" + string(r.st.Event.Name) + "; then retry.").
		Because(missing)
}

// explainFailure says what is known of a failure in Nuxeo, which tells no reason. It is tried again a few
// times: Nuxeo has undone what it did.
func (r *run) explainFailure(ctx context.Context, failed error) error {
	code := fault.Unavailable
	if r.t.Attempt+1 >= mostFailures {
		code = fault.Refused
	}

	const remedy = "The log of Nuxeo says why. Correct it, then retry."
	doc, err := r.nx.Get(ctx, r.st.Event.Document, nuxeo.Fetch{})
	if name, is := r.st.Action.transition(); is && err == nil {
		return fault.New(code, "Nuxeo does not follow the transition %s; the document is in the state %s.", name,
			doc.State).With(remedy).Because(failed)
	}

	return fault.New(code, "%s failed in Nuxeo.", r.st.Action).With(remedy).Because(failed)
}
