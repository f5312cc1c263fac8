package nuxeo

import (
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func (s *Scene) key(name string) string { return s.Prefix + "-" + name }

// keyed makes a document with a key and tells what came. An empty 409, which comes for a
// moment after the first answer, is waited out.
func (s *Scene) keyed(p *Person, key, name string) *Answer {
	var a *Answer
	s.Soon(func() bool {
		a = s.create(p, s.Folder(), m{"name": name, "type": "File", "properties": m{"dc:title": name}},
			map[string]string{"Idempotency-Key": key})
		return a.Status != 409
	})
	return a
}

var keyCases = []Case{
	{
		Name: "key-replays-the-first-answer", Uses: []string{"Create"}, Source: "[M] §15.10",
		What:  "A POST with a key that was answered gets the first answer again, and makes nothing.",
		Why:   "Documents are made once although a request is repeated.",
		Helps: "Have the nodes of Nuxeo share their key/value store.",
		Try: func(s *Scene) {
			one := s.keyed(s.Writer(), s.key("replay"), "doc")
			s.Want("first", one.Status, 201)
			two := s.keyed(s.Writer(), s.key("replay"), "doc")
			s.Want("second", two.Status, 201)
			s.Want("the same document", two.JSON()["uid"], one.JSON()["uid"])
			s.Want("the key in the answer", two.Header.Get("Idempotency-Key"), s.key("replay"))
		},
	},
	{
		Name: "key-is-not-at-once", Uses: []string{"Create", "CreateComment"}, Source: "[M] §15.10",
		What: "For a moment after the first answer the key may still get 409 with an empty body.",
		Why:  "409 with an empty body is waited out, unlike a conflict.",
		Try: func(s *Scene) {
			for i := range 5 {
				key := s.key("moment") + string(rune('0'+i))
				send := func() *Answer {
					return s.create(s.Writer(), s.Folder(), m{"name": "doc", "type": "File"},
						map[string]string{"Idempotency-Key": key})
				}

				first, second := send(), send()
				s.Want("first", first.Status, 201)
				switch second.Status {
				case 201:
					s.Kind("a key right after its answer: replayed")
				case 409:
					s.Want("body of 409", second.Body, "")
					s.Kind("a key right after its answer: 409")
				default:
					s.Differ("the second answer is %d", second.Status)
				}
			}
		},
	},
	{
		Name: "key-in-progress-is-empty-409", Uses: []string{"Create"}, Source: "[M] §15.10",
		What: "While the first request runs, the key gets 409 with an empty body; two at the same moment may both be " +
			"carried out.",
		Why: "Whoever looks afterwards must look for two.",
		Try: func(s *Scene) {
			var wg sync.WaitGroup
			var mu sync.Mutex
			ids, statuses := map[any]bool{}, map[int]int{}
			folder := s.Folder()
			for range 6 {
				wg.Go(func() {
					a, err := s.raw(s.Context(), s.Writer(), request{
						method: "POST", path: "api/v1/id/" + folder,
						json:   m{"entity-type": "document", "name": "doc", "type": "File"},
						header: map[string]string{"Idempotency-Key": s.key("same")},
					})

					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						return
					}

					statuses[a.Status]++
					if a.Status == 201 {
						ids[a.JSON()["uid"]] = true
					} else {
						s.Want("body of 409", a.Body, "")
					}
				})
			}

			wg.Wait()
			s.True(len(ids) >= 1 && statuses[201]+statuses[409] == 6, "201 or 409: %v", statuses)
			if len(ids) > 1 {
				s.Kind("one key at the same moment: made more than one")
			}
		},
	},
	{
		Name: "key-counts-for-everybody-everywhere", Uses: []string{"Create"}, Admin: true, Source: "[M] §15.10",
		What: "A key gets the first answer at any address and for any person.",
		Why:  "Keys must be secret and say what they are for.",
		Try: func(s *Scene) {
			one := s.keyed(s.Ann(), s.key("everywhere"), "doc")
			two := s.keyed(s.Bob(), s.key("everywhere"), "other")
			s.Want("the same document", two.JSON()["uid"], one.JSON()["uid"])
			a := s.Raw(s.Bob(), request{
				method: "POST", path: "api/v1/upload/", json: m{},
				header: map[string]string{"Idempotency-Key": s.key("everywhere")},
			})
			s.Want("at another address", a.JSON()["uid"], one.JSON()["uid"])
		},
	},
	{
		Name: "key-is-cleared-by-a-failure", Uses: []string{"Create"}, Source: "[M] §15.10",
		What: "A failure clears the key: the next request is carried out.",
		Why:  "What was refused can be tried again with the same key.",
		Try: func(s *Scene) {
			header := map[string]string{"Idempotency-Key": s.key("failed")}
			s.Want("failure", s.create(s.Writer(), s.Folder(), m{"name": "x", "type": "NoSuchType"}, header).Status,
				400)
			s.Want("after it", s.keyed(s.Writer(), s.key("failed"), "doc").Status, 201)
		},
	},
	{
		Name: "key-is-ignored-on-put", Uses: []string{"Update"}, Source: "[M] §15.10",
		What: "A key on a PUT is ignored.",
		Why:  "Writes are made safe otherwise.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			for _, text := range []string{"one", "two"} {
				s.put(s.Writer(), d.UID, m{"dc:description": text}, map[string]string{"Idempotency-Key": s.key("put")})
			}
			s.Want("description", s.get(s.Writer(), d.UID).Text("dc:description"), "two")
		},
	},
	{
		Name: "key-outlives-the-document", Uses: []string{"Create", "Delete"}, Source: "[M] §15.10",
		What: "The answer is replayed although the document was deleted meanwhile.",
		Why:  "What a creation answers must be looked for.",
		Try: func(s *Scene) {
			one := s.keyed(s.Writer(), s.key("deleted"), "doc")
			uid, _ := one.JSON()["uid"].(string)
			s.remove(s.Writer(), uid)
			two := s.keyed(s.Writer(), s.key("deleted"), "doc")
			s.Want("status", two.Status, 201)
			s.Want("the same document", two.JSON()["uid"], any(uid))
		},
	},
}

