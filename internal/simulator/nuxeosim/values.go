package nuxeosim

import (
	"fmt"
	"maps"
	"math"
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

// coerceScalar reads a scalar as Nuxeo's reader of JSON does: any scalar is text, an integer is a number or yes and no,
// a text is whatever it reads as, and everything else is refused.
func coerceScalar(k kind, v any) (any, error) {
	switch v := v.(type) {
	case time.Time:
		if k == kindDate {
			return v.UTC().Truncate(time.Millisecond), nil
		}
	case bool:
		return coerceBool(k, v)
	case float64:
		return coerceNumber(k, v)
	case int:
		return coerceInteger(k, int64(v))
	case int64:
		return coerceInteger(k, v)
	case string:
		return coerceText(k, v)
	}

	return nil, wrongType(k, v)
}

func coerceInteger(k kind, v int64) (any, error) {
	if k == kindLong {
		return v, nil
	}
	return coerceNumber(k, float64(v))
}

func coerceBool(k kind, v bool) (any, error) {
	switch k {
	case kindBoolean:
		return v, nil
	case kindString:
		return strconv.FormatBool(v), nil
	}
	return nil, wrongType(k, v)
}

func coerceNumber(k kind, v float64) (any, error) {
	whole := v == math.Trunc(v)
	switch {
	case k == kindString:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case k == kindDouble:
		return v, nil
	case k == kindLong && whole:
		return int64(v), nil
	case k == kindBoolean && whole:
		return v != 0, nil
	}
	return nil, wrongType(k, v)
}

// coerceText reads a text; an empty one is nothing, but for a text.
func coerceText(k kind, v string) (any, error) {
	if k == kindString || v == "" {
		return orNothing(k, v), nil
	}

	var value any
	var err error
	switch k {
	case kindBoolean:
		return strings.EqualFold(v, "true"), nil
	case kindLong:
		value, err = strconv.ParseInt(v, 10, 64)
	case kindDouble:
		value, err = strconv.ParseFloat(v, 64)
	case kindDate:
		value, err = parseTime(v)
	default:
		return v, nil
	}

	if err != nil {
		return nil, wrongType(k, v)
	}

	return value, nil
}

func orNothing(k kind, v string) any {
	if k == kindString {
		return v
	}
	return nil
}

func wrongType(k kind, v any) error {
	return badRequest("Unable to deserialize property: %v (%T) is no %s", v, v, k)
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

// coerceNoList is for a list that gets something else: for one of structures it is taken for nothing, for one of
// scalars it is refused.
func coerceNoList(t *fieldType, v any) (any, error) {
	if t.item.kind == kindComplex || t.item.kind == kindBlob {
		return nil, nil
	}
	return nil, wrongType(kindList, v)
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
