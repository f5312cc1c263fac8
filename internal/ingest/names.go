package ingest

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// maxName bounds a document's path segment and title; Frame.io allows 255 characters, other sources
// may allow more.
const maxName = 255

// SafeName returns the file name of the document's content: as on Frame.io, without characters that
// no file name may contain (control characters, separators, overrides of the writing direction that
// disguise an extension).
func SafeName(name string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r == '/' || r == '\\':
			return '_'
		case plain.Unsafe(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))

	s = strings.TrimSpace(truncate(strings.TrimSpace(s)))
	if strings.Trim(s, ". ") == "" {
		return "unnamed"
	}

	return s
}

// truncate shortens a name that is too long and keeps its extension.
func truncate(s string) string {
	if utf8.RuneCountInString(s) <= maxName {
		return s
	}
	ext := extension(s)
	runes := []rune(strings.TrimSuffix(s, ext))
	return string(runes[:maxName-utf8.RuneCountInString(ext)]) + ext
}

// maxExtension is how long an extension can be. Anything longer is part of the name.
const maxExtension = 12

// extension returns the end of a name that says its kind: a dot, then letters and digits. "Meeting
// 12.05 final cut" and "take.2" have none.
func extension(name string) string {
	ext := path.Ext(name)
	odd := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) }
	if len(ext) > maxExtension || !strings.ContainsFunc(ext, unicode.IsLetter) ||
		strings.ContainsFunc(strings.TrimPrefix(ext, "."), odd) {
		return ""
	}
	return ext
}

// Title returns the document's title: the file name without its extension.
func Title(name string) string {
	s := SafeName(name)
	if t := strings.TrimSuffix(s, extension(s)); strings.Trim(t, ". ") != "" {
		return visibleTitle(t)
	}
	return visibleTitle(s)
}

// FolderTitle returns the title of the document for a folder.
func FolderTitle(name string) string { return visibleTitle(SafeName(name)) }

// visibleTitle returns a title of which Nuxeo leaves something: it drops emoji.
func visibleTitle(title string) string {
	if strings.TrimSpace(nuxeo.Kept(title)) == "" {
		return "unnamed"
	}
	return title
}

// SameTitle reports whether Nuxeo stores two titles alike. It does not keep every character.
func SameTitle(a, b string) bool {
	return strings.TrimSpace(nuxeo.Kept(a)) == strings.TrimSpace(nuxeo.Kept(b))
}

const maxPathName = 64

// PathName returns the document's path segment: letters with their marks, digits and a few signs.
// Nuxeo cleans it as well, and appends to it if it is taken.
func PathName(name string) string { return segment(Title(name)) }

func segment(title string) string {
	s := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune("-_. ", r) {
			return r
		}
		return '-'
	}, title)

	s = strings.Trim(s, ". ")
	if len([]rune(s)) > maxPathName {
		s = strings.TrimRight(string([]rune(s)[:maxPathName]), ". ")
	}

	if s == "" {
		return "asset"
	}

	return s
}

// HasFirstTitle reports whether a document has the title it was created with, as its path shows.
// What Nuxeo appends to a name that is taken begins with a full stop.
func HasFirstTitle(doc *nuxeo.Document) bool {
	first, name := segment(doc.Title), path.Base(doc.Path)
	return name == first || strings.HasPrefix(name, first+".") && strings.Trim(name[len(first)+1:], "0123456789") == ""
}
