package frameiosim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func (w *world) file(name string, opts ...FileOption) string {
	return w.sim.AddFile(w.root, name, Bytes([]byte(name)), opts...)
}

// all follows links.next to the end, repeating the query that it lacks.
func (w *world) all(path, query string) (pages int, ids []string) {
	w.t.Helper()
	for next := path + "?" + query; next != ""; {
		r := w.get(next).want(200)
		pages++
		ids = append(ids, strings.Fields(r.column("id"))...)
		link, _ := r.JSON["links"].(map[string]any)["next"].(string)
		if next = link; link != "" {
			next += "&" + query
		}
	}

	return pages, ids
}

func TestPaging(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var want []string
	for i := range 7 {
		want = append(want, w.file(fmt.Sprint(i)))
	}

	children := w.acc + "/folders/" + w.root + "/children"
	if pages, got := w.all(children, "page_size=3"); pages != 3 || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%d pages of %v, want %v", pages, got, want)
	}

	r := w.get(children + "?page_size=7&include=creator&include_total_count=true").want(200)
	if links := r.JSON["links"].(map[string]any); links["next"] != nil || r.JSON["total_count"] != 7.0 {
		t.Errorf("the page that is just full has the links %v and the total %v, want no next and 7", links,
			r.JSON["total_count"])
	}

	r = w.get(children + "?page_size=3&include=creator").want(200)
	next := r.JSON["links"].(map[string]any)["next"].(string)
	if u, err := url.Parse(next); err != nil || u.Path != children || len(u.Query()) != 1 || !u.Query().Has("after") {
		t.Errorf("the next page is at %q, %v; want %s with after only", next, err, children)
	}

	if r.JSON["total_count"] != nil {
		t.Errorf("the total is %v, want none unasked", r.JSON["total_count"])
	}
}

func TestNextLinkFull(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.NextLinkFull = true })
	w.file("a")
	w.file("b")
	r := w.get(w.acc + "/folders/" + w.root + "/files?page_size=1&sort=name_desc").want(200)
	next := r.JSON["links"].(map[string]any)["next"].(string)
	if r = w.get(next).want(200); r.column("name") != "a" {
		t.Errorf("the second page, of %s, is %s; want a", next, r.Raw)
	}
}

func TestPagingWhileTheFolderChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a, b, c := w.file("a"), w.file("b"), w.file("c")
	children := w.acc + "/folders/" + w.root + "/children?page_size=2"
	r := w.get(children).want(200)
	w.sim.Delete(a)
	w.sim.Delete(b)
	d := w.file("d")
	next := r.JSON["links"].(map[string]any)["next"].(string)
	if got := w.get(next).want(200).column("id"); got != c+" "+d {
		t.Errorf("rest %s, want %s %s", got, c, d)
	}
}

func TestPageSizes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for query, want := range map[string]int{
		"page_size=500": 200,
		"page_size=501": 422,
		"page_size=0":   422,
		"page_size=x":   422,
		"after=%21":     400,
	} {
		w.get(w.acc + "/folders/" + w.root + "/children?" + query).want(want)
	}

	w.get(w.acc + "/workspaces?page_size=100").want(200)
	w.get(w.acc + "/workspaces?page_size=101").want(422)
}

func TestChildrenByType(t *testing.T) {
	t.Parallel()
	w := setup(t)
	folder := w.sim.AddFolder(w.root, "f")
	file := w.file("a")
	stack := w.sim.Stack(w.file("v1"), w.file("v2"))
	base := w.acc + "/folders/" + w.root
	for path, want := range map[string]string{
		"/children": folder + " " + file + " " + stack, "/children?type=version_stack,folder": folder + " " + stack,
		"/folders": folder, "/files": file, "/version_stacks": stack,
	} {
		if got := w.get(base + path).want(200).column("id"); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}

	w.get(base + "/children?type=movie").want(422)
}

func TestTypedEndpoints(t *testing.T) {
	t.Parallel()
	w := setup(t)
	file := w.file("a")
	stack := w.sim.Stack(w.file("v1"), w.file("v2"))
	for _, path := range []string{
		"/folders/" + stack, "/folders/" + stack + "/children", "/folders/" + file,
		"/version_stacks/" + w.root + "/children", "/files/" + stack,
	} {
		w.get(w.acc + path).want(422)
	}

	if r := w.get(w.acc + "/folders/" + stack + "/children"); !strings.Contains(r.detail(), "is not a folder") {
		t.Errorf("the refusal says %q, want that it is not a folder", r.detail())
	}
}

