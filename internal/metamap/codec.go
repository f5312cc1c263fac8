package metamap

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

// A value between the two systems is a string, a float64, a time.Time, a bool or a []string; nil is an empty one.

// A mismatch is why a value cannot be mapped, for people.
type mismatch struct{ text string }

func (m mismatch) Error() string { return m.text }

func mismatched(format string, args ...any) error { return mismatch{fmt.Sprintf(format, args...)} }

// fromField reads the value of a field as one of a kind. unknown are the values that the table does not have.
func fromField(f frameio.Field, r Row) (value any, unknown []string, err error) {
	texts, ids := elements(f, r.Kind)
	if len(r.Values) > 0 {
		texts, unknown = translate(texts, ids, r)
	}

	if len(texts) == 0 {
		return nil, unknown, nil
	}

	if r.Kind == List {
		return texts, unknown, nil
	}

	value, err = parse(strings.Join(texts, ", "), r.Kind)
	return value, unknown, err
}

// elements are the single values of a field, with the ids of the options that they are, if they are options.
func elements(f frameio.Field, k Kind) (texts, ids []string) {
	whole := strings.TrimSpace(f.Value)
	switch {
	case whole == "":
		return nil, nil
	case len(f.Choices) > 0 && len(f.Choices) == len(f.Options):
		return slices.Clone(f.Choices), f.Options
	case len(f.Options) == 1:
		return []string{whole}, f.Options
	case len(f.Options) > 1:
		return strings.Split(f.Value, ", "), f.Options
	case k == List:
		return splitWords(f.Value), nil
	}
	return []string{whole}, nil
}

// splitWords splits a text that people have written as a list, such as keywords.
func splitWords(text string) (words []string) {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",;\n\r", r) }) {
		if word = strings.TrimSpace(word); word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// translate replaces texts by what the row's table has for them. An option is looked for by its id, then by its name.
func translate(texts, ids []string, r Row) (out, unknown []string) {
	for i, text := range texts {
		to, ok := "", false
		if i < len(ids) {
			to, ok = r.Values[ids[i]]
		}
		if !ok {
			to, ok = r.find(text)
		}

		switch {
		case !ok:
			unknown = append(unknown, text)
		case to != "":
			out = append(out, to)
		}
	}
	return out, unknown
}

// find returns what the table has for a text, of which upper and lower case make no difference.
func (r Row) find(text string) (to string, ok bool) {
	if to, ok = r.Values[text]; ok {
		return to, true
	}

	// Of several spellings the first in order counts, so that the answer is always the same.
	best := ""
	for from := range r.Values {
		if strings.EqualFold(strings.TrimSpace(from), strings.TrimSpace(text)) && (!ok || from < best) {
			best, ok = from, true
		}
	}

	return r.Values[best], ok
}

// parse reads a text as a value of a kind.
func parse(text string, k Kind) (any, error) {
	switch k {
	case Number:
		return parseNumber(text)
	case Date:
		return parseDate(text)
	case YesNo:
		return parseYesNo(text)
	case List:
		return splitWords(text), nil
	}
	return text, nil
}

func parseNumber(text string) (any, error) {
	text = strings.TrimSpace(text)
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || strings.ContainsAny(text, "xX_pP") {
		return nil, mismatched("%q is not a number", short(text))
	}
	return n, nil
}

// dateForms are those in which the two systems write dates.
var dateForms = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly,
}

// parseDate reads a date in milliseconds, which is what Nuxeo keeps of one.
func parseDate(text string) (any, error) {
	text = strings.TrimSpace(text)
	for _, form := range dateForms {
		t, err := time.Parse(form, text)
		if t = t.UTC().Truncate(time.Millisecond); err == nil && t.Year() >= 1 && t.Year() <= 9999 {
			return t, nil
		}
	}
	return nil, mismatched("%q is not a date", short(text))
}

func parseYesNo(text string) (any, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return nil, mismatched("%q is neither yes nor no", short(text))
}

// format writes a value for people, and as the text that it is.
func format(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []string:
		return strings.Join(v, ", ")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return fmt.Sprint(v)
}

// maxShown is how much of a value a sentence shows.
const maxShown = 80

func short(text string) string {
	if r := []rune(text); len(r) > maxShown {
		return string(r[:maxShown-1]) + "…"
	}
	return text
}

// same reports whether two values are the same.
func same(a, b any) bool {
	switch a := a.(type) {
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	case []string:
		b, ok := b.([]string)
		return ok && slices.Equal(a, b)
	}

	if _, list := b.([]string); list {
		return false
	}

	return a == b
}
