package publish

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// The names of the steps of an expand item, as items store them.
const (
	stepList    = "list"
	stepFolders = "folders"
	stepItems   = "items"
)

// FolderFlow is what happens to a published folder.
var FolderFlow = work.Flow[*item]{
	begin,
	{
		Name: stepList, Does: "read the folder's tree on Frame.io",
		Repeat: "reads; how many folders were listed is saved", Run: limited(Worker.listTree),
	},
	{
		Name: stepFolders, Does: "create its folders in Nuxeo",
		Repeat: "looked for before; an idempotency key", Run: limited(Worker.createFolders),
	},
	{
		Name: stepItems, Does: "add an item for each asset",
		Repeat: "an asset has one item in its interaction", Run: unlimited(Worker.addItems),
	},
}

// A tree is a folder of Frame.io with everything below it, flat.
type tree struct {
	Folders []folderNode `json:"folders"`
	Assets  []assetNode  `json:"assets"`
	// Listed is how many folders have been listed.
	Listed int `json:"listed,omitempty"`
	// Unread counts malformed entries in Frame.io's responses.
	Unread int `json:"unread,omitempty"`
}

// A folderNode is a folder; Parent is an index into the tree, or -1 at the top.
type folderNode struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Parent int    `json:"parent"`
	UID    string `json:"uid,omitempty"` // in Nuxeo, once it exists
}

// An assetNode is an asset; Folder is an index into the tree.
type assetNode struct {
	ID     string       `json:"id"`
	Name   string       `json:"name"`
	Kind   frameio.Kind `json:"kind"`
	Folder int          `json:"folder"`
}

// maxFolders bounds the folders of a tree with few assets.
const maxFolders = 2000

// Listing a deep tree keeps a worker busy for minutes. So few trees are listed at the same time, and
// each yields after some calls: a person who publishes forty of them does not hold up what others,
// or they themselves, publish meanwhile.
const (
	maxExpanding  = 2
	callsPerSlice = 25
	expandRetry   = time.Second / 2
)

// An expandStep is a step of an expand item.
type expandStep func(Worker, context.Context, *ingest.Run, *state) (work.Next, error)

func unlimited(do expandStep) func(*item, context.Context) (work.Next, error) {
	return func(i *item, ctx context.Context) (work.Next, error) { return do(i.Worker, ctx, i.run, i.st) }
}

// limited runs a step unless enough trees are being expanded; then it is tried again soon.
func limited(do expandStep) func(*item, context.Context) (work.Next, error) {
	return func(i *item, ctx context.Context) (work.Next, error) {
		defer i.expanding.Add(-1)
		if i.expanding.Add(1) > maxExpanding {
			return work.Next{Step: i.t.Step, After: expandRetry}, nil
		}
		return do(i.Worker, ctx, i.run, i.st)
	}
}

// listTree lists the folders of the tree, some in each slice.
func (w Worker) listTree(ctx context.Context, r *ingest.Run, st *state) (work.Next, error) {
	if st.Tree == nil {
		if err := w.startTree(ctx, r, st); err != nil {
			return work.Next{}, err
		}
	}

	t := st.Tree
	for end := t.Listed + callsPerSlice; t.Listed < len(t.Folders); t.Listed++ {
		if t.Listed == end {
			return work.Next{Step: stepList, After: time.Millisecond}, r.Save(ctx)
		}
		if err := w.listFolder(ctx, r, t, t.Listed); err != nil {
			return work.Next{}, err
		}
	}

	return work.Next{Step: stepFolders}, r.Save(ctx)
}

// startTree reads the selected folder itself.
func (w Worker) startTree(ctx context.Context, r *ingest.Run, st *state) error {
	a := st.Job.Asset
	top, err := r.Frameio.Folder(ctx, a.Account, a.ID)
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.Gone, "The folder was deleted on Frame.io.").With("Restore it on Frame.io and retry.").
			Because(err)
	}

	if err != nil {
		return err
	}

	st.Tree = &tree{Folders: []folderNode{{ID: top.ID, Name: top.Name, Parent: -1}}}
	r.Task.Title = top.Name // shown even if the item fails
	return r.Save(ctx)
}

// listFolder adds the content of a folder to the tree.
func (w Worker) listFolder(ctx context.Context, r *ingest.Run, t *tree, at int) error {
	for a, err := range r.Frameio.Children(ctx, r.Job.Asset.Account, t.Folders[at].ID) {
		if err != nil {
			return err
		}

		// An unreadable asset gets an item that fails and says so, if it has an id.
		if a.Unreadable && (a.ID == "" || a.Kind == "" || a.Kind == frameio.KindFolder && a.Name == "") {
			t.Unread++
			continue
		}

		// Add it.
		if a.Kind == frameio.KindFolder {
			t.Folders = append(t.Folders, folderNode{ID: a.ID, Name: a.Name, Parent: at})
		} else {
			t.Assets = append(t.Assets, assetNode{ID: a.ID, Name: a.Name, Kind: a.Kind, Folder: at})
		}

		// Bound the tree.
		if len(t.Folders) > maxFolders {
			return fault.New(fault.Refused, "The folder holds more than %d folders.", maxFolders).
				With("Select sub-folders or files instead.")
		}

		if len(t.Assets) > w.MaxAssets {
			return fault.New(fault.Refused, "The folder holds more than %d assets.", w.MaxAssets).
				With("Select sub-folders or files instead, or have an administrator raise publish-max-assets.")
		}
	}
	return nil
}

