package browse

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Detail is a single folder.
type Detail struct {
	Folder
	// Ancestors are those that may be seen, the outermost first.
	Ancestors []Folder
	// WhyNot says why the person cannot bind it; nil: they can.
	WhyNot error
	// Types are those that arriving assets can get here, the usual one first.
	Types []string
}

// Usual is the type that assets get unless another is chosen.
const Usual = "File"

// Folder reads a folder. One that may not be seen fails like one that is not
// there, and so does what is no folder.
func (s *Service) Folder(ctx context.Context, login, uid string) (Detail, error) {
	nx, err := s.Nuxeo(ctx, login)
	if err != nil {
		return Detail{}, err
	}

	doc, err := nx.Get(ctx, uid, nuxeo.Fetch{Enrichers: []string{"permissions", "subtypes", "breadcrumb"}})
	if err != nil {
		return Detail{}, gone(err)
	}

	if !doc.Has("Folderish") {
		return Detail{}, noFolder()
	}

	// What a person needs to know who wants to bind it.
	d := Detail{
		Folder:    folderOf(doc),
		WhyNot:    s.Bindable(doc),
		Types:     s.holding(ctx, nx, doc),
		Ancestors: Ancestors(doc),
	}

	return d, nil
}

func folderOf(d *nuxeo.Document) Folder {
	return Folder{UID: d.UID, Path: d.Path, Title: d.Title, Type: d.Type}
}

// Ancestors are what the enricher "breadcrumb" tells of what a document is in.
func Ancestors(doc *nuxeo.Document) []Folder {
	out := []Folder{}
	for _, a := range doc.Breadcrumb() {
		out = append(out, folderOf(a))
	}
	return out
}

func noFolder() error {
	return fault.New(fault.NotFound, "There is no such folder, or you may not see it.").
		With("Look at the folders above it.")
}

// holding are the types that a folder allows and that can hold a file; where
// that cannot be told, those that are no folders.
func (s *Service) holding(ctx context.Context, nx *nuxeo.Client, folder *nuxeo.Document) []string {
	// The usual type comes first, the others by name.
	byName := s.types.get(ctx, nx, s.Now())
	out := []string{Usual}
	allowed := folder.Subtypes()
	for _, t := range allowed {
		whole, ok := byName[t.Name]
		switch {
		case t.Name == Usual, slices.Contains(t.Facets, "Folderish"), ok && !whole.CanHoldFile():
		default:
			out = append(out, t.Name)
		}
	}

	// Unless the folder does not allow it.
	slices.Sort(out[1:])
	if len(out) > 1 && !slices.ContainsFunc(allowed, func(t nuxeo.Type) bool { return t.Name == Usual }) {
		return out[1:]
	}

	return out
}

// typesFor is how long the types of Nuxeo are believed; they change when it is
// started anew.
const typesFor = 10 * time.Minute

// types keeps what Nuxeo tells of its document types, which is much and the
// same for all people.
type types struct {
	mu    sync.Mutex
	known map[string]nuxeo.Type
	until time.Time
}

// get is nil when Nuxeo does not tell.
func (t *types) get(ctx context.Context, nx *nuxeo.Client, now time.Time) map[string]nuxeo.Type {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.until) {
		return t.known
	}

	// Old types are better than none.
	known, err := nx.Types(ctx)
	if err != nil {
		return t.known
	}

	t.known, t.until = known, now.Add(typesFor)
	return known
}
