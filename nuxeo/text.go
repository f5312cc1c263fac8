package nuxeo

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// markup writes a text as the HTML that Nuxeo keeps of a comment, and that its pages
// show as it is. What Nuxeo would drop from a string goes as a character reference:
// Nuxeo drops such characters before it reads the HTML.
func markup(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r >= 0xa0 && dropped(r):
			fmt.Fprintf(&b, "&#x%x;", r)
		default:
			b.WriteRune(r)
		}
	}

	return b.String()
}

// blocks are the elements that begin a new line unless there is one already.
var blocks = map[string]bool{"p": true, "div": true, "li": true, "tr": true}

// plain is what people read of a comment that Nuxeo keeps as HTML. It is text: a page
// has to escape it.
func plain(markup string) string {
	var b strings.Builder
	silent := ""
	z := html.NewTokenizer(strings.NewReader(markup))
	for {
		switch z.Next() {
		case html.ErrorToken: // a reader of a string ends and does not fail
			return b.String()
		case html.TextToken:
			if silent == "" {
				b.WriteString(z.Token().Data)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name := z.Token().Data
			if name == "script" || name == "style" {
				silent = name
			}
			if name == "br" || blocks[name] && atWord(b.String()) {
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			if z.Token().Data == silent {
				silent = ""
			}
		}
	}
}

// atWord reports whether a text ends within a line.
func atWord(text string) bool { return text != "" && !strings.HasSuffix(text, "\n") }

// Kept is what Nuxeo keeps of a string property: its filter of characters, which is on
// by default, drops control characters, invisible ones, and all outside the basic plane,
// such as emoji.
func Kept(s string) string {
	return strings.Map(func(r rune) rune {
		if dropped(r) {
			return -1
		}
		return r
	}, s)
}

// invisible are the ranges of characters that Nuxeo takes for such, but for blanks.
var invisible = [][2]rune{
	{0xad, 0xad},
	{0x600, 0x605},
	{0x61c, 0x61c},
	{0x6dd, 0x6dd},
	{0x70f, 0x70f},
	{0x890, 0x891},
	{0x8e2, 0x8e2},
	{0x180e, 0x180e},
	{0x200b, 0x200f},
	{0x202a, 0x202e},
	{0x2060, 0x2064},
	{0x2066, 0x206f},
	{0xd800, 0xf8ff},
	{0xfeff, 0xfeff},
	{0xfff9, 0xfffb},
	{0x10000, utf8.MaxRune},
}

func dropped(r rune) bool {
	if r < 0xa0 {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f
	}

	for _, between := range invisible {
		if between[0] <= r && r <= between[1] {
			return true
		}
	}

	return false
}
