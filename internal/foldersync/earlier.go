package foldersync

import (
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/intake"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// stepEarlier is the first step of a stack whose earlier files become versions.
const stepEarlier = "sync-earlier"

// earlier finds the files of a stack that are newer than what the document holds, and
// begins with the oldest. Each is brought as if it were the head, so that the next one
// makes a version of it.
func (w AssetWorker) earlier(ctx context.Context, r *intake.Run, st *assetState) (work.Next, error) {
	var files []frameio.File
	for f, err := range r.Frameio.StackFiles(ctx, st.Job.Asset.Account, st.Job.Asset.ID) {
		if absent(err) == nil && err != nil {
			return work.Next{Step: intake.StepResolve}, nil // which tells what that means
		}
		if err != nil {
			return work.Next{}, err
		}
		if f.Uploaded() && f.Size > 0 {
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, func(a, b frameio.File) int { return a.Created.Compare(b.Created) })
	has, err := w.has(ctx, st, files)
	if err != nil {
		return work.Next{}, err
	}
	st.Files = nil
	for _, f := range files[has:max(has, len(files)-1)] { // the head comes last, as ever
		st.Files = append(st.Files, f.ID)
	}
	return w.nextFile(ctx, r, st)
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

// nextFile begins with the next of the earlier files, and with the head after the
// last.
func (w AssetWorker) nextFile(ctx context.Context, r *intake.Run, st *assetState) (work.Next, error) {
	st.Made = st.Made || st.Job.Outcome == intake.Created
	mirror := *st.Job.Mirror
	mirror.Only = ""
	if len(st.Files) > 0 {
		mirror.Only, st.Files = st.Files[0], st.Files[1:]
	}
	st.Job = intake.Job{Asset: st.Job.Asset, Target: st.Job.Target, Mirror: &mirror}
	return work.Next{Step: intake.StepResolve}, r.Save(ctx)
}
