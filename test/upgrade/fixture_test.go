package upgrade

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// tables are those of an older program's database.
type tables struct {
	// Migration is the newest that the program had.
	Migration int64 `json:"migration"`
	// Order is one in which rows can be inserted; Keys are the primary keys.
	Order []string            `json:"order"`
	Keys  map[string][]string `json:"keys"`
	// Blank are rows in which nothing is: what a row does not say is from there.
	Blank map[string]row `json:"blank"`
}

// fixture is what an older program did in a scene.
type fixture struct {
	tables
	stops []stop
}

// stop is where the program was stopped, and what came to pass since the stop before.
type stop struct {
	At    string `json:"at"`    // kind of the item, and its step
	After int64  `json:"after"` // the first stop, in milliseconds
	Calls []call `json:"calls,omitempty"`
	// Rows have their key and what changed of them; Gone have their key.
	Rows map[string][]row `json:"rows,omitempty"`
	Gone map[string][]row `json:"gone,omitempty"`
}

// wrote reports whether the step before the stop wrote to one of the systems, and nobody
// had noted it.
func (s stop) wrote() bool { return strings.HasSuffix(s.At, unnoted) }

// unnoted ends the name of a stop after a step.
const unnoted = ", done"

// call is a request to one of the systems.
type call struct {
	Method  string            `json:"method"`
	Address string            `json:"address"`
	Header  map[string]string `json:"header,omitempty"`
	JSON    json.RawMessage   `json:"json,omitempty"` // the body, when it is JSON
	Body    string            `json:"body,omitempty"` // else
	Status  int               `json:"status"`         // of the answer
	// Gives names values of the answer, by their place in it.
	Gives map[string]string `json:"gives,omitempty"`
}

// row is a row by columns. A value is text, a number, true, false or null, or one of the
// objects of value.
type row map[string]any

// value is a value that is none of JSON's.
type value struct {
	At     *int64          `json:"at,omitempty"`     // a time
	Sealed *string         `json:"sealed,omitempty"` // a secret, to be sealed
	Bytes  []byte          `json:"bytes,omitempty"`
	JSON   json.RawMessage `json:"json,omitempty"` // text that is JSON
	// Patch is what changed of such a text, after RFC 7396.
	Patch map[string]any `json:"patch,omitempty"`
}

// patched is what becomes of JSON by a patch.
func patched(old, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}

	out := map[string]any{}
	if before, ok := old.(map[string]any); ok {
		maps.Copy(out, before)
	}

	for k, v := range changes {
		if v == nil {
			delete(out, k)
			continue
		}
		out[k] = patched(out[k], v)
	}

	return out
}

// patch is what makes new out of old, which are objects.
func patch(old, new map[string]any) map[string]any {
	out := map[string]any{}
	for k := range old {
		if _, there := new[k]; !there {
			out[k] = nil
		}
	}

	for k, v := range new {
		before, after := asObject(old[k]), asObject(v)
		switch {
		case v == nil || reflect.DeepEqual(old[k], v):
		case before != nil && after != nil:
			out[k] = patch(before, after)
		default:
			out[k] = v
		}
	}

	return out
}

func asObject(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

// objectOf is the object in a value's JSON; nil when there is none.
func objectOf(v any) map[string]any {
	known, ok := v.(value)
	if !ok {
		return nil
	}

	var o map[string]any
	if json.Unmarshal(known.JSON, &o) != nil {
		return nil
	}

	return o
}

// text is how the tables are kept.
func (t tables) text() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\"migration\": %d,\n\"order\": %s,\n\"keys\": %s,\n", t.Migration, line(t.Order), line(t.Keys))
	out.WriteString("\"blank\": {")
	for i, table := range t.Order {
		if i > 0 {
			out.WriteString(",")
		}
		fmt.Fprintf(&out, "\n %q: %s", table, line(t.Blank[table]))
	}

	out.WriteString("}}\n")
	return out.Bytes()
}

// text is how the stops are kept: one line for each call and row.
func (f *fixture) text() []byte {
	var out bytes.Buffer
	out.WriteString("[")
	for i, s := range f.stops {
		if i > 0 {
			out.WriteString(",")
		}
		fmt.Fprintf(&out, "\n{\"at\": %s, \"after\": %d", line(s.At), s.After)
		if len(s.Calls) > 0 {
			out.WriteString(",\n \"calls\": [\n   " + lines(s.Calls) + "]")
		}
		writeRows(&out, "rows", s.Rows)
		writeRows(&out, "gone", s.Gone)
		out.WriteString("}")
	}

	out.WriteString("\n]\n")
	return out.Bytes()
}

func writeRows(out *bytes.Buffer, what string, rows map[string][]row) {
	if len(rows) == 0 {
		return
	}

	fmt.Fprintf(out, ",\n %q: {", what)
	for i, table := range slices.Sorted(maps.Keys(rows)) {
		if i > 0 {
			out.WriteString(",")
		}
		fmt.Fprintf(out, "\n  %q: [\n   %s]", table, lines(rows[table]))
	}

	out.WriteString("}")
}

func lines[T any](list []T) string {
	var all []string
	for _, v := range list {
		all = append(all, line(v))
	}
	return strings.Join(all, ",\n   ")
}

// line is v as JSON, without the escapes that are for HTML.
func line(v any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // it is made of what JSON knows
	}
	return strings.TrimSpace(out.String())
}

// plainJSON is text as JSON without needless escapes; nil when it is no object or list.
func plainJSON(text string) json.RawMessage {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil
	}

	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || dec.More() {
		return nil
	}

	return json.RawMessage(line(v))
}

// naming replaces values by their names, or names by their values.
type naming struct{ *strings.Replacer }

// nameAll replaces the values of names, which are values by name.
func nameAll(names map[string]string) naming {
	return replacing(names, func(name, value string) (string, string) { return value, "{{" + name + "}}" })
}

// fillIn replaces the names.
func fillIn(names map[string]string) naming {
	return replacing(names, func(name, value string) (string, string) { return "{{" + name + "}}", value })
}

func replacing(names map[string]string, pair func(name, value string) (from, to string)) naming {
	var pairs [][2]string
	for name, value := range names {
		if from, to := pair(name, value); from != "" {
			pairs = append(pairs, [2]string{from, to})
		}
	}

	slices.SortFunc(pairs, func(a, b [2]string) int { // the longest first: one may begin another
		if n := len(b[0]) - len(a[0]); n != 0 {
			return n
		}
		return strings.Compare(a[1], b[1])
	})

	var all []string
	for _, p := range pairs {
		all = append(all, p[0], p[1])
	}

	return naming{strings.NewReplacer(all...)}
}

// leaves calls fn with each text in an answer, and where it is.
func leaves(v any, place string, fn func(place, text string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			leaves(v[k], place+"/"+k, fn)
		}
	case []any:
		for i := range v {
			leaves(v[i], fmt.Sprintf("%s/%d", place, i), fn)
		}
	case string:
		fn(place, v)
	}
}
