package nuxeo

import (
	"net/url"
	"strings"
)

var homeCases = []Case{
	{
		Name: "vocabulary-is-listed", Uses: []string{"api/v1/directory"}, Source: "[M] /directory",
		What: "GET /directory/{name} lists entries in pages without totalSize; an unknown vocabulary, and an unknown " +
			"entry, are 404.",
		Why: "Forms of Web UI are filled from it.",
		Try: func(s *Scene) {
			get := func(path string, q url.Values) *Answer {
				return s.Raw(s.Writer(), request{method: "GET", path: "api/v1/directory" + path, query: q})
			}

			s.True(strings.Contains(get("", nil).Body, `"name":"continent"`), "continent is among the vocabularies")
			page := get("/continent", url.Values{"pageSize": {"2"}, "currentPageIndex": {"1"}}).JSON()
			s.Want("entity", page["entity-type"], any("directoryEntries"))
			s.Want("currentPageSize", page["currentPageSize"], 2.0)
			s.Want("isPreviousPageAvailable", page["isPreviousPageAvailable"], true)
			s.Want("totalSize", page["totalSize"], nil)
			props, _ := get("/continent/europe", nil).JSON()["properties"].(m)
			s.Want("properties", any(props), any(m{
				"id":       "europe",
				"label":    "label.directories.continent.europe",
				"obsolete": 0.0,
				"ordering": 10000000.0,
			}))

			s.Want("unknown entry", get("/continent/no-such", nil).Status, 404)
			s.Want("unknown vocabulary", get("/no-such", nil).Status, 404)
		},
	},
	{
		Name: "vocabulary-is-for-administrators-to-change", Uses: []string{"api/v1/directory"}, Admin: true,
		Source: "[M] /directory",
		What:   "An administrator's POST is 201, again 409, PUT 200, DELETE 204; others get 403.",
		Why:    "Values that documents hold can go away.",
		Try: func(s *Scene) {
			at, entry := "api/v1/directory/continent", s.Prefix+"-entry"
			body := m{
				"entity-type":   "directoryEntry",
				"directoryName": "continent",
				"properties":    m{"id": entry, "label": "x"},
			}

			s.Cleanup(func() { s.Raw(s.Admin(), request{method: "DELETE", path: at + "/" + entry}) })
			s.Want("by a member", s.send(s.Ann(), "POST", at, body).Status, 403)
			s.Want("made", s.send(s.Admin(), "POST", at, body).Status, 201)
			s.Want("again", s.send(s.Admin(), "POST", at, body).Status, 409)
			body["properties"] = m{"id": entry, "label": "y"}
			changed, _ := s.send(s.Admin(), "PUT", at+"/"+entry, body).JSON()["properties"].(m)
			s.Want("label", changed["label"], any("y"))
			s.Want("removed", s.Raw(s.Admin(), request{method: "DELETE", path: at + "/" + entry}).Status, 204)
		},
	},
	{
		Name: "tokens-of-clients-are-listed", Uses: []string{"api/v1/oauth2/token/client"}, Admin: true,
		Source: "[M] /oauth2/token",
		What: "/oauth2/token/client lists who has let which client in, for oneself only, with a date unlike others; " +
			"of an unknown client 404.",
		Why: "People find the connector there and may take its token away.",
		Try: func(s *Scene) {
			client := s.oauthClient(true)
			s.grant(s.Ann(), client)
			a := s.Raw(s.Ann(), request{method: "GET", path: "api/v1/oauth2/token/client"})
			s.Want("entity", a.JSON()["entity-type"], any("nuxeoOAuth2Tokens"))
			entries, _ := a.JSON()["entries"].([]any)
			if len(entries) == 0 {
				s.Stop("no token is listed")
			}

			for _, e := range entries {
				t, _ := e.(m)
				for key, want := range map[string]any{
					"entity-type": "nuxeoOAuth2Token", "serviceName": "org.nuxeo.server.token.store",
					"nuxeoLogin":   s.Ann().Login,
					"serviceLogin": nil, "isShared": false, "sharedWith": []any{""},
				} {
					s.Want(key, t[key], want)
				}
				date, _ := t["creationDate"].(string)
				s.True(len(date) == len("2006-01-02 15:04:05") && date[10] == ' ', "creationDate is %q", date)
			}

			s.Want("bob's", s.Raw(s.Bob(), request{method: "GET", path: "api/v1/oauth2/token/client"}).
				JSON()["entries"], any([]any{}))
			s.Want("of all, for a member", s.Raw(s.Bob(), request{method: "GET", path: "api/v1/oauth2/token"}).Status,
				403)
			unknown := s.Raw(s.Ann(), request{
				method: "GET",
				path:   "api/v1/oauth2/token/client/no-such/user/" + s.Ann().Login,
			})

			s.Want("unknown client", unknown.Status, 404)
			at := "api/v1/oauth2/token/client/" + s.Prefix + "-client/user/" + s.Ann().Login
			s.Want("for another", s.Raw(s.Bob(), request{method: "GET", path: at}).Status, 403)
		},
	},
	{
		Name: "tokens-of-providers-are-listed", Uses: []string{"api/v1/oauth2/token/provider"}, Admin: true,
		Source: "[M] /oauth2/token",
		What: "/oauth2/token/provider lists the caller's tokens with foreign providers; one that is not there " +
			"is 404.",
		Why: "Web UI shows them as cloud services.",
		Try: func(s *Scene) {
			a := s.Raw(s.Ann(), request{method: "GET", path: "api/v1/oauth2/token/provider"})
			s.Want("answer", any(a.JSON()), any(m{"entity-type": "nuxeoOAuth2Tokens", "entries": []any{}}))
			s.Want("no token", s.Raw(s.Ann(), request{
				method: "GET",
				path:   "api/v1/oauth2/token/provider/frameio/user/" + s.Ann().Login,
			}).Status, 404)
		},
	},
	{
		Name: "everybody-has-a-workspace", Uses: []string{"api/v1/automation/User.GetUserWorkspace"}, Admin: true,
		Source: "[M] User.GetUserWorkspace",
		What: "User.GetUserWorkspace makes /default-domain/UserWorkspaces/{login}, a Workspace with the person's " +
			"name, the same each time, which nobody else may read.",
		Why: "Web UI asks for it at the start; people may bind folders in it that others cannot see.",
		Try: func(s *Scene) {
			a := s.op(s.Ann(), "User.GetUserWorkspace", "", m{})
			s.Want("status", a.Status, 200)
			s.Want("type", a.JSON()["type"], any("Workspace"))
			s.Want("path", a.JSON()["path"], any("/default-domain/UserWorkspaces/"+s.Ann().Login))
			s.Want("title", a.JSON()["title"], any("Ann Case"))
			uid, _ := a.JSON()["uid"].(string)
			s.Cleanup(func() { s.Raw(s.Admin(), request{method: "DELETE", path: "api/v1/id/" + uid}) })
			s.Want("again", s.op(s.Ann(), "User.GetUserWorkspace", "", m{}).JSON()["uid"], any(uid))
			s.Want("for another", s.Raw(s.Bob(), request{method: "GET", path: "api/v1/id/" + uid}).Status, 403)
			d := s.made(s.Ann(), uid, "doc", "File", nil)
			s.Want("what is in it, for another",
				s.Raw(s.Bob(), request{method: "GET", path: "api/v1/id/" + d.UID}).Status, 403)
		},
	},
	{
		Name: "favorites-are-a-document", Uses: []string{"api/v1/automation/Favorite.Fetch"}, Admin: true,
		Source: "[M] Favorite.Fetch",
		What: "Favorite.Fetch makes Favorites in the person's workspace, of a type of that name, which is a " +
			"collection.",
		Why: "Web UI asks for it at the start.",
		Try: func(s *Scene) {
			a := s.op(s.Bob(), "Favorite.Fetch", "", m{})
			s.Want("status", a.Status, 200)
			s.Want("type", a.JSON()["type"], any("Favorites"))
			s.Want("path", a.JSON()["path"], any("/default-domain/UserWorkspaces/"+s.Bob().Login+"/Favorites"))
			s.True(strings.Contains(a.Body, `"Collection"`), "it has the facet Collection")
			s.Cleanup(func() {
				s.Raw(s.Admin(), request{method: "DELETE", path: homePath(s.Bob().Login)})
			})
		},
	},
	{
		Name: "audit-is-paged-by-a-provider", Uses: []string{"api/v1/automation/Audit.QueryWithPageProvider"},
		Admin: true, Source: "[M] Audit.QueryWithPageProvider",
		What: "Audit.QueryWithPageProvider lists log entries in pages without totalSize, a document's by " +
			"DOCUMENT_HISTORY_PROVIDER with its id; without the id, or of no provider, 500; for others than " +
			"administrators it is an empty 404.",
		Why: "Drive and reports read the audit so.",
		Try: func(s *Scene) {
			d := s.file(s.Ann(), "doc")
			ask := func(p *Person, params m) *Answer { return s.op(p, "Audit.QueryWithPageProvider", "", params) }
			var page m
			s.True(s.Soon(func() bool {
				page = ask(s.Admin(), m{
					"providerName": "DOCUMENT_HISTORY_PROVIDER",
					"queryParams":  d.UID,
					"pageSize":     2,
				}).JSON()
				entries, _ := page["entries"].([]any)
				return len(entries) > 0
			}), "the creation is in the audit")

			s.Want("entity", page["entity-type"], any("logEntries"))
			s.Want("pageSize", page["pageSize"], 2.0)
			s.Want("totalSize", page["totalSize"], nil)
			entries, _ := page["entries"].([]any)
			if len(entries) == 0 {
				s.Stop("there are no entries")
			}

			first, _ := entries[0].(m)
			s.Want("document", first["docUUID"], any(d.UID))
			s.Want("all of them", ask(s.Admin(), m{"pageSize": 1}).JSON()["currentPageSize"], 1.0)
			s.Want("without id", ask(s.Admin(), m{"providerName": "DOCUMENT_HISTORY_PROVIDER"}).Status, 500)
			s.Want("no provider", ask(s.Admin(), m{"providerName": "no_such"}).Status, 500)
			other := ask(s.Ann(), m{"pageSize": 1})
			s.Want("for others", other.Status, 404)
			s.Want("body for others", other.Body, "")
		},
	},
}
