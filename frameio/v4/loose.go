package v4

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// moment is a number that may come as a fraction or as text, or a timecode. What is
// neither is taken for nothing.
type moment struct {
	number *int64
	text   string
}

// UnmarshalJSON is json.Unmarshaler's. It never fails.
func (m *moment) UnmarshalJSON(b []byte) error {
	*m = moment{}
	text := string(bytes.TrimSpace(b))
	var inner string
	if json.Unmarshal(b, &inner) == nil {
		text = strings.TrimSpace(inner)
	}

	if n, ok := whole(text); ok {
		m.number = &n
	} else if isTimecode(text) {
		m.text = text
	}

	return nil
}

func (m moment) or(other int64) int64 {
	if m.number == nil {
		return other
	}
	return *m.number
}

// whole reads a number and leaves its fraction away.
func whole(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// bytesCount is a number of bytes, which may come as text.
type bytesCount int64

// UnmarshalJSON is json.Unmarshaler's.
func (n *bytesCount) UnmarshalJSON(b []byte) error {
	var m moment
	_ = m.UnmarshalJSON(b) // which never fails
	if m.number == nil && string(b) != "null" {
		return &json.UnmarshalTypeError{Value: "value", Type: reflect.TypeFor[int64]()}
	}
	*n = bytesCount(m.or(0))
	return nil
}

// isTimecode reports whether a text is like 00:01:02:03, with either separator before the
// frames.
func isTimecode(text string) bool {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == ':' || r == ';' })
	if len(parts) < 3 || len(parts) > 4 {
		return false
	}

	for _, part := range parts {
		if n, err := strconv.Atoi(part); err != nil || n < 0 || len(part) > 3 {
			return false
		}
	}

	return true
}

// looseTime is a time in one of the forms that are seen, also without a zone, which then
// is UTC. What is none is the zero time; set says that there was something.
type looseTime struct {
	time.Time
	set bool
}

var timeForms = []string{
	time.RFC3339, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", time.DateOnly,
}

// UnmarshalJSON is json.Unmarshaler's. It never fails.
func (t *looseTime) UnmarshalJSON(b []byte) error {
	*t = looseTime{}
	var text string
	if json.Unmarshal(b, &text) != nil || text == "" {
		return nil
	}

	t.set = true
	for _, form := range timeForms {
		if at, err := time.Parse(form, text); err == nil {
			t.Time = at
			return nil
		}
	}

	return nil
}

// few is a list within something: what it takes of memory is bounded.
type few[T any] []T

// mostFew is far above what anything holds.
const mostFew = 10_000

// UnmarshalJSON is json.Unmarshaler's.
func (f *few[T]) UnmarshalJSON(b []byte) error {
	*f = nil
	p := page{most: mostFew}
	if err := p.list(json.NewDecoder(bytes.NewReader(b))); err != nil {
		return &json.UnmarshalTypeError{Value: "value", Type: reflect.TypeFor[[]T](), Field: "list"}
	}

	for _, raw := range p.members {
		var v T
		if err := json.Unmarshal(raw, &v); err != nil {
			return err
		}
		*f = append(*f, v)
	}

	return nil
}
