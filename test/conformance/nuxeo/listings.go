package nuxeo

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// filledFolder has documents a to e in the case's folder.
func (s *Scene) filledFolder() []string {
	var ids []string
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		ids = append(ids, s.file(s.Writer(), name).UID)
	}
	return ids
}

// below is the condition for what lies in the case's folder.
func (s *Scene) below() string { return "ecm:parentId = " + nuxeo.Quote(s.Folder()) }

func titles(list []*nuxeo.Document) string {
	var out []string
	for _, d := range list {
		out = append(out, d.Title)
	}
	return strings.Join(out, " ")
}

var queryCases = []Case{
	{
		Name: "query-knows-at-once", Uses: []string{"QueryPage"}, Source: "[M] §2.11",
		What: "Repository.Query finds what was written a moment ago, page by page, counting exactly.",
		Why:  "Decisions rest on it.",
		Helps: "Let the operation Repository.Query be called: look at the filters of automation and at the proxy " +
			"before Nuxeo.",
		Try: func(s *Scene) {
			s.filledFolder()
			q := "SELECT * FROM File WHERE " + s.below() + " ORDER BY dc:title"
			one, more, err := s.Writer().QueryPage(s.Context(), q, 0, 3, nuxeo.Fetch{})
			s.Must(err)
			s.Want("first page", titles(one), "a b c")
			s.Want("more", more, true)
			two, more, err := s.Writer().QueryPage(s.Context(), q, 1, 3, nuxeo.Fetch{})
			s.Must(err)
			s.Want("second page", titles(two), "d e")
			s.Want("more", more, false)
			page := s.op(s.Writer(), "Repository.Query", "", m{"query": q, "pageSize": 2}).JSON()
			s.Want("resultsCount", page["resultsCount"], any(5.0))
		},
	},
	{
		Name: "listing-is-read-by-pages", Uses: []string{"Listed"},
		Source: "modules/platform/nuxeo-platform-search-core, page provider nxql_search",
		What:   "A page provider of Web UI is read page by page, by the parameters that Web UI gives it.",
		Why:    "What is selected with “select all” is found so.",
		Helps:  "Let /search/pp be called: look at the proxy before Nuxeo.",
		Try: func(s *Scene) {
			want := s.filledFolder()
			var got []string
			l := nuxeo.Listing{
				Provider:   "nxql_search",
				Parameters: url.Values{"queryParams": {"SELECT * FROM File WHERE " + s.below()}},
			}

			for id, err := range s.Writer().Listed(s.Context(), l) {
				s.Must(err)
				got = append(got, id)
			}

			slices.Sort(got)
			slices.Sort(want)
			s.Want("documents", fmt.Sprint(got), fmt.Sprint(want))
		},
	},
	{
		Name: "query-goes-on-by-id", Uses: []string{"Query"}, Source: "[M] §15.22",
		What: "Documents ordered by id can be read from any id on.",
		Why:  "It is how many documents are gone through while others come and go.",
		Try: func(s *Scene) {
			ids := s.filledFolder()
			slices.Sort(ids)
			var got []string
			for d, err := range s.Writer().Query(s.Context(), s.below(), ids[1], nuxeo.Fetch{}) {
				s.Must(err)
				got = append(got, d.UID)
			}
			s.Want("ids", got, ids[2:])
		},
	},
	{
		Name: "query-of-a-thousand-ids", Uses: []string{"ByIDs"}, Source: "[S] NXQL",
		What: "A query of a thousand ids gives those documents that are there, in one page, and their properties.",
		Why:  "Whether documents still tell of their assets is looked at a thousand at a time.",
		Try: func(s *Scene) {
			there := s.filledFolder()
			slices.Sort(there)
			ids := slices.Clone(there)
			for len(ids) < 1000 {
				ids = append(ids, uuid.NewString())
			}

			docs, err := s.Writer().ByIDs(s.Context(), ids, nuxeo.Fetch{Schemas: []string{"dublincore"}})
			s.Must(err)
			var got []string
			for _, d := range docs {
				got = append(got, d.UID)
				s.Want("title", d.Text("dc:title"), d.Title)
			}

			slices.Sort(got)
			s.Want("ids", got, there)
		},
	},
	{
		Name: "query-quotes", Uses: []string{"QueryPage"}, Source: "[S] NXQL",
		What: "Quotes, backslashes and percent signs in a literal find exactly that text.",
		Why:  "Names come from outside.",
		Try: func(s *Scene) {
			for _, text := range []string{`it's`, `back\slash`, `100%`, `a"b`} {
				d := s.made(s.Writer(), s.Folder(), "doc", "File", m{"dc:title": text})
				list, _, err := s.Writer().QueryPage(s.Context(), "SELECT * FROM File WHERE "+s.below()+
					" AND dc:title = "+nuxeo.Quote(text), 0, 10, nuxeo.Fetch{})
				s.Must(err)
				s.True(len(list) == 1 && list[0].UID == d.UID, "%s finds it: %s", text, titles(list))
			}
		},
	},
	{
		Name: "query-errors-are-500", Uses: []string{"QueryPage"}, Source: "[M] recorded query",
		What: "A query that cannot be read, and one of a property that is not there, are 500.",
		Why:  "It is our fault, and no repeat helps.",
		Try: func(s *Scene) {
			for _, q := range []string{"SELECT nonsense", "SELECT * FROM Document WHERE no:such = 'x'"} {
				_, _, err := s.Writer().QueryPage(s.Context(), q, 0, 10, nuxeo.Fetch{})
				s.status(q, err, 500)
			}
		},
	},
	{
		Name: "query-matches-ignoring-case", Uses: []string{"QueryPage"}, Source: "[M] §2.11",
		What: "ILIKE finds titles whatever their case.",
		Why:  "People search so.",
		Try: func(s *Scene) {
			s.made(s.Writer(), s.Folder(), "doc", "File", m{"dc:title": "Trailer FINAL"})
			list, _, err := s.Writer().QueryPage(s.Context(), "SELECT * FROM File WHERE "+s.below()+
				" AND dc:title ILIKE '%final%'", 0, 10, nuxeo.Fetch{})
			s.Must(err)
			s.Want("found", len(list), 1)
		},
	},
	{
		Name: "query-by-facet-and-property", Uses: []string{"Query"}, Source: "[S] §2.11",
		What: "Documents are found by a facet and by a property of the package, versions and trash apart.",
		Why:  "It is how the connector finds its own again.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "x")
			s.Must(w.AddFacet(s.Context(), d.UID, "FrameioAsset", sourceMetadata))
			if !s.Soon(func() bool {
				if !s.get(w, d.UID).Has("FrameioAsset") { // background work took it away
					s.Must(w.AddFacet(s.Context(), d.UID, "FrameioAsset", sourceMetadata))
				}
				s.update(w, d.UID, m{"frameio:fileId": s.key("file")}, nuxeo.WriteOptions{Source: sourceMetadata})
				return s.get(w, d.UID).Text("frameio:fileId") != ""
			}) {
				s.Stop("the property is not written")
			}

			s.checkIn(w, d.UID)
			q := "SELECT * FROM Document WHERE ecm:mixinType = 'FrameioAsset' AND frameio:fileId = " +
				nuxeo.Quote(s.key("file")) + " AND ecm:isVersion = %d AND ecm:isTrashed = 0"
			for version, want := range []int{1, 1} {
				list, _, err := w.QueryPage(s.Context(), fmt.Sprintf(q, version), 0, 10, nuxeo.Fetch{})
				s.Must(err)
				s.Want(fmt.Sprintf("found with isVersion = %d", version), len(list), want)
			}
		},
	},
	{
		Name: "query-sees-what-may-be-seen", Uses: []string{"QueryPage"}, Admin: true, Source: "[S] §2.12",
		What: "A query finds only what the one who asks may see.",
		Why:  "Nothing is shown to people that they may not see.",
		Try: func(s *Scene) {
			s.filledFolder()
			s.Want("blocking", s.op(s.Admin(), "Document.BlockPermissionInheritance", s.Folder(), m{}).Status, 200)
			found := func(p *Person) int {
				list, _, err := p.QueryPage(s.Context(), "SELECT * FROM File WHERE "+s.below(), 0, 10, nuxeo.Fetch{})
				s.Must(err)
				return len(list)
			}
			s.True(s.Soon(func() bool { return found(s.Eve()) == 0 }), "eve finds nothing")
			s.Want("the administrator finds", found(s.Admin()), 5)
		},
	},
	{
		Name: "ids-of-what-may-be-seen", Uses: []string{"ByIDs"}, Admin: true, Source: "[S] §2.12",
		What: "A query of ids leaves out those that the one who asks may not see, though they are there.",
		Why:  "Lists name documents to those only who may read them.",
		Try: func(s *Scene) {
			ids := s.filledFolder()
			seen := func(p *Person) int {
				got, err := p.ByIDs(s.Context(), ids, nuxeo.Fetch{})
				s.Must(err)
				return len(got)
			}
			s.Want("eve sees", seen(s.Eve()), 5)
			s.Want("blocking", s.op(s.Admin(), "Document.BlockPermissionInheritance", s.Folder(), m{}).Status, 200)
			s.True(s.Soon(func() bool { return seen(s.Eve()) == 0 }), "eve sees none")
			s.Want("the administrator sees", seen(s.Admin()), 5)
		},
	},
	{
		Name: "pages-end-at-a-thousand", Uses: []string{"QueryPage"}, Source: "[S] §2.11",
		What: "The answer tells maxPageSize, at which pages end whatever was asked for; pageSize is what was " +
			"asked for.",
		Why: "A page that is shorter than asked for is not the end.",
		Try: func(s *Scene) {
			page := s.op(s.Writer(), "Repository.Query", "", m{
				"query":    "SELECT * FROM Folder WHERE ecm:uuid = " + nuxeo.Quote(s.Folder()),
				"pageSize": 5000,
			}).JSON()
			s.Want("pageSize", page["pageSize"], any(5000.0))
			s.Kind("greatest page: %v", page["maxPageSize"])
		},
	},
	{
		Name: "children-are-paged", Uses: []string{"test/conformance"}, Source: "[M] recorded query",
		What: "@children lists what is in a folder, without the hidden and the trash; it counts only up to a page, " +
			"and then -2.",
		Why: "Its pages must be turned until an empty one comes.",
		Try: func(s *Scene) {
			ids := s.filledFolder()
			s.Must(s.Writer().Trash(s.Context(), ids[0]))
			var page m
			for i, want := range []int{2, 2, 0} {
				a := s.Raw(s.Writer(), request{
					method: "GET",
					path: fmt.Sprintf("api/v1/id/%s/@children?pageSize=2&currentPageIndex=%d&sortBy=dc:title",
						s.Folder(), i),
				})
				s.Want(fmt.Sprintf("entries of page %d", i), found(a), want)
				if i == 0 {
					page = a.JSON()
				}
			}

			s.Kind("@children counts %v of 4 with pages of 2", page["resultsCount"])
		},
	},
	{
		Name: "no-order-without-asking", Uses: []string{"QueryPage"}, Source: "[M] §15.22",
		What: "Without ORDER BY documents come in no order that could be relied on.",
		Why:  "Pages would overlap.",
		Try: func(s *Scene) {
			ids := s.filledFolder()
			list, _, err := s.Writer().QueryPage(s.Context(), "SELECT * FROM File WHERE "+s.below(), 0,
				10, nuxeo.Fetch{})
			s.Must(err)
			s.Want("found", len(list), len(ids))
			s.Kind("without ORDER BY: %t in order of creation", titles(list) == "a b c d e")
		},
	},
}

