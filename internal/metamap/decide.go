package metamap

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// A Subject is a document and its asset as they are, as far as rows look at them.
type Subject struct {
	DocumentType string
	Properties   map[string]json.RawMessage // of the document
	Types        map[string]string          // of these properties, in Nuxeo's words
	Fields       []frameio.Field            // of the file, with the values that it has
	Definitions  []frameio.Definition       // of the account; for rows that write to Frame.io
}

// A Change is what a row does.
type Change struct {
	Row    Row
	Target string // what is written: a property, or the name of a field
	Source string // what the other side has, for people
	Before string // what the target has, for people
	After  string // what it gets; the same as Before if it stays
	Writes bool
	// Unknown are the values that the row's table, or the selection on Frame.io, does not have.
	Unknown []string
	// Problem is why the target does not get what it should, in a sentence; empty if it does.
	Problem string

	Wire  any    // the value that is written
	Field string // the id of the field that is written
}

// Decide returns what each row does to the subject. It is the only place where that is decided.
func Decide(rows []Row, s Subject) []Change {
	all := make([]Change, 0, len(rows))
	for _, r := range rows {
		c := Change{Row: r, Target: r.Property}
		if r.Direction == ToFrameio {
			c.Target = string(r.Field)
			s.toFrameio(&c)
		} else {
			s.toNuxeo(&c)
		}
		c.explainUnknown()
		all = append(all, c)
	}
	return all
}

// fail notes why a row is not applied. Its target stays as it is.
func (c *Change) fail(format string, args ...any) {
	c.Problem = fmt.Sprintf(format, args...)
	c.After, c.Writes, c.Wire = c.Before, false, nil
}

// explainUnknown names what the table does not have.
func (c *Change) explainUnknown() {
	if len(c.Unknown) == 0 || c.Problem != "" {
		return
	}

	quoted := make([]string, len(c.Unknown))
	for i, text := range c.Unknown {
		quoted[i] = fmt.Sprintf("%q", short(plain.Line(text)))
	}

	where := "the table of the row has nothing for "
	if c.Row.Direction == ToFrameio && len(c.Row.Values) == 0 {
		where = "the field on Frame.io has no option "
	}

	c.Problem = where + strings.Join(quoted, ", ")
}

func (s Subject) toNuxeo(c *Change) {
	r := c.Row
	f, found := findField(r.Field, s.Fields)
	c.Source = f.Value

	// What does the property hold now?
	of, known := s.Types[r.Property]
	if !known {
		if found && f.Value != "" {
			c.fail("documents of the type %s have no property %s", s.DocumentType, r.Property)
		}
		return
	}

	before, err := fromProperty(s.Properties[r.Property], of)
	if err != nil {
		c.fail("%s", err)
		return
	}

	c.Before, c.After = format(before), format(before)

	// What does the field say?
	value, unknown, err := fromField(f, r)
	c.Unknown = unknown
	if err != nil {
		c.fail("%s", err)
		return
	}

	if value == nil && (len(unknown) > 0 || f.Value == "" && !r.Clears) {
		return
	}

	wire, err := toProperty(value, of)
	if err != nil {
		c.fail("%s", err)
		return
	}

	if !same(before, wire) {
		c.Writes, c.Wire, c.After = true, onWire(wire), format(wire)
	}
}

func (s Subject) toFrameio(c *Change) {
	r := c.Row
	of, known := s.Types[r.Property]
	if !known {
		c.fail("documents of the type %s have no property %s", s.DocumentType, r.Property)
		return
	}

	// What does the property hold?
	value, err := fromProperty(s.Properties[r.Property], of)
	if err != nil {
		c.fail("%s", err)
		return
	}

	if c.Source = format(value); value == nil && !r.Clears {
		return
	}

	// Which field is it, and what does it have now?
	d, found := findDefinition(r.Field, s.Definitions)
	if !found {
		c.fail("Frame.io has no field %s", r.Field)
		return
	}

	c.Target, c.Field = d.Name, d.ID
	if d.ReadOnly {
		c.fail("the field %s is filled in by Frame.io itself", d.Name)
		return
	}

	f, _ := findField(frameio.Names(d.ID), s.Fields)
	c.Before, c.After = f.Value, f.Value

	// What does it get?
	if value, c.Unknown, err = asKind(value, r); err != nil {
		c.fail("%s", err)
		return
	}

	if value == nil && len(c.Unknown) > 0 {
		return
	}

	wire, shown, unknown, err := toField(value, d)
	if c.Unknown = append(c.Unknown, unknown...); err != nil {
		c.fail("%s", err)
		return
	}

	// Of a selection, what has an option is chosen.
	if ids, ok := wire.([]string); ok && len(ids) == 0 && len(c.Unknown) > 0 {
		return
	}

	if !sameField(f, wire, shown, d) {
		c.Writes, c.Wire, c.After = true, wire, shown
	}
}

// asKind returns what a property holds as a value of the row's kind, translated by its table.
func asKind(value any, r Row) (_ any, unknown []string, err error) {
	if value == nil {
		return nil, nil, nil
	}

	texts, list := value.([]string)
	if !list {
		texts = []string{format(value)}
		if text, is := value.(string); is && r.Kind == List {
			texts = splitWords(text)
		}
	}

	translated := texts
	if len(r.Values) > 0 {
		if translated, unknown = translate(texts, nil, r); len(translated) == 0 {
			return nil, unknown, nil
		}
	}

	switch {
	case r.Kind == List:
		return translated, unknown, nil
	case r.Kind == Vocabulary && list:
		return translated, unknown, nil
	case list && len(translated) > 1 && r.Kind != Text:
		return nil, unknown, mismatched("the property has %d values, and the row takes one", len(translated))
	}

	value, err = parse(strings.Join(translated, ", "), r.Kind)
	return value, unknown, err
}
