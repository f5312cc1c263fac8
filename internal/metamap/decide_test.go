package metamap

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// subject is a document with a property of each type, all empty but for those given.
func subject(set map[string]string, fields ...frameio.Field) Subject {
	s := Subject{
		DocumentType: "File", Fields: fields, Properties: map[string]json.RawMessage{}, Types: map[string]string{
			"my:text": "string", "my:whole": "long", "my:number": "double", "my:date": "date", "my:yes": "boolean",
			"my:list": "string[]", "my:file": "blob",
		},
	}
	for property := range s.Types {
		s.Properties[property] = json.RawMessage("null")
	}
	for property, value := range set {
		s.Properties[property] = json.RawMessage(value)
	}
	return s
}

func text(value string) frameio.Field {
	return frameio.Field{ID: "f1", Name: "Field", Type: "text", Value: value}
}

func choice(names ...string) frameio.Field {
	f := frameio.Field{ID: "f1", Name: "Field", Type: "select_multi", Value: strings.Join(names, ", ")}
	for _, name := range names {
		f.Options = append(f.Options, "id-"+name)
	}
	return f
}

func row(property string, k Kind, values ...string) Row {
	r := Row{ID: "r", Direction: ToNuxeo, Field: "Field", Property: property, Kind: k, Values: map[string]string{}}
	for i := 0; i+1 < len(values); i += 2 {
		r.Values[values[i]] = values[i+1]
	}
	return r
}

func TestDecideToNuxeo(t *testing.T) {
	t.Parallel()
	clears := row("my:text", Text)
	clears.Clears = true
	for name, c := range map[string]struct {
		row     Row
		set     map[string]string
		field   frameio.Field
		wire    any // nil: nothing is written
		problem string
		unknown []string
	}{
		"a text": {row: row("my:text", Text), field: text("J-1"), wire: "J-1"},
		"the same text": {
			row: row("my:text", Text), set: map[string]string{"my:text": `"J-1"`}, field: text("J-1"),
		},
		"what Nuxeo drops of a text": {
			row: row("my:text", Text), set: map[string]string{"my:text": `"J"`}, field: text("J\u200b\x00"),
		},
		"a number": {row: row("my:number", Number), field: text("23.976"), wire: 23.976},
		"the same number": {
			row: row("my:number", Number), set: map[string]string{"my:number": "5"}, field: text("5.0"),
		},
		"a whole number": {row: row("my:whole", Number), field: text("12"), wire: 12.0},
		"a part for a whole": {
			row: row("my:whole", Number), field: text("1.5"), problem: "1.5 is none that fits",
		},
		"no number": {
			row: row("my:number", Number), field: text("many"), problem: `"many" is not a number`,
		},
		"a date as Frame.io has it": {
			row: row("my:date", Date), field: text("2026-07-17 21:34:21.954509Z"), wire: "2026-07-17T21:34:21.954Z",
		},
		"the same date": {
			row: row("my:date", Date), set: map[string]string{"my:date": `"2026-07-17T00:00:00.000Z"`},
			field: text("2026-07-17"),
		},
		"no date": {
			row: row("my:date", Date), field: text("soon"), problem: `"soon" is not a date`,
		},
		"yes": {row: row("my:yes", YesNo), field: text("true"), wire: true},
		"keywords": {
			row:   row("my:list", List),
			field: text("sea; sand,sun, sea"), wire: []string{"sea", "sand", "sun"},
		},
		"chosen options": {
			row: row("my:list", List), field: choice("A", "B"), wire: []string{"A", "B"},
		},
		"a text for a number": {
			row: row("my:whole", Text), field: text("12"), problem: "the property is a whole number",
		},
		"a number for a text": {
			row: row("my:text", Number), field: text("12"), problem: "the property is a text",
		},
		"a file": {
			row: row("my:file", Text), field: text("12"), problem: "the property is a file",
		},
		"no such property": {
			row: row("my:none", Text), field: text("12"),
			problem: "documents of the type File have no property my:none",
		},
		"a word": {
			row: row("my:text", Vocabulary, "Approved", "ok"), field: text("approved "), wire: "ok",
		},
		"an option by its id": {
			row: row("my:text", Vocabulary, "id-Ja", "ok"), field: choice("Ja"), wire: "ok",
		},
		"an unknown word": {
			row: row("my:text", Vocabulary, "Approved", "ok"), field: text("Noir"),
			problem: `has nothing for "Noir"`, unknown: []string{"Noir"},
		},
		"one word of two": {
			row: row("my:list", Vocabulary, "A", "a"), field: choice("A", "B"), wire: []string{"a"},
			problem: `has nothing for "B"`, unknown: []string{"B"},
		},
		"an empty field": {
			row: row("my:text", Text), set: map[string]string{"my:text": `"J"`}, field: text(""),
		},
		"an empty one, clearing": {
			row: clears, set: map[string]string{"my:text": `"J"`}, field: text(""), wire: "cleared",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Decide([]Row{c.row}, subject(c.set, c.field))[0]
			wire := got.Wire
			if got.Writes && wire == nil {
				wire = "cleared"
			}
			if fmt.Sprint(wire) != fmt.Sprint(c.wire) || got.Writes != (c.wire != nil) {
				t.Errorf("it writes %v (%v), want %v; the change is %+v", wire, got.Writes, c.wire, got)
			}
			if !strings.Contains(got.Problem, c.problem) || (got.Problem == "") != (c.problem == "") {
				t.Errorf("the problem is %q, want %q", got.Problem, c.problem)
			}
			if !slices.Equal(got.Unknown, c.unknown) {
				t.Errorf("unknown are %q, want %q", got.Unknown, c.unknown)
			}
		})
	}
}

