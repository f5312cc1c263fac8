package nuxeo

import (
	"net/url"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// provided runs a page provider.
func (s *Scene) provided(p *Person, name string, q url.Values) *Answer {
	return s.Raw(p, request{method: "GET", path: "api/v1/search/pp/" + name + "/execute", query: q})
}

// titled are the titles of a list.
func titled(a *Answer) string {
	entries, _ := a.JSON()["entries"].([]any)
	var names []string
	for _, e := range entries {
		d, _ := e.(m)
		title, _ := d["title"].(string)
		names = append(names, title)
	}
	return strings.Join(names, " ")
}

// awaited runs a page provider until the index, if there is one, shows what is wanted.
func (s *Scene) awaited(p *Person, name string, q url.Values, want string) *Answer {
	var a *Answer
	s.Soon(func() bool { a = s.provided(p, name, q); return titled(a) == want })
	s.Want(name+" "+q.Encode(), titled(a), want)
	return a
}

var providerCases = []Case{
	{
		Name: "folder-is-shown-by-a-provider", Uses: []string{"api/v1/search/pp/advanced_document_content/execute"},
		Source: "[M] /search/pp",
		What: "advanced_document_content lists a folder by ecm_parentId, the latest first, trash by ecm_trashed; a " +
			"page is what a search is.",
		Why: "It is what Web UI shows of a folder, so what people see of a publication.",
		Try: func(s *Scene) {
			w := s.Writer()
			s.file(w, "one")
			two := s.file(w, "two")
			gone := s.file(w, "three")
			s.op(w, "Document.Trash", gone.UID, m{})
			q := url.Values{"ecm_parentId": {s.Folder()}, "ecm_trashed": {"false"}}
			count := 0
			s.Soon(func() bool { // both may be of the same millisecond
				count++
				s.update(w, two.UID, m{"dc:description": strings.Repeat("x", count)}, nuxeo.WriteOptions{})
				return titled(s.provided(w, "advanced_document_content", q)) == "two one"
			})

			a := s.awaited(w, "advanced_document_content", q, "two one")
			s.Want("pageSize", a.JSON()["pageSize"], 20.0)
			s.Want("resultsCountLimit", a.JSON()["resultsCountLimit"], 200.0)
			q.Set("ecm_trashed", "true")
			s.awaited(w, "advanced_document_content", q, "three")
			s.awaited(w, "advanced_document_content", url.Values{
				"ecm_parentId": {s.Folder()},
				"ecm_trashed":  {"false"},
				"sortBy":       {"dc:title"},
				"sortOrder":    {"asc"},
			}, "one two")
		},
	},
	{
		Name: "provider-takes-parameters-in-order", Uses: []string{"api/v1/search/pp/tree_children/execute"},
		Source: "[M] /search/pp",
		What: "document_content and tree_children take the folder as queryParams; without it 400, a provider that is " +
			"none 500, a POST 405.",
		Why: "The tree of folders in Web UI is asked so.",
		Try: func(s *Scene) {
			w := s.Writer()
			s.made(w, s.Folder(), "below", "Folder", nil)
			s.file(w, "doc")
			in := url.Values{"queryParams": {s.Folder()}}
			s.awaited(w, "document_content", in, "below doc")
			s.awaited(w, "tree_children", in, "below")
			s.Want("without parameter", s.provided(w, "document_content", nil).Status, 400)
			s.Want("no such provider", s.provided(w, "no_such_provider", nil).Status, 500)
			s.Want("POST", s.send(w, "POST", "api/v1/search/pp/document_content/execute", m{}).Status, 405)
		},
	},
	{
		Name: "provider-of-a-document", Uses: []string{"api/v1/id/@pp"}, Source: "[M] @pp",
		What: "@pp/CURRENT_DOC_CHILDREN lists the document's children, and counts up to a page.",
		Why:  "Clients list folders so.",
		Try: func(s *Scene) {
			for _, name := range []string{"a", "b", "c"} {
				s.file(s.Writer(), name)
			}

			var a *Answer
			s.Soon(func() bool {
				a = s.Raw(s.Writer(), request{
					method: "GET",
					path:   "api/v1/id/" + s.Folder() + "/@pp/CURRENT_DOC_CHILDREN",
					query:  url.Values{"pageSize": {"2"}},
				})
				return titled(a) == "a b"
			})

			s.Want("children", titled(a), "a b")
			s.Want("resultsCount", a.JSON()["resultsCount"], -2.0)
			s.Want("isNextPageAvailable", a.JSON()["isNextPageAvailable"], true)
			s.Want("isLastPageAvailable", a.JSON()["isLastPageAvailable"], false)
		},
	},
	{
		Name: "suggestions-begin-with-what-was-typed", Uses: []string{
			"api/v1/search/pp/user_collections/execute",
			"api/v1/search/pp/publish_space_suggestion/execute",
		},
		Source: "[M] /search/pp",
		What: "user_collections finds collections by the beginning of their titles, in any case, as searchTerm " +
			"says; publish_space_suggestion takes it as queryParams.",
		Why: "Web UI suggests what a document can be put or published into.",
		Try: func(s *Scene) {
			w := s.Writer()
			title := s.Prefix + " Shelf"
			s.create(w, s.Folder(), m{
				"entity-type": "document",
				"type":        "Collection",
				"name":        "shelf",
				"properties":  m{"dc:title": title},
			}, nil)

			s.awaited(w, "user_collections", url.Values{"searchTerm": {strings.ToLower(s.Prefix) + "%"}}, title)
			s.Want("another beginning",
				titled(s.provided(w, "user_collections", url.Values{"searchTerm": {"none-" + s.Prefix + "%"}})), "")
			a := s.provided(w, "publish_space_suggestion", url.Values{"queryParams": {"none-" + s.Prefix}})
			s.Want("publish spaces", a.Status, 200)
			s.Want("entries", a.JSON()["entries"], any([]any{}))
		},
	},
	{
		Name: "search-of-web-ui", Uses: []string{"api/v1/search/pp/default_search/execute"}, Source: "[M] /search/pp",
		What: "default_search finds by path, creator and words where there is full text, leaves the trash out, and " +
			"tells its quick filters, which are switched on by name.",
		Why: "People look for what was published so.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "words")
			s.made(w, s.Folder(), "below", "Folder", nil)
			in := url.Values{"ecm_path": {`["` + s.get(w, s.Folder()).Path + `"]`}}
			sorted := url.Values{"ecm_path": in["ecm_path"], "sortBy": {"dc:title"}, "sortOrder": {"asc"}}
			a := s.awaited(w, "default_search", sorted, "below words")
			s.Want("quick filters", a.JSON()["quickFilters"], any([]any{
				m{"name": "noFolder", "active": false},
				m{"name": "mostRecent", "active": false},
				m{"name": "onlyValidated", "active": false},
			}))

			in.Set("quickFilters", "noFolder")
			s.awaited(w, "default_search", in, "words")
			words := s.provided(w, "default_search", url.Values{"ecm_path": in["ecm_path"], "ecm_fulltext": {"words*"}})
			s.Kind("full text: %d", words.Status)
			if words.Status == 200 {
				s.awaited(w, "default_search", url.Values{"ecm_path": in["ecm_path"], "ecm_fulltext": {"words*"}},
					"words")
			}

			s.remove(w, d.UID)
		},
	},
	{
		Name: "search-is-saved", Uses: []string{"api/v1/search/saved"}, Source: "[M] /search/saved",
		What: "POST /search/saved is 200 with the search and its id; without title, or without query and provider, " +
			"400; DELETE is 204, and it is 404 then.",
		Why: "Web UI asks for them when it starts.",
		Try: trySavedSearch,
	},
	{
		Name: "saved-search-is-ones-own", Uses: []string{"api/v1/search/saved"}, Admin: true,
		Source: "[M] /search/saved",
		What:   "A saved search is listed for who made it, and 403 for others.",
		Why:    "It may tell what somebody works on.",
		Try: func(s *Scene) {
			p, other := s.invited("carl", nil), s.invited("dora", nil)
			a := s.send(p, "POST", "api/v1/search/saved", m{
				"entity-type":   "savedSearch",
				"title":         s.Prefix,
				"query":         "SELECT * FROM File",
				"queryLanguage": "NXQL",
			})

			s.Want("saved", a.Status, 200)
			id, _ := a.JSON()["id"].(string)
			s.Cleanup(func() { s.Raw(p, request{method: "DELETE", path: "api/v1/search/saved/" + id}) })
			s.Want("read by another", s.Raw(other, request{method: "GET", path: "api/v1/search/saved/" + id}).Status,
				403)
			s.Want("listed for another",
				s.Raw(other, request{method: "GET", path: "api/v1/search/saved"}).JSON()["entries"], any([]any{}))
		},
	},
}

