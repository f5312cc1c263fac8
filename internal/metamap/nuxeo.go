package metamap

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Nuxeo's own words for the types of properties.
const (
	typeString  = "string"
	typeLong    = "long"
	typeInteger = "integer"
	typeDouble  = "double"
	typeFloat   = "float"
	typeDate    = "date"
	typeBoolean = "boolean"
	typeStrings = "string[]"
)

// typeWords are the types in sentences.
var typeWords = map[string]string{
	typeString: "a text", typeLong: "a whole number", typeInteger: "a whole number", typeDouble: "a number",
	typeFloat: "a number", typeDate: "a date", typeBoolean: "yes or no", typeStrings: "a list of texts",
	"blob": "a file", "blob[]": "a list of files", "complex": "a structure", "complex[]": "a list of structures",
}

func typeWord(of string) string {
	if word, ok := typeWords[of]; ok {
		return word
	}
	return "of the type " + of
}

// maxWhole is the largest whole number that JSON carries exactly.
const maxWhole = 1 << 53

// toProperty returns a value as a property of a type takes it. Nuxeo takes a value of another type for none, for 0 or
// for no at all without a word, so that nothing else may be sent.
func toProperty(v any, of string) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		switch of {
		case typeString:
			return kept(v), nil
		case typeStrings:
			return keptAll([]string{v}), nil
		}
	case []string:
		if of == typeStrings {
			return keptAll(v), nil
		}
	case float64:
		return toNumber(v, of)
	case time.Time:
		if of == typeDate {
			return v, nil
		}
	case bool:
		if of == typeBoolean {
			return v, nil
		}
	}

	return nil, mismatched("the property is %s, and not what the row says", typeWord(of))
}

func toNumber(n float64, of string) (any, error) {
	switch of {
	case typeDouble, typeFloat:
		return n, nil
	case typeLong, typeInteger:
		limit := float64(maxWhole)
		if of == typeInteger {
			limit = math.MaxInt32
		}
		if n != math.Trunc(n) || math.Abs(n) > limit {
			return nil, mismatched("the property is a whole number, and %s is none that fits", format(n))
		}
		return n, nil
	}
	return nil, mismatched("the property is %s, and not a number", typeWord(of))
}

// kept is what Nuxeo keeps of a text; nil for the empty one, as which Nuxeo keeps none.
func kept(text string) any {
	if text = nuxeo.Kept(text); strings.TrimSpace(text) == "" {
		return nil
	}
	return text
}

func keptAll(texts []string) any {
	var out []string
	for _, text := range texts {
		if text, ok := kept(text).(string); ok {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// fromProperty reads what a property of a type holds; nil when it is empty.
func fromProperty(raw json.RawMessage, of string) (any, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}

	var err error
	switch of {
	case typeString:
		var text string
		if err = json.Unmarshal(raw, &text); err == nil {
			return emptyIsNil(text), nil
		}
	case typeLong, typeInteger, typeDouble, typeFloat:
		var n float64
		if err = json.Unmarshal(raw, &n); err == nil {
			return n, nil
		}
	case typeBoolean:
		var b bool
		if err = json.Unmarshal(raw, &b); err == nil {
			return b, nil
		}
	case typeDate:
		var text string
		if err = json.Unmarshal(raw, &text); err == nil && text != "" {
			return parseDate(text)
		}
	case typeStrings:
		var texts []string
		if err = json.Unmarshal(raw, &texts); err == nil && len(texts) > 0 {
			return texts, nil
		}
	default:
		return nil, mismatched("the property is %s, which cannot be mapped", typeWord(of))
	}

	if err != nil {
		return nil, mismatched("what Nuxeo says the property holds cannot be read")
	}

	return nil, nil
}

func emptyIsNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// onWire is a value of a property as JSON has it.
func onWire(v any) any {
	if t, ok := v.(time.Time); ok {
		return format(t)
	}
	return v
}
