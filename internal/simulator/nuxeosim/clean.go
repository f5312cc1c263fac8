package nuxeosim

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// filtered is what the service for filtering characters leaves of a value: it takes from
// every string what is a control character, invisible, or outside the basic plane. Names
// of files are no properties, and keep everything.
func filtered(v any) any {
	switch v := v.(type) {
	case string:
		return strings.Map(filterRune, v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = filtered(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key := range v {
			out[key] = filtered(v[key])
		}
		return out
	}
	return v
}

func filterRune(r rune) rune {
	within := func(from, to rune) bool { return from <= r && r <= to }
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return r
	case r < 0x20, within(0x7f, 0x9f), r > 0xffff, within(0xd800, 0xf8ff), within(0x200b, 0x200f), within(0x202a, 0x202e), within(0x2060, 0x206f) && r != 0x2065,
		within(0x600, 0x605), within(0xfff9, 0xfffb), slices.Contains([]rune("\u00ad\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\ufeff"), r):
		return -1
	}
	return r
}

// allowedTags are elements that the policy of the sanitizer lets pass. Of their
// attributes this one keeps addresses only.
var allowedTags = []string{"a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "i", "img", "li", "ol", "p", "pre", "span", "strong", "table", "tbody", "td", "tr", "u", "ul"}

// hiddenTags are elements whose content is no text of the page.
var hiddenTags = []string{"iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title", "xmp"}

// sanitized is what the HTML sanitizer leaves of the text of a comment. It comes after
// the filter, so that a character reference lets through what the filter takes.
func sanitized(text string) string {
	var b strings.Builder
	hidden := ""
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return b.String()
		}
		t := z.Token()
		switch {
		case hidden != "":
			if kind == html.EndTagToken && t.Data == hidden {
				hidden = ""
			}
		case kind == html.TextToken:
			encode(&b, t.Data)
		case kind == html.StartTagToken && slices.Contains(hiddenTags, t.Data):
			hidden = t.Data
		case slices.Contains(allowedTags, t.Data):
			writeTag(&b, kind, t)
		}
	}
}

func writeTag(b *strings.Builder, kind html.TokenType, t html.Token) {
	if kind == html.EndTagToken {
		fmt.Fprintf(b, "</%s>", t.Data)
		return
	}
	b.WriteString("<" + t.Data)
	for _, a := range t.Attr {
		if (a.Key == "href" || a.Key == "src") && (!strings.Contains(a.Val, ":") || strings.HasPrefix(a.Val, "https://")) {
			fmt.Fprintf(b, ` %s="`, a.Key)
			encode(b, a.Val)
			b.WriteString(`"`)
		}
	}
	if t.Data == "br" || t.Data == "img" {
		b.WriteString(" /")
	}
	b.WriteString(">")
}

// encode writes text as the sanitizer does.
func encode(b *strings.Builder, text string) {
	before := rune(0)
	for _, r := range text {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case strings.ContainsRune("+=@\"'`", r):
			fmt.Fprintf(b, "&#%d;", r)
		case r == 0xfffe || r == 0xffff: // no characters
		case r > 0xffff:
			fmt.Fprintf(b, "&#x%x;", r)
		case r == '{' && before == '{':
			b.WriteString("<!-- -->{")
		default:
			b.WriteRune(r)
		}
		before = r
	}
}
