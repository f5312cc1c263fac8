package nuxeo

import (
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

var lockCases = []Case{
	{
		Name: "lock-is-told-when-asked-for", Uses: []string{"Lock", "Get", "Unlock"}, Source: "[M] §15.17",
		What:  "A lock's owner comes only when it is fetched; fetch-document and fetch.document both work.",
		Why:   "Otherwise a locked document looks open.",
		Helps: "Nothing is to be set; without locks what people write while a document is replaced may be lost.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			locked, err := w.Lock(s.Context(), d.UID)
			s.Must(err)
			s.Want("owner", locked.LockOwner, w.Login)
			s.True(locked.LockCreated != "", "it tells since when")
			bare, err := w.Get(s.Context(), d.UID, nuxeo.Fetch{})
			s.Must(err)
			s.Want("owner when not asked for", bare.LockOwner, "")
			a := s.Raw(w, request{
				method: "GET",
				path:   "api/v1/id/" + d.UID,
				header: map[string]string{"fetch.document": "lock"},
			})

			s.Want("owner by the other header", a.JSON()["lockOwner"], any(w.Login))
			s.Must(w.Unlock(s.Context(), d.UID))
			s.Want("owner after", s.get(w, d.UID).LockOwner, "")
		},
	},
	{
		Name: "own-lock-again", Uses: []string{"Lock", "Unlock"}, Source: "[M] §15.17",
		What: "One's own lock again is 200 and the same lock; to unlock what is open is 200.",
		Why:  "A repeated step succeeds, and does not tell whose lock it was before.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			one, err := w.Lock(s.Context(), d.UID)
			s.Must(err)
			two, err := w.Lock(s.Context(), d.UID)
			s.Must(err)
			s.Want("locked since", two.LockCreated, one.LockCreated)
			s.Must(w.Unlock(s.Context(), d.UID))
			s.Must(w.Unlock(s.Context(), d.UID))
		},
	},
	{
		Name: "foreign-lock-is-409", Uses: []string{"Lock", "Unlock"}, Admin: true, Source: "[M] §15.17",
		What: "Somebody else's lock is 409 for whoever locks or unlocks; an administrator may unlock, but not lock.",
		Why:  "409 is told to people as a lock, and tried again later.",
		Try: func(s *Scene) {
			d := s.file(s.Ann(), "doc")
			_, err := s.Ann().Lock(s.Context(), d.UID)
			s.Must(err)
			_, err = s.Bob().Lock(s.Context(), d.UID)
			s.status("bob locks", err, 409)
			s.status("bob unlocks", s.Bob().Unlock(s.Context(), d.UID), 409)
			_, err = s.Admin().Lock(s.Context(), d.UID)
			s.status("the administrator locks", err, 409)
			s.status("the administrator unlocks", s.Admin().Unlock(s.Context(), d.UID), 0)
		},
	},
	{
		Name: "lock-keeps-others-out", Uses: []string{"Update", "AddFacet", "CheckIn"}, Admin: true,
		Source: "[M] §15.17",
		What: "While somebody else has locked it, a write, a facet and a check-in are 403; an administrator's write " +
			"passes.",
		Why: "403 may be a lock, and the lock is what keeps people from writing in between.",
		Try: func(s *Scene) {
			d := s.filled(s.Ann(), "doc", "one")
			_, err := s.Ann().Lock(s.Context(), d.UID)
			s.Must(err)
			s.status("write", s.Bob().Update(s.Context(), d.UID, "", m{"dc:description": "x"}, nuxeo.WriteOptions{}),
				403)
			s.status("facet", s.Bob().AddFacet(s.Context(), d.UID, "FrameioAsset", ""), 403)
			_, err = s.Bob().CheckIn(s.Context(), d.UID)
			s.status("check-in", err, 403)
			s.status("administrator", s.Admin().Update(s.Context(), d.UID, "", m{"dc:description": "x"},
				nuxeo.WriteOptions{}), 0)
			s.Want("owner", s.get(s.Ann(), d.UID).LockOwner, s.Ann().Login)
		},
	},
	{
		Name: "own-lock-hinders-nothing", Uses: []string{"Lock", "AddFacet", "Update", "Delete"},
		Source: "LockSession, DocumentRemover",
		What:   "Whoever has locked a document gives it a facet and a content, and deletes it for good.",
		Why:    "A document is locked while it is made, and before one with wrong bytes is removed.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			_, err := w.Lock(s.Context(), d.UID)
			s.Must(err)
			s.Must(w.AddFacet(s.Context(), d.UID, "FrameioAsset", ""))
			s.Must(w.Update(s.Context(), d.UID, "", m{"dc:description": "x"}, nuxeo.WriteOptions{}))
			s.Want("description", s.get(w, d.UID).Text("dc:description"), "x")
			s.remove(w, d.UID)
			_, err = w.Get(s.Context(), d.UID, nuxeo.Fetch{})
			s.status("deleted", err, 404)
		},
	},
	{
		Name: "lock-needs-the-right-to-write", Uses: []string{"Lock"}, Admin: true, Source: "[S] §2.6",
		What: "Who may only read cannot lock: 403.",
		Why:  "It is told as a missing right, not as a lock.",
		Try: func(s *Scene) {
			_, err := s.Eve().Lock(s.Context(), s.file(s.Ann(), "doc").UID)
			s.status("eve locks", err, 403)
		},
	},
}

