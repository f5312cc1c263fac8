package nuxeosim

import (
	"testing"
)

// ours is the kind of component that a connector contributes.
const ours = `<component name="org.example.versioning">
<extension target="org.nuxeo.ecm.core.api.versioning.VersioningService" point="policies">
 <policy id="ours" increment="MINOR" beforeUpdate="false" order="20"><filter-id>ours</filter-id></policy>
 <policy id="quiet-before" increment="NONE" beforeUpdate="true" order="20"><filter-id>quiet</filter-id></policy>
 <policy id="quiet-after" increment="NONE" beforeUpdate="false" order="20"><filter-id>quiet</filter-id></policy>
</extension>
<extension target="org.nuxeo.ecm.core.api.versioning.VersioningService" point="filters">
 <filter id="ours"><condition>#{currentDocument.contextData.source == "frameio"}</condition></filter>
 <filter id="quiet"><condition>#{currentDocument.contextData.source == "frameio-metadata"}</condition></filter>
</extension></component>`

func (f *fixture) contribute(xml string) {
	f.Helper()
	if err := f.sim.AddContribution([]byte(xml)); err != nil {
		f.Fatal(err)
	}
}

func labels(f *fixture, uid string) string {
	out := ""
	for _, v := range f.sim.Versions(uid) {
		out += v.VersionLabel + " "
	}
	return out + f.doc(uid).VersionLabel
}

func (f *fixture) labels(uid, want string) {
	f.Helper()
	if got := labels(f, uid); got != want {
		f.Fatalf("labels are %q, want %q", got, want)
	}
}

func TestVersioningOption(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "a")
	at := "/api/v1/id/" + uid
	r := f.send("josh", "PUT", at, put(obj{"dc:title": "1"}), "X-Versioning-Option: major",
		"fetch-document: versionLabel").is(200)
	r.want(true, "isVersion").want("1.0", "versionLabel").want(true, "isLatestVersion").want(true,
		"isLatestMajorVersion").want(uid, "versionableId")
	f.send("josh", "PUT", at, put(obj{"dc:title": "2"})).is(200).want(uid, "uid").want(true, "isCheckedOut")
	f.labels(uid, "1.0 1.0+")
	f.send("josh", "PUT", at, put(obj{"dc:title": "3"}), "X-Versioning-Option: MINOR").is(200).want(true, "isVersion")
	f.labels(uid, "1.0 1.1 1.1")
	f.send("josh", "PUT", at, put(obj{"dc:title": "4"}), "X-Versioning-Option: NONE", "source: x").is(200).
		want(uid, "uid")
	f.send("josh", "PUT", at, put(obj{"dc:title": "5"}), "X-Versioning-Option: huge").is(400)
	if got := f.sim.Versions(uid)[0].Title; got != "1" {
		t.Fatalf("the first version has the title %q, want 1", got)
	}

	f.send("josh", "PUT", "/api/v1/id/"+f.sim.Versions(uid)[0].UID, put(obj{"dc:title": "x"})).is(500)
}

func TestSourceAnswersWithTheLastVersion(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "a")
	// no version, no answer
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "1"}), "source: frameio").is(204)
	f.contribute(ours)
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "2"}), "source: frameio").is(200).
		want(true, "isVersion")
	f.labels(uid, "0.1 0.1")
	f.send("julia", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "2"}), "source: frameio").is(200)
	f.labels(uid, "0.1 0.1") // nothing changed, nothing to check in
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "3"}), "source: frameio",
		"X-Versioning-Option: MAJOR").is(200)
	f.labels(uid, "0.1 1.0 1.0") // the option wins over the source
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "4"}), "source: frameio", "X-Versioning-Option: NONE").
		is(200)
	f.labels(uid, "0.1 1.0 1.0+") // and keeps it from being read
}

