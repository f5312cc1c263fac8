package nuxeo

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

var fetchCases = []Case{
	{
		Name: "blob-comes-from-an-operation", Uses: []string{"api/v1/automation/Document.GetBlob"},
		Source: "[M] Document.GetBlob",
		What: "Document.GetBlob answers with the file itself, by the name of Blob.Get too; of several documents with " +
			"a form of files. A document without content gives an empty file, 200, and one that cannot have any 500.",
		Why: "Other clients download so, and may store an empty file for none.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "a file")
			for _, name := range []string{"Document.GetBlob", "Blob.Get"} {
				a := s.op(w, name, d.UID, m{})
				s.Want(name, a.Status, 200)
				s.Want("body", a.Body, "a file")
				s.True(strings.Contains(a.Header.Get("Content-Disposition"), "doc.bin"), "the name is told: %s",
					a.Header.Get("Content-Disposition"))
			}

			empty := s.op(w, "Document.GetBlob", s.file(w, "empty").UID, m{})
			s.Want("without content", empty.Status, 200)
			s.Want("body without content", empty.Body, "")
			s.True(strings.Contains(empty.Header.Get("Content-Disposition"), "empty.null"),
				"its name is that of nothing: %s", empty.Header.Get("Content-Disposition"))
			s.Want("a folder", s.op(w, "Document.GetBlob", s.Folder(), m{}).Status, 500)
			both := s.Raw(w, request{
				method: "POST",
				path:   "api/v1/automation/Document.GetBlob",
				json:   m{"params": m{}, "input": "docs:" + d.UID + "," + d.UID},
			})

			s.True(strings.HasPrefix(both.Header.Get("Content-Type"), "multipart/mixed"), "two come as a form: %s",
				both.Header.Get("Content-Type"))
			s.Want("files in it", strings.Count(both.Body, "a file"), 2)
			s.True(strings.HasPrefix(s.op(w, "Document.GetBlobs", d.UID, m{}).Header.Get("Content-Type"),
				"multipart/mixed"), "GetBlobs always is a form")
		},
	},
	{
		Name: "file-is-attached-by-a-form", Uses: []string{"api/v1/automation/Blob.AttachOnDocument"},
		Source: "[M] Blob.AttachOnDocument",
		What: "Blob.AttachOnDocument, or Blob.Attach, puts the file of a form on a document and answers with the " +
			"file, or 204 when nothing is wanted; into a list it goes at the end.",
		Why: "It is the first write that older clients make: contents change under the connector by it.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			call := m{"params": m{"document": d.UID}, "context": m{}}
			a := s.form(w, "Blob.AttachOnDocument", true, call, nil,
				sentFile{"a.bin", "application/x-case", "attached"})
			s.Want("status", a.Status, 200)
			s.Want("body", a.Body, "attached")
			s.holding("content", s.get(w, d.UID), "attached")
			a = s.form(w, "Blob.Attach", true, call, map[string]string{"X-NXVoidOperation": "true"},
				sentFile{"b.bin", "application/x-case", "again"})
			s.Want("nothing wanted", a.Status, 204)
			s.holding("content", s.get(w, d.UID), "again")
			list := m{"params": m{"document": d.UID, "xpath": "files:files"}, "context": m{}}
			s.Want("into a list", s.form(w, "Blob.Attach", true, list, nil,
				sentFile{"c.bin", "application/x-case", "more"}).Status, 200)
			var files []any
			s.Must(json.Unmarshal(s.get(w, d.UID).Properties["files:files"], &files))
			s.Want("files in the list", len(files), 1)
		},
	},
	{
		Name: "child-is-found-by-name", Uses: []string{"api/v1/automation/Document.GetChild"},
		Source: "[M] Document.GetChild",
		What: "Document.GetChild finds a document by name in a folder; one that is not there is 404, a missing " +
			"name 500.",
		Why: "Clients look so before they make a document.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			a := s.op(w, "Document.GetChild", s.Folder(), m{"name": "doc"})
			s.Want("status", a.Status, 200)
			s.Want("document", a.JSON()["uid"], any(d.UID))
			s.Want("not there", s.op(w, "Document.GetChild", s.Folder(), m{"name": "no-such"}).Status, 404)
			s.Want("no name", s.op(w, "Document.GetChild", s.Folder(), m{}).Status, 500)
		},
	},
	{
		Name: "children-have-no-pages", Uses: []string{"api/v1/automation/Document.GetChildren"},
		Source: "[M] Document.GetChildren",
		What:   "Document.GetChildren lists all of a folder, without any field of pages.",
		Why:    "Who looks for a next page there finds none and has all.",
		Try: func(s *Scene) {
			w := s.Writer()
			s.file(w, "one")
			s.file(w, "two")
			a := s.op(w, "Document.GetChildren", s.Folder(), m{})
			s.Want("status", a.Status, 200)
			entries, _ := a.JSON()["entries"].([]any)
			s.Want("entries", len(entries), 2)
			for _, field := range []string{"resultsCount", "pageSize", "totalSize", "isNextPageAvailable"} {
				s.Want(field, a.JSON()[field], nil)
			}
		},
	},
	{
		Name: "document-is-fetched-by-either-name", Uses: []string{"api/v1/automation/Document.Fetch"},
		Source: "[M] Document.Fetch",
		What:   "Document.Fetch and Repository.GetDocument find a document by path or id; what is not there is 404.",
		Why:    "It is the first call of most scripts.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			for _, name := range []string{"Document.Fetch", "Repository.GetDocument"} {
				for _, ref := range []string{d.UID, d.Path} {
					s.Want(name, s.op(s.Writer(), name, "", m{"value": ref}).JSON()["uid"], any(d.UID))
				}
				s.Want("not there", s.op(s.Writer(), name, "", m{"value": "/no/such"}).Status, 404)
			}
		},
	},
	{
		Name: "proxy-less-document-is-its-own-source", Uses: []string{"api/v1/automation/Proxy.GetSourceDocument"},
		Source: "[M] Proxy.GetSourceDocument",
		What:   "Proxy.GetSourceDocument of what is no proxy answers that document.",
		Why:    "Clients call it before they know.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			s.Want("source", s.op(s.Writer(), "Proxy.GetSourceDocument", d.UID, m{}).JSON()["uid"], any(d.UID))
		},
	},
	{
		Name: "operation-tells-its-parameters", Uses: []string{"api/v1/automation"}, Source: "[M] GET /automation",
		What: "GET /automation/{id} tells id, aliases, category, signature and parameters with name, type, whether " +
			"required, and values; an alias answers for its operation.",
		Why: "Other clients read it when they start, and refuse what it does not list.",
		Try: tryOperationMetadata,
	},
}