func TestDecideToFrameio(t *testing.T) {
	t.Parallel()
	field := func(kind string, options ...string) frameio.Definition {
		d := frameio.Definition{ID: "d1", Name: "Field", Type: kind}
		for _, o := range options {
			d.Options = append(d.Options, frameio.Option{ID: "id-" + o, Name: o})
		}
		return d
	}

	fixed := field("text")
	fixed.ReadOnly = true
	out := func(property string, k Kind, values ...string) Row {
		r := row(property, k, values...)
		r.Direction = ToFrameio
		return r
	}

	for name, c := range map[string]struct {
		row     Row
		set     map[string]string
		field   frameio.Definition
		has     frameio.Field
		wire    any
		problem string
	}{
		"a text": {
			row: out("my:text", Text), set: map[string]string{"my:text": `"J-1"`},
			field: field("text"), wire: "J-1",
		},
		"the same": {
			row: out("my:text", Text), set: map[string]string{"my:text": `"J-1"`},
			field: field("text"), has: frameio.Field{ID: "d1", Name: "Field", Value: "J-1"},
		},
		"an empty property": {row: out("my:text", Text), field: field("text")},
		"a number": {
			row: out("my:whole", Number), set: map[string]string{"my:whole": "7"},
			field: field("number"), wire: 7.0,
		},
		"a date": {
			row: out("my:date", Date), set: map[string]string{"my:date": `"2026-12-01T00:00:00.000Z"`},
			field: field("date"), wire: "2026-12-01T00:00:00.000Z",
		},
		"the same date": {
			row: out("my:date", Date), set: map[string]string{"my:date": `"2026-12-01T00:00:00.000Z"`},
			field: field("date"), has: frameio.Field{ID: "d1", Name: "Field", Value: "2026-12-01 00:00:00Z"},
		},
		"options": {
			row: out("my:list", List), set: map[string]string{"my:list": `["sea","SUN"]`},
			field: field("select_multi", "Sea", "Sun"), wire: []string{"id-Sea", "id-Sun"},
		},
		"an option there is not": {
			row: out("my:text", Text), set: map[string]string{"my:text": `"moon"`}, field: field("select", "Sea"),
			problem: `the field on Frame.io has no option "moon"`,
		},
		"a word": {
			row: out("my:text", Vocabulary, "ok", "Approved"), set: map[string]string{"my:text": `"ok"`},
			field: field("select", "Approved"), wire: []string{"id-Approved"},
		},
		"two for one": {
			row: out("my:list", List), set: map[string]string{"my:list": `["Sea","Sun"]`},
			field: field("select", "Sea", "Sun"), problem: "takes one value",
		},
		"a field of its own": {
			row: out("my:text", Text), set: map[string]string{"my:text": `"x"`}, field: fixed,
			problem: "filled in by Frame.io itself",
		},
		"people": {
			row: out("my:text", Text), set: map[string]string{"my:text": `"josh"`}, field: field("user_single"),
			problem: "people, who cannot be mapped",
		},
		"no such field": {
			row: out("my:text", Text), set: map[string]string{"my:text": `"x"`},
			field: frameio.Definition{ID: "d2", Name: "Other"}, problem: "Frame.io has no field Field",
		},
		"a rating": {
			row: out("my:whole", Number), set: map[string]string{"my:whole": "9"}, field: field("rating"),
			problem: "from 0 to 5",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := subject(c.set, c.has)
			s.Definitions = []frameio.Definition{c.field}
			got := Decide([]Row{c.row}, s)[0]
			if fmt.Sprint(got.Wire) != fmt.Sprint(c.wire) || got.Writes != (c.wire != nil) {
				t.Errorf("it writes %v (%v), want %v", got.Wire, got.Writes, c.wire)
			}
			if !strings.Contains(got.Problem, c.problem) || (got.Problem == "") != (c.problem == "") {
				t.Errorf("the problem is %q, want %q", got.Problem, c.problem)
			}
		})
	}
}

