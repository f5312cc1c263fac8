// Package diff compares what came with what was expected, and tells a person who
// sees only the failure's message what was looked at, what came (got) and what was
// expected (want): short values in one line, others by where they differ.
package diff

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// short is how long two values together may be to be told in one line.
const short = 160

// Equal fails the test, and lets it go on, if got is not want. What names the value
// that is looked at: "the steps after the retry". Nil and empty differ; so do
// fields that are not exported, unless the type has a method Equal.
func Equal[T any](t testing.TB, what string, got, want T, opts ...cmp.Option) {
	t.Helper()
	opts = append(opts, cmp.Exporter(func(reflect.Type) bool { return true }))
	if cmp.Equal(got, want, opts...) {
		return
	}

	if g, w, ok := inLine(got, want); ok {
		t.Errorf("%s: got %s, want %s", what, g, w)
		return
	}
	t.Errorf("%s (-want +got):\n%s", what, cmp.Diff(want, got, opts...))
}

// inLine formats two values, and reports whether that tells them apart at a glance.
func inLine(got, want any) (g, w string, ok bool) {
	if !flat(reflect.TypeOf(got)) || !flat(reflect.TypeOf(want)) {
		return "", "", false
	}
	g, w = format(got), format(want)
	return g, w, g != w && len(g)+len(w) <= short && !strings.Contains(g+w, `\n`)
}

// flat reports whether a type is a plain value, or a list of such.
func flat(typ reflect.Type) bool {
	if typ == nil {
		return true
	}

	switch typ.Kind() {
	case reflect.Slice, reflect.Array:
		return flat(typ.Elem())
	case reflect.Struct, reflect.Map, reflect.Pointer, reflect.Interface, reflect.Func, reflect.Chan:
		return false
	default:
		return true
	}
}

// format quotes text, also in a list, so that its ends can be seen.
func format(v any) string {
	typ := reflect.TypeOf(v)
	for typ != nil && (typ.Kind() == reflect.Slice || typ.Kind() == reflect.Array) {
		typ = typ.Elem()
	}
	if typ != nil && (typ.Kind() == reflect.String || typ.Kind() == reflect.Uint8) {
		return strings.ReplaceAll(fmt.Sprintf("%q", v), `" "`, `", "`)
	}
	return fmt.Sprintf("%v", v)
}
