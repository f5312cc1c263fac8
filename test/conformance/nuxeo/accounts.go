package nuxeo

import (
	"net/url"
	"strings"
)

// account is the entity of somebody whom a case makes.
func account(login string, props m) m {
	all := m{"username": login, "password": login + "-Pw1!", "groups": []string{"members"}}
	for key, value := range props {
		all[key] = value
	}
	return m{"entity-type": "user", "id": login, "properties": all}
}

// invited makes somebody, who is removed with the case.
func (s *Scene) invited(name string, props m) *Person {
	login := s.Prefix + "-" + name
	s.Cleanup(func() {
		s.Raw(s.Admin(), request{method: "DELETE", path: "api/v1/user/" + login})
		s.Raw(s.Admin(), request{method: "DELETE", path: homePath(login)})
	})
	a := s.Raw(s.Admin(), request{method: "POST", path: "api/v1/user", json: account(login, props)})
	s.Want("making "+name, a.Status, 201)
	return s.signedIn(login, login+"-Pw1!")
}

// send is a request with a body in JSON.
func (s *Scene) send(p *Person, method, path string, body any) *Answer {
	return s.Raw(p, request{method: method, path: path, json: body})
}

var accountCases = []Case{
	{
		Name: "user-is-made-and-changed", Uses: []string{"api/v1/user"}, Admin: true, Source: "[M] /user",
		What: "POST /user makes a user (201), again 409, without a name 400; PUT writes only the properties that are " +
			"sent; DELETE is 204, of nobody 404.",
		Why: "People come and change their names while the connector runs.",
		Try: func(s *Scene) {
			p := s.invited("carl", m{"firstName": "Carl", "lastName": "Case"})
			at := "api/v1/user/" + p.Login
			s.Want("again", s.send(s.Admin(), "POST", "api/v1/user", account(p.Login, nil)).Status, 409)
			s.Want("without a name", s.send(s.Admin(), "POST", "api/v1/user",
				m{"entity-type": "user", "properties": m{"firstName": "x"}}).Status, 400)
			a := s.send(s.Admin(), "PUT", at, m{
				"entity-type": "user",
				"id":          p.Login,
				"properties":  m{"username": p.Login, "lastName": "New", "company": "Co"},
			})

			s.Want("change", a.Status, 200)
			props, _ := a.JSON()["properties"].(m)
			for key, want := range map[string]any{
				"firstName": "Carl",
				"lastName":  "New",
				"company":   "Co",
				"email":     nil,
				"tenantId":  nil,
			} {
				s.Want(key, props[key], want)
			}

			u, err := p.Me(s.Context())
			s.Must(err)
			s.Want("who signs in as before", u.Login, p.Login)
			s.Want("removal", s.Raw(s.Admin(), request{method: "DELETE", path: at}).Status, 204)
			s.Want("removal of nobody", s.Raw(s.Admin(), request{method: "DELETE", path: at}).Status, 404)
		},
	},
	{
		Name: "user-is-changed-by-who-may", Uses: []string{"api/v1/user"}, Admin: true, Source: "[M] /user",
		What: "Members may not make, change or remove users, not even themselves: 403. Power users may, but no " +
			"administrators.",
		Why: "Nobody else than those can change who a login is.",
		Try: func(s *Scene) {
			p := s.invited("carl", nil)
			power := s.invited("pia", m{"groups": []string{"powerusers"}})
			at := "api/v1/user/" + p.Login
			s.Want("a member makes one", s.send(p, "POST", "api/v1/user", account(s.Prefix+"-dan", nil)).Status, 403)
			s.Want("a member changes themself", s.send(p, "PUT", at, account(p.Login, nil)).Status, 403)
			s.Want("a member removes themself", s.Raw(p, request{method: "DELETE", path: at}).Status, 403)
			s.Want("a power user changes a member",
				s.send(power, "PUT", at, account(p.Login, m{"lastName": "Z"})).Status, 200)
			s.Want("a power user makes an administrator", s.send(power, "POST", "api/v1/user",
				account(s.Prefix+"-dan", m{"groups": []string{"administrators"}})).Status, 403)
			s.Want("a power user puts one among them",
				s.send(power, "POST", "api/v1/group/administrators/user/"+p.Login, m{}).Status, 403)
		},
	},
	{
		Name: "users-are-found-by-name-not-address", Uses: []string{"api/v1/user/search"}, Admin: true,
		Source: "[M] /user/search",
		What: "GET /user/search finds by the beginning of login or name, in pages without totalSize; an address " +
			"finds nobody, and neither does nothing; * finds all.",
		Why: "Nobody can be found by the address that they have on Frame.io.",
		Try: func(s *Scene) {
			search := func(q string) (int, m) {
				a := s.Raw(s.Ann(), request{method: "GET", path: "api/v1/user/search", query: url.Values{"q": {q}}})
				s.Want("status", a.Status, 200)
				entries, _ := a.JSON()["entries"].([]any)
				return len(entries), a.JSON()
			}

			n, page := search(s.Ann().Login)
			s.Want("by login", n, 1)
			s.Want("totalSize", page["totalSize"], nil)
			s.Want("resultsCount", page["resultsCount"], 1.0)
			s.Want("isSortable", page["isSortable"], false)
			n, _ = search(s.Ann().Login + "@example.invalid")
			s.Want("by address", n, 0)
			n, _ = search("")
			s.Want("by nothing", n, 0)
			n, _ = search("*")
			s.True(n >= 3, "all are found by *: %d", n)
			s.Want("without a name", s.Raw(s.Ann(), request{method: "GET", path: "api/v1/user"}).Status, 405)
		},
	},
	{
		Name: "password-is-changed-by-its-owner", Uses: []string{"api/v1/me/changepassword"}, Admin: true,
		Source: "[M] /me/changepassword",
		What:   "PUT /me/changepassword sets a password for who tells the old one; a wrong one is an empty 401.",
		Why:    "A login can lose its password while its tokens live.",
		Try: func(s *Scene) {
			p := s.invited("carl", nil)
			s.Want("wrong one", s.send(p, "PUT", "api/v1/me/changepassword",
				m{"oldPassword": "wrong", "newPassword": "New-Pw1!"}).Status, 401)
			s.Want("right one", s.send(p, "PUT", "api/v1/me/changepassword",
				m{"oldPassword": p.Password, "newPassword": "New-Pw1!"}).Status, 200)
			s.Want("with the old one", s.Raw(p, request{method: "GET", path: "api/v1/me"}).Status, 401)
			s.Want("with the new one",
				s.Raw(s.signedIn(p.Login, "New-Pw1!"), request{method: "GET", path: "api/v1/me"}).Status, 200)
		},
	},
	{
		Name: "group-is-made-and-filled", Uses: []string{"api/v1/group"}, Admin: true, Source: "[M] /group",
		What: "POST /group is 201, again 409, without a name 400, by a member 403; who is in it comes only when " +
			"fetched; DELETE is 204, of none 404.",
		Why: "Rights are mostly given to groups.",
		Try: tryGroup,
	},
	{
		Name: "member-comes-and-goes", Uses: []string{"api/v1/group/user", "api/v1/user/group"}, Admin: true,
		Source: "[M] /group/{group}/user/{login}",
		What: "POST /group/{group}/user/{login}, or the other way around, is 201 with the user; DELETE is 200 with " +
			"the bare login; nobody is 404.",
		Why: "Somebody becomes an administrator, or is one no more, while signed in.",
		Try: func(s *Scene) {
			p := s.invited("carl", nil)
			for _, path := range []string{"api/v1/group/administrators/user/" + p.Login, "api/v1/user/" + p.Login +
				"/group/administrators"} {
				in := s.send(s.Admin(), "POST", path, m{})
				s.Want("in", in.Status, 201)
				s.Want("administrator", in.JSON()["isAdministrator"], true)
				u, err := p.Me(s.Context())
				s.Must(err)
				s.Want("administrator at once", u.Administrator, true)
				out := s.Raw(s.Admin(), request{method: "DELETE", path: path})
				s.Want("out", out.Status, 200)
				s.Want("body", out.Body, p.Login)
			}

			s.Want("nobody", s.send(s.Admin(), "POST", "api/v1/group/members/user/"+s.Prefix+"-nobody", m{}).Status,
				404)
		},
	},
}

