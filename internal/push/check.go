package push

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

var schemas = []string{"dublincore", "file", "video", "picture", "frameio"}

var wanted = nuxeo.Fetch{Schemas: schemas, Enrichers: []string{"breadcrumb", "permissions"}, Lock: true}

// Piece is what can be sent of a document.
type Piece struct {
	Name  string `json:"piece"` // Master, or that of a rendition
	XPath string `json:"xpath"`
	Video bool   `json:"video,omitempty"`
	nuxeo.Blob
}

// pieces are the master and its renditions.
func pieces(doc *nuxeo.Document) []Piece {
	master := doc.Blob("file:content")
	if master == nil {
		return nil
	}

	out := []Piece{{
		Name:  Master,
		XPath: "file:content",
		Blob:  *master,
		Video: strings.HasPrefix(master.MimeType, "video/"),
	}}

	for _, r := range doc.Renditions() {
		out = append(out, Piece{Name: r.Name, XPath: r.XPath, Video: r.Video, Blob: r.Blob})
	}

	return out
}

// choose finds what is to be sent of a document.
func choose(doc *nuxeo.Document, what string) (Piece, error) {
	all := pieces(doc)
	i := slices.IndexFunc(all, func(p Piece) bool { return p.Name == what })
	if i < 0 {
		return Piece{}, fault.New(fault.Gone, "%q has no rendition %q.", doc.Title, what).
			With("Send the master, or wait until Nuxeo has made it.")
	}

	if all[i].Length <= 0 {
		return Piece{}, fault.New(fault.Refused, "The file of %q is empty; Frame.io takes no empty files.", doc.Title).
			With("Give the document its file first.")
	}

	return all[i], nil
}

// compatible says why a document cannot be pushed; nil: it can.
func compatible(doc *nuxeo.Document) error {
	refuse := func(text, remedy string) error {
		return fault.New(fault.Refused, "%q "+text, doc.Title).With(remedy)
	}

	switch {
	case doc.IsVersion || doc.IsProxy:
		return refuse("is a version or a proxy.", "Push the document itself.")
	case doc.IsTrashed:
		return refuse("is in the trash.", "Take it out of the trash first.")
	case doc.Has("Folderish"):
		return refuse("is a folder.", "Select the documents in it.")
	case doc.Blob("file:content") == nil:
		return refuse("has no file.", "Push documents with a file.")
	case doc.Has("ColdStorage"):
		return ingest.InColdStorage(doc)
	case doc.IsHeld:
		return refuse("is under retention or legal hold.", "It can be pushed when that ends.")
	}

	return nil
}

// lockable says why a person cannot lock a document; nil: they can.
func lockable(doc *nuxeo.Document, login string) error {
	switch {
	case doc.LockOwner != "" && doc.LockOwner != login:
		return lockedBy(doc)
	case !slices.Contains(doc.Permissions(), "WriteProperties"):
		return fault.New(fault.Forbidden, "You may not change %q, and so not lock it.", doc.Title).
			With("Ask for the right to write it.")
	}
	return nil
}

func lockedBy(doc *nuxeo.Document) error {
	return fault.New(fault.Locked, "%q is locked by %s.", doc.Title, doc.LockOwner).With("Ask " + doc.LockOwner +
		" to unlock it, then push again.")
}

func notBound() error {
	return fault.New(fault.Conflict, "Folder not bound").With("Bind this folder, or one above it, to Frame.io first.")
}

// at most so many documents are asked for in one call.
const page = 100

// read reads documents as a person, those that they may see, by their uids.
func read(ctx context.Context, nx *nuxeo.Client, uids []string) (map[string]*nuxeo.Document, error) {
	out := map[string]*nuxeo.Document{}
	for some := range slices.Chunk(uids, page) {
		docs, err := nx.ByIDs(ctx, some, wanted)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			out[d.UID] = d
		}
	}

	return out, nil
}

// resolve gives the uids of documents of which some are named by their paths. What
// is not there, or not for the person to see, stays as it is.
func resolve(ctx context.Context, nx *nuxeo.Client, documents []string) ([]string, error) {
	out := slices.Clone(documents)
	for i, name := range out {
		if !strings.HasPrefix(name, "/") {
			continue
		}

		doc, err := nx.GetByPath(ctx, name, nuxeo.Fetch{})
		switch nuxeo.StatusOf(err) {
		case http.StatusNotFound, http.StatusForbidden:
			continue
		}

		if err != nil {
			return nil, err
		}

		out[i] = doc.UID
	}

	return distinct(out), nil
}

// above are the folders that a document is in, the nearest first.
func above(doc *nuxeo.Document) []string {
	var out []string
	for _, d := range slices.Backward(doc.Breadcrumb()) {
		out = append(out, d.UID)
	}
	if len(out) == 0 || out[0] != doc.ParentRef { // it may be there but not to be seen
		out = append([]string{doc.ParentRef}, out...)
	}
	return out
}

// bindings are the workspaces that a document can go to: those of the nearest
// folder that is bound to any, then of those further up, each workspace once.
func bindings(doc *nuxeo.Document, all []Bound) []Bound {
	var out []Bound
	for _, folder := range above(doc) {
		for _, b := range all {
			known := slices.ContainsFunc(out, func(o Bound) bool { return o.Workspace == b.Workspace })
			if b.Folder == folder && !known {
				out = append(out, b)
			}
		}
	}

	return out
}

// boundAround reads the bindings of all folders that documents are in.
func (s *Service) boundAround(ctx context.Context, docs map[string]*nuxeo.Document) ([]Bound, error) {
	seen := map[string]bool{}
	var folders []string
	for _, d := range docs {
		for _, uid := range above(d) {
			if uid != "" && !seen[uid] {
				seen[uid] = true
				folders = append(folders, uid)
			}
		}
	}

	var out []Bound
	for some := range slices.Chunk(folders, 500) {
		list, err := s.Bound(ctx, some)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}

	return out, nil
}