// raceCases are about what happens behind an answer.
var raceCases = []Case{
	{
		Name: "facet-of-an-empty-document-stays", Uses: []string{"AddFacet"}, Source: "[M] §15.2",
		What: "A facet added to a document that was made without content stays.",
		Why:  "It is why documents are made empty first.",
		Helps: "Look for listeners of your own that change documents after they are made; the chore `metadata` " +
			"repairs what they take away.",
		Try: func(s *Scene) {
			w := s.Writer()
			var ids []string
			for range 10 {
				d := s.file(w, "doc")
				s.Must(w.AddFacet(s.Context(), d.UID, "FrameioAsset", sourceMetadata))
				ids = append(ids, d.UID)
			}

			time.Sleep(time.Second)
			for _, uid := range ids {
				s.True(s.get(w, uid).Has("FrameioAsset"), "the facet is there")
			}
		},
	},
	{
		Name: "facet-after-content-may-be-lost", Uses: []string{"AddFacet"}, Source: "[M] §15.2",
		What: "A facet added right after a document was made with content may be gone a moment later.",
		Why:  "A facet must be looked for where it was added so.",
		Try: func(s *Scene) {
			w := s.Writer()
			var wg sync.WaitGroup
			ids := make(chan string, 24)
			folder := s.Folder()
			for range 4 {
				wg.Go(func() {
					for range 6 {
						batch := s.batch(w, "x.mp4", "no film")
						d, err := w.Create(s.Context(), folder, nuxeo.NewDocument{
							Name:       "doc",
							Type:       "File",
							Properties: m{"file:content": nuxeo.Uploading(batch)},
						}, nuxeo.WriteOptions{})
						if err != nil {
							continue
						}

						if w.AddFacet(s.Context(), d.UID, "FrameioAsset", sourceMetadata) == nil {
							ids <- d.UID
						}
					}
				})
			}

			wg.Wait()
			close(ids)
			time.Sleep(time.Second)
			lost, all := 0, 0
			for uid := range ids {
				all++
				if !s.get(w, uid).Has("FrameioAsset") {
					lost++
				}
			}

			s.True(all > 0, "documents were made")
			s.Kind("facets lost right after content: %d of %d", lost, all)
		},
	},
	{
		Name: "background-work-moves-the-first-number", Uses: []string{"Update"}, Source: "[M] §15.22",
		What: "Background work after a creation with content may move the first number of the change token, never " +
			"the second.",
		Why: "Only the second number is compared.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", "x")
			time.Sleep(time.Second)
			got := s.get(s.Writer(), d.UID)
			s.Want("second number", second(got.ChangeToken), second(d.ChangeToken))
			s.Kind("change token a second later: %s, %s", d.ChangeToken, got.ChangeToken)
		},
	},
}
