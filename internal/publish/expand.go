package publish

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// The steps of an expand item.
const (
	stepList    = "list"    // read the folder's tree on Frame.io
	stepFolders = "folders" // make its folders in Nuxeo
	stepItems   = "items"   // add an item for each asset
)

// tree is a folder of Frame.io with all that is below it, flat.
type tree struct {
	Folders []branch `json:"folders"`
	Assets  []leaf   `json:"assets"`
	// Listed is how many of the folders were listed.
	Listed int `json:"listed,omitempty"`
	// Unread is how much could not be read of what Frame.io tells.
	Unread int `json:"unread,omitempty"`
}

// branch is a folder; Parent is an index into the tree, -1 at the top.
type branch struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Parent int    `json:"parent"`
	UID    string `json:"uid,omitempty"` // in Nuxeo, once it is there
}

type leaf struct {
	ID     string       `json:"id"`
	Name   string       `json:"name"`
	Kind   frameio.Kind `json:"kind"`
	Folder int          `json:"folder"`
}

// maxBranches bounds the folders of a tree of few assets.
const maxBranches = 2000

// Listing a deep tree takes minutes in which nothing else comes of a worker. So few are
// listed at the same time, and each makes room after some calls: whoever publishes forty
// of them does not hold up what others, or they themselves, publish beside.
const (
	mostExpanding = 2
	callsAtOnce   = 25
	makeRoom      = time.Second / 2
)

func (w Worker) expand(ctx context.Context, r *ingest.Run, st *state) (work.Next, error) {
	if r.Task.Step != stepItems {
		if w.expanding.Add(1) > mostExpanding {
			w.expanding.Add(-1)
			return work.Next{Step: r.Task.Step, After: makeRoom}, nil
		}
		defer w.expanding.Add(-1)
	}

	switch r.Task.Step {
	case stepList:
		return w.list(ctx, r, st)
	case stepFolders:
		return w.makeFolders(ctx, r, st)
	case stepItems:
		return w.addItems(ctx, r, st)
	}

	return work.Next{}, fault.New(fault.Internal, "Unknown step %q.", r.Task.Step)
}

func (w Worker) list(ctx context.Context, r *ingest.Run, st *state) (work.Next, error) {
	if st.Tree == nil {
		if err := w.begin(ctx, r, st); err != nil {
			return work.Next{}, err
		}
	}

	t := st.Tree
	for end := t.Listed + callsAtOnce; t.Listed < len(t.Folders); t.Listed++ {
		if t.Listed == end {
			return work.Next{Step: stepList, After: time.Millisecond}, r.Save(ctx)
		}
		if err := w.listFolder(ctx, r, t, t.Listed); err != nil {
			return work.Next{}, err
		}
	}

	return work.Next{Step: stepFolders}, r.Save(ctx)
}

// begin looks at the folder itself.
func (w Worker) begin(ctx context.Context, r *ingest.Run, st *state) error {
	a := st.Job.Asset
	top, err := r.Frameio.Folder(ctx, a.Account, a.ID)
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.Gone, "The folder was deleted on Frame.io.").With("Restore it on Frame.io and retry.").
			Because(err)
	}

	if err != nil {
		return err
	}

	st.Tree = &tree{Folders: []branch{{ID: top.ID, Name: top.Name, Parent: -1}}}
	r.Task.Title = top.Name // people read it even when nothing comes of it
	return r.Save(ctx)
}

func (w Worker) listFolder(ctx context.Context, r *ingest.Run, t *tree, at int) error {
	for a, err := range r.Frameio.Children(ctx, r.Job.Asset.Account, t.Folders[at].ID) {
		if err != nil {
			return err
		}

		// An asset that cannot be read fails by itself, and says so.
		if a.Unreadable && (a.ID == "" || a.Kind == "" || a.Kind == frameio.KindFolder && a.Name == "") {
			t.Unread++
			continue
		}

		if a.Kind == frameio.KindFolder {
			t.Folders = append(t.Folders, branch{ID: a.ID, Name: a.Name, Parent: at})
		} else {
			t.Assets = append(t.Assets, leaf{ID: a.ID, Name: a.Name, Kind: a.Kind, Folder: at})
		}

		if len(t.Folders) > maxBranches {
			return fault.New(fault.Refused, "The folder holds more than %d folders.", maxBranches).
				With("Select sub-folders or files instead.")
		}

		if len(t.Assets) > w.MaxAssets {
			return fault.New(fault.Refused, "The folder holds more than %d assets.", w.MaxAssets).
				With("Select sub-folders or files instead.")
		}
	}
	return nil
}

