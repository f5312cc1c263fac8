package nuxeosim

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestPropertiesComeOnlyOnRequest(t *testing.T) {
	t.Parallel()
	f := setup(t)
	path := "/api/v1/path" + folder
	if m := f.send("josh", "GET", path, nil).is(200).json(); m["properties"] != nil {
		t.Fatalf("the properties without asking are %v, want none", m["properties"])
	}

	for _, h := range []string{
		"properties: *", "X-NXproperties: dublincore",
		"X-NXDocumentProperties: common,dublincore",
	} {
		f.send("josh", "GET", path, nil, h).want("film", "properties", "dc:title")
	}

	f.send("josh", "GET", path+"?properties=*", nil).want([]any{}, "properties", "dc:subjects")
	f.send("josh", "GET", "/api/v1/repo/default/id/"+f.doc(folder).UID, nil).is(200).want("document", "entity-type")
	f.send("josh", "GET", "/api/v1/repo/other/path/", nil).is(404)
}

func TestNamesThatAreTakenGetASuffix(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for i, want := range []string{`^clip$`, `^clip\.\d{13}$`, `^clip\.\d{13}$`} {
		path := f.send("josh", "POST", "/api/v1/path"+folder, doc("File", "clip", nil)).is(201).at("path").(string)
		if name := path[strings.LastIndex(path, "/")+1:]; !regexp.MustCompile(want).MatchString(name) {
			t.Fatalf("name %d is %q, want it to match %s", i, name, want)
		}
	}

	equalInts(t, len(f.sim.Children(folder)), 3, "children")
}

func TestWritingProperties(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.sim.AddEntries("l10nsubjects", "a")
	at := "/api/v1/path" + folder
	f.send("josh", "POST", at, doc("File", "", nil)).is(400)
	f.send("josh", "POST", at, doc("Nothing", "x", nil)).is(400)
	f.send("josh", "POST", at+"/nowhere", doc("File", "x", nil)).is(404)
	f.send("josh", "POST", at, "{").is(400)
	r := f.send("josh", "POST", at, doc("File", "x", obj{
		"dc:title":    "T",
		"dc:subjects": []string{"a"},
		"no:such":     1,
		"vid:info":    obj{"width": 3},
	}), "properties: *").is(201)

	r.want("T", "properties", "dc:title").want([]any{"a"}, "properties", "dc:subjects").want(nil, "properties",
		"vid:info").want("josh", "properties", "dc:creator")
	uid := r.at("uid").(string)
	for _, bad := range []obj{
		{"dc:title": obj{}},
		{"dc:rights": []any{"a"}},
		{"dc:subjects": "a"},
		{"dc:subjects": obj{}},
		{"dc:expired": "soon"},
		{"dc:expired": 5},
		{"uid:major_version": "x"},
		{"uid:major_version": 1.5},
		{"uid:major_version": true},
		{"file:content": "x"},
	} {
		f.send("josh", "PUT", "/api/v1/id/"+uid, put(bad)).is(400)
	}

	// Other scalars are read as what is wanted.
	for _, c := range []struct {
		property   string
		sent, want any
	}{
		{"dc:rights", 5, "5"}, {"dc:rights", true, "true"}, {"uid:major_version", "12", 12}, {"dc:expired", "", nil},
	} {
		f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{c.property: c.sent}), "properties: *").is(200).
			want(c.want, "properties", c.property)
	}

	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"dc:expired": "2026-01-02T03:04:05+01:00"}), "properties: *").
		is(200).want("2026-01-02T02:04:05.000Z", "properties", "dc:expired")
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "U"}), "X-NXVoidOperation: true").is(204)
	if got := f.doc(uid).Title; got != "U" {
		t.Fatalf("the title is %q, want U", got)
	}
}

func TestComplexProperties(t *testing.T) {
	t.Parallel()
	f := setup(t)
	props := obj{"vid:info": obj{"width": 1920, "duration": 2.5, "streams": []obj{{"type": "Video"}}}}
	r := f.send("josh", "POST", "/api/v1/path"+folder, doc("Video", "v", props), "properties: video").is(201)
	r.want(1920, "properties", "vid:info", "width").want("Video", "properties", "vid:info", "streams", 0, "type").
		want(nil, "properties", "dc:title")
}

func TestChangeToken(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.send("josh", "POST", "/api/v1/path"+folder, doc("Note", "n", nil)).is(201)
	uid, token := r.at("uid").(string), r.at("changeToken").(string)
	if err := f.sim.SetProps(uid, obj{"dc:source": "background"}); err != nil {
		t.Fatal(err)
	}

	body := put(obj{"dc:title": "1"})
	body["uid"], body["changeToken"] = uid, token
	f.send("josh", "PUT", "/api/v1/id/"+uid, body).is(200) // background work does not count
	body["properties"] = obj{"dc:title": "2"}
	f.send("josh", "PUT", "/api/v1/id/"+uid, body).is(409).want(uid+", Invalid change token", "message")
	delete(body, "uid")
	f.send("josh", "PUT", "/api/v1/id/"+uid, body).is(200) // only both together are checked
	f.send("josh", "POST", "/api/v1/id/"+uid+"/@op/Document.Update",
		obj{"params": obj{"properties": "dc:title=3", "changeToken": token}}).is(409)
}

