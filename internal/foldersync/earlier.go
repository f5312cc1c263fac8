package foldersync

import (
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// stepEarlier comes before each file of a stack whose earlier files become versions.
const stepEarlier = "sync-earlier"

// earlier chooses the file to bring next: the one after what the document holds, each
// as if it were the head, so that the next one makes a version of it; the head comes
// last, as ever. What the document holds is the link's to know, so that nothing is left
// out when this is done again.
func (w AssetWorker) earlier(ctx context.Context, r *ingest.Run, st *assetState) (work.Next, error) {
	files, err := w.filesOf(ctx, r, st.Job.Asset)
	if absent(err) != nil {
		return work.Next{}, err
	}

	has, err := w.has(ctx, st, files)
	if err != nil {
		return work.Next{}, err
	}

	mirror := *st.Job.Mirror
	mirror.Only = ""
	if has < len(files)-1 {
		mirror.Only = files[has].ID
	}

	st.Made = st.Made || st.Job.Outcome == ingest.Created
	st.Job = ingest.Job{Asset: st.Job.Asset, Target: st.Job.Target, Mirror: &mirror}
	return work.Next{Step: ingest.StepResolve}, r.Save(ctx)
}

// filesOf are the files of a stack, oldest first; none of one that is gone, which
// resolve tells of.
func (w AssetWorker) filesOf(ctx context.Context, r *ingest.Run, a ingest.Asset) (files []frameio.File, err error) {
	for f, err := range r.Frameio.StackFiles(ctx, a.Account, a.ID) {
		if err != nil {
			return nil, err
		}
		if f.Unreadable {
			return nil, fault.New(fault.Unavailable, "What Frame.io tells of a version in the stack cannot be read.").
				With("Retry later.")
		}
		if f.Uploaded() && f.Size > 0 {
			files = append(files, f)
		}
	}

	slices.SortStableFunc(files, func(a, b frameio.File) int { return a.Created.Compare(b.Created) })
	return files, nil
}

// has is how many of the files, oldest first, the asset's document had already.
func (w AssetWorker) has(ctx context.Context, st *assetState, files []frameio.File) (int, error) {
	l, ok, err := link.OfFiles(ctx, w.DB, st.Job.Target.Scope, st.Key, ids(files))
	if err != nil || !ok || l.DocumentUID == "" {
		return 0, err
	}
	return slices.IndexFunc(files, func(f frameio.File) bool { return f.ID == l.FileID }) + 1, nil
}

func ids(files []frameio.File) (all []string) {
	for _, f := range files {
		all = append(all, f.ID)
	}
	return all
}