func (s *Scene) search(q string) *Answer {
	return s.Raw(s.Writer(), request{method: "GET", path: "api/v1/search/execute", query: url.Values{"query": {q}}})
}

func found(a *Answer) int {
	entries, _ := a.JSON()["entries"].([]any)
	return len(entries)
}

var searchCases = []Case{
	{
		Name: "search-comes-to-know", Uses: []string{"QueryPage"}, Source: "[M] §15.5",
		What: "/search finds what was written: at once where it asks the repository, later where it asks an index.",
		Why:  "It is never asked for a decision.",
		Try: func(s *Scene) {
			s.filledFolder()
			q := "SELECT * FROM File WHERE " + s.below()
			if found(s.search(q)) == 5 {
				s.Kind("search: repository, or an index that is fast")
				return
			}
			s.Kind("search: index")
			s.True(s.Soon(func() bool { return found(s.search(q)) == 5 }), "it finds them in the end")
		},
	},
	{
		Name: "search-refuses-nonsense", Uses: []string{"QueryPage"}, Source: "[M] recorded query",
		What: "A query that cannot be read is 400 there.",
		Why:  "The same query is 500 by automation.",
		Try: func(s *Scene) {
			s.Want("status", s.search("SELECT nonsense").Status, 400)
		},
	},
	{
		Name: "search-by-language", Uses: []string{"QueryPage"}, Source: "[D] §8.3",
		What: "/search/lang/NXQL/execute is there up to LTS 2023 and gone in 2025.",
		Why:  "It must not be used.",
		Try: func(s *Scene) {
			a := s.Raw(s.Writer(), request{
				method: "GET",
				path:   "api/v1/search/lang/NXQL/execute",
				query:  url.Values{"query": {"SELECT * FROM File WHERE " + s.below()}},
			})
			s.True(a.Status == 200 || a.Status == 404 || a.Status == 405, "status %d", a.Status)
			s.Kind("search by language: %d", a.Status)
		},
	},
}

