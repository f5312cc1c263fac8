package nuxeosim

import (
	"testing"
	"time"
)

func TestComments(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "a")
	at := "/api/v1/id/" + uid + "/@comment"
	c := obj{
		"entity-type":  "comment",
		"text":         "first",
		"author":       "olga",
		"creationDate": "2020-01-02T03:04:05.678Z",
		"entityId":     "x1",
		"origin":       "frameio",
		"entity":       "{}",
	}

	r := f.send("julia", "POST", at, c).is(201)
	r.want("julia", "author").want("2020-01-02T03:04:05.678Z", "creationDate").want("x1", "entityId").
		want(uid, "parentId")
	id := r.at("id").(string)
	f.send("julia", "POST", at, c).is(201) // the external id is not unique
	f.send("olga", "POST", at, obj{"text": "plain"}).is(201).want(nil, "entityId")
	list := f.send("josh", "GET", at+"?pageSize=2", nil).is(200)
	list.want(3, "totalSize").want("plain", "entries", 0, "text").want(true, "isNextPageAvailable")
	f.send("josh", "GET", at+"/external/x1", nil).is(200).want(id, "id")
	f.send("josh", "GET", at+"/external/x2", nil).is(404)
	f.send("josh", "PUT", at+"/external/x1", obj{"text": "no"}).is(403)
	f.send("julia", "PUT", at+"/external/x1", obj{"text": "second"}).is(200).want("second", "text").
		want("julia", "author")
	f.send("Administrator", "PUT", at+"/"+id, obj{"text": "third"}).is(200).want("julia", "author")
	f.send("olga", "DELETE", at+"/"+id, nil).is(403)
	f.send("julia", "DELETE", at+"/"+id, nil).is(204)
	f.send("julia", "GET", at+"/"+id, nil).is(404)
	equalInts(t, len(f.sim.Children(uid)), 0, "visible children")
}

func TestRepliesHangBelowComments(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "a")
	id := f.send("julia", "POST", "/api/v1/id/"+uid+"/@comment", obj{"text": "q"}).is(201).at("id").(string)
	f.send("josh", "POST", "/api/v1/id/"+id+"/@comment", obj{"text": "a", "entityId": "r"}).is(201).want(id,
		"parentId").want([]string{id, uid}, "ancestorIds")
	f.send("josh", "GET", "/api/v1/id/"+uid+"/@comment", nil, "fetch-comment: repliesSummary").is(200).want(1,
		"totalSize").want(1, "entries", 0, "numberOfReplies")
	f.send("josh", "GET", "/api/v1/id/"+uid+"/@comment/external/r", nil).is(200).want("a", "text")
	f.send("josh", "GET", "/api/v1/search/execute?query=SELECT+*+FROM+Comment+WHERE+comment:ancestorIds='"+uid+"'",
		nil).is(200).want(2, "resultsCount")
	all := f.sim.Comments(uid)
	if len(all) != 2 || all[1].ParentID != id || all[1].Author != "josh" {
		t.Fatalf("the comments are %+v, want 2, of which josh's answers %s", all, id)
	}
}

func TestAnnotations(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "a")
	at := "/api/v1/id/" + uid + "/@annotation"
	id := f.send("julia", "POST", at, obj{
		"text":     "box",
		"xpath":    "file:content",
		"entityId": "n",
		"origin":   "frameio",
	}).is(201).want("annotation", "entity-type").at("id").(string)

	f.send("josh", "GET", at+"?xpath=file:content", nil).is(200).want(1, "totalSize").want("annotations", "entity-type")
	f.send("josh", "GET", at+"?xpath=files:files/0/file", nil).is(200).want(0, "totalSize")
	f.send("josh", "GET", at+"/external/n", nil).is(200).want(id, "id").want("file:content", "xpath")
	f.send("josh", "POST", "/api/v1/id/"+id+"/@comment", obj{"text": "re"}).is(201)
	f.send("josh", "POST", at+"/comments", []string{id}).is(200).want("re", "entries", 0, "text")
	f.send("josh", "GET", "/api/v1/id/"+uid+"/@comment", nil).is(200).want(0, "totalSize")
}

func TestCommentsNeedOnlyRead(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "a")
	if err := f.sim.Lock(uid, "josh"); err != nil {
		t.Fatal(err)
	}

	before := f.doc(uid)
	f.send("julia", "POST", "/api/v1/id/"+uid+"/@comment", obj{"text": "on a locked one"}).is(201)
	if after := f.doc(uid); after.Properties["dc:modified"] != before.Properties["dc:modified"] ||
		after.LastContributor != "josh" {
		t.Fatalf("the document after a comment: got it modified (%v), want it as it was", after.LastContributor)
	}

	f.sim.SetACL(folder, "olga", "Everything", false)
	f.send("olga", "POST", "/api/v1/id/"+uid+"/@comment", obj{"text": "x"}).is(403)
}

func TestVersionsKeepTheirComments(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "a")
	id := f.send("julia", "POST", "/api/v1/id/"+uid+"/@comment",
		obj{"text": "q", "creationDate": "2020-01-01T00:00:00Z"}).is(201).at("id").(string)
	f.send("josh", "POST", "/api/v1/id/"+id+"/@comment", obj{"text": "a"}).is(201)
	f.send("josh", "POST", "/api/v1/id/"+uid+"/@op/Document.CreateVersion", obj{"params": obj{"increment": "Minor"}}).
		is(200)
	f.send("julia", "PUT", "/api/v1/id/"+uid+"/@comment/"+id, obj{"text": "changed"}).is(200)
	v := f.sim.Versions(uid)[0].UID
	got := f.sim.Comments(v)
	if len(got) != 2 || got[0].Text != "q" || got[0].ParentID != v || got[1].ParentID != got[0].ID ||
		got[0].Created.Year() != 2020 || time.Since(got[1].Created) > time.Hour {
		t.Fatalf("the version's comments are %+v, want 2 copies, the first of 2020 with the text q", got)
	}

	f.send("josh", "GET", "/api/v1/id/"+v+"/@comment", nil).is(200).want("q", "entries", 0, "text").want("julia",
		"entries", 0, "author")
}
