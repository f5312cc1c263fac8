// Package contract checks traffic against Frame.io's published description of
// its API, so that a stand-in and a client can be held to the same document.
//
// The document is the vendor's: it is read from where the environment says
// (EnvFile) and is never part of this repository; tests without it skip. Load
// relaxes what no real answer satisfies; each relaxation names its reason. The
// package knows OpenAPI and HTTP and nothing of the stand-in's insides. It
// leaves alone everything outside /v4 and every answer of 500 and more, which
// the document does not describe.
package contract

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// EnvFile is the environment variable that names the document.
const EnvFile = "FRAMEIO_OPENAPI"

// ErrUnset says that EnvFile is empty: a test skips then.
var ErrUnset = errors.New(EnvFile +
	" is not set: it must name Frame.io's V4 OpenAPI file for the contract to be checked")

// Contract is a loaded document and what was seen of it. It is safe for
// concurrent use.
type Contract struct {
	router routers.Router
	all    []string

	mu   sync.Mutex
	seen map[string]bool
}

// FromEnv loads the document that EnvFile names, or fails with ErrUnset.
func FromEnv() (*Contract, error) {
	path := os.Getenv(EnvFile)
	if path == "" {
		return nil, ErrUnset
	}
	return Load(path)
}

// Load reads and relaxes a document.
func Load(path string) (*Contract, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("contract %s: %w", path, err)
	}

	relax(doc)
	doc.Servers = nil // the host is whoever serves it
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		return nil, fmt.Errorf("contract %s: %w", path, err)
	}

	return &Contract{router: router, all: operations(doc), seen: map[string]bool{}}, nil
}

func operations(doc *openapi3.T) (ids []string) {
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			ids = append(ids, op.OperationID)
		}
	}
	slices.Sort(ids)
	return ids
}

// Covered tells how many operations had a good answer that was valid, of how
// many, and which had none.
func (c *Contract) Covered() (covered, total int, missing []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range c.all {
		if !c.seen[id] {
			missing = append(missing, id)
		}
	}
	return len(c.all) - len(missing), len(c.all), missing
}

func (c *Contract) cover(operation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[operation] = true
}

// relax removes what the real answers are known not to satisfy.
func relax(doc *openapi3.T) {
	seen := map[*openapi3.Schema]bool{}
	for _, ref := range doc.Components.Schemas {
		walk(ref, seen)
	}

	// as in the example: filters[from_date]=…
	if item := doc.Paths.Value("/v4/accounts/{account_id}/audit_logs"); item != nil {
		if p := item.Get.Parameters.GetByInAndName(openapi3.ParameterInQuery, "filters"); p != nil {
			p.Style = openapi3.SerializationDeepObject
		}
	}

	schema(doc, "TimeStamp", func(s *openapi3.Schema) { // null matches both of its alternatives
		s.AnyOf, s.OneOf = s.OneOf, nil
	})

	schema(doc, "CommentWithIncludes", func(s *openapi3.Schema) { // a guest has no owner
		nullable(s, "owner")
	})

	schema(doc, "MediaLinksCollection", func(s *openapi3.Schema) { // the prose of files.show promises null
		for name := range s.Properties {
			nullable(s, name)
		}
	})
}

func schema(doc *openapi3.T, name string, change func(*openapi3.Schema)) {
	if ref := doc.Components.Schemas[name]; ref != nil && ref.Value != nil {
		change(ref.Value)
	}
}

// nullable lets a property be null without touching the schema it refers to.
func nullable(s *openapi3.Schema, property string) {
	for _, part := range s.AllOf {
		nullable(part.Value, property)
	}
	if ref := s.Properties[property]; ref != nil {
		s.Properties[property] = &openapi3.SchemaRef{
			Value: &openapi3.Schema{Nullable: true, AllOf: openapi3.SchemaRefs{ref}},
		}
	}
}

// walk drops additionalProperties:false beside allOf: each part of the allOf
// has properties that the flag would forbid.
func walk(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || seen[ref.Value] {
		return
	}

	s := ref.Value
	seen[s] = true
	if closed := s.AdditionalProperties.Has; len(s.AllOf) > 0 && closed != nil && !*closed {
		s.AdditionalProperties = openapi3.AdditionalProperties{}
	}

	for _, part := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf,
		openapi3.SchemaRefs{s.Items, s.Not, s.AdditionalProperties.Schema}) {
		walk(part, seen)
	}

	for _, part := range s.Properties {
		walk(part, seen)
	}
}

// isAPI reports whether a path is one of the API that the contract describes.
//
// Operations that the vendor's SDK has and the contract does not have yet are not checked.
func isAPI(path string) bool {
	return strings.HasPrefix(path, "/v4/") && !strings.HasSuffix(path, "/recently_deleted")
}