func TestCollaborativeSave(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.contribute(ours)
	uid := f.file("josh", "a.txt", "a")
	change := func(user, title string, headers ...string) {
		f.send(user, "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": title}), headers...)
	}

	change("josh", "1")
	f.labels(uid, "0.0")
	change("julia", "2")
	f.labels(uid, "0.1 0.1+")
	if v := f.sim.Versions(uid)[0]; v.Title != "1" || v.LastContributor != "josh" {
		t.Fatalf("the version is %+v, want the title 1, by josh, without what came after", v)
	}

	change("julia", "3")
	f.labels(uid, "0.1 0.1+")
	change("josh", "4", "source: frameio-metadata")
	f.labels(uid, "0.1 0.1+") // NONE stops
	change("julia", "5", "source: frameio")
	f.labels(uid, "0.1 0.2 0.3 0.3") // before: somebody else's; after: ours
	folderUID := f.doc(folder).UID
	f.send("julia", "PUT", "/api/v1/id/"+folderUID, put(obj{"dc:title": "x"})).is(200)
	equalInts(t, len(f.sim.Versions(folderUID)), 0, "versions of what is not versionable")
}

func TestCustomerOverridesAPolicyByID(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.contribute(ours)
	f.contribute(
		`<component name="customer"><extension target="org.nuxeo.ecm.core.api.versioning.VersioningService" point="policies">
		<policy id="ours" increment="MAJOR" order="20"/></extension></component>`)
	uid := f.file("josh", "a.txt", "a")
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "2"}), "source: frameio").is(200)
	f.labels(uid, "1.0 2.0 2.0") // without a filter it holds for creations too
}

func TestVersionOperations(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "one")
	op := func(name string, params obj) *reply {
		return f.send("josh", "POST", "/api/v1/id/"+uid+"/@op/Document."+name, obj{"params": params}, "properties: *")
	}

	op("CreateVersion", obj{"increment": "Major"}).is(200).want(uid, "uid").want(false, "isCheckedOut")
	op("CheckOut", obj{}).is(200).want(true, "isCheckedOut")
	f.labels(uid, "1.0 1.0+")
	op("CreateVersion", obj{"increment": "Minor", "saveDocument": false}).is(200).want(true, "isCheckedOut")
	f.labels(uid, "1.0 1.0+")
	op("CheckIn", obj{"version": "minor", "comment": "c"}).is(200)
	f.labels(uid, "1.0 1.1 1.1")
	op("CheckIn", obj{"version": "minor"}).is(200) // and makes none
	op("CreateVersion", obj{"increment": "Minor"}).is(200)
	f.labels(uid, "1.0 1.1 1.1")
	op("CheckIn", nil).is(400)
	op("AddFacet", obj{"facet": "Video"}).is(200)
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{
		"dc:title":     "changed",
		"file:content": nil,
		"vid:info":     obj{"width": 1},
	})).is(200)

	v := f.sim.Versions(uid)
	f.send("josh", "POST", "/api/v1/id/"+v[0].UID+"/@op/Document.RestoreVersion", obj{}).is(200).want(uid, "uid")
	d := f.doc(uid)
	if d.Title != "a.txt" || d.Content == nil || d.VersionLabel != "1.0" || d.Properties["vid:info"] != nil {
		t.Fatalf("restored it is %+v, want a.txt with its content, at 1.0", d)
	}

	f.send("josh", "POST", "/api/v1/path"+folder+"/@op/Document.CreateVersion",
		obj{"params": obj{"increment": "Minor"}}).is(500)
}

func TestFacetOperations(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "one")
	op := func(user, name, facet string) *reply {
		return f.send(user, "POST", "/api/v1/id/"+uid+"/@op/Document."+name, obj{"params": obj{"facet": facet}},
			"properties: *")
	}

	op("josh", "AddFacet", "NoSuch").is(500)
	op("josh", "AddFacet", "Audio").is(200).want(nil, "properties", "aud:bitrate")
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"aud:bitrate": 7}), "properties: *").is(200).want(7,
		"properties", "aud:bitrate")
	op("josh", "RemoveFacet", "Audio").is(200)
	op("josh", "AddFacet", "Audio").is(200).want(nil, "properties", "aud:bitrate") // the data went with the facet
}