func TestLocks(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "a")
	lock := func(user, op string) *reply {
		return f.send(user, "POST", "/api/v1/automation/Document."+op, obj{"params": obj{}, "input": "doc:" + uid},
			"fetch-document: lock")
	}

	lock("josh", "Lock").is(200).want("josh", "lockOwner")
	lock("josh", "Lock").is(200)
	lock("julia", "Lock").is(409).want("Failed to invoke operation: Document.Lock, Failed to invoke operation "+
		"Document.Lock, Document already locked by josh: "+uid, "message")
	lock("julia", "Unlock").is(409)
	f.send("julia", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "x"})).is(403)
	f.send("julia", "DELETE", "/api/v1/id/"+uid, nil).is(403)
	f.send("Administrator", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "x"})).is(200)
	f.send("josh", "GET", "/api/v1/id/"+uid, nil).want(nil, "lockOwner")
	f.send("josh", "GET", "/api/v1/id/"+uid+"?fetch.document=lock", nil).want("josh", "lockOwner")
	lock("Administrator", "Unlock").is(200).want(nil, "lockOwner")
	lock("julia", "Unlock").is(200) // nothing to unlock is no error
}

func TestRightsAreInherited(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "a")
	f.send("olga", "GET", "/api/v1/id/"+uid, nil, "enrichers.document: permissions,acls").is(200).want("inherited",
		"contextParameters", "acls", 0, "name")
	f.sim.SetACL(folder, "olga", "Everything", false)
	f.send("olga", "GET", "/api/v1/id/"+uid, nil).is(403)
	f.send("olga", "POST", "/api/v1/path"+folder, doc("File", "x", nil)).is(403)
	f.send("olga", "GET", "/api/v1/search/execute?query=SELECT+*+FROM+File", nil).is(200).want(0, "resultsCount")
	f.send("julia", "GET", "/api/v1/id/"+uid, nil).is(200)
	f.send("josh", "POST", "/api/v1/path/", doc("Domain", "x", nil)).is(403)
}

func TestTrashMoveAndDelete(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid, other := f.file("josh", "a.txt", "a"), f.sim.MkDoc(folder+"/sub", "Folder", nil)
	op := func(name string, params obj) *reply {
		return f.send("josh", "POST", "/api/v1/id/"+uid+"/@op/Document."+name, obj{"params": params})
	}

	op("Trash", obj{}).is(200).want(true, "isTrashed")
	f.send("josh", "GET", "/api/v1/path"+folder+"/@children", nil).is(200).want(1, "resultsCount")
	op("Untrash", obj{}).is(200).want(false, "isTrashed")
	op("Move", obj{"target": other, "name": "b.txt"}).is(200).want(folder+"/sub/b.txt", "path")
	f.send("josh", "GET", "/api/v1/path"+folder+"/sub/b.txt", nil).is(200)
	f.send("josh", "DELETE", "/api/v1/id/"+other, nil).is(204)
	f.send("josh", "GET", "/api/v1/id/"+uid, nil).is(404).want("exception", "entity-type")
}

func TestEnrichers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.file("josh", "a.txt", "a")
	r := f.send("josh", "GET", "/api/v1/path"+folder, nil,
		"enrichers-document: permissions, subtypes, breadcrumb, children, hasContent, thumbnail, renditions").is(200)
	r.want(true, "contextParameters", "hasContent").want("film", "contextParameters", "breadcrumb",
		"entries", 2, "title").
		want("a.txt", "contextParameters", "children", "entries", 0, "title").want("Workspace", "contextParameters",
		"subtypes", 0, "type")
	if !strings.Contains(string(r.body), `"WriteProperties"`) || strings.Contains(string(r.body), `"Everything"`) {
		t.Fatalf("the permissions are %s, want WriteProperties and not Everything", r.body)
	}
}

func TestAuditOfADocument(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "a")
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "b"})).is(200)
	f.send("julia", "GET", "/api/v1/id/"+uid+"/@blob/file:content", nil).is(200)
	r := f.send("josh", "GET", "/api/v1/id/"+uid+"/@audit", nil).is(200)
	r.want("download", "entries", 0, "eventId").want("julia", "entries", 0, "principalName").want("documentCreated",
		"entries", 2, "eventId")
	f.send("josh", "GET", "/api/v1/id/"+uid+"/@audit?eventId=documentModified&principalName=josh", nil).is(200).
		want(1, "resultsCount")
	f.send("josh", "GET", "/api/v1/id/"+uid+"/@audit?startEventDate=never", nil).is(400)
}

func TestErrorsAreWordedAndHidden(t *testing.T) {
	t.Parallel()
	mail := obj{"input": "doc:/", "params": obj{"to": "josh", "subject": "s", "message": "m"}}
	send := func(f *fixture) *reply { return f.send("josh", "POST", "/api/v1/automation/Document.Mail", mail) }
	send(setup(t)).is(500).want("Internal Server Error", "message").want(500, "status")
	send(setup(t, func(o *Options) { o.DevMode = true })).is(500).want("no mail session is configured", "message")
	f := setup(t, func(o *Options) { o.HideMessages = true })
	f.send("josh", "GET", "/api/v1/id/none", nil).is(404).want("An error occured", "message")
}

func TestCapabilitiesTellTheLTS(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.LTS = "2025" })
	f.send("josh", "GET", "/api/v1/capabilities", nil).is(200).want("2025.6", "server", "distributionVersion")
	f.send("", "GET", "/runningstatus", nil).is(http.StatusOK)
	f.send("josh", "GET", "/api/v1/search/lang/NXQL/execute?query=SELECT+*+FROM+Document", nil).is(404)
	setup(t).send("josh", "GET", "/api/v1/search/lang/NXQL/execute?query=SELECT+*+FROM+Document", nil).is(200)
}
