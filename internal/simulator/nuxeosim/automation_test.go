package nuxeosim

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestAutomation(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.send("josh", "GET", "/api/v1/automation", nil).is(200)
	for _, id := range []string{
		"Document.AddFacet", "Document.Lock", "Document.Mail", "Repository.Query",
		"Log", "User.Get",
	} {
		if !strings.Contains(string(r.body), `"id":"`+id+`"`) {
			t.Errorf("%s is not listed, want every operation we call", id)
		}
	}

	at := "/api/v1/automation/"
	f.send("josh", "POST", at+"No.Such", obj{}).is(405)
	f.send("josh", "POST", at+"Log", "").is(400)
	f.send("josh", "POST", at+"Log", "{").is(400)
	f.send("josh", "POST", "/site/automation/Log", obj{"params": obj{"message": "m", "level": "info"}}).is(204)
	f.send("josh", "POST", at+"Document.Lock", obj{"params": obj{}}).is(400)
	f.send("josh", "POST", at+"Document.Lock", obj{"input": "doc:/none"}).is(404)
	f.send("josh", "POST", at+"Document.AddFacet", obj{"input": "doc:" + folder}).is(500)
	f.send("josh", "POST", at+"User.Get", obj{"params": obj{"login": "julia"}}).is(200).want("julia", "id")
	a, b := f.file("josh", "a", "a"), f.file("josh", "b", "b")
	f.send("josh", "POST", at+"Document.Lock", obj{"input": "docs:" + a + "," + b}).is(200).want(b, "entries", 1, "uid")
	f.send("josh", "POST", at+"Document.GetChildren", obj{"input": folder}).is(200).want("a", "entries", 0, "title")
	f.send("josh", "POST", at+"Document.Update", obj{
		"input":  "doc:" + a,
		"params": obj{"properties": "dc:title=new\ndc:source=s"},
	}).is(200).want("new", "title")

	f.send("josh", "POST", at+"Document.Update", obj{
		"input":  "doc:" + a,
		"params": obj{"properties": obj{"dc:title": "newer"}},
	}, "X-NXVoidOperation: true").is(204)
}

func TestPermissionOperations(t *testing.T) {
	t.Parallel()
	for _, lts := range []string{"2023", "2025"} {
		f := setup(t, func(o *Options) { o.LTS = lts })
		op := func(user, name string, params obj) *reply {
			return f.send(user, "POST", "/api/v1/automation/Document."+name,
				obj{"input": "doc:" + folder, "params": params})
		}

		op("josh", "AddPermission", obj{"users": "olga", "permission": "Everything"}).is(403)
		op("Administrator", "AddPermission", obj{"users": []string{"olga"}, "permission": "Everything"}).is(200)
		op("olga", "AddPermission", obj{"users": "julia", "permission": "WriteSecurity"}).is(200)
		op("julia", "RemovePermission", obj{"user": "olga"}).is(200)
		op("olga", "AddPermission", obj{"users": "olga", "permission": "Everything"}).is(403)
		status := map[string]int{"2023": 200, "2025": 400}[lts]
		op("Administrator", "AddPermission", obj{"username": "olga", "permission": "Read"}).is(status)
		f.send("josh", "GET", "/api/v1/path"+folder+"/@acl", nil).is(200).want("local", "acl", 0, "name")
	}
}

func TestAdminInterface(t *testing.T) {
	t.Parallel()
	f := setup(t)
	admin := func(method, path, body string) *reply {
		f.Helper()
		req, err := http.NewRequest(method, strings.TrimSuffix(f.base, "/nuxeo")+"/_sim/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}

		resp, err := f.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}

		return &reply{fixture: f, status: resp.StatusCode, body: data}
	}

	uid := f.file("josh", "a.txt", "a")
	admin("GET", "state", "").is(200).want("2023", "lts").want(0, "batches")
	admin("GET", "doc/"+uid, "").is(200).want("a.txt", "document", "Title")
	admin("GET", "doc"+folder, "").is(200).want("Workspace", "document", "Type")
	admin("GET", "doc/none", "").is(404)
	admin("POST", "faults", "GET /me status=503 times=1").is(204)
	f.send("josh", "GET", "/api/v1/me", nil).is(503)
	f.send("josh", "GET", "/api/v1/me", nil).is(200)
	admin("POST", "faults", "nonsense=").is(400)
	admin("POST", "faults", "GET /me status=503").is(204)
	admin("DELETE", "faults", "").is(204)
	f.send("josh", "GET", "/api/v1/me", nil).is(200)
	if r := admin("GET", "requests", "").is(200); !strings.Contains(string(r.body), `"path":"/nuxeo/api/v1/me"`) {
		t.Fatalf("the journal is %s, want the call of /me in it", r.body)
	}
}
