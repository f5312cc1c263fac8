package ingest

import (
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// The names of the steps, as items store them.
const (
	StepResolve  = "resolve"
	StepLink     = "link"
	StepRefresh  = "refresh"
	StepTransfer = "transfer"
	StepAttach   = "attach"
	StepVerify   = "verify"
	StepDescribe = "describe"
	StepComments = "comments"
	StepReturn   = "return"
	StepUnlock   = "unlock"
)

// A subject is a run and the service that works on it.
type subject struct {
	*Service
	run *Run
}

// on makes a step of a method of the service.
func on(
	step func(*Service, context.Context, *Run) (work.Next, error),
) func(subject, context.Context) (work.Next, error) {
	return func(s subject, ctx context.Context) (work.Next, error) { return step(s.Service, ctx, s.run) }
}

// flow is what happens to one asset.
var flow = work.Flow[subject]{
	{
		Name:   StepResolve,
		Does:   "find the file, or the head of its stack; wait for its original",
		Repeat: "reads only",
		Run:    on((*Service).resolve),
	},
	{
		Name:   StepLink,
		Does:   "acquire the link of the asset, find its document, decide what has to be written",
		Repeat: "the link is ours already; a document of a lost answer is adopted",
		Run:    on((*Service).linkAsset),
	},
	{
		Name:   StepRefresh,
		Does:   "import comments of the file that is about to be replaced",
		Repeat: "as for `comments`",
		Run:    on((*Service).refresh),
	},
	{
		Name:   StepTransfer,
		Does:   "copy the bytes into an upload batch of Nuxeo",
		Repeat: "no part is sent again before Nuxeo was asked what it has",
		Run:    on((*Service).transfer),
	},
	{
		Name: StepAttach,
		Does: "create the document empty, then facet, metadata and content; or lock it, look, keep its content in " +
			"a version that is read, replace it",
		Repeat: "idempotency key and look-up; the same values again; the content by its digest; the lock by its " +
			"creation time",
		Run: on((*Service).attach),
	},
	{
		Name:   StepVerify,
		Does:   "read the document and compare; check facet and metadata; unlock; record the content",
		Repeat: "reads; the same values again; restoring needs the recorded intent",
		Run:    on((*Service).verify),
	},
	{
		Name:   StepDescribe,
		Does:   "write facet and metadata if they changed, read them back",
		Repeat: "the same values again",
		Run:    on((*Service).describe),
	},
	{
		Name:   StepComments,
		Does:   "import comments and annotations",
		Repeat: "external ids, idempotency keys and hashes",
		Run:    on((*Service).comments),
	},
	{
		Name:   StepReturn,
		Does:   "make a version, if the asset returns from a push",
		Repeat: "the newest version from before is recorded, and the push has a row",
		Run:    on((*Service).recordReturn),
	},
	{
		Name:   StepUnlock,
		Does:   "release the lock of the push",
		Repeat: "it is read before, and known by its creation time",
		Run:    on((*Service).unlock),
	},
}

// Step runs one step and returns the next; Done is set after the last.
func (s *Service) Step(ctx context.Context, r *Run, step string) (work.Next, error) {
	w, err := s.writer(ctx, r, step)
	if err != nil {
		return work.Next{}, err
	}

	r = r.as(w)
	next, err := flow.Run(ctx, step, subject{s, r})
	return next, s.explainRemoteError(ctx, r, err)
}

// StepsFor returns the steps for a flow that contains them, but for those that are left out: step
// runs the one of a name for R.
func StepsFor[R any](
	step func(r R, ctx context.Context, name string) (work.Next, error), leftOut ...string,
) work.Flow[R] {
	all := make(work.Flow[R], 0, len(flow))
	for _, s := range flow.Info() {
		if slices.Contains(leftOut, s.Name) {
			continue
		}
		all = append(all, work.Step[R]{
			Name: s.Name, Does: s.Does, Repeat: s.Repeat,
			Run: func(r R, ctx context.Context) (work.Next, error) { return step(r, ctx, s.Name) },
		})
	}
	return all
}
