package nuxeosim

import (
	"regexp"
	"strings"
	"unicode"
)

// filtered removes what Nuxeo's character filter removes from strings: control
// characters, what lies beyond the basic plane, and what is invisible.
func (s *Server) filtered(text string) string {
	if s.opt.Untrue.AllCharacters {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return r
		case r > 0xffff || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, text)
}

var (
	scripts = regexp.MustCompile(
		`(?is)<(script|style|iframe|object|embed)\b.*?(</(script|style|iframe|object|embed)\s*>|$)`)
	tags   = regexp.MustCompile(`(?s)</?[a-zA-Z][^<>]*(>|$)`)
	entity = regexp.MustCompile(`^&(#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);`)
)

// keptTags are those that stay of what people write.
var keptTags = map[string]bool{
	"b":      true,
	"i":      true,
	"em":     true,
	"strong": true,
	"u":      true,
	"p":      true,
	"br":     true,
	"ul":     true,
	"ol":     true,
	"li":     true,
	"div":    true,
	"span":   true,
}

// sanitized is the text of a comment after the sanitizer for HTML: tags that it does not
// know are gone, and many characters have become entities.
func (s *Server) sanitized(text string) string {
	if s.opt.Untrue.CommentsAsWritten {
		return text
	}

	text = scripts.ReplaceAllString(text, "")
	var out strings.Builder
	for len(text) > 0 {
		at := tags.FindStringIndex(text)
		if at == nil {
			out.WriteString(entities(text))
			break
		}

		out.WriteString(entities(text[:at[0]]))
		name := strings.ToLower(strings.Trim(strings.FieldsFunc(text[at[0]:at[1]], func(r rune) bool {
			return unicode.IsSpace(r) || r == '>'
		})[0], "</"))
		if keptTags[name] {
			if strings.HasPrefix(text[at[0]:], "</") {
				out.WriteString("</" + name + ">")
			} else if name == "br" {
				out.WriteString("<br />")
			} else {
				out.WriteString("<" + name + ">")
			}
		}

		text = text[at[1]:]
	}

	return out.String()
}

var entityOf = map[byte]string{
	'<': "&lt;", '>': "&gt;", '"': "&#34;", '\'': "&#39;", '=': "&#61;", '+': "&#43;", '@': "&#64;", '`': "&#96;",
}

// entities words text as the sanitizer does. Entities that are there stay what they mean.
func entities(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '&':
			if e := entity.FindString(text[i:]); e != "" {
				out.WriteString(canonicalEntity(e))
				i += len(e) - 1
				continue
			}
			out.WriteString("&amp;")
		case c == '{' && strings.HasPrefix(text[i:], "{{"):
			out.WriteString("{<!-- -->")
		case entityOf[c] != "":
			out.WriteString(entityOf[c])
		default:
			out.WriteByte(c)
		}
	}

	return out.String()
}

// canonicalEntity is an entity as the sanitizer words it.
func canonicalEntity(e string) string {
	switch e {
	case "&quot;", "&#34;", "&#x22;":
		return "&#34;"
	case "&apos;", "&#39;", "&#x27;":
		return "&#39;"
	}
	return e
}

// filteredValue filters the strings of a value.
func (s *Server) filteredValue(v any) any {
	switch v := v.(type) {
	case string:
		return s.filtered(v)
	case []any:
		for i := range v {
			v[i] = s.filteredValue(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = s.filteredValue(v[k])
		}
	}
	return v
}
