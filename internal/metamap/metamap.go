// Package metamap maps metadata fields of Frame.io to properties of Nuxeo and back, by a table of rows.
//
// It owns the table map_rows. A row says which field gives a value to which property, or the other way around, and of
// what kind the value is. Rows hold for all documents, or for those of one binding or synchronization, whose rows
// replace those for all that write the same target.
//
// Invariants: Decide alone says what a row does, to publishes, returns, mirrors, pushes and previews alike; what is the
// same on both sides is not written; a row that cannot be applied is a problem with a sentence, never an error, so that
// no asset fails for it; a value that the table of a row does not know is named. What the connector and Nuxeo keep for
// themselves is no target. It leaves to its callers when a row is applied, and as whom.
package metamap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Direction says which side a row writes to.
type Direction string

// The directions of a row.
const (
	ToNuxeo   Direction = "nuxeo"
	ToFrameio Direction = "frameio"
)

// A Kind is what the values of a row are.
type Kind string

// The kinds of values. A List is of texts; the values of a Vocabulary are those of the row's table.
const (
	Text       Kind = "text"
	Number     Kind = "number"
	Date       Kind = "date"
	YesNo      Kind = "yes-no"
	List       Kind = "list"
	Vocabulary Kind = "vocabulary"
)

var kinds = []Kind{Text, Number, Date, YesNo, List, Vocabulary}

// A Scope is what the rows of a table are for: one binding, one synchronization, or, when it is empty, everything.
type Scope struct {
	Binding string `json:"binding,omitempty"`
	Sync    string `json:"sync,omitempty"`
}

// key is the scope as it is stored.
func (s Scope) key() string {
	switch {
	case s.Binding != "":
		return "binding/" + s.Binding
	case s.Sync != "":
		return "sync/" + s.Sync
	}
	return ""
}

func scopeOf(key string) Scope {
	if id, ok := strings.CutPrefix(key, "binding/"); ok {
		return Scope{Binding: id}
	}
	id, _ := strings.CutPrefix(key, "sync/")
	return Scope{Sync: id}
}

// A Row maps one field of Frame.io to one property of Nuxeo, or one property to one field.
type Row struct {
	ID        string
	Scope     Scope
	Direction Direction
	Field     frameio.Names // or the id of a field
	Property  string        // such as dc:rights
	Kind      Kind
	// Values translates what is read into what is written. Without any, a value stays as it is. An option of a
	// selection is known by its id or by its name.
	Values map[string]string
	// Clears says that an empty value empties the target; otherwise it leaves the target alone.
	Clears bool
	// Off says that nothing is written; a row of a binding or synchronization switches off one for all.
	Off bool
	// Configured says that the row comes from the configuration and cannot be changed here.
	Configured bool

	Changed   time.Time
	ChangedBy string
}

// String names the row for people, in the direction in which it maps.
func (r Row) String() string {
	if r.Direction == ToFrameio {
		return r.Property + " → " + string(r.Field)
	}
	return string(r.Field) + " → " + r.Property
}

// target is what the row writes, as the same in all spellings.
func (r Row) target() string {
	if r.Direction == ToFrameio {
		return r.Field.Key()
	}
	return r.Property
}

// A Service keeps the tables and applies them.
type Service struct {
	DB    *store.DB
	Audit *audit.Log
	Now   func() time.Time
	// Configured are rows of the configuration. They count as rows for all documents.
	Configured []Row
	// Source is what writes to documents say of themselves, for which Nuxeo makes no version.
	Source string
	// People gives access to both sides as a person, and Place says what a document is to the connector.
	People People
	Place  func(ctx context.Context, doc *nuxeo.Document) (Place, error)
	// Status are the names of the field with the approval status.
	Status frameio.Names

	schemas schemaCache
}

// Fingerprint returns a digest of what rows do; empty if there are none.
func Fingerprint(rows []Row) string {
	if len(rows) == 0 {
		return ""
	}

	type shape struct {
		Direction Direction
		Field     frameio.Names
		Property  string
		Kind      Kind
		Values    map[string]string
		Clears    bool
	}

	var all []shape
	for _, r := range rows {
		all = append(all, shape{r.Direction, r.Field, r.Property, r.Kind, r.Values, r.Clears})
	}

	b, err := json.Marshal(all) // keys come sorted
	if err != nil {
		return ""
	}

	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

// Only returns the rows of one direction.
func Only(rows []Row, d Direction) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Direction != d })
}

// A schemaCache keeps what Nuxeo says of its schemas.
type schemaCache struct {
	mu  sync.Mutex
	all map[string]cachedSchema
}
