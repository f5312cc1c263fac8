package nuxeosim

import (
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
)

// importer makes documents of a type of files of some kinds.
type importer struct {
	name, typ string
	takes     func(kind string) bool
}

func begins(prefixes ...string) func(string) bool {
	return func(kind string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(kind, p) })
	}
}

// importers are asked in this order; the last takes everything.
var importers = []importer{
	{"VideoImporter", "Video", begins("video/", "application/gxf", "application/mxf")},
	{"ImagePlugin", "Picture", begins("image/")},
	{"AudioImporter", "Audio", begins("audio/")},
	{
		"NoteImporter", "Note", begins("text/plain", "text/html", "text/markdown", "text/x-web-markdown",
			"application/xhtml+xml"),
	},
	{"DefaultFileImporter", "File", func(string) bool { return true }},
}

// opImport makes a document of each file in the folder that the context names, of the type
// that goes with the kind of file. With overwrite a document of that name is written
// instead.
func opImport(oc *opCall) (*answer, error) {
	ref, _ := oc.context["currentDocument"].(string)
	if ref == "" {
		return nil, oc.s.refused(400, 500, "The context has no currentDocument")
	}

	folder, err := oc.document(strings.TrimPrefix(ref, "doc:"))
	if err != nil {
		return nil, err
	}

	if len(oc.blobs) == 0 {
		return nil, oc.s.refused(400, 500, "The operation needs a file as input")
	}

	if !oc.s.repo.hasFacet(folder, "Folderish") && folder.parent != nil {
		folder = folder.parent // a file goes beside a document
	}

	for _, b := range oc.blobs {
		n, err := oc.importFile(folder, b)
		if err != nil {
			return nil, err
		}
		oc.input = append(oc.input, n)
	}

	oc.list = len(oc.blobs) > 1
	return oc.output(oc.input), nil
}

func (oc *opCall) importFile(folder *node, sent *blob) (*node, error) {
	b := *sent
	var err error
	if b.mime, err = importedType(b); err != nil {
		return nil, err
	}

	kind := importers[slices.IndexFunc(importers, func(i importer) bool { return i.takes(b.mime) })]

	ch := change{source: "fileimporter-" + kind.name, props: map[string]any{"file:content": &b}}
	if kind.typ == "Note" {
		text, err := b.text()
		if err != nil {
			return nil, err
		}
		ch.props = map[string]any{"note:note": text, "note:mime_type": b.mime}
	}

	if old := childTitled(folder, b.name); old != nil && (oc.flag("overwrite", false) || oc.flag("overwite", false)) {
		if err := oc.demand(old, "WriteProperties"); err != nil {
			return nil, err
		}
		return old, oc.s.updateDocument(oc.user, old, ch)
	}

	if !allowed(oc.user, folder, "AddChildren") {
		return nil, forbidden("Not enough rights to create document")
	}

	if t := oc.s.types.types[folder.typ]; t == nil || !slices.Contains(t.allows, kind.typ) {
		return nil, oc.s.refused(403, 500, "Cannot create document of type %s in container with type %s",
			kind.typ, folder.typ)
	}

	ch.props["dc:title"] = b.name
	return oc.s.createDocument(oc.user, folder, kind.typ, b.name, ch)
}

// importedType is what an import takes a file for: what it was sent as, or by its name, or
// where the name says nothing by how it begins.
func importedType(b blob) (string, error) {
	ext := path.Ext(b.name)
	if ext == "" || ext == ".bin" || mime.TypeByExtension(ext) != "" || b.data == nil {
		return typeByName(b.mime, b.name), nil
	}

	r, err := b.open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	begin := make([]byte, 512)
	n, _ := r.ReadAt(begin, 0) // a short file is one
	kind, _, _ := strings.Cut(http.DetectContentType(begin[:n]), ";")
	return kind, nil
}

func childTitled(folder *node, title string) *node {
	for _, n := range folder.children {
		if !n.trashed && (n.name == title || n.title() == title) {
			return n
		}
	}
	return nil
}

// text is the content of a small file.
func (b *blob) text() (string, error) {
	if b.data == nil {
		return "", nil
	}
	var text strings.Builder
	err := b.copyTo(&text)
	return text.String(), err
}