var rightsCases = []Case{
	{
		Name: "reader-may-not-write", Uses: []string{"Create", "Update", "Delete"}, Admin: true,
		Source: "[M] recorded rights",
		What:   "Who may only read gets 403 for creation, write and deletion.",
		Why:    "Who acts must have the right; it is told before anything moves.",
		Try: func(s *Scene) {
			d := s.readable()
			_, err := s.Eve().Create(s.Context(), d.ParentRef, nuxeo.NewDocument{Name: "x", Type: "File"},
				nuxeo.WriteOptions{})
			s.status("creation", err, 403)
			s.status("write", s.Eve().Update(s.Context(), d.UID, "", m{"dc:description": "x"}, nuxeo.WriteOptions{}),
				403)
			s.status("deletion", s.Eve().Delete(s.Context(), d.UID), 403)
		},
	},
	{
		Name: "permissions-are-those-of-who-asks", Uses: []string{"Get"}, Admin: true, Source: "[S] §2.12",
		What: "The enricher permissions lists what the one who asks may do.",
		Why:  "Buttons are shown by it.",
		Try: func(s *Scene) {
			d := s.readable()
			got, err := s.Eve().Get(s.Context(), d.UID, nuxeo.Fetch{Enrichers: []string{"permissions"}})
			s.Must(err)
			list := " " + strings.Join(got.Permissions(), " ") + " "
			s.True(strings.Contains(list, " Read "), "Read is among %s", list)
			s.True(!strings.Contains(list, " WriteProperties "), "WriteProperties is not among %s", list)
		},
	},
	{
		Name: "permissions-of-many", Uses: []string{"ByIDs"}, Admin: true, Source: "[S] §2.12",
		What: "The enricher permissions comes with each document that a query finds, as for a single one.",
		Why:  "A list of syncs or bindings asks for the rights on all of them at once.",
		Try: func(s *Scene) {
			d := s.readable()
			for person, want := range map[*Person]bool{s.Eve(): false, s.Ann(): true} {
				found, err := person.ByIDs(s.Context(), []string{d.UID, d.ParentRef},
					nuxeo.Fetch{Enrichers: []string{"permissions"}})
				s.Must(err)
				s.Want("documents", len(found), 2)
				for _, one := range found {
					s.True(slices.Contains(one.Permissions(), "Read"), "Read is among %v", one.Permissions())
					s.Want("AddChildren on "+one.UID, slices.Contains(one.Permissions(), "AddChildren"), want)
				}
			}
		},
	},
	{
		Name: "members-read-a-fresh-server", Uses: []string{"GetByPath"}, Admin: true, Source: "[M] §15.20",
		What: "On a fresh server members may read from the root down.",
		Why:  "What a person can see is more than what was shared with them.",
		Try: func(s *Scene) {
			_, err := s.Eve().GetByPath(s.Context(), "/default-domain", nuxeo.Fetch{})
			s.Kind("members read /default-domain: %t", err == nil)
			a := s.Raw(s.Admin(), request{method: "GET", path: "api/v1/path//@acl"})
			s.Kind("members read the root: %t", strings.Contains(a.Body, "members:Read:true"))
		},
	},
	{
		Name: "rights-are-listed", Uses: []string{"test/conformance"}, Admin: true, Source: "[M] recorded rights",
		What: "@acl lists local and inherited rights, each with its person, permission and whether it is granted.",
		Why:  "The doctor explains a 403 by it.",
		Try: func(s *Scene) {
			a := s.Raw(s.Ann(), request{method: "GET", path: "api/v1/id/" + s.home.UID + "/@acl"})
			s.Want("status", a.Status, 200)
			for _, want := range []string{s.Ann().Login + ":ReadWrite:true:", `"name":"local"`, `"name":"inherited"`} {
				s.True(strings.Contains(a.Body, want), "%s is in the answer", want)
			}
		},
	},
	{
		Name: "rights-that-take-away-are-refused", Uses: []string{"test/conformance"}, Admin: true,
		Source: "[M] §15.20",
		What:   "A right that takes away, other than blocking everything, is refused by default.",
		Why:    "Tests that withdraw rights otherwise try what no server has.",
		Try: func(s *Scene) {
			a := s.Raw(s.Admin(), request{method: "PUT", path: "api/v1/id/" + s.Folder(), json: m{
				"entity-type": "document", "uid": s.Folder(), "properties": m{},
			}})
			s.Want("a plain write", a.Status, 200)
			s.Want("blocking", s.op(s.Admin(), "Document.BlockPermissionInheritance", s.Folder(), m{}).Status, 200)
			_, err := s.Eve().Get(s.Context(), s.Folder(), nuxeo.Fetch{})
			s.status("eve reads what is blocked", err, 403)
		},
	},
}

// readable is a document of ann's.
func (s *Scene) readable() *nuxeo.Document { return s.file(s.Ann(), "doc") }