// What was written is what is read the next time, so that nothing is written twice: for any value, both ways.
func TestAppliedTwiceWritesOnce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteRune([]rune("aZ 0-é漢🎬\u200b\x07,;\"\n")[r.IntN(14)])
		}
		return b.String()
	}

	for range 5000 {
		var f frameio.Field
		var k Kind
		property := ""
		switch r.IntN(6) {
		case 0:
			property, k, f = "my:text", Text, text(word())
		case 1:
			property, k, f = "my:number", Number, text(fmt.Sprint(r.NormFloat64()*math.Pow10(r.IntN(12)-4)))
		case 2:
			property, k, f = "my:whole", Number, text(fmt.Sprint(r.Int64N(1<<53)))
		case 3:
			at := time.UnixMilli(r.Int64N(4e12)).UTC().Add(time.Duration(r.IntN(1e6)))
			property, k, f = "my:date", Date, text(at.Format(dateForms[r.IntN(len(dateForms))]))
		case 4:
			property, k, f = "my:list", List, text(word()+","+word())
		case 5:
			property, k, f = "my:list", List, choice(word(), word())
			f.Choices = strings.Split(f.Value, ", ")[:min(2, strings.Count(f.Value, ", ")+1)]
		}

		s := subject(nil, f)
		first := Decide([]Row{row(property, k)}, s)[0]
		if first.Problem != "" {
			t.Fatalf("%s of %q: got the problem %q, want none", k, f.Value, first.Problem)
		}

		wire, err := json.Marshal(first.Wire)
		if err != nil {
			t.Fatal(err)
		}

		s.Properties[property] = wire
		if again := Decide([]Row{row(property, k)}, s)[0]; again.Writes || again.Problem != "" {
			t.Fatalf("%s of %q: after %s it writes %v with the problem %q again, want nothing", k, f.Value, wire,
				again.Wire, again.Problem)
		}
	}
}

func TestReservedPropertiesAreRefused(t *testing.T) {
	t.Parallel()
	for _, property := range []string{
		"file:content", "files:files", "dc:lastContributor", "dublincore:lastContributor", "DC:CREATOR", "dc:title",
		"dc:source", "frameio:status", "FrameIO:status", "frameiobinding:bindings", "frameio_sync:project", "uid:uid",
		"ecm:currentLifeCycleState", "content", "dc:subjects/0", "file:content/data", "dc:", ":x", "dc:a b", "a:b:c",
		"picture:views", "", strings.Repeat("a", 2000) + ":b",
	} {
		_, err := Check(row(property, Text))
		if f := fault.From(err); err == nil || f.Field != "property" || !strings.Contains(f.Message, "Field → ") {
			t.Errorf("mapping to %q: got %v, want it refused with a sentence that names the row", property, err)
		}
	}

	for _, property := range []string{"dc:rights", "my:jobNumber", "acme_video:deadline", "dublincore:coverage"} {
		if _, err := Check(row(property, Text)); err != nil {
			t.Errorf("mapping to %q: got %v, want it taken", property, err)
		}
	}
}

