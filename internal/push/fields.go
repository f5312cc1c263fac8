package push

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// decideFields decides which fields the file gets from properties of its document, and notes what cannot be mapped.
// The values are set after the last item of the request, since Frame.io takes few such calls, but each for many files.
func (r *run) decideFields(ctx context.Context) error {
	rows, err := r.Map.Rows(ctx, metamap.Scope{Binding: r.p.Binding})
	if err != nil {
		return err
	}

	if rows = metamap.Only(rows, metamap.ToFrameio); len(rows) == 0 {
		return nil
	}

	// What are both sides now?
	doc, err := r.nx.Get(ctx, r.p.Document, metamap.All)
	if err != nil {
		return err
	}

	f, err := r.fio.File(ctx, r.p.Account, r.st.File)
	if err != nil {
		return err
	}

	definitions, err := r.definitions.of(ctx, r.fio, r.p.Account, r.Now())
	if err != nil {
		return err
	}

	// What would change?
	changes, got, err := r.Map.ForFile(ctx, r.nx, doc, rows, f.Metadata, definitions)
	if err != nil {
		return err
	}

	for _, problem := range got.Problems {
		if err := r.t.Note(ctx, "not mapped", "%s", problem); err != nil {
			return err
		}
	}

	r.st.Fields, r.st.Unmapped = nil, got.Problems
	for _, c := range changes {
		r.st.Fields = append(r.st.Fields, v4.FieldValue{Field: c.Field, Value: c.Wire})
	}

	return r.save(ctx)
}

// definitionsFor is how long the fields of an account are taken for what they are: one request has many documents.
const definitionsFor = time.Minute

// definitionCache keeps the fields of the account that was asked for last. Several may ask at once: nobody waits for
// the answer to another one.
type definitionCache struct {
	mu      sync.Mutex
	account string
	all     []frameio.Definition
	at      time.Time
}

func (c *definitionCache) of(
	ctx context.Context, fio *v4.Client, account string, now time.Time,
) ([]frameio.Definition, error) {
	c.mu.Lock()
	known, fresh := c.all, c.account == account && now.Sub(c.at) < definitionsFor
	c.mu.Unlock()
	if fresh {
		return known, nil
	}

	var all []frameio.Definition
	for d, err := range fio.Definitions(ctx, account) {
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	c.account, c.all, c.at = account, all, now
	return all, nil
}

// name returns the name of a field, or its id if that is not known any more.
func (c *definitionCache) name(id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.all {
		if d.ID == id {
			return d.Name
		}
	}
	return id
}

// A valued is a group of files of a project that get the same values.
type valued struct {
	project string
	values  []v4.FieldValue
	files   []string
}

// groupByValues returns the open pushes by what their files get.
func groupByValues(all []Push) (groups []valued) {
	at := map[string]int{}
	for _, p := range all {
		if p.State != Open || p.FieldValues == "" {
			continue
		}

		key := p.Project + " " + p.FieldValues
		i, known := at[key]
		if !known {
			g := valued{project: p.Project}
			if json.Unmarshal([]byte(p.FieldValues), &g.values) != nil || len(g.values) == 0 {
				continue
			}
			i, groups = len(groups), append(groups, g)
			at[key] = i
		}
		groups[i].files = append(groups[i].files, p.File)
	}
	return groups
}

// setFields sets the fields that rows of the metadata map give to what was pushed. A refusal is noted and does not fail
// the item: the assets have arrived.
func (n *notice) setFields(ctx context.Context) (work.Next, error) {
	next := work.Next{Step: stepStatus}
	groups := groupByValues(n.all)
	if len(groups) == 0 {
		return next, nil
	}

	fio, err := n.People.Frameio(ctx, n.all[0].By)
	if err != nil {
		return next, n.t.Note(ctx, "no fields", "%s is not connected any more", n.all[0].By)
	}

	for _, g := range groups {
		for some := range slices.Chunk(g.files, v4.MostValued) {
			if err := n.setValues(ctx, fio, valued{g.project, g.values, some}); err != nil {
				return work.Next{}, err
			}
		}
	}

	return next, nil
}

// setValues sets values of files at once, or, if Frame.io refuses that, one by one to find out which.
func (n *notice) setValues(ctx context.Context, fio *v4.Client, g valued) error {
	err := fio.SetValues(ctx, n.all[0].Account, g.project, g.values, g.files)
	switch {
	case err == nil:
		return nil
	case fault.Then(err) == fault.Retry && n.t.Attempt < 3 || fault.Then(err) == fault.Wait:
		return err
	case len(g.values) == 1:
		return n.t.Note(ctx, "no fields", "the field %s of %d files: %s", n.definitions.name(g.values[0].Field),
			len(g.files), fault.From(err).Message)
	}

	for i := range g.values {
		if err := n.setValues(ctx, fio, valued{g.project, g.values[i : i+1], g.files}); err != nil {
			return err
		}
	}

	return nil
}