func trySavedSearch(s *Scene) {
	w, at := s.Writer(), "api/v1/search/saved"
	body := m{
		"entity-type":      "savedSearch",
		"title":            s.Prefix,
		"pageProviderName": "default_search",
		"params":           m{"ecm_fulltext": "x*"},
	}

	a := s.send(w, "POST", at, body)
	s.Want("saved", a.Status, 200)
	s.Want("title", a.JSON()["title"], any(s.Prefix))
	s.Want("query", a.JSON()["query"], nil)
	params, _ := a.JSON()["params"].(m)
	s.Want("words", params["ecm_fulltext"], any("x*"))
	s.Want("a parameter that was not sent", params["dc_nature"], any([]any{}))
	id, _ := a.JSON()["id"].(string)
	s.True(strings.Contains(s.Raw(w, request{
		method: "GET",
		path:   at,
		query:  url.Values{"pageProvider": {"default_search"}},
	}).Body, id), "it is listed")

	body["title"] = s.Prefix + "2"
	s.Want("changed", s.send(w, "PUT", at+"/"+id, body).JSON()["title"], any(s.Prefix+"2"))
	s.Want("removed", s.Raw(w, request{method: "DELETE", path: at + "/" + id}).Status, 204)
	s.Want("afterwards", s.Raw(w, request{method: "GET", path: at + "/" + id}).Status, 404)
	s.Want("without title", s.send(w, "POST", at,
		m{"entity-type": "savedSearch", "query": "SELECT * FROM File"}).Status, 400)
	s.Want("without query", s.send(w, "POST", at, m{"entity-type": "savedSearch", "title": "x"}).Status, 400)
}