// createFolders finds or creates a Nuxeo folder for each one that contains an asset. Each is saved
// before the next is created.
func (w Worker) createFolders(ctx context.Context, r *ingest.Run, st *state) (work.Next, error) {
	if err := ingest.RequireFolder(ctx, r.Nuxeo, st.Job.Target.Folder); err != nil {
		return work.Next{}, err
	}

	needed, calls := st.Tree.needed(), 0
	for i := range st.Tree.Folders {
		b := &st.Tree.Folders[i]
		if b.UID != "" || !needed[i] {
			continue
		}

		if calls++; calls > callsPerSlice {
			return work.Next{Step: stepFolders, After: time.Millisecond}, nil
		}

		parent := st.Job.Target.Folder
		if b.Parent >= 0 {
			parent = st.Tree.Folders[b.Parent].UID
		}

		uid, err := w.findOrCreateFolder(ctx, r, parent, b)
		if err != nil {
			return work.Next{}, err
		}

		b.UID = uid
		if err := r.Save(ctx); err != nil {
			return work.Next{}, err
		}
	}

	return work.Next{Step: stepItems}, nil
}

// needed reports, for each folder, whether there is an asset somewhere below it.
func (t *tree) needed() []bool {
	out := make([]bool, len(t.Folders))
	for _, a := range t.Assets {
		for i := a.Folder; i >= 0 && !out[i]; i = t.Folders[i].Parent {
			out[i] = true
		}
	}
	return out
}

// findOrCreateFolder looks for the folder by its dc:source, and creates it if there is none. It is
// found anywhere below the bound folder: it may have come as part of a larger one, or been moved.
func (w Worker) findOrCreateFolder(ctx context.Context, r *ingest.Run, parent string, b *folderNode) (string, error) {
	// Look for it.
	key := "frameio:" + r.Job.Asset.Account + "/" + b.ID
	where := "dc:source = " + nuxeo.Quote(key) + " AND ecm:ancestorId = " + nuxeo.Quote(r.Job.Target.Scope) +
		" AND ecm:mixinType = 'Folderish'" + schema.AndLive
	for doc, err := range r.Nuxeo.Query(ctx, where, "", nuxeo.Fetch{}) {
		if err != nil {
			return "", err
		}
		return doc.UID, nil
	}

	// Create it.
	doc, err := r.Nuxeo.Create(ctx, parent, nuxeo.NewDocument{
		Name: ingest.PathName(b.Name), Type: "Folder",
		Properties: map[string]any{"dc:title": ingest.FolderTitle(b.Name), "dc:source": key},
	}, nuxeo.WriteOptions{IdempotencyKey: r.Task.Key("folder", b.ID), Source: ingest.SourceMetadata})
	if nuxeo.StatusOf(err) == 409 {
		return "", fault.New(fault.NotReady, "Nuxeo is still making the folder.").Because(err)
	}

	if err == nil {
		err = ingest.Expected{Parent: parent, Type: "Folder", Creator: r.Actor}.Check(doc)
	}

	if err != nil {
		return "", err
	}

	return doc.UID, nil
}

// addItems adds an item for each asset, in one transaction with the end of this one.
func (w Worker) addItems(ctx context.Context, r *ingest.Run, st *state) (work.Next, error) {
	var ids []string
	err := r.Commit(ctx, func(tx *sql.Tx) (err error) {
		ids, err = r.Task.Add(ctx, tx, w.childItems(st)...)
		return err
	})
	if err != nil {
		return work.Next{}, err
	}

	r.Task.Wake(ids...)
	if n := st.Tree.Unread; n > 0 {
		return work.Next{Done: true, Outcome: fmt.Sprintf("expanded, but for %d", n)},
			r.Task.Note(ctx, "left out", "%d in this folder, of which what Frame.io tells cannot be read", n)
	}

	return work.Next{Done: true, Outcome: "expanded"}, nil
}

func (w Worker) childItems(st *state) []work.New {
	out := make([]work.New, 0, len(st.Tree.Assets))
	for _, l := range st.Tree.Assets {
		child := *st
		child.Tree, child.Reader = nil, ""
		child.Job = ingest.Job{Asset: st.Job.Asset, Target: st.Job.Target}
		child.Job.Asset.Kind, child.Job.Asset.ID = l.Kind, l.ID
		child.Job.Target.Folder = st.Tree.Folders[l.Folder].UID
		out = append(out, newItem(KindPublish, string(l.Kind)+" "+l.ID, l.Name, child))
	}

	return out
}
