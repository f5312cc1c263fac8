package nuxeo

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// create sends a document as it is.
func (s *Scene) create(p *Person, parent string, body m, header map[string]string) *Answer {
	body["entity-type"] = "document"
	return s.Raw(p, request{method: "POST", path: "api/v1/id/" + parent, json: body, header: header})
}

var documentCases = []Case{
	{
		Name: "document-is-made-and-read", Uses: []string{"Create", "Get", "GetByPath"},
		Source: "[M] recorded documents",
		What:   "A new document is 201 with id, path, parent and change token, and is read by id and path at once.",
		Why:    "Everything else builds on it.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			s.Want("parent", d.ParentRef, s.Folder())
			s.True(strings.HasSuffix(d.Path, "/doc"), "path %q", d.Path)
			s.True(d.IsCheckedOut && !d.IsVersion && !d.IsTrashed, "it is checked out, no version, not in the trash")
			s.Want("title", s.get(w, d.UID).Title, "doc")
			same, err := w.GetByPath(s.Context(), d.Path, nuxeo.Fetch{})
			s.Must(err)
			s.Want("id by path", same.UID, d.UID)
		},
	},
	{
		Name: "properties-come-when-asked-for", Uses: []string{"Get"}, Source: "[M] recorded documents",
		What: "A document has no properties unless the header properties names schemas.",
		Why:  "An absent property must not be taken for an empty one.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			bare, err := s.Writer().Get(s.Context(), d.UID, nuxeo.Fetch{})
			s.Must(err)
			s.Want("properties", len(bare.Properties), 0)
			some, err := s.Writer().Get(s.Context(), d.UID, nuxeo.Fetch{Schemas: []string{"dublincore"}})
			s.Must(err)
			s.Want("title", some.Text("dc:title"), "doc")
			_, has := some.Properties["file:content"]
			s.Want("has file:content", has, false)
		},
	},
	{
		Name: "unknown-document-is-404", Uses: []string{"Get", "GetByPath"}, Source: "[M] recorded documents",
		What: "An id or path that is not there is 404.",
		Why:  "What is gone must be told from what may not be seen.",
		Try: func(s *Scene) {
			_, err := s.Writer().Get(s.Context(), "15ce421f-4583-40dd-a5d9-89602f80adc1", nuxeo.Fetch{})
			s.status("unknown id", err, 404)
			_, err = s.Writer().GetByPath(s.Context(), s.home.Path+"/nope", nuxeo.Fetch{})
			s.status("unknown path", err, 404)
		},
	},
	{
		Name: "document-needs-a-type", Uses: []string{"Create"}, Source: "[M] recorded documents",
		What: "A document without type, and of a type that is not there, is 400.",
		Why:  "A binding to a type that was removed must be told, not tried again.",
		Try: func(s *Scene) {
			s.Want("no type", s.create(s.Writer(), s.Folder(), m{"name": "x"}, nil).Status, 400)
			s.Want("unknown type", s.create(s.Writer(), s.Folder(), m{"name": "x", "type": "NoSuchType"}, nil).Status,
				400)
		},
	},
	{
		Name: "unknown-properties-are-skipped", Uses: []string{"Create", "Update"}, Source: "[M] recorded documents",
		What: "Properties that are not there are skipped in silence; a value of the wrong kind is 400.",
		Why:  "A success does not say that everything was written.",
		Try: func(s *Scene) {
			a := s.create(s.Writer(), s.Folder(), m{
				"name":       "p",
				"type":       "File",
				"properties": m{"dc:title": "p", "no:such": "x"},
			}, nil)

			s.Want("unknown property", a.Status, 201)
			a = s.create(s.Writer(), s.Folder(), m{
				"name":       "w",
				"type":       "File",
				"properties": m{"dc:created": "not a date"},
			}, nil)

			s.Want("wrong kind", a.Status, 400)
		},
	},
	{
		Name: "taken-name-gets-a-suffix", Uses: []string{"Create"}, Source: "[S] §2.1",
		What: "A second document of a name is made under another: name.<milliseconds>.",
		Why:  "Names deduplicate nothing.",
		Try: func(s *Scene) {
			one, two := s.file(s.Writer(), "same"), s.file(s.Writer(), "same")
			s.True(one.UID != two.UID, "there are two documents")
			s.True(regexp.MustCompile(`/same\.\d{13}$`).MatchString(two.Path), "path %q", two.Path)
		},
	},
	{
		Name: "enrichers", Uses: []string{"Get"}, Source: "[M] recorded documents",
		What: "permissions, breadcrumb and subtypes come in contextParameters when they are asked for.",
		Why:  "Dialogs show where a folder is, what may be done there, and which types it takes.",
		Try: func(s *Scene) {
			d, err := s.Writer().Get(s.Context(), s.Folder(),
				nuxeo.Fetch{Enrichers: []string{"permissions", "breadcrumb", "subtypes"}})
			s.Must(err)
			for _, p := range []string{"Read", "AddChildren", "WriteProperties"} {
				s.True(slices.Contains(d.Permissions(), p), "%s is among %v", p, d.Permissions())
			}

			s.True(slices.ContainsFunc(d.Breadcrumb(), func(b *nuxeo.Document) bool {
				return b.UID == s.home.UID
			}), "the folder above is in the breadcrumb")

			s.True(slices.ContainsFunc(d.Subtypes(), func(t nuxeo.Type) bool {
				return t.Name == "File"
			}), "File is a subtype: %v", d.Subtypes())
		},
	},
	{
		Name: "two-enrichers-change-the-content-type", Uses: []string{"Get"}, Source: "[M] recorded documents",
		What: "The content type of a document is application/json with the name of an entity, which may be another's.",
		Why:  "Whoever compares it byte by byte fails.",
		Try: func(s *Scene) {
			a := s.Raw(s.Writer(), request{
				method: "GET",
				path:   "api/v1/id/" + s.Folder(),
				header: map[string]string{"enrichers-document": "breadcrumb"},
			})
			s.True(strings.HasPrefix(a.Header.Get("Content-Type"), "application/json"), "content type %q",
				a.Header.Get("Content-Type"))
		},
	},
	{
		Name: "dates-have-milliseconds", Uses: []string{"Get"}, Source: "[S] §2.3",
		What: "Dates are ISO 8601 with milliseconds and Z.",
		Why:  "Changes are told by dates.",
		Try: func(s *Scene) {
			d := s.get(s.Writer(), s.file(s.Writer(), "doc").UID)
			s.True(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`).MatchString(d.Text("dc:modified")),
				"dc:modified %q", d.Text("dc:modified"))
			s.True(!d.Time("dc:created").IsZero(), "dc:created is read")
		},
	},
	{
		Name: "creator-and-contributors", Uses: []string{"Create", "Update"}, Admin: true, Source: "[S] §2.8",
		What: "Nuxeo sets creator and last contributor to whoever writes.",
		Why:  "What people see as the author is who the connector acted as.",
		Try: func(s *Scene) {
			d := s.file(s.Ann(), "doc")
			s.update(s.Bob(), d.UID, m{"dc:description": "by bob"}, nuxeo.WriteOptions{})
			got := s.get(s.Ann(), d.UID)
			s.Want("creator", got.Text("dc:creator"), s.Ann().Login)
			s.Want("last contributor", got.Text("dc:lastContributor"), s.Bob().Login)
		},
	},
	{
		Name: "deleted-for-good", Uses: []string{"Delete"}, Source: "[M] recorded trash and move",
		What: "DELETE answers 204 and the document is 404 from then on.",
		Why:  "It is not the trash.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			s.remove(s.Writer(), d.UID)
			_, err := s.Writer().Get(s.Context(), d.UID, nuxeo.Fetch{})
			s.status("deleted", err, 404)
		},
	},
	{
		Name: "void-operation-is-204", Uses: []string{"Update"}, Source: "[S] §2.2",
		What: "X-NXVoidOperation: true leaves the answer of an operation away.",
		Why:  "An empty success is a success.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			a := s.Raw(s.Writer(), request{
				method: "POST", path: "api/v1/automation/Document.Lock",
				json:   m{"params": m{}, "input": "doc:" + d.UID},
				header: map[string]string{"X-NXVoidOperation": "true"},
			})
			s.Want("status", a.Status, 204)
		},
	},
	{
		Name: "list-of-complex-values", Uses: []string{"Update", "AddFacet"}, Source: "internal/binding",
		What: "A list of complex values of the package's schema is written whole and read as it was.",
		Why:  "Bindings are kept in one.",
		Try: func(s *Scene) {
			w := s.Writer()
			s.Must(w.AddFacet(s.Context(), s.Folder(), "FrameioBinding", ""))
			list := []any{
				m{"bindingId": "b1", "actionName": "One", "workspaces": []any{"a", "b"}},
				m{"bindingId": "b2"},
			}

			s.update(w, s.Folder(), m{"frameiobinding:bindings": list}, nuxeo.WriteOptions{})
			var got []struct {
				ID         string   `json:"bindingId"`
				Workspaces []string `json:"workspaces"`
			}

			d := s.get(w, s.Folder())
			s.Must(json.Unmarshal(d.Properties["frameiobinding:bindings"], &got))
			s.Want("bindings", len(got), 2)
			if len(got) == 2 {
				s.Want("workspaces", got[0].Workspaces, []string{"a", "b"})
			}
		},
	},
}

// named makes a document under a name and tells which it got.
func (s *Scene) named(name string) string {
	d := s.made(s.Writer(), s.Folder(), name, "File", m{"dc:title": name})
	return d.Path[strings.LastIndex(d.Path, "/")+1:]
}

var nameCases = []Case{
	{
		Name: "name-with-a-slash", Uses: []string{"Create"}, Source: "[M] §15.21",
		What: "Of the name a/b only b is left.",
		Why:  "Names of files from elsewhere may hold anything.",
		Try:  func(s *Scene) { s.Want("name", s.named("a/b"), "b") },
	},
	{
		Name: "names-of-dots-become-numbers", Uses: []string{"Create"}, Source: "[M] §15.21",
		What: "The names ., .. and - become numbers.",
		Why:  "The path that was asked for is not the one that is.",
		Try: func(s *Scene) {
			for _, name := range []string{".", "..", "-"} {
				got := s.named(name)
				s.True(regexp.MustCompile(`^-?\d+$`).MatchString(got), "%q becomes a number: %q", name, got)
			}
		},
	},
	{
		Name: "names-keep-their-characters", Uses: []string{"Create", "GetByPath"}, Source: "[M] recorded documents",
		What:  "Plus, blanks and letters beyond ASCII stay in a name.",
		Why:   "Paths must be escaped, and are then found.",
		Helps: "Nothing is to be set: documents are found by their ids.",
		Try: func(s *Scene) {
			for _, name := range []string{"a+b", "ümlaut é", "50% x"} {
				got := s.named(name)
				s.Want("name", got, name)
				folder := s.get(s.Writer(), s.Folder())
				_, err := s.Writer().GetByPath(s.Context(), folder.Path+"/"+got, nuxeo.Fetch{})
				s.status("by path", err, 0)
			}
		},
	},
	{
		Name: "long-names-are-cut", Uses: []string{"Create"}, Source: "[M] recorded documents",
		What: "A name is cut at 24 characters by default.",
		Why:  "Two long names may become one, which gets a suffix.",
		Try:  func(s *Scene) { s.Want("length", len(s.named(strings.Repeat("x", 200))), 24) },
	},
}

// writeWith writes with an id and a token in the body.
func (s *Scene) writeWith(uid, bodyUID, token string) int {
	body := m{"entity-type": "document", "properties": m{"dc:description": token + bodyUID}}
	if bodyUID != "" {
		body["uid"] = bodyUID
	}
	body["changeToken"] = token
	return s.Raw(s.Writer(), request{method: "PUT", path: "api/v1/id/" + uid, json: body}).Status
}

func second(token string) string { _, second, _ := strings.Cut(token, "-"); return second }

var tokenCases = []Case{
	{
		Name: "change-token-moves-with-tokens-only", Uses: []string{"Update"}, Source: "[M] §15.6",
		What: "The second number of the change token moves when a write carries id and token, and not with other " +
			"writes.",
		Why: "It protects from ourselves, not from people: those must be looked for otherwise.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			s.Must(w.Update(s.Context(), d.UID, d.ChangeToken, m{"dc:description": "one"}, nuxeo.WriteOptions{}))
			after := s.get(w, d.UID).ChangeToken
			s.True(second(after) != second(d.ChangeToken), "it has moved: %s, %s", d.ChangeToken, after)
			s.update(w, d.UID, m{"dc:description": "two"}, nuxeo.WriteOptions{})
			s.Want("after a plain write", second(s.get(w, d.UID).ChangeToken), second(after))
			s.status("the token from before it", w.Update(s.Context(), d.UID, after, m{"dc:description": "three"},
				nuxeo.WriteOptions{}), 0)
		},
	},
	{
		Name: "old-change-token-is-409", Uses: []string{"Update"}, Source: "[M] recorded change-token",
		What: "A write with id and a token that is no longer the document's is 409.",
		Why:  "Two jobs of ours cannot both write.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			s.Must(w.Update(s.Context(), d.UID, d.ChangeToken, m{"dc:description": "one"}, nuxeo.WriteOptions{}))
			s.status("the old token", w.Update(s.Context(), d.UID, d.ChangeToken, m{"dc:description": "two"},
				nuxeo.WriteOptions{}), 409)
		},
	},
	{
		Name: "change-token-needs-the-id", Uses: []string{"Update"}, Source: "[M] recorded change-token",
		What: "A token without the id in the body is not looked at; an empty one with it is 409.",
		Why:  "A token that is not checked protects nothing.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			s.Want("no id, wrong token", s.writeWith(d.UID, "", "0-99"), 200)
			s.Want("id, empty token", s.writeWith(d.UID, d.UID, ""), 409)
		},
	},
}
