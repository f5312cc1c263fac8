package foldersync

import (
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// An assetState is the state of an item that imports one asset. Print is the fingerprint of the
// asset when it was listed, and Head the file that it stood for then.
type assetState struct {
	Sync  string `json:"sync"`
	Key   string `json:"key"`
	Print string `json:"print"`
	Head  string `json:"head,omitempty"`
	New   bool   `json:"new,omitempty"`   // the sync has not imported the asset by this key yet
	Title string `json:"title,omitempty"` // given to the document after its creation
	// Earlier says that the files below the head are imported first, each as a version,
	// and Made that the document was created for one of them.
	Earlier bool       `json:"earlier,omitempty"`
	Made    bool       `json:"made,omitempty"`
	Job     ingest.Job `json:"job"`
}

// DocumentUID returns the uid of the document that an item has created or updated. It is empty if
// there is none yet, and for items of other kinds.
func DocumentUID(it work.Item) string {
	var st assetState
	if it.Kind != KindAsset || it.Load(&st) != nil {
		return ""
	}
	return st.Job.Document
}

// An AssetWorker imports single assets.
type AssetWorker struct{ *Service }

// An assetItem is one item as its worker sees it. It has no run in its first step.
type assetItem struct {
	AssetWorker
	t   *work.Task
	st  *assetState
	run *ingest.Run
}

// assetFlow is what happens to a mirrored asset: the steps of ingest, and three of its own. Nothing
// returns from a push here.
var assetFlow = append(work.Flow[*assetItem]{
	{
		Does:   "check that the synchronization goes on",
		Repeat: "reads only",
		Run:    (*assetItem).begin,
	},
	{
		Name:   stepEarlier,
		Does:   "choose the next file of a stack whose earlier files become versions",
		Repeat: "which one the document has is read from the link",
		Run:    (*assetItem).chooseVersion,
	},
	{
		Name:   stepPlace,
		Does:   "give a document that was taken over the name and folder of its asset",
		Repeat: "it is read before; the same values again",
		Run:    (*assetItem).placeDocument,
	},
}, ingest.StepsFor((*assetItem).ingestStep, ingest.StepReturn, ingest.StepUnlock)...)

// Steps describes the steps.
func (w AssetWorker) Steps() []work.StepInfo { return assetFlow.Info() }

// Step runs the next step.
func (w AssetWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	i := &assetItem{AssetWorker: w, t: t, st: new(assetState)}
	if err := t.Load(i.st); err != nil {
		return work.Next{}, err
	}

	// Act as the owner of the sync.
	if t.Step != "" {
		var err error
		if i.run, err = w.newIngestRun(ctx, t, i.st); err != nil {
			return work.Next{}, ownerGone(err)
		}
	}

	return assetFlow.Run(ctx, t.Step, i)
}

// begin ends a new item here if its sync was paused or removed. It fetches what is chosen now, which may be
// something else than when the item was added.
func (i *assetItem) begin(ctx context.Context) (work.Next, error) {
	q, err := getSync(ctx, i.DB.Reader, i.st.Sync)
	if err != nil {
		return work.Next{}, err
	}

	if err := q.requireActive(); err != nil {
		return work.Next{}, err
	}

	if m := i.st.Job.Mirror; fetchOf(m) != q.Fetch {
		m.NoContent, m.Proxy = q.Fetch == Metadata, q.Fetch == Proxy
		i.st.Earlier = i.st.Earlier && q.Earlier
		err = i.t.Save(ctx, i.st)
	}

	return work.Next{Step: firstStep(*i.st)}, err
}

func (i *assetItem) ingestStep(ctx context.Context, name string) (work.Next, error) {
	next, err := i.Ingest.Step(ctx, i.run, name)
	if err != nil || !next.Done {
		return next, err
	}
	return nextStep(*i.st, next), nil
}

// firstStep returns the step an item begins with.
func firstStep(st assetState) string {
	if st.Earlier {
		return stepEarlier
	}
	return ingest.StepResolve
}

// nextStep returns what follows when ingest has imported a file: the next version, or the position
// of the document.
func nextStep(st assetState, next work.Next) work.Next {
	switch {
	case st.Job.Mirror.OnlyFile != "" && next.Outcome != ingest.Conflicting:
		return work.Next{Step: stepEarlier}
	case st.New && st.ownDocument() && next.Outcome != ingest.Created && next.Outcome != ingest.Conflicting:
		return work.Next{Step: stepPlace}
	}
	return next
}

// ownDocument reports whether the document is that of the listed asset. A file that was put on a
// stack since it was listed has the stack's, whose place is not the file's.
func (st assetState) ownDocument() bool {
	return st.Job.Document != "" && st.Job.File != nil && st.Job.File.Key() == st.Key
}

// stepPlace is the last step of an asset that takes over an existing document: a file put on a
// stack gets the name and the folder of the stack.
const stepPlace = "sync-place"

// placeDocument gives the document the title and the folder of its asset.
func (i *assetItem) placeDocument(ctx context.Context) (work.Next, error) {
	r, st := i.run, i.st
	next := work.Next{Done: true, Outcome: r.Job.Outcome}
	if st.Made {
		next.Outcome = ingest.Created
	}

	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, nuxeo.Fetch{})
	if nuxeo.NotFound(err) {
		return next, nil
	}

	if err != nil {
		return next, err
	}

	if err := i.retitle(ctx, r, st, doc); err != nil {
		return next, retryOnConflict(err)
	}

	if doc.ParentRef == r.Job.Target.Folder {
		return next, nil
	}

	return next, retryOnConflict(r.Nuxeo.Move(ctx, doc.UID, r.Job.Target.Folder))
}

