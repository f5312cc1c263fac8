package nuxeo

import (
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// comment writes a comment, or an annotation when its XPath is set.
func (s *Scene) comment(p *Person, uid string, k nuxeo.Comment) nuxeo.Comment {
	got, err := p.CreateComment(s.Context(), uid, k, "")
	s.Must(err)
	return got
}

// rawText writes a comment without the client, which escapes what it sends, and returns its text as it comes back.
func (s *Scene) rawText(sent string) string {
	d := s.file(s.Writer(), "doc")
	a := s.send(s.Writer(), "POST", "api/v1/id/"+d.UID+"/@comment", m{
		"entity-type": "comment", "parentId": d.UID, "text": sent,
	})
	s.Want("commenting", a.Status, 201)
	text, _ := a.JSON()["text"].(string)
	return text
}

func (s *Scene) texts(p *Person, uid string) []string {
	texts := []string{}
	for k, err := range p.Comments(s.Context(), uid) {
		s.Must(err)
		texts = append(texts, k.Text)
	}
	return texts
}

var commentCases = []Case{
	{
		Name: "comment-has-the-author-who-writes", Uses: []string{"CreateComment"}, Source: "[M] §15.16",
		What:  "A comment's author is who is signed in, whoever is sent.",
		Why:   "Authors of Frame.io are told in the text.",
		Helps: "Set nuxeo-service-user to an account that may write comments.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			a := s.Raw(s.Writer(), request{method: "POST", path: "api/v1/id/" + d.UID + "/@comment", json: m{
				"entity-type": "comment", "parentId": d.UID, "text": "hello", "author": "somebody-else",
			}})
			s.Want("status", a.Status, 201)
			s.Want("author", a.JSON()["author"], any(s.Writer().Login))
		},
	},
	{
		Name: "comment-dates-are-kept", Uses: []string{"CreateComment", "CommentByEntity"}, Source: "[M] §15.16",
		What: "Creation and modification date of a comment are those that were sent; without one the creation date " +
			"counts.",
		Why:   "Comments keep the time at which they were made on Frame.io.",
		Helps: "Nothing is to be set: comments then show when they arrived.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			at := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
			s.comment(s.Writer(), d.UID, nuxeo.Comment{
				Text: "x", EntityID: "e1", Origin: "o",
				Entity: "{}", Created: at,
			})

			got, err := s.Writer().CommentByEntity(s.Context(), d.UID, "e1")
			s.Must(err)
			s.True(got.Created.Equal(at), "created %v", got.Created)
			s.True(got.Modified.Equal(at), "modified %v", got.Modified)
			s.Want("origin and entity", got.Origin+got.Entity, "o{}")
		},
	},
	{
		Name: "entity-id-is-not-unique", Uses: []string{"CreateComment", "CommentByEntity"}, Source: "[M] §15.16",
		What: "Two comments may have the same entity id; one that is not there is 404.",
		Why:  "It must be looked for before a comment is made.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			for range 2 {
				s.comment(s.Writer(), d.UID, nuxeo.Comment{Text: "x", EntityID: "same", Origin: "o"})
			}
			s.Want("comments", len(s.texts(s.Writer(), d.UID)), 2)
			_, err := s.Writer().CommentByEntity(s.Context(), d.UID, "other")
			s.status("unknown entity", err, 404)
		},
	},
	{
		Name: "comment-lists-are-counted-only", Uses: []string{"Comments", "LatestComments"}, Source: "[M] §15.16",
		What: "A list of comments is newest first, has totalSize and entries, and no other sign of a next page.",
		Why:  "Pages are turned until totalSize.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			for _, text := range []string{"one", "two", "three"} {
				s.comment(s.Writer(), d.UID, nuxeo.Comment{Text: text})
				time.Sleep(5 * time.Millisecond)
			}

			s.Want("texts", s.texts(s.Writer(), d.UID), []string{"three", "two", "one"})
			page := s.Raw(s.Writer(), request{
				method: "GET",
				path:   "api/v1/id/" + d.UID + "/@comment?pageSize=2&currentPageIndex=1",
			}).JSON()

			entries, _ := page["entries"].([]any)
			s.Want("entries of the second page", len(entries), 1)
			s.Want("totalSize", page["totalSize"], any(3.0))
			_, more := page["isNextPageAvailable"]
			s.Want("isNextPageAvailable is there", more, false)
			r, err := s.Writer().LatestComments(s.Context(), d.UID, 2)
			s.Must(err)
			s.Want("latest", len(r.List), 2)
		},
	},
	{
		Name: "replies-hang-below-comments", Uses: []string{"CreateComment", "Comments", "LatestComments"},
		Source: "[M] recorded comments",
		What:   "A comment on a comment is a reply, which is listed there and counted when the summary is fetched.",
		Why:    "Threads are taken over.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			top := s.comment(s.Writer(), d.UID, nuxeo.Comment{Text: "top"})
			s.comment(s.Writer(), top.ID, nuxeo.Comment{Text: "reply"})
			s.Want("replies", s.texts(s.Writer(), top.ID), []string{"reply"})
			s.Want("comments", s.texts(s.Writer(), d.UID), []string{"top"})
			r, err := s.Writer().LatestComments(s.Context(), d.UID, 10)
			s.Must(err)
			s.Want("replies counted", r.Replies[top.ID], 1)
		},
	},
	{
		Name: "comment-is-changed-by-its-author", Uses: []string{"UpdateComment", "DeleteComment"}, Admin: true,
		Source: "[M] §15.16",
		What:   "The author and administrators may change and delete a comment, others get 403, also who may write.",
		Why:    "Who has written it must be the one who changes it.",
		Try: func(s *Scene) {
			d := s.file(s.Ann(), "doc")
			k := s.comment(s.Ann(), d.UID, nuxeo.Comment{Text: "one"})
			k.Text = "two"
			s.status("bob changes", s.Bob().UpdateComment(s.Context(), d.UID, k), 403)
			s.status("bob deletes", s.Bob().DeleteComment(s.Context(), d.UID, k.ID, false), 403)
			s.status("ann changes", s.Ann().UpdateComment(s.Context(), d.UID, k), 0)
			s.Want("texts", s.texts(s.Bob(), d.UID), []string{"two"})
			s.status("the administrator deletes", s.Admin().DeleteComment(s.Context(), d.UID, k.ID, false), 0)
			s.Want("texts", s.texts(s.Bob(), d.UID), []string{})
		},
	},
	{
		Name: "readers-may-comment", Uses: []string{"CreateComment", "UpdateComment"}, Admin: true,
		Source: "[M] §15.16",
		What:   "Who may read a document may comment, reply, and change their own.",
		Why:    "Rights are not asked for before comments are written.",
		Try: func(s *Scene) {
			d := s.file(s.Ann(), "doc")
			k := s.comment(s.Eve(), d.UID, nuxeo.Comment{Text: "eve"})
			s.comment(s.Eve(), k.ID, nuxeo.Comment{Text: "and again"})
			k.Text = "eve!"
			s.status("eve changes hers", s.Eve().UpdateComment(s.Context(), d.UID, k), 0)
		},
	},
	{
		Name: "locked-documents-are-commented", Uses: []string{"CreateComment"}, Admin: true, Source: "[M] §15.16",
		What: "A document that somebody else has locked can be commented, and so can a version.",
		Why:  "Comments come while a push holds the lock.",
		Try: func(s *Scene) {
			d := s.filled(s.Ann(), "doc", "x")
			s.checkIn(s.Ann(), d.UID)
			_, err := s.Ann().Lock(s.Context(), d.UID)
			s.Must(err)
			v := s.last(s.Ann(), d.UID)
			for _, uid := range []string{d.UID, v.UID} {
				_, err := s.Bob().CreateComment(s.Context(), uid, nuxeo.Comment{Text: "bob"}, "")
				s.status("bob comments", err, 0)
			}
		},
	},
	{
		Name: "versions-get-the-comments", Uses: []string{"CheckIn", "Comments"}, Source: "[M] §15.16",
		What: "A version that is made gets copies of the comments and annotations.",
		Why:  "An entity id is found on a version as well: look on the document that is meant.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "x")
			s.comment(w, d.UID, nuxeo.Comment{Text: "one", EntityID: "e", Origin: "o"})
			s.checkIn(w, d.UID)
			v := s.last(w, d.UID)
			s.True(s.Soon(func() bool { return len(s.texts(w, v.UID)) == 1 }), "the version has it")
		},
	},
	{
		Name: "comments-leave-the-document-alone", Uses: []string{"CreateComment"}, Admin: true, Source: "[S] §4.3",
		What: "A comment makes no version, changes no contributor and no modification date.",
		Why:  "It must not look like a change.",
		Try: func(s *Scene) {
			d := s.filled(s.Ann(), "doc", "x")
			before := s.get(s.Ann(), d.UID)
			s.comment(s.Bob(), d.UID, nuxeo.Comment{Text: "bob"})
			after := s.get(s.Ann(), d.UID)
			s.Want("modified", after.Text("dc:modified"), before.Text("dc:modified"))
			s.Want("last contributor", after.Text("dc:lastContributor"), before.Text("dc:lastContributor"))
			s.Want("versions", s.labels(s.Ann(), d.UID), []string{})
		},
	},
}

