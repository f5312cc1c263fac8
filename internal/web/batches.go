package web

import (
	"context"
	"math"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// ListBatches tells how far what was published or pushed together is.
func (s rest) ListBatches(ctx context.Context, q api.ListBatchesRequestObject) (api.ListBatchesResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	// Those of a folder come through its bindings.
	f := work.BatchFilter{}
	if folder := val(q.Params.Folder); folder != "" {
		ids, err := s.Binding.IDsOf(ctx, folder)
		if err != nil {
			return nil, err
		}
		f.Bindings = append([]string{}, ids...)
	}

	list, err := s.Engine.Batches(ctx, who, f)
	if err != nil {
		return nil, err
	}

	out, err := s.batchesJSON(ctx, list)
	return api.ListBatches200JSONResponse{Batches: out}, err
}

// batchesJSON tells of batches, and what they are about: the features know it, each by one question.
func (s *Server) batchesJSON(ctx context.Context, list []work.Batch) ([]api.Batch, error) {
	var parents, through []string
	for _, b := range list {
		parents, through = append(parents, b.Parent), append(through, b.Binding)
	}

	places, err := s.Push.Destinations(ctx, parents)
	if err != nil {
		return nil, err
	}

	titles, err := s.Binding.Titles(ctx, through)
	if err != nil {
		return nil, err
	}

	out := []api.Batch{}
	for _, b := range list {
		out = append(out, batchJSON(b, places[b.Parent], titles[b.Binding]))
	}

	return out, nil
}

func batchJSON(b work.Batch, place push.Destination, through binding.Title) api.Batch {
	out := api.Batch{
		Batch: b.Parent, Kind: api.BatchKindPublish, By: b.By, Binding: opt(b.Binding),
		ActionName: opt(through.ActionName), Folder: opt(through.Folder), FolderTitle: opt(through.FolderTitle),
		TeamName: opt(place.Workspace), ProjectName: opt(place.Project), FrameioFolderName: opt(place.Folder),
		Documents: b.Items, Arrived: b.Arrived, Failed: b.Failed, Canceled: b.Canceled, Open: b.Open,
		Listing: yes(b.Listing), Bytes: b.Bytes, BytesDone: b.Moved, Estimated: yes(b.Estimated), Created: b.Created,
	}
	if b.Kind == push.KindPush {
		out.Kind = api.BatchKindPush
	}

	if b.Left != nil {
		out.SecondsLeft = some1(int64(math.Ceil(b.Left.Seconds())))
	}

	if len(b.Failures) > 0 {
		out.Failures = new([]api.BatchFailure)
	}

	for _, f := range b.Failures {
		*out.Failures = append(*out.Failures, api.BatchFailure{
			Item: f.Item, Title: f.Title, Message: f.Message, Remedy: opt(f.Remedy),
		})
	}

	return out
}

// RetryBatch starts again what has failed of a batch.
func (s rest) RetryBatch(ctx context.Context, q api.RetryBatchRequestObject) (api.RetryBatchResponseObject, error) {
	n, err := s.changeAll(ctx, work.Selection{Batch: q.Id}, s.Engine.RetryAll)
	return api.RetryBatch202JSONResponse{Changed: n}, err
}

// CancelBatch stops what is not finished of a batch.
func (s rest) CancelBatch(ctx context.Context, q api.CancelBatchRequestObject) (api.CancelBatchResponseObject, error) {
	n, err := s.changeAll(ctx, work.Selection{Batch: q.Id}, s.Engine.CancelAll)
	return api.CancelBatch202JSONResponse{Changed: n}, err
}

// RetryItems starts several items again.
func (s rest) RetryItems(ctx context.Context, q api.RetryItemsRequestObject) (api.RetryItemsResponseObject, error) {
	n, err := s.changeAll(ctx, work.Selection{Items: q.Body.Items}, s.Engine.RetryAll)
	return api.RetryItems202JSONResponse{Changed: n}, err
}

// CancelItems stops several items.
func (s rest) CancelItems(ctx context.Context, q api.CancelItemsRequestObject) (api.CancelItemsResponseObject, error) {
	n, err := s.changeAll(ctx, work.Selection{Items: q.Body.Items}, s.Engine.CancelAll)
	return api.CancelItems202JSONResponse{Changed: n}, err
}

// changeAll does it to a selection and returns how many items it was done to.
func (s rest) changeAll(
	ctx context.Context, sel work.Selection, do func(context.Context, work.Viewer, work.Selection) ([]string, error),
) (int, error) {
	who, err := viewer(ctx)
	if err != nil {
		return 0, err
	}

	if n := len(sel.Items); sel.Batch == "" && (n == 0 || n > maxListed) {
		return 0, fault.Field("items", "Give 1 to 500 items.", "%d items cannot be changed at once.", n)
	}

	changed, err := do(ctx, who, sel)
	return len(changed), err
}
