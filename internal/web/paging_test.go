package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

func itemIDs(body string) (ids []string, next *string) {
	var page struct {
		Items []api.Item
		Next  *string
	}

	if err := json.Unmarshal([]byte(body), &page); err != nil {
		return nil, nil
	}

	for _, v := range page.Items {
		ids = append(ids, v.Id)
	}

	return ids, page.Next
}

func bindingIDs(body string) (ids []string, next *string) {
	var page struct {
		Bindings []api.Binding
		Next     *string
	}

	if err := json.Unmarshal([]byte(body), &page); err != nil {
		return nil, nil
	}

	for _, v := range page.Bindings {
		ids = append(ids, v.Id)
	}

	return ids, page.Next
}

func TestPages(t *testing.T) {
	t.Parallel()
	f := open(t)
	var mine, all []string // bindings, newest first
	for i, login := range []string{"josh", "josh", "Administrator", "josh", "josh", "josh"} {
		if login == "Administrator" {
			f.join(login)
		}
		made := f.another(login, fmt.Sprint("Publish ", i))
		all = slices.Insert(all, 0, made.ID)
		if login == "josh" {
			mine = slices.Insert(mine, 0, made.ID)
		}
	}

	josh, admin := f.SignIn("josh"), f.SignIn("Administrator")
	if got := f.pages(josh, "/api/v1/bindings?limit=2", bindingIDs); !slices.Equal(got, mine) {
		t.Errorf("josh sees the bindings %v, want %v", got, mine)
	}

	if got := f.pages(admin, "/api/v1/bindings?limit=2", bindingIDs); !slices.Equal(got, all) {
		t.Errorf("an administrator sees the bindings %v, want %v", got, all)
	}

	if got := f.pages(josh, "/api/v1/items?kind=bind&limit=2", itemIDs); len(got) != 5 ||
		!slices.IsSortedFunc(got, descending) {
		t.Errorf("josh sees the items %v, want 5, the newest first", got)
	}

	if got := f.pages(admin, "/api/v1/items?state=done&limit=2", itemIDs); len(got) != 6 ||
		!slices.IsSortedFunc(got, descending) {
		t.Errorf("an administrator sees the items %v, want 6, the newest first", got)
	}
}

func descending(a, b string) int { return strings.Compare(b, a) }

func TestWrongInput(t *testing.T) {
	t.Parallel()
	f := open(t)
	made := f.Bind("Publish")
	admin := f.SignIn("Administrator")
	const invalid, lost = "invalid", "not_found"
	huge := `{"folder":"` + strings.Repeat("x", 2<<20) + `"}`
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code, field              string
	}{
		{"limit 0", "GET", "items?limit=0", "", 400, invalid, "limit"},
		{"limit below", "GET", "items?limit=-1", "", 400, invalid, "limit"},
		{"limit above", "GET", "items?limit=501", "", 400, invalid, "limit"},
		{"limit of bindings", "GET", "bindings?limit=501", "", 400, invalid, "limit"},
		{"limit in words", "GET", "items?limit=many", "", 400, invalid, ""},
		{"limit without end", "GET", "items?limit=99999999999999999999", "", 400, invalid, ""},
		{"no such state", "GET", "items?state=lost", "", 400, invalid, "state"},
		{"no body", "POST", "bindings", "", 400, invalid, ""},
		{"no JSON", "POST", "bindings", "folder=1", 400, invalid, ""},
		{"half JSON", "POST", "bindings", `{"folder":`, 400, invalid, ""},
		{"more than JSON", "POST", "bindings", `{"folder":"x"} {}`, 400, invalid, ""},
		{"wrong type", "POST", "bindings", `{"folder":5}`, 400, invalid, ""},
		{
			"unknown field", "POST", "bindings",
			`{"folder":"/","action_name":"x","workspaces":["w"],"documentType":"Video"}`, 400, invalid, "",
		},
		{"deep JSON", "POST", "bindings", strings.Repeat("[", 500_000), 400, invalid, ""},
		{"huge body", "POST", "bindings", huge, 400, invalid, ""},
		{"huge sign-in", "POST", "session", huge, 400, invalid, ""},
		{"empty sign-in", "POST", "session", `{}`, 400, invalid, "nuxeo_token"},
		{"false sign-in", "POST", "session", `{"nuxeo_token":"x"}`, 401, "unauthenticated", ""},
		{"no folder", "POST", "bindings", `{"action_name":"x","workspaces":["w"]}`, 400, invalid, "folder"},
		{"no name", "POST", "bindings", `{"folder":"/","workspaces":["w"]}`, 400, invalid, "action_name"},
		{"no workspace", "POST", "bindings", `{"folder":"/","action_name":"x"}`, 400, invalid, "workspaces"},
		{"no client id", "PUT", "provider", `{"client_id":" "}`, 400, invalid, "client_id"},
		{
			"no address", "PUT", "provider", `{"client_id":"x","token_url":"javascript:alert(1)"}`, 400,
			invalid, "token_url",
		},
		{"no scopes", "PUT", "provider", `{"client_id":"x","scopes":[]}`, 400, invalid, "scopes"},
		{"no assets", "POST", "publications", `{"binding":"` + made.ID + `","assets":[]}`, 400, invalid, "assets"},
		{"too many assets", "POST", "publications", `{"binding":"` + made.ID + `","assets":["a"` +
			strings.Repeat(`,"a"`, 100) + `]}`, 400, invalid, "assets"},
		{"no such binding", "POST", "publications", `{"binding":"none","assets":["a"]}`, 404, lost, ""},
		{"no such item", "GET", "items/none", "", 404, lost, ""},
		{"no such path", "GET", "nothing", "", 404, lost, ""},
		{"wrong method", "PATCH", "me", "", 404, lost, ""},
		{"odd id", "GET", "items/%00%2e%2e", "", 404, lost, ""},
	} {
		a := f.send(request{method: c.method, path: "/api/v1/" + c.path, session: admin, body: c.body})
		if a.status != c.status {
			t.Errorf("%s: answered with %d %s, want %d", c.name, a.status, a.body, c.status)
			continue
		}
		p := a.refused(t, c.status, c.code)
		field, remedy := deref(p.Field), deref(p.Remedy)
		if field != c.field || field != "" && remedy == "" || len(a.body) > 1000 {
			t.Errorf("%s: the field %q with the remedy %q, want %q, a remedy with it, and at most 1000 bytes: %s",
				c.name, field, remedy, c.field, a.body)
		}
	}

	f.get("/api/v2/me", admin).refused(t, http.StatusNotFound, lost)
	if a := f.get("/api/v1/items?limit=500", admin); a.status != http.StatusOK {
		t.Errorf("the largest limit: answered with %d, want 200", a.status)
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