func tryGroup(s *Scene) {
	p := s.invited("carl", nil)
	name := s.Prefix + "-crew"
	at := "api/v1/group/" + name
	s.Cleanup(func() { s.Raw(s.Admin(), request{method: "DELETE", path: at}) })
	body := m{
		"entity-type":  "group",
		"groupname":    name,
		"grouplabel":   "The crew",
		"memberUsers":  []string{p.Login},
		"memberGroups": []string{},
	}

	a := s.send(s.Admin(), "POST", "api/v1/group", body)
	s.Want("made", a.Status, 201)
	s.Want("label", a.JSON()["grouplabel"], any("The crew"))
	s.Want("who is in it, not fetched", a.JSON()["memberUsers"], nil)
	s.Want("again", s.send(s.Admin(), "POST", "api/v1/group", body).Status, 409)
	s.Want("without a name", s.send(s.Admin(), "POST", "api/v1/group", m{"entity-type": "group"}).Status, 400)
	s.Want("by a member", s.send(p, "POST", "api/v1/group", m{"entity-type": "group", "groupname": name + "2"}).Status,
		403)
	s.Want("changed by a member", s.send(p, "PUT", at, body).Status, 403)

	got := s.Raw(p, request{
		method: "GET",
		path:   at,
		query:  url.Values{"fetch.group": {"memberUsers,memberGroups,parentGroups"}},
	}).JSON()

	s.Want("who is in it", got["memberUsers"], any([]any{p.Login}))
	s.Want("groups in it", got["memberGroups"], any([]any{}))
	u := s.Raw(p, request{method: "GET", path: "api/v1/me"})
	s.True(strings.Contains(u.Body, `"label":"The crew"`), "the user's groups tell its label: %s", u.Body)
	users := s.Raw(p, request{method: "GET", path: at + "/@users"}).JSON()
	s.Want("@users", users["resultsCount"], 1.0)
	found := s.Raw(p, request{method: "GET", path: "api/v1/group/search", query: url.Values{"q": {name}}}).JSON()
	s.Want("search", found["resultsCount"], 1.0)

	body["grouplabel"] = "Another"
	s.Want("changed label", s.send(s.Admin(), "PUT", at, body).JSON()["grouplabel"], any("Another"))
	s.Want("removed by a member", s.Raw(p, request{method: "DELETE", path: at}).Status, 403)
	s.Want("removed", s.Raw(s.Admin(), request{method: "DELETE", path: at}).Status, 204)
	s.Want("removed again", s.Raw(s.Admin(), request{method: "DELETE", path: at}).Status, 404)
}