// retitle gives a document the current name of its asset, unless a person has changed the title.
func (w AssetWorker) retitle(ctx context.Context, r *ingest.Run, st *assetState, doc *nuxeo.Document) error {
	title := ingest.Title(r.Job.File.Name)
	if !ingest.SameTitle(doc.Title, title) {
		ours, err := w.isOurTitle(ctx, r, st, doc)
		if err != nil || !ours {
			return err
		}
		if err := r.Nuxeo.Update(ctx, doc.UID, "", map[string]any{"dc:title": title},
			nuxeo.WriteOptions{Source: ingest.SourceMetadata}); err != nil {
			return err
		}
	}

	st.Title = title
	return r.Save(ctx)
}

// isOurTitle reports whether we gave the document its title: an entry records it, or it matches a
// name that one of the asset's files has or had. A document whose creation could not be recorded
// has the title it was created with, or one that a person gave it.
func (w AssetWorker) isOurTitle(ctx context.Context, r *ingest.Run, st *assetState, doc *nuxeo.Document) (bool, error) {
	var title, name string
	err := w.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(title), ''), COALESCE(MAX(name), '') FROM sync_entries
		WHERE sync_id = $1 AND document_uid = $2 AND key <> $3`,
		st.Sync, doc.UID, st.Key).Scan(&title, &name)
	if err != nil || title == "" && ingest.HasFirstTitle(doc) {
		return err == nil, err
	}

	ours := func(name string) bool { return name != "" && ingest.SameTitle(doc.Title, ingest.Title(name)) }
	return title != "" && ingest.SameTitle(doc.Title, title) ||
		slices.ContainsFunc(append(slices.Clone(r.Job.File.Names), r.Job.Mirror.FormerName, name), ours), nil
}

// requireActive returns an error that ends items of a sync that was paused or removed.
func (q Sync) requireActive() error {
	if q.State == Active {
		return nil
	}
	return fault.New(fault.Gone, "The synchronization was stopped.").With("Refresh it.")
}

// newIngestRun returns the ingest run for an item.
func (w AssetWorker) newIngestRun(ctx context.Context, t *work.Task, st *assetState) (*ingest.Run, error) {
	r, err := ingest.NewRun(ctx, w.People, t, &st.Job, st)
	if err != nil {
		return nil, err
	}
	r.Frameio, err = w.People.Frameio(ctx, t.Actor)
	return r, err
}

// Undo removes what an unfinished item has left.
func (w AssetWorker) Undo(ctx context.Context, t *work.Task) error {
	st := new(assetState)
	if err := t.Load(st); err != nil {
		return err
	}
	return w.Ingest.UndoItem(ctx, w.People, t, &st.Job, st)
}

// chooseVersion chooses the file to import next: the one after the file that the document holds.
// Each is imported as if it were the head, so that the next one makes a version of it; the head
// comes last. Which file the document holds is taken from the link, so that repeating the step
// leaves nothing out.
func (i *assetItem) chooseVersion(ctx context.Context) (work.Next, error) {
	r, st := i.run, i.st

	// Which files are there, and how many has the document had?
	files, err := i.stackFiles(ctx, r, st.Job.Asset)
	if ignoreInaccessible(err) != nil {
		return work.Next{}, err
	}

	imported, err := i.countImported(ctx, st, files)
	if err != nil {
		return work.Next{}, err
	}

	// Import the next one.
	mirror := *st.Job.Mirror
	mirror.OnlyFile = ""
	if imported < len(files)-1 {
		mirror.OnlyFile = files[imported].ID
	}

	st.Made = st.Made || st.Job.Outcome == ingest.Created
	st.Job = ingest.Job{Asset: st.Job.Asset, Target: st.Job.Target, Mirror: &mirror}
	return work.Next{Step: ingest.StepResolve}, r.Save(ctx)
}

// stackFiles returns the files of a stack, oldest first. It returns an error that
// ignoreInaccessible ignores if the stack is gone, which ingest's resolve step reports.
func (w AssetWorker) stackFiles(ctx context.Context, r *ingest.Run, a ingest.Asset) (files []frameio.File, err error) {
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

// countImported returns how many of the files, oldest first, the document has had already.
func (w AssetWorker) countImported(ctx context.Context, st *assetState, files []frameio.File) (int, error) {
	l, ok, err := link.OfAsset(ctx, w.DB, st.Job.Target.Scope, st.Key, fileIDs(files))
	if err != nil || !ok || l.DocumentUID == "" {
		return 0, err
	}
	return slices.IndexFunc(files, func(f frameio.File) bool { return f.ID == l.FileID }) + 1, nil
}

func fileIDs(files []frameio.File) (all []string) {
	for _, f := range files {
		all = append(all, f.ID)
	}
	return all
}