// operation is what GET /automation tells of one.
type operation struct {
	ID     string
	Params []struct{ Values []string }
}

func tryOperationMetadata(s *Scene) {
	get := func(path string) *Answer { // without Accept some servers answer with a page
		return s.Raw(s.Writer(), request{
			method: "GET",
			path:   "api/v1/" + path,
			header: map[string]string{"Accept": "application/json"},
		})
	}

	for _, id := range []string{"Repository.GetDocument", "Document.Fetch"} {
		op := get("automation/" + url.PathEscape(id)).JSON()
		s.Want("id", op["id"], any("Repository.GetDocument"))
		s.Want("url", op["url"], any("Repository.GetDocument"))
		s.Want("aliases", op["aliases"], any([]any{"Document.Fetch"}))
		s.Want("category", op["category"], any("Fetch"))
		s.Want("signature", op["signature"], any([]any{"void", "document"}))
		params, _ := op["params"].([]any)
		if len(params) != 1 {
			s.Stop("parameters of %s: %v, want one", id, params)
		}

		p, _ := params[0].(m)
		want := m{"name": "value", "type": "document", "required": true, "widget": nil, "order": 0.0, "values": []any{}}
		for key, value := range want {
			s.Want("parameter's "+key, p[key], value)
		}

		_, told := p["description"].(string)
		s.True(told, "the parameter has a description, be it empty")
	}

	var all struct {
		Operations []operation
		Paths      map[string]string
	}

	s.Must(json.Unmarshal([]byte(get("automation").Body), &all))
	s.Want("path of login", all.Paths["login"], "login")
	i := slices.IndexFunc(all.Operations, func(o operation) bool { return o.ID == "Document.CheckIn" })
	if i < 0 || len(all.Operations[i].Params) == 0 {
		s.Stop("Document.CheckIn is not listed with its parameters")
	}

	s.Want("values of version", all.Operations[i].Params[0].Values, []string{"none", "minor", "major"})
	s.Want("unknown operation", get("automation/No.Such").Status, 405)
}