var remarkCases = []Case{
	{
		Name: "annotations-are-among-the-comments", Uses: []string{"CreateComment", "Comments"}, Source: "[M] §15.16",
		What: "@comment lists annotations too.",
		Why:  "They must not be counted twice.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", "x")
			s.comment(s.Writer(), d.UID, nuxeo.Comment{Text: "comment"})
			s.comment(s.Writer(), d.UID, nuxeo.Comment{Text: "annotation", XPath: "file:content"})
			s.Want("comments", len(s.texts(s.Writer(), d.UID)), 2)
		},
	},
	{
		Name: "annotations-are-listed-whole", Uses: []string{"LatestAnnotations"}, Source: "[M] §15.16",
		What: "@annotation lists all annotations of a file without a word on pages, oldest first, and no comments.",
		Why:  "The rest is left out by us.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", "x")
			s.comment(s.Writer(), d.UID, nuxeo.Comment{Text: "comment"})
			for _, text := range []string{"one", "two", "three"} {
				s.comment(s.Writer(), d.UID, nuxeo.Comment{Text: text, XPath: "file:content"})
				time.Sleep(5 * time.Millisecond)
			}

			list := s.Raw(s.Writer(), request{
				method: "GET",
				path:   "api/v1/id/" + d.UID + "/@annotation?xpath=file:content&pageSize=2",
			}).JSON()

			entries, _ := list["entries"].([]any)
			s.Want("entries", len(entries), 3)
			_, counted := list["totalSize"]
			s.Want("totalSize is there", counted, false)
			if len(entries) > 0 {
				first, _ := entries[0].(map[string]any)
				s.Want("first", first["text"], any("one"))
			}

			r, err := s.Writer().LatestAnnotations(s.Context(), d.UID, 2)
			s.Must(err)
			s.Want("asked for", len(r.List), 2)
			s.Want("more", r.More, true)
		},
	},
	{
		Name: "annotation-by-entity", Uses: []string{"CommentByEntity"}, Source: "[M] §15.16",
		What: "An annotation is found by its entity id, as a comment too; a comment as an annotation is 500.",
		Why:  "The kind must be known; 500 here is no failure of the server.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "x")
			s.comment(w, d.UID, nuxeo.Comment{Text: "a", XPath: "file:content", EntityID: "an", Origin: "o"})
			s.comment(w, d.UID, nuxeo.Comment{Text: "c", EntityID: "co", Origin: "o"})
			got, err := w.CommentByEntity(s.Context(), d.UID, "an")
			s.status("an annotation as a comment", err, 0)
			s.Want("the annotation's entity id", got.EntityID, "an")
			external := "api/v1/id/" + d.UID + "/@annotation/external/"
			s.Want("an annotation as an annotation", s.Raw(w, request{method: "GET", path: external + "an"}).Status,
				200)
			s.Want("a comment as an annotation", s.Raw(w, request{method: "GET", path: external + "co"}).Status, 500)
		},
	},
	{
		Name: "annotation-is-changed-and-deleted", Uses: []string{"UpdateComment", "DeleteComment"}, Source: "[S] §4.1",
		What: "An annotation is changed and deleted like a comment, at its own address.",
		Why:  "Drawings follow those of Frame.io.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", "x")
			k := s.comment(s.Writer(), d.UID, nuxeo.Comment{Text: "one", XPath: "file:content"})
			k.Text = "two"
			s.Must(s.Writer().UpdateComment(s.Context(), d.UID, k))
			r, err := s.Writer().LatestAnnotations(s.Context(), d.UID, 5)
			s.Must(err)
			s.True(len(r.List) == 1 && r.List[0].Text == "two", "one, changed: %+v", r.List)
			s.Must(s.Writer().DeleteComment(s.Context(), d.UID, k.ID, true))
			s.Want("comments", len(s.texts(s.Writer(), d.UID)), 0)
		},
	},
}

