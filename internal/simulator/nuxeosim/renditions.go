package nuxeosim

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"net/http"
	"strings"
)

// isText reports whether a server would offer a file as PDF.
var isText = begins("text/", "application/rtf", "application/msword", "application/vnd.ms-", "application/vnd.o")

// renditions are those that a document has: of one with a text also what it would be
// converted to, of a folder the export of all that is in it.
func renditions(c *call, n *node) any {
	list := []any{rendition(c, n, "thumbnail", "cmis:thumbnail", "image.gif")}
	if b := c.s.blobAt(n, "file:content"); b != nil {
		if isText(b.mime) {
			list = append(list, rendition(c, n, "pdf", nil, "pdf.png"))
		}
		list = append(list, rendition(c, n, "zipExport", nil, "zip_export.png"))
	}

	list = append(list, rendition(c, n, "xmlExport", nil, "xml.png"))
	if c.s.repo.hasFacet(n, "Folderish") {
		list = append(list, rendition(c, n, "zipTreeExport", nil, "zip_tree_export.png"))
	}

	return list
}

func rendition(c *call, n *node, name string, kind any, icon string) map[string]any {
	return map[string]any{
		"name": name, "kind": kind, "icon": c.s.url + "/icons/" + icon,
		"url": c.s.url + "/api/v1/repo/default/id/" + n.id + "/@rendition/" + name,
	}
}

// renditionAdapter serves @rendition/{name}. What needs a converter fails, as on a server
// without one, and so does a name that is none.
func (c *call) renditionAdapter(ref, name string) (*answer, error) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return nil, methodNotAllowed()
	}

	if name == "thumbnail" {
		return c.thumbnail(ref)
	}

	c.s.mu.Lock() // an export is kept
	defer c.s.mu.Unlock()
	n, err := c.document(ref)
	if err != nil {
		return nil, err
	}

	main := c.s.blobAt(n, "file:content")
	switch {
	case name == "mainBlob" && main != nil:
		return main.sent(), nil
	case name == "xmlExport":
		return c.s.export(name, main, func() *blob {
			return made("document.xml", "text/xml", c.s.exported(n))
		}).sent(), nil
	case name == "zipExport" && main != nil:
		return c.s.export(name, main, func() *blob {
			return made("export.zip", "application/zip", c.s.archive(n, false))
		}).sent(), nil
	case name == "zipTreeExport" && c.s.repo.hasFacet(n, "Folderish"):
		b := made("export.zip", "application/zip", c.s.archive(n, true))
		return b.sent(), nil
	}

	return nil, c.s.refused(404, 500, "The rendition %s of %s is not available", name, n.id)
}

// export is what was made for a content before, also for another document: an export is
// kept by the digest of the content. Without content it is made each time.
func (s *Server) export(name string, main *blob, anew func() *blob) *blob {
	if main == nil || main.digest == "" {
		return anew()
	}
	key := name + " " + main.digest
	if s.exports[key] == nil {
		s.exports[key] = anew()
	}
	return s.exports[key]
}

// made is a file that is not stored.
func made(name, mime string, content []byte) *blob {
	return &blob{name: name, mime: mime, length: int64(len(content)), data: memory(content)}
}

// exported is what tells of a document in XML, much shorter than the real one.
func (s *Server) exported(n *node) []byte {
	type system struct {
		Type   string   `xml:"type"`
		Path   string   `xml:"path"`
		State  string   `xml:"lifecycle-state"`
		Facets []string `xml:"facet"`
	}

	doc := struct {
		XMLName    xml.Name `xml:"document"`
		Repository string   `xml:"repository,attr"`
		ID         string   `xml:"id,attr"`
		System     system   `xml:"system"`
	}{
		Repository: "default",
		ID:         n.id,
		System:     system{n.typ, strings.TrimPrefix(n.path(), "/"), n.lifeCycle(), s.repo.facets(n)},
	}

	out, _ := xml.MarshalIndent(doc, "", "  ") // strings can always be written
	return append([]byte(xml.Header), out...)
}

// archive is the export of a document, or of a folder with what is in it, without the
// content of files.
func (s *Server) archive(n *node, deep bool) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	var add func(n *node, below string)
	add = func(n *node, below string) {
		name := below + n.name
		w, _ := z.Create(name + "/document.xml") // memory takes all
		_, _ = w.Write(s.exported(n))
		for _, child := range n.children {
			if deep && !child.trashed {
				add(child, name+"/")
			}
		}
	}

	_, _ = z.Create(".nuxeo-archive")
	add(n, "")
	_ = z.Close()
	return b.Bytes()
}
