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

var documentFetch = nuxeo.Fetch{Schemas: schemas, Enrichers: []string{"breadcrumb", "permissions"}, Lock: true}

// A Piece is a file of a document that can be sent.
type Piece struct {
	Name  string `json:"piece"` // Master, or that of a rendition
	XPath string `json:"xpath"`
	Video bool   `json:"video,omitempty"`
	nuxeo.Blob
}

// pieces returns the main file and its renditions.
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

// choosePiece returns the file with a name.
func choosePiece(doc *nuxeo.Document, what string) (Piece, error) {
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

// checkPushable returns why a document cannot be pushed, or nil.
func checkPushable(doc *nuxeo.Document) error {
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
		return ingest.CheckColdStorage(doc)
	case doc.IsHeld:
		return refuse("is under retention or legal hold.", "It can be pushed when that ends.")
	}

	return nil
}

// checkLockable returns why a person cannot lock a document, or nil.
func checkLockable(doc *nuxeo.Document, login string) error {
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

// pageSize is how many documents are read in one call.
const pageSize = 100

// readDocuments reads documents by their uids, as far as the person may see them.
func readDocuments(ctx context.Context, nx *nuxeo.Client, uids []string) (map[string]*nuxeo.Document, error) {
	out := map[string]*nuxeo.Document{}
	for some := range slices.Chunk(uids, pageSize) {
		docs, err := nx.ByIDs(ctx, some, documentFetch)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			out[d.UID] = d
		}
	}

	return out, nil
}

// resolvePaths replaces paths by uids. Paths that do not exist, or that the person may not see,
// stay as they are.
func resolvePaths(ctx context.Context, nx *nuxeo.Client, documents []string) ([]string, error) {
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

// ancestors returns the folders above a document, the nearest first.
func ancestors(doc *nuxeo.Document) []string {
	var out []string
	for _, d := range slices.Backward(doc.Breadcrumb()) {
		out = append(out, d.UID)
	}
	if len(out) == 0 || out[0] != doc.ParentRef { // the person may not see it
		out = append([]string{doc.ParentRef}, out...)
	}
	return out
}

// bindingsFor returns the workspaces that a document can go to: those of the nearest bound folder,
// then of those further up, each workspace once.
func bindingsFor(doc *nuxeo.Document, all []Bound) []Bound {
	var out []Bound
	for _, folder := range ancestors(doc) {
		for _, b := range all {
			seen := slices.ContainsFunc(out, func(o Bound) bool { return o.Workspace == b.Workspace })
			if b.Folder == folder && !seen {
				out = append(out, b)
			}
		}
	}

	return out
}

// bindingsAround returns the bindings of all folders above the documents.
func (s *Service) bindingsAround(ctx context.Context, docs map[string]*nuxeo.Document) ([]Bound, error) {
	seen := map[string]bool{}
	var folders []string
	for _, d := range docs {
		for _, uid := range ancestors(d) {
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