var textCases = []Case{
	{
		Name: "comment-text-is-html", Uses: []string{"CreateComment"}, Source: "[M] §15.11",
		What: "A comment's text is sanitized as HTML: < and & become entities, scripts go, and so do = + @ and " +
			"quotes.",
		Why:   "What comes back is never compared with what was sent.",
		Helps: "Nothing is to be set: the words are read from what the connector keeps beside the text.",
		Try: func(s *Scene) {
			for sent, want := range map[string]string{
				"a < b & c":              "a &lt; b &amp; c",
				`x="1" + y@z`:            "x&#61;&#34;1&#34; &#43; y&#64;z",
				"on <script>x</script>e": "on e",
			} {
				got := s.rawText(sent)
				if got == sent {
					s.Kind("comments are not sanitized")
					continue
				}
				s.Want(sent, got, want)
			}
		},
	},
	{
		Name: "escaped-text-is-read-as-written", Uses: []string{"CreateComment"}, Source: "[M] §4.2",
		What: "Text whose & < > were escaped, with line breaks, comes back as HTML of the same meaning.",
		Why:  "It is how texts are sent.",
		Try: func(s *Scene) {
			got := s.rawText("Cut to &lt;CARD&gt; &amp; out\nnext line")
			s.True(strings.Contains(got, "&lt;CARD&gt;") && strings.Contains(got, "\n"), "text %q", got)

			// The client does so, and undoes it.
			const text = "Cut to <CARD> & out, x=\"1\" + y@z\nnext line"
			d := s.file(s.Writer(), "said")
			s.Want("what was written", s.comment(s.Writer(), d.UID, nuxeo.Comment{Text: text}).Text, text)
		},
	},
	{
		Name: "braces-are-parted", Uses: []string{"CreateComment"}, Source: "[M] §15.11",
		What: "{{ in a comment gets an HTML comment between the braces.",
		Why:  "It is one more reason not to compare.",
		Try: func(s *Scene) {
			got := s.rawText("a {{b}}")
			s.True(got == "a {<!-- -->{b}}" || got == "a {{b}}", "text %q", got)
			s.Kind("{{ becomes %s", got)
		},
	},
	{
		Name: "characters-are-removed", Uses: []string{"Create", "Update", "CreateComment"}, Source: "[M] §15.11",
		What: "Emoji and other characters beyond the basic plane, and invisible ones, are removed from every string.",
		Why:  "Titles and texts with them are not what was sent; escapes in JSON survive.",
		Try: func(s *Scene) {
			w := s.Writer()
			dirty := "a\U0001F3AC\u200Bb\u00ADc"
			d := s.made(w, s.Folder(), "doc", "File", m{"dc:title": dirty})
			s.Want("title", s.get(w, d.UID).Text("dc:title"), "abc")
			at := "api/v1/id/" + d.UID + "/@comment"
			raw := s.Raw(w, request{method: "POST", path: at, json: m{"entity-type": "comment", "text": dirty}}).JSON()
			s.Want("comment", raw["text"], "abc")
			s.Want("comment by character references", s.comment(w, d.UID, nuxeo.Comment{Text: dirty}).Text, dirty)
			k := s.comment(w, d.UID, nuxeo.Comment{
				Text:     "x",
				EntityID: "e",
				Origin:   "o",
				Entity:   `{"text":"\ud83c\udfac"}`,
			})

			s.Want("entity", k.Entity, `{"text":"\ud83c\udfac"}`)
		},
	},
}