func TestWrongRowsAreRefused(t *testing.T) {
	t.Parallel()
	many := row("my:text", Text)
	for i := range maxValues + 1 {
		many.Values[fmt.Sprint(i)] = "x"
	}

	for field, change := range map[string]func(*Row){
		"direction": func(r *Row) { r.Direction = "both" },
		"kind":      func(r *Row) { r.Kind = "picture" },
		"field":     func(r *Row) { r.Field = " , " },
		"sync":      func(r *Row) { r.Scope = Scope{Binding: "a", Sync: "b"} },
		"values":    func(r *Row) { r.Kind = Vocabulary },
	} {
		r := row("my:text", Text)
		change(&r)
		if _, err := Check(r); fault.From(err).Field != field {
			t.Errorf("a row with a wrong %s: got %v, want that field named", field, err)
		}
	}

	if _, err := Check(many); fault.From(err).Field != "values" {
		t.Errorf("a row with too many values: got %v, want the values named", err)
	}
}

func TestOwnRowsReplaceThoseForAll(t *testing.T) {
	t.Parallel()
	all, own, off := row("my:text", Text), row("my:text", Text), row("my:date", Date)
	all.ID, own.ID, own.Scope, off.Off = "all", "own", Scope{Sync: "s"}, true
	got := inForce([]Row{own, off, all, row("my:date", Date)})
	if len(got) != 1 || got[0].ID != "own" {
		t.Errorf("in force are %+v, want the own row alone", got)
	}
}

// FuzzDecide throws at rows whatever either side may say.
func FuzzDecide(f *testing.F) {
	f.Add("23.976", "a,b", `["x"]`, `"2026-01-01"`, uint8(0))
	f.Add("2026-07-17 21:34:21Z", "", `{"a":1}`, `12`, uint8(3))
	f.Add("NaN", "id", `null`, `true`, uint8(1))
	f.Fuzz(func(t *testing.T, value, option, property, other string, pick uint8) {
		field := frameio.Field{ID: "f1", Name: "Field", Type: "select", Value: value}
		if option != "" {
			field.Options = strings.Split(option, ",")
		}

		types := []string{"string", "long", "double", "date", "boolean", "string[]", "blob", "odd"}
		kinds := kinds
		s := Subject{
			DocumentType: "File", Fields: []frameio.Field{field},
			Properties: map[string]json.RawMessage{"my:a": json.RawMessage(property), "my:b": json.RawMessage(other)},
			Types:      map[string]string{"my:a": types[int(pick)%len(types)], "my:b": types[int(pick/8)%len(types)]},
			Definitions: []frameio.Definition{
				{ID: "f1", Name: "Field", Type: "select", Options: []frameio.Option{{ID: "o", Name: value}}},
			},
		}

		var rows []Row
		for _, k := range kinds {
			in, out := row("my:a", k), row("my:b", k, value, option)
			out.Direction = ToFrameio
			rows = append(rows, in, out)
		}

		for _, c := range Decide(rows, s) {
			if _, err := json.Marshal(c.Wire); err != nil {
				t.Errorf("%s writes %v: %v, want what JSON can carry", c.Row, c.Wire, err)
			}
			if c.Writes && c.Problem != "" && len(c.Unknown) == 0 {
				t.Errorf("%s writes %v in spite of %q, want nothing", c.Row, c.Wire, c.Problem)
			}
		}
	})
}

// FuzzCheck has what people send checked: what is taken is a whole property that is nobody's.
func FuzzCheck(f *testing.F) {
	f.Add("Field", "dc:rights", "text", "a", "b")
	f.Add("", "file:content", "list", "", "")
	f.Fuzz(func(t *testing.T, field, property, kind, from, to string) {
		r, err := Check(Row{
			Direction: ToNuxeo, Field: frameio.Names(field), Property: property, Kind: Kind(kind),
			Values: map[string]string{from: to},
		})
		var odd *fault.Error
		if err != nil && !errors.As(err, &odd) {
			t.Errorf("checking gives %v, want a fault", err)
		}
		prefix, _, _ := strings.Cut(strings.ToLower(r.Property), ":")
		if err == nil && (slices.Contains(ownSchemas, prefix) || slices.Contains(keptSchemas, prefix)) {
			t.Errorf("%q is taken, want it refused", property)
		}
	})
}