func TestStackRules(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a, b := w.file("a"), w.file("b")
	folder := w.sim.AddFolder(w.root, "f")
	elsewhere := w.sim.AddFile(folder, "c", Bytes(nil))
	make := func(ids ...string) *reply {
		return w.call("POST", w.acc+"/folders/"+w.root+"/version_stacks", wrap("file_ids", ids))
	}

	make(a).want(422)
	make(a, a).want(422)
	make(a, folder).want(422)
	make(a, elsewhere).want(422)
	make(a, "nowhere").want(404)
	stack := make(a, b).want(201).data()
	if stack["head_version"].(map[string]any)["id"] != b || stack["name"] != "b" {
		t.Errorf("the stack is %v, want the head %s and the name b", stack, b)
	}

	make(stack["id"].(string), w.file("d")).want(422)
	w.call("PATCH", w.acc+"/folders/"+folder+"/move", wrap("parent_id", stack["id"])).want(422)
}

func TestStackLife(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a, b, c := w.file("a"), w.file("b"), w.file("c")
	stack := w.sim.Stack(a, b)
	at := w.acc + "/version_stacks/" + stack
	move := func(file, parent string) {
		t.Helper()
		w.call("PATCH", w.acc+"/files/"+file+"/move", wrap("parent_id", parent)).want(200)
	}

	move(c, stack)
	if got := w.get(at).want(200).data(); got["head_version"].(map[string]any)["id"] != c || got["name"] != "b" {
		t.Errorf("the head is %v and the name %v, want %s, and b, which goes stale", got["head_version"], got["name"],
			c)
	}

	if got := w.get(at + "/children").want(200).column("id"); got != a+" "+b+" "+c {
		t.Errorf("the versions are %s, want %s", got, a+" "+b+" "+c)
	}

	if got := w.get(w.acc + "/files/" + c).want(200).data()["parent_id"]; got != stack {
		t.Errorf("the parent is %v, want %s", got, stack)
	}

	move(c, w.root)
	move(b, w.root)
	move(a, w.root)
	w.get(at).want(404)
}

func TestStackChildrenAreOrderedByCreation(t *testing.T) {
	t.Parallel()
	w := setup(t, newClock().use)
	r := w.get(w.acc + "/version_stacks/" + w.sim.Stack(w.file("a"), w.file("b"), w.file("c")) + "/children").want(200)
	if times := strings.Fields(r.column("created_at")); !(times[0] < times[1] && times[1] < times[2]) {
		t.Errorf("the versions were created at %v, want one after another", times)
	}
}

func TestFolderWrites(t *testing.T) {
	t.Parallel()
	w := setup(t)
	folders := w.acc + "/folders/"
	a := w.call("POST", folders+w.root+"/folders", wrap("name", "A")).want(201).data()["id"].(string)
	twin := w.call("POST", folders+w.root+"/folders", wrap("name", "A")).want(201).data()["id"].(string)
	if a == twin {
		t.Errorf("two folders of one name: got %v twice, want two ids", a)
	}

	inner := w.sim.AddFolder(a, "inner")
	w.call("PATCH", folders+a+"/move", wrap("parent_id", inner)).want(422)
	w.call("PATCH", folders+a+"/move", wrap("parent_id", twin)).want(200)
	w.call("PATCH", folders+a, wrap("name", "B")).want(200)
	w.call("PATCH", folders+w.root+"/move", wrap("parent_id", twin)).want(422)
	w.call("DELETE", folders+w.root, nil).want(422)
	w.call("DELETE", folders+twin, nil).want(204)
	w.get(folders + inner).want(404)
	w.call("POST", folders+w.root+"/folders", wrap("name", strings.Repeat("x", 256))).want(422)
}

func TestBodies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	at := w.acc + "/folders/" + w.root + "/folders"
	if r := w.call("POST", at, wrap("name", "x", "colour", "red")).want(422); r.detail() != "Unexpected field: colour" {
		t.Errorf("the refusal says %q, want Unexpected field: colour", r.detail())
	}

	w.call("POST", at, object{"name": "x"}).want(422)
	w.call("POST", at, nil).want(422)
	w.call("POST", at, wrap("name", 5)).want(422)
	w.call("POST", at, "text").want(422)
}