// last is the last part of a path.
func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

var trashCases = []Case{
	{
		Name: "trash-renames", Uses: []string{"Trash", "Get"}, Source: "[M] §15.21",
		What: "A document in the trash is found by id, is told to be trashed, and its path ends in ._<ms>_.trashed.",
		Why:  "Its path is no longer the one that was noted.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			s.Must(s.Writer().Trash(s.Context(), d.UID))
			got := s.get(s.Writer(), d.UID)
			s.Want("trashed", got.IsTrashed, true)
			s.True(strings.HasPrefix(last(got.Path), "doc._") && strings.HasSuffix(got.Path, "_.trashed"),
				"path %q", got.Path)
			s.Must(s.Writer().Trash(s.Context(), d.UID))
			s.Want("untrash", s.op(s.Writer(), "Document.Untrash", d.UID, nil).Status, 200)
			s.Want("path after", s.get(s.Writer(), d.UID).Path, d.Path)
		},
	},
	{
		Name: "trash-comes-down-later", Uses: []string{"Trash"}, Source: "[M] §15.21",
		What: "What is in a folder that is trashed is trashed too, a moment after the answer.",
		Why:  "A document may look alive in a folder that is gone.",
		Try: func(s *Scene) {
			folder := s.made(s.Writer(), s.Folder(), "sub", "Folder", nil)
			leaf := s.made(s.Writer(), folder.UID, "leaf", "File", nil)
			s.Must(s.Writer().Trash(s.Context(), folder.UID))
			s.Kind("what is in a trashed folder is trashed at once: %t", s.get(s.Writer(), leaf.UID).IsTrashed)
			s.True(s.Soon(func() bool { return s.get(s.Writer(), leaf.UID).IsTrashed }), "it is in the end")
		},
	},
	{
		Name: "untrash-brings-what-is-above", Uses: []string{"Trash"}, Source: "[M] §15.21",
		What: "Document.Untrash of something in a trashed folder takes the folder out as well.",
		Why:  "Bindings and mirrors come back in ways that nobody asked for.",
		Try: func(s *Scene) {
			w := s.Writer()
			folder := s.made(w, s.Folder(), "sub", "Folder", nil)
			leaf := s.made(w, folder.UID, "leaf", "File", nil)
			s.Must(w.Trash(s.Context(), folder.UID))
			s.Soon(func() bool { return s.get(w, leaf.UID).IsTrashed })
			s.Want("status", s.op(w, "Document.Untrash", leaf.UID, nil).Status, 200)
			s.True(s.Soon(func() bool { return !s.get(w, folder.UID).IsTrashed }), "the folder is out")
		},
	},
	{
		Name: "trash-takes-new-documents", Uses: []string{"Create"}, Source: "[M] recorded trash and move",
		What: "A document can be made in a folder that is in the trash: 201.",
		Why:  "A success does not say that people can see it.",
		Try: func(s *Scene) {
			folder := s.made(s.Writer(), s.Folder(), "sub", "Folder", nil)
			s.Must(s.Writer().Trash(s.Context(), folder.UID))
			_, err := s.Writer().Create(s.Context(), folder.UID, nuxeo.NewDocument{Name: "x", Type: "File"},
				nuxeo.WriteOptions{})
			s.status("creation", err, 0)
		},
	},
}