// enriched asks for a document with enrichers.
func (s *Scene) enriched(p *Person, uid, names string) m {
	a := s.Raw(p, request{
		method: "GET",
		path:   "api/v1/id/" + uid,
		header: map[string]string{"enrichers.document": names},
	})
	s.Want("status", a.Status, 200)
	parameters, _ := a.JSON()["contextParameters"].(m)
	return parameters
}

var shownCases = []Case{
	{
		Name: "rights-are-enriched-as-aces", Uses: []string{"api/v1/id"}, Admin: true, Source: "[M] enricher acls",
		What: "The enricher acls tells lists of aces, each with externalUser; @acl of the same tells lists of ace " +
			"without. A document without rules of its own has no local list.",
		Why: "The two look alike and are not.",
		Try: func(s *Scene) {
			d := s.readable()
			lists, _ := s.enriched(s.Ann(), d.UID, "acls")["acls"].([]any)
			if len(lists) != 1 {
				s.Stop("acls = %v, want one list", lists)
			}

			list, _ := lists[0].(m)
			s.Want("name", list["name"], any("inherited"))
			aces, _ := list["aces"].([]any)
			if len(aces) < 3 {
				s.Stop("aces = %v, want those of the people at least", aces)
			}

			first, _ := aces[0].(m)
			for key, want := range map[string]any{
				"externalUser": false,
				"granted":      true,
				"begin":        nil,
				"end":          nil,
				"status":       "effective",
			} {
				s.Want(key, first[key], want)
			}

			s.Want("ace", list["ace"], nil)
			acl := s.Raw(s.Ann(), request{method: "GET", path: "api/v1/id/" + d.UID + "/@acl"})
			s.True(strings.Contains(acl.Body, `"ace":`) && !strings.Contains(acl.Body, "externalUser"),
				"@acl tells ace without externalUser: %s", acl.Body)
			home, _ := s.enriched(s.Ann(), s.home.UID, "acls")["acls"].([]any)
			s.Want("lists of a folder with rules of its own", len(home), 2)
		},
	},
	{
		Name: "renditions-are-named", Uses: []string{"api/v1/id/@rendition"}, Source: "[M] @rendition",
		What: "The enricher renditions names thumbnail, zipExport and xmlExport for a file, pdf only for what may be " +
			"converted, thumbnail, xmlExport and zipTreeExport for a folder, each with its address.",
		Why: "Web UI offers them for download; none of them is the file itself.",
		Try: func(s *Scene) {
			names := func(uid string) string {
				list, _ := s.enriched(s.Writer(), uid, "renditions")["renditions"].([]any)
				var all []string
				for _, e := range list {
					r, _ := e.(m)
					name, _ := r["name"].(string)
					address, _ := r["url"].(string)
					s.True(strings.HasSuffix(address, "/@rendition/"+name), "the address of %s is %s", name, address)
					all = append(all, name)
				}
				return " " + strings.Join(all, " ") + " "
			}

			file := names(s.filled(s.Writer(), "doc", "x").UID)
			for _, want := range []string{"thumbnail", "zipExport", "xmlExport"} {
				s.True(strings.Contains(file, " "+want+" "), "%s is among %s", want, file)
			}

			s.True(!strings.Contains(file, " pdf "), "pdf is not among %s", file)
			folder := names(s.Folder())
			for _, want := range []string{"thumbnail", "xmlExport", "zipTreeExport"} {
				s.True(strings.Contains(folder, " "+want+" "), "%s is among %s", want, folder)
			}
		},
	},
	{
		Name: "rendition-is-a-file", Uses: []string{"api/v1/id/@rendition"}, Source: "[M] @rendition",
		What: "@rendition/mainBlob is the file, xmlExport and zipExport are made, thumbnail is a picture also of a " +
			"folder; an unknown one, and mainBlob of a folder, are 500.",
		Why: "500 here is no failure of the server.",
		Try: func(s *Scene) {
			w := s.Writer()
			get := func(uid, name string) *Answer {
				return s.Raw(w, request{method: "GET", path: "api/v1/id/" + uid + "/@rendition/" + name})
			}

			text := "a file of " + s.Prefix
			d := s.filled(w, "doc", text)
			s.Want("mainBlob", get(d.UID, "mainBlob").Body, text)
			xml := get(d.UID, "xmlExport")
			s.True(xml.Status == 200 && strings.HasPrefix(xml.Header.Get("Content-Type"), "text/xml"),
				"xmlExport is XML: %d %s", xml.Status, xml.Header.Get("Content-Type"))
			s.True(strings.Contains(xml.Body, `id="`+d.UID+`"`), "it tells the document's id: %s", xml.Body)
			s.Want("zipExport", get(d.UID, "zipExport").Header.Get("Content-Type"), "application/zip")
			s.Want("thumbnail of a folder", get(s.Folder(), "thumbnail").Header.Get("Content-Type"), "image/png")
			s.Want("mainBlob of a folder", get(s.Folder(), "mainBlob").Status, 500)
			s.Want("unknown", get(d.UID, "no-such").Status, 500)
			s.Kind("pdf of an unknown kind of file: %d", get(d.UID, "pdf").Status)
		},
	},
	{
		Name: "export-is-that-of-the-content", Uses: []string{"api/v1/id/@rendition"},
		Source: "[M] @rendition of two documents",
		What: "xmlExport is kept by the digest of the content: a document gets the export of the first that had the " +
			"same content, with its id, path and rights.",
		Why: "What the connector publishes twice, or pushes back, can show the other document's metadata.",
		Try: func(s *Scene) {
			w := s.Writer()
			export := func(uid string) string {
				return s.Raw(w, request{method: "GET", path: "api/v1/id/" + uid + "/@rendition/xmlExport"}).Body
			}

			one, two := s.filled(w, "one", "the same of "+s.Prefix), s.filled(w, "two", "the same of "+s.Prefix)
			s.True(strings.Contains(export(one.UID), one.UID), "the first export is of its document")
			if one.Blob("file:content").Digest == "" {
				s.Kind("exports of the same content: each its own, there are no digests")
				return
			}

			s.Kind("exports of the same content: the first's: %t", strings.Contains(export(two.UID), one.UID))
		},
	},
	{
		Name: "nobody-has-tasks", Uses: []string{"api/v1/task"}, Admin: true, Source: "[M] /task",
		What: "GET /task of who has none is a page without entries, never null, and without totalSize; one that is " +
			"not there 404; @task and @workflow are lists without pages.",
		Why: "Web UI asks on each page.",
		Try: func(s *Scene) {
			a := s.Raw(s.Ann(), request{method: "GET", path: "api/v1/task"})
			s.Want("status", a.Status, 200)
			s.Want("entity", a.JSON()["entity-type"], any("tasks"))
			s.Want("entries", a.JSON()["entries"], any([]any{}))
			s.Want("resultsCount", a.JSON()["resultsCount"], 0.0)
			s.Want("numberOfPages", a.JSON()["numberOfPages"], 1.0)
			s.Want("totalSize", a.JSON()["totalSize"], nil)
			s.Want("unknown", s.Raw(s.Ann(), request{method: "GET", path: "api/v1/task/no-such"}).Status, 404)
			for _, part := range []string{"task", "workflow"} {
				got := s.Raw(s.Ann(), request{method: "GET", path: "api/v1/id/" + s.Folder() + "/@" + part}).JSON()
				s.Want("@"+part, any(got), any(m{"entity-type": part + "s", "entries": []any{}}))
			}
		},
	},
	{
		Name: "webui-serves-the-version-of-the-package", Uses: []string{"WebUIFile"},
		Source: "nuxeo-web-ui: files of web/nuxeo.war/ui are served below /ui/",
		What: "A JSON file that a package puts among those of Web UI is served to who is signed in; one that is " +
			"not there is 404.",
		Why: "The doctor reads there how old the installed package is.",
		Try: func(s *Scene) {
			ctx := s.Context()
			var none map[string]any
			if err := s.Writer().WebUIFile(ctx, "no-such-file.json", &none); !nuxeo.NotFound(err) {
				s.True(false, "a file that is not there is 404, not %v", err)
			}

			var installed struct {
				Version string `json:"version"`
			}
			err := s.Writer().WebUIFile(ctx, "nuxeo-frameio.version.json", &installed)
			if nuxeo.NotFound(err) {
				s.NotTried("there is no Web UI, or an older package")
			}
			s.True(err == nil && installed.Version != "", "the version is told: %q, %v", installed.Version, err)
		},
	},
}
