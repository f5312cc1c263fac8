package nuxeosim

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Values are held as string, int64, float64, bool, time.Time, *blob,
// map[string]any or []any; nil means absent. They are never changed in place, so
// that versions can share them.

// missingBlob stands for an upload that is unknown or incomplete: Nuxeo reads
// no blob there, says nothing, and leaves the property alone.
type missingBlob struct{}

// coerce turns JSON into a value of the type, or says that it has another type.
func coerce(t *fieldType, v any) (any, error) {
	if v == nil {
		return nil, nil
	}

	switch t.kind {
	case kindBlob:
		return coerceBlob(v)
	case kindComplex:
		return coerceComplex(t, v)
	case kindList:
		return coerceList(t, v)
	}

	return coerceScalar(t.kind, v)
}

// coerceScalar reads a scalar as Nuxeo's reader of JSON does: what is of another type is taken for what comes closest,
// a text that is no number for 0, a structure for nothing, and no word is said of it. Only dates are refused.
func coerceScalar(k kind, v any) (any, error) {
	if _, is := v.(map[string]any); is {
		return nil, nil
	}

	if t, is := v.(time.Time); is && k == kindDate {
		return t.UTC().Truncate(time.Millisecond), nil
	}

	switch k {
	case kindLong:
		return int64(math.Trunc(numberIn(v))), nil
	case kindDouble:
		return numberIn(v), nil
	case kindBoolean:
		return boolIn(v), nil
	case kindDate:
		return coerceDate(textIn(v))
	}

	return textIn(v), nil
}

func wrongType(k kind, v any) error {
	return badRequest("Cannot convert %v (%T) to %s", v, v, k)
}

// textIn is a value as text; that of a list is empty.
func textIn(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		return ""
	}
	return fmt.Sprint(v)
}

// numberIn is a value as a number, 0 if it is none.
func numberIn(v any) float64 {
	switch v := v.(type) {
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		return v
	}

	n, err := strconv.ParseFloat(strings.TrimSpace(textIn(v)), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0
	}

	return n
}

// boolIn is a value as yes or no: of texts only "true" is yes, of numbers all but 0.
func boolIn(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return strings.TrimSpace(v) == "true"
	}
	return numberIn(v) != 0
}

func coerceDate(text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	if t, err := parseTime(text); err == nil {
		return t, nil
	}
	return nil, wrongType(kindDate, text)
}

// parseTime reads the W3C forms of date that Nuxeo's parser takes.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05",
		"2006-01-02T15:04", "2006-01-02",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Truncate(time.Millisecond), nil
		}
	}
	return time.Time{}, fmt.Errorf("not a date: %q", s)
}

func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func coerceComplex(t *fieldType, v any) (any, error) {
	m, is := v.(map[string]any)
	if !is {
		return nil, wrongType(kindComplex, v)
	}

	out := map[string]any{}
	for _, f := range t.fields {
		e, err := coerce(f.typ, m[f.name])
		if err != nil {
			return nil, err
		}
		if e != nil {
			out[f.name] = e
		}
	}

	return out, nil
}

func coerceList(t *fieldType, v any) (any, error) {
	items, is := asList(v)
	if !is {
		return coerceNoList(t, v)
	}

	out := make([]any, 0, len(items))
	for _, e := range items {
		c, err := coerce(t.item, e)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}

	return out, nil
}

// coerceNoList is for a list that gets something else: a structure is taken for nothing, and so is anything for a list
// of structures; Nuxeo's reader breaks at a scalar for a list of scalars.
func coerceNoList(t *fieldType, v any) (any, error) {
	if _, structure := v.(map[string]any); structure || t.item.kind == kindComplex || t.item.kind == kindBlob {
		return nil, nil
	}
	return nil, &restError{status: http.StatusInternalServerError, msg: "Internal Server Error"}
}

func asList(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case []string:
		out := make([]any, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out, true
	case []map[string]any:
		out := make([]any, len(v))
		for i, m := range v {
			out[i] = m
		}
		return out, true
	}
	return nil, false
}

// coerceBlob takes what joinUploads left. What a GET answered for a blob, sent
// back, is taken for no value to write, here as there.
func coerceBlob(v any) (any, error) {
	switch v := v.(type) {
	case *blob, missingBlob:
		return v, nil
	case map[string]any:
		return missingBlob{}, nil
	}
	return nil, wrongType(kindBlob, v)
}

// equal compares values; blobs by what they hold.
func equal(a, b any) bool {
	switch a := a.(type) {
	case time.Time:
		b, is := b.(time.Time)
		return is && a.Equal(b)
	case []any:
		b, is := b.([]any)
		return is && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, is := b.(map[string]any)
		return is && maps.EqualFunc(a, b, equal)
	case *blob:
		b, is := b.(*blob)
		return is && a == b
	}
	return a == b
}