var moveCases = []Case{
	{
		Name: "move-keeps-the-name", Uses: []string{"Move"}, Source: "[M] recorded trash and move",
		What: "Document.Move keeps id and name; where that is taken it gets a suffix.",
		Why:  "A document is followed by its id.",
		Try: func(s *Scene) {
			w := s.Writer()
			folder := s.made(w, s.Folder(), "sub", "Folder", nil)
			d, twin := s.file(w, "doc"), s.made(w, folder.UID, "doc", "File", nil)
			s.Must(w.Move(s.Context(), d.UID, folder.UID))
			got := s.get(w, d.UID)
			s.Want("parent", got.ParentRef, folder.UID)
			s.True(got.Path != s.get(w, twin.UID).Path && strings.HasPrefix(last(got.Path), "doc."),
				"path %q", got.Path)
		},
	},
	{
		Name: "move-into-itself-is-409", Uses: []string{"Move"}, Source: "[M] §15.21",
		What: "A folder cannot be moved into itself: 409.",
		Why:  "That 409 is never waited out.",
		Try: func(s *Scene) {
			folder := s.made(s.Writer(), s.Folder(), "sub", "Folder", nil)
			s.status("into itself", s.Writer().Move(s.Context(), folder.UID, folder.UID), 409)
		},
	},
	{
		Name: "move-within-the-folder", Uses: []string{"Move"}, Source: "[M] §15.21",
		What: "A move into the same folder succeeds, and may rename.",
		Why:  "A repeated move must not be taken for a failure.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			s.Must(w.Move(s.Context(), d.UID, s.Folder()))
			s.Kind("name after a move into the same folder: %s",
				strings.TrimRight(last(s.get(w, d.UID).Path), "0123456789"))
			s.Want("with a name", s.op(w, "Document.Move", d.UID, m{"target": s.Folder(), "name": "other"}).Status, 200)
			s.Want("name", last(s.get(w, d.UID).Path), "other")
		},
	},
	{
		Name: "versions-go-with-the-document", Uses: []string{"Move", "Versions"}, Source: "[S] Document.Move",
		What: "A document that is moved keeps its versions.",
		Why:  "Links to versions stay.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "x")
			s.checkIn(w, d.UID)
			s.Must(w.Move(s.Context(), d.UID, s.made(w, s.Folder(), "sub", "Folder", nil).UID))
			s.Want("versions", s.labels(w, d.UID), []string{"0.1"})
		},
	},
}
