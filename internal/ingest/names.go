package ingest

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// maxName bounds a document's path segment and title; Frame.io allows 255
// characters, other sources may not.
const maxName = 255

// SafeName is the file name that the document's content gets: as on Frame.io,
// without what no file name may hold (control characters, separators, the
// overrides of writing direction that disguise an extension).
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

// truncate keeps the extension of a name that is too long.
func truncate(s string) string {
	if utf8.RuneCountInString(s) <= maxName {
		return s
	}
	ext := extension(s)
	runes := []rune(strings.TrimSuffix(s, ext))
	return string(runes[:maxName-utf8.RuneCountInString(ext)]) + ext
}

// maxExtension is how long an extension can be; what is longer is part of the name.
const maxExtension = 12

// extension is the end of a name that tells its kind: a dot, then letters and
// digits. In "Meeting 12.05 final cut" and in "take.2" there is none.
func extension(name string) string {
	ext := path.Ext(name)
	odd := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) }
	if len(ext) > maxExtension || !strings.ContainsFunc(ext, unicode.IsLetter) ||
		strings.ContainsFunc(strings.TrimPrefix(ext, "."), odd) {
		return ""
	}
	return ext
}

// Title is the document's title: the file name without its extension.
func Title(name string) string {
	s := SafeName(name)
	if t := strings.TrimSuffix(s, extension(s)); strings.Trim(t, ". ") != "" {
		return seen(t)
	}
	return seen(s)
}

// FolderTitle is the title of the document for a folder.
func FolderTitle(name string) string { return seen(SafeName(name)) }

// seen is a title of which Nuxeo leaves something: it drops emoji.
func seen(title string) string {
	if strings.TrimSpace(nuxeo.Kept(title)) == "" {
		return "unnamed"
	}
	return title
}

// SameTitle reports whether titles are the same to Nuxeo, which does not keep every
// character of what it is given.
func SameTitle(a, b string) bool {
	return strings.TrimSpace(nuxeo.Kept(a)) == strings.TrimSpace(nuxeo.Kept(b))
}

const maxPathName = 64

// PathName is the document's path segment: letters with their marks, digits and a few signs.
// Nuxeo cleans it as well and adds to it when it is taken.
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

// HasFirstTitle reports whether a document has the title that it was made with: its path
// still says so. What Nuxeo adds to a name that is taken begins with a full stop.
func HasFirstTitle(doc *nuxeo.Document) bool {
	first, name := segment(doc.Title), path.Base(doc.Path)
	return name == first || strings.HasPrefix(name, first+".") && strings.Trim(name[len(first)+1:], "0123456789") == ""
}
