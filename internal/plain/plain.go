// Package plain makes texts from other people fit for a terminal, a log, the head
// of a mail or a file's name.
//
// It owns the one list of what may not go there: control characters, with which a name
// moves the cursor or begins a line of its own, what turns the direction of writing
// around, and broken UTF-8. Invariants: letters, marks and joiners of every script
// stay as they are. It leaves to others how long a text may be, and what else a file's
// name may not hold.
package plain

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Unsafe reports whether a character does something to the text around it.
func Unsafe(r rune) bool {
	switch {
	case unicode.IsControl(r), r == utf8.RuneError:
		return true
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // embeddings, overrides and isolates of direction
		return true
	case r == 0x2028, r == 0x2029: // separators of lines and paragraphs
		return true
	}
	return r == 0xFEFF // a mark of byte order that is none there
}

// breaks reports whether a character parts words when it is taken out.
func breaks(r rune) bool {
	return r == '\n' || r == '\r' || r == '\t' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029
}

// Line is a text in one line: what would begin another becomes a space.
func Line(text string) string {
	return mapped(text, func(r rune) rune {
		if breaks(r) {
			return ' '
		}
		return -1
	})
}

// Text is a text whose lines and tabs stay.
func Text(text string) string {
	return mapped(text, func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if r == 0x2028 || r == 0x2029 || r == 0x85 {
			return '\n'
		}
		return -1
	})
}

func mapped(text string, instead func(rune) rune) string {
	if !strings.ContainsFunc(text, Unsafe) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if Unsafe(r) {
			return instead(r)
		}
		return r
	}, text)
}

// JSON is JSON in which unsafe characters are written as escapes: outside of strings
// there are none but line breaks.
func JSON(text string) string {
	if !strings.ContainsFunc(text, escaped) {
		return text
	}

	var out strings.Builder
	for _, r := range text {
		if escaped(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}

	return out.String()
}

func escaped(r rune) bool { return Unsafe(r) && r != '\n' && r != '\t' && r != '\r' }

// Writer writes to w what JSON makes of it, a whole text with each call.
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ io.Writer }

// Write is io.Writer's.
func (w writer) Write(b []byte) (int, error) {
	if _, err := w.Writer.Write([]byte(JSON(string(b)))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Address is an address without what may be a secret in it: a password, or a key in its
// query. What is none is left as it is.
func Address(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User == nil && u.RawQuery == "" {
		return text
	}

	if u.User != nil {
		u.User = url.User("hidden")
	}

	if u.RawQuery != "" {
		u.RawQuery = "hidden"
	}

	return u.String()
}
