// Package rights asks Nuxeo what people may do with documents.
//
// It owns the one way of asking: as the person, a thousand documents in one call. Invariants: nothing
// is remembered, so that a right that was taken away counts as soon as Nuxeo's queries know of it, and
// for a single document at once; on what a person may not read, or what is gone, they have no right,
// as if it were not there. Whose item something is, and
// who administers the connector, is the callers' matter.
package rights

import (
	"context"
	"net/http"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// The permissions of Nuxeo that are asked for.
const (
	Read            = "Read"
	AddChildren     = "AddChildren"
	WriteProperties = "WriteProperties"
)

// People gives access to Nuxeo as a person, or a NeedsOwner error if the connector cannot act as them.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
}

// Rights are the permissions of one person, by the uids of documents.
type Rights map[string][]string

// Has reports whether the person has a permission on a document.
func (r Rights) Has(uid, permission string) bool { return slices.Contains(r[uid], permission) }

// Of returns what a person may do with documents. A person as whom the connector cannot act has no
// rights, and one who gets a document may read it.
func Of(ctx context.Context, people People, login string, uids ...string) (Rights, error) {
	out := Rights{}
	err := each(ctx, people, login, uids, nuxeo.Fetch{Enrichers: []string{"permissions"}},
		func(d *nuxeo.Document) { out[d.UID] = append(d.Permissions(), Read) })
	return out, err
}

// Readable returns the documents among some that a person may read, which costs Nuxeo less than Of.
func Readable(ctx context.Context, people People, login string, uids ...string) (map[string]bool, error) {
	out := map[string]bool{}
	err := each(ctx, people, login, uids, nuxeo.Fetch{}, func(d *nuxeo.Document) { out[d.UID] = true })
	return out, err
}

// atOnce is how many documents are asked for in one call.
const atOnce = 1000

// each calls fn with each of some documents that the person may read.
func each(
	ctx context.Context, people People, login string, uids []string, fetch nuxeo.Fetch, fn func(*nuxeo.Document),
) error {
	// Ask for each once.
	uids = slices.DeleteFunc(slices.Clone(uids), func(uid string) bool { return uid == "" })
	slices.Sort(uids)
	uids = slices.Compact(uids)
	if len(uids) == 0 {
		return nil
	}

	nx, err := people.Nuxeo(ctx, login)
	if fault.Is(err, fault.NeedsOwner) {
		return nil
	}

	if err != nil {
		return err
	}

	for some := range slices.Chunk(uids, atOnce) {
		docs, err := read(ctx, nx, some, fetch)
		switch nuxeo.StatusOf(err) {
		case http.StatusUnauthorized, http.StatusForbidden:
			return nil // the connector cannot act as them any more
		}

		if err != nil {
			return err
		}

		for _, d := range docs {
			fn(d)
		}
	}

	return nil
}

// read reads documents. A single one is read by its id: a query may know of a new right later.
func read(ctx context.Context, nx *nuxeo.Client, uids []string, fetch nuxeo.Fetch) ([]*nuxeo.Document, error) {
	if len(uids) > 1 {
		return nx.ByIDs(ctx, uids, fetch)
	}

	doc, err := nx.Get(ctx, uids[0], fetch)
	if nuxeo.NotFound(err) {
		return nil, nil
	}

	return []*nuxeo.Document{doc}, err
}