func TestVisibility(t *testing.T) {
	t.Parallel()
	w := setup(t)
	file := w.file("a")
	stranger := w.as(w.stranger)
	for _, path := range []string{
		"", "/workspaces/" + w.workspace, "/projects/" + w.project, "/folders/" + w.root,
		"/files/" + file,
	} {
		if path != "" {
			stranger.get(w.acc + path).want(404)
		}
	}

	if got := stranger.get("/v4/accounts").want(200).items(); len(got) != 0 {
		t.Errorf("a stranger sees the accounts %v, want none", got)
	}

	w.sim.Invite(w.project, w.stranger)
	if got := stranger.get(w.acc + "/invited_projects").want(200).column("id"); got != w.project {
		t.Errorf("the guest is invited to %q, want %s", got, w.project)
	}

	stranger.get(w.acc + "/files/" + file).want(200)
	stranger.get(w.acc + "/workspaces/" + w.workspace).want(404)
	if got := w.as(w.member).get(w.acc + "/invited_projects").want(200).items(); len(got) != 0 {
		t.Errorf("a member is a guest of %v, want nothing", got)
	}
}

func TestAnotherAccountsIDs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other := w.sim.AddAccount("Other", w.owner)
	_, root := w.sim.AddProject(w.sim.AddWorkspace(other, "W"), "P")
	w.get(w.acc + "/folders/" + root).want(404)
	w.get("/v4/accounts/" + other + "/folders/" + root).want(200)
	w.call("PATCH", w.acc+"/files/"+w.file("a")+"/move", wrap("parent_id", root)).want(404)
}

func TestRestrictedWorkspace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	member := w.as(w.member)
	w.sim.RestrictWorkspace(w.workspace)
	member.get(w.acc + "/projects/" + w.project).want(404)
	if got := member.get(w.acc + "/workspaces").want(200).items(); len(got) != 0 {
		t.Errorf("a member sees the workspaces %v, want none", got)
	}

	w.sim.SetWorkspaceRole(w.workspace, w.member, WorkspaceViewer)
	member.get(w.acc + "/projects/" + w.project).want(200)
	member.call("POST", w.acc+"/folders/"+w.root+"/folders", wrap("name", "x")).want(403)
	member.call("POST", w.acc+"/files/"+w.file("a")+"/comments", wrap("text", "x")).want(403)
	w.sim.SetWorkspaceRole(w.workspace, w.member, WorkspaceCommenter)
	member.call("POST", w.acc+"/files/"+w.file("a")+"/comments", wrap("text", "x")).want(201)
}

func TestLockedAccount(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.LockAccount(w.account, true)
	if r := w.get(w.acc + "/workspaces").want(403); !strings.Contains(r.detail(), "locked") {
		t.Errorf("the refusal says %q, want that it is locked", r.detail())
	}
	w.sim.LockAccount(w.account, false)
	w.get(w.acc + "/workspaces").want(200)
}

func TestSort(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.file("b", WithCreated(time.Unix(100, 0)))
	w.file("aaa", WithCreated(time.Unix(200, 0)))
	at := w.acc + "/folders/" + w.root + "/files?sort="
	for sort, want := range map[string]string{
		"name_asc":        "aaa b",
		"name_desc":       "b aaa",
		"created_at_desc": "aaa b",
		"file_size_asc":   "b aaa",
	} {
		if got := w.get(at + sort).want(200).column("name"); got != want {
			t.Errorf("%s: %s, want %s", sort, got, want)
		}
	}

	w.get(at + "colour_asc").want(422)
}

func TestRepeatedInclude(t *testing.T) {
	t.Parallel()
	w := setup(t)
	file := w.acc + "/files/" + w.file("a.mp4")
	got := w.get(file + "?include=creator&include=metadata").want(200).data()
	if got["creator"] != nil || got["metadata"] == nil {
		t.Errorf("of a repeated key the last counts, want metadata and no creator in %v", got)
	}

	if got = w.get(file + "?include=creator,metadata").want(200).data(); got["creator"] == nil ||
		got["metadata"] == nil {
		t.Errorf("a list of both, want creator and metadata in %v", got)
	}
}

func TestUnknownRoute(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if r := w.get("/v4/nothing").want(404); r.detail() != "no route found for GET /v4/nothing" {
		t.Errorf("the refusal says %q, want no route found for GET /v4/nothing", r.detail())
	}
}

func TestEqualSeedsGiveEqualIDs(t *testing.T) {
	t.Parallel()
	if a, b := setup(t), setup(t); a.root != b.root || a.file("x") != b.file("x") {
		t.Errorf("two worlds of one seed: got the ids %v and %v, want the same", a.root, b.root)
	}
	if a, b := setup(t), setup(t, func(o *Options) { o.Seed = 2 }); a.root == b.root {
		t.Errorf("worlds of two seeds: got the id %v in both, want different ones", a.root)
	}
}
