package nuxeosim

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
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

func coerceScalar(k kind, v any) (any, error) {
	switch k {
	case kindLong:
		return coerceLong(v)
	case kindDouble:
		return coerceDouble(v)
	case kindBoolean:
		return coerceBool(v)
	case kindDate:
		return coerceDate(v)
	}

	if s, is := v.(string); is {
		return s, nil
	}

	return nil, wrongType(k, v)
}

func wrongType(k kind, v any) error {
	return badRequest("Cannot convert %v (%T) to %s", v, v, k)
}

func coerceLong(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return int64(v), nil
	case int64:
		return v, nil
	case float64:
		if v == math.Trunc(v) {
			return int64(v), nil
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n, nil
		}
	}
	return nil, wrongType(kindLong, v)
}

func coerceDouble(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return float64(v), nil
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	case json.Number:
		if n, err := v.Float64(); err == nil {
			return n, nil
		}
	case string:
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			return n, nil
		}
	}
	return nil, wrongType(kindDouble, v)
}

func coerceBool(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		if b, err := strconv.ParseBool(v); err == nil {
			return b, nil
		}
	}
	return nil, wrongType(kindBoolean, v)
}

func coerceDate(v any) (any, error) {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Truncate(time.Millisecond), nil
	case string:
		if t, err := parseTime(v); err == nil {
			return t, nil
		}
	}
	return nil, wrongType(kindDate, v)
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
		return nil, badRequest("Cannot convert %v (%T) to a list", v, v)
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