// makeFolders finds or makes a folder in Nuxeo for each that holds something.
// Each is saved before the next is made.
func (w Worker) makeFolders(ctx context.Context, r *ingest.Run, st *state) (work.Next, error) {
	if err := ingest.Present(ctx, r.Nuxeo, st.Job.Target.Folder); err != nil {
		return work.Next{}, err
	}

	needed, calls := st.Tree.needed(), 0
	for i := range st.Tree.Folders {
		b := &st.Tree.Folders[i]
		if b.UID != "" || !needed[i] {
			continue
		}

		if calls++; calls > callsAtOnce {
			return work.Next{Step: stepFolders, After: time.Millisecond}, nil
		}

		parent := st.Job.Target.Folder
		if b.Parent >= 0 {
			parent = st.Tree.Folders[b.Parent].UID
		}

		uid, err := w.folder(ctx, r, parent, b)
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

// needed says of each folder whether there is an asset somewhere below it.
func (t *tree) needed() []bool {
	out := make([]bool, len(t.Folders))
	for _, a := range t.Assets {
		for i := a.Folder; i >= 0 && !out[i]; i = t.Folders[i].Parent {
			out[i] = true
		}
	}
	return out
}

// folder looks for the folder by what it carries in dc:source, then makes it.
// It is found wherever it is below the bound folder: it may have come as part of
// a larger one, or been moved.
func (w Worker) folder(ctx context.Context, r *ingest.Run, parent string, b *branch) (string, error) {
	key := "frameio:" + r.Job.Asset.Account + "/" + b.ID
	where := "dc:source = " + nuxeo.Quote(key) + " AND ecm:ancestorId = " + nuxeo.Quote(r.Job.Target.Scope) +
		" AND ecm:mixinType = 'Folderish' AND ecm:isVersion = 0 AND ecm:isProxy = 0 AND ecm:isTrashed = 0"
	for doc, err := range r.Nuxeo.Query(ctx, where, "", nuxeo.Fetch{}) {
		if err != nil {
			return "", err
		}
		return doc.UID, nil
	}

	doc, err := r.Nuxeo.Create(ctx, parent, nuxeo.NewDocument{
		Name: ingest.PathName(b.Name), Type: "Folder",
		Properties: map[string]any{"dc:title": ingest.FolderTitle(b.Name), "dc:source": key},
	}, nuxeo.WriteOptions{IdempotencyKey: r.Task.Key("folder", b.ID), Source: ingest.SourceMetadata})
	if nuxeo.StatusOf(err) == 409 {
		return "", fault.New(fault.NotReady, "Nuxeo is still making the folder.").Because(err)
	}

	if err == nil {
		err = ingest.Wanted{Parent: parent, Type: "Folder", Maker: r.Actor}.Check(doc)
	}

	if err != nil {
		return "", err
	}

	return doc.UID, nil
}

// addItems adds an item for each asset, in one transaction with the end of this.
func (w Worker) addItems(ctx context.Context, r *ingest.Run, st *state) (work.Next, error) {
	var ids []string
	err := r.Commit(ctx, func(tx *sql.Tx) (err error) {
		ids, err = r.Task.Add(ctx, tx, w.leaves(st)...)
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

func (w Worker) leaves(st *state) []work.New {
	out := make([]work.New, 0, len(st.Tree.Assets))
	for _, l := range st.Tree.Assets {
		child := *st
		child.Tree, child.Reader = nil, ""
		child.Job = ingest.Job{Asset: st.Job.Asset, Target: st.Job.Target}
		child.Job.Asset.Kind, child.Job.Asset.ID = l.Kind, l.ID
		child.Job.Target.Folder = st.Tree.Folders[l.Folder].UID
		out = append(out, item(KindPublish, string(l.Kind)+" "+l.ID, l.Name, child))
	}

	return out
}
