package metamap

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Result is what rows have done to one document or file. Problems are sentences, one for each row that could not be
// applied.
type Result struct {
	Written  int
	Problems []string
}

// add adds the problem of a row.
func (r *Result) add(row Row, problem string) {
	r.Problems = append(r.Problems, fmt.Sprintf("%s: %s", row, problem))
}

// All is what a document is read with, for Properties.
var All = nuxeo.Fetch{Schemas: []string{"*"}}

// Apply gives a document the properties that rows take from fields of its file. It reads the document, and writes only
// what differs. What a row cannot do is in the result; last says that this is also so where Nuxeo fails for a moment,
// which is an error otherwise.
//
// GET /id/{uid}, GET /config/schemas/{name}, PUT /id/{uid}.
func (s *Service) Apply(
	ctx context.Context, nx *nuxeo.Client, document string, rows []Row, fields []frameio.Field, last bool,
) (out Result, err error) {
	if rows = Only(rows, ToNuxeo); len(rows) == 0 {
		return out, nil
	}

	doc, err := nx.Get(ctx, document, All)
	if err != nil {
		return out, err
	}

	subject, err := s.Subject(ctx, nx, doc, rows)
	if err != nil {
		return out, err
	}

	// What do the rows do?
	subject.Fields = fields
	var changes []Change
	for _, c := range Decide(rows, subject) {
		if c.Problem != "" {
			out.add(c.Row, c.Problem)
		}
		if c.Writes {
			changes = append(changes, c)
		}
	}

	err = s.write(ctx, nx, document, changes, last, &out)
	return out, err
}

// write writes changes at once, or, if Nuxeo does not take them, one by one to find out which.
func (s *Service) write(
	ctx context.Context, nx *nuxeo.Client, document string, changes []Change, last bool, out *Result,
) error {
	if len(changes) == 0 {
		return nil
	}

	properties := map[string]any{}
	for _, c := range changes {
		properties[c.Target] = c.Wire
	}

	err := nx.Update(ctx, document, "", properties, nuxeo.WriteOptions{Source: s.Source})
	switch {
	case err == nil:
		out.Written += len(changes)
		return nil
	case !isRefused(err) && (!last || !fault.Passing(err)):
		return err
	case len(changes) == 1:
		out.add(changes[0].Row, refusal(changes[0], err))
		return nil
	}

	for _, c := range changes {
		if err := s.write(ctx, nx, document, []Change{c}, last, out); err != nil {
			return err
		}
	}

	return nil
}

// isRefused reports whether Nuxeo does not take a value, whoever writes it: constraints of a schema are checked there.
func isRefused(err error) bool {
	switch nuxeo.StatusOf(err) {
	case 400, 422:
		return true
	}
	return false
}

func refusal(c Change, err error) string {
	return fmt.Sprintf("Nuxeo does not take %q (%s)", short(c.After), short(fault.From(err).Message))
}

// Subject returns a document as rows look at it, which was read with All.
//
// GET /config/schemas/{name}.
func (s *Service) Subject(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document, rows []Row) (Subject, error) {
	out := Subject{DocumentType: doc.Type, Properties: doc.Properties, Types: map[string]string{}}
	for _, r := range rows {
		if _, has := doc.Properties[r.Property]; !has {
			continue
		}

		of, err := s.typeOf(ctx, nx, doc, r.Property)
		if err != nil {
			return out, err
		}

		if of != "" {
			out.Types[r.Property] = of
		}
	}

	return out, nil
}

// typeOf returns the type of a property that a document has, or the empty string if Nuxeo does not say.
func (s *Service) typeOf(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document, property string) (string, error) {
	prefix, name, _ := strings.Cut(property, ":")
	i := slices.IndexFunc(doc.Schemas, func(n nuxeo.SchemaName) bool { return n.Prefix == prefix })
	if i < 0 {
		i = slices.IndexFunc(doc.Schemas, func(n nuxeo.SchemaName) bool { return n.Name == prefix })
	}

	if i < 0 {
		return "", nil
	}

	fields, err := s.schema(ctx, nx, doc.Schemas[i].Name)
	return fields[name], err
}

// schemasFor is how long it is taken for true what Nuxeo says of a schema, which changes with its packages.
const schemasFor = 5 * time.Minute

type cachedSchema struct {
	fields map[string]string
	at     time.Time
}

// schema returns the types of the fields of a schema.
func (s *Service) schema(ctx context.Context, nx *nuxeo.Client, name string) (map[string]string, error) {
	s.schemas.mu.Lock()
	known, ok := s.schemas.all[name]
	s.schemas.mu.Unlock()
	if ok && s.Now().Sub(known.at) < schemasFor {
		return known.fields, nil
	}

	fields, err := nx.Schema(ctx, name)
	if err != nil {
		return nil, err
	}

	// Schemas are few: those of the types of documents that have rows.
	s.schemas.mu.Lock()
	defer s.schemas.mu.Unlock()
	all := maps.Clone(s.schemas.all)
	if all == nil {
		all = map[string]cachedSchema{}
	}
	all[name] = cachedSchema{fields, s.Now()}
	s.schemas.all = all
	return fields, nil
}

// ForFile returns what rows give to the fields of a file, and what they cannot give. The document must have been read
// with All.
func (s *Service) ForFile(
	ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document, rows []Row, fields []frameio.Field,
	definitions []frameio.Definition,
) (changes []Change, out Result, err error) {
	rows = Only(rows, ToFrameio)
	subject, err := s.Subject(ctx, nx, doc, rows)
	if err != nil {
		return nil, out, err
	}

	subject.Fields, subject.Definitions = fields, definitions
	for _, c := range Decide(rows, subject) {
		if c.Problem != "" {
			out.add(c.Row, c.Problem)
		}
		if c.Writes {
			changes = append(changes, c)
		}
	}

	return changes, out, nil
}
