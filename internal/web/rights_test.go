package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// who asks, in the order of the columns of the matrix.
var visitors = []string{"nobody", "expired", "stranger", "owner", "administrator"}

// route is a row of the matrix: what each visitor gets. What stands in
// braces is an id of the owner's.
type route struct {
	method, path, body string
	want               [5]int
}

var matrix = []route{
	{"GET", "/about", "", [5]int{200, 200, 200, 200, 200}},
	{"GET", "/me", "", [5]int{401, 401, 200, 200, 200}},
	{"GET", "/provider", "", [5]int{401, 401, 403, 403, 200}},
	{"PUT", "/provider", `{"client_id":"frameio-demo-client"}`, [5]int{401, 401, 403, 403, 200}},
	{"POST", "/provider/import", "", [5]int{401, 401, 403, 403, 409}},
	{"GET", "/workspaces", "", [5]int{401, 401, 409, 200, 409}},
	{"GET", "/folders", "", [5]int{401, 401, 200, 200, 200}},
	{"GET", "/folders?parent={folder}", "", [5]int{401, 401, 404, 200, 200}},
	{"GET", "/folders?search=video", "", [5]int{401, 401, 200, 200, 200}},
	{"GET", "/folders/{folder}", "", [5]int{401, 401, 404, 200, 200}},
	{"GET", "/folders/{folder}/documents", "", [5]int{401, 401, 404, 200, 200}},
	{"GET", "/documents/{document}", "", [5]int{401, 401, 404, 200, 200}},
	{"POST", "/documents/{document}/media", "", [5]int{401, 401, 404, 201, 201}},
	{"POST", "/documents/{document}/media?file={file}", "", [5]int{401, 401, 404, 201, 201}},
	{"POST", "/documents/{document}/media?file={folder}", "", [5]int{401, 401, 404, 404, 404}},
	{"GET", "/documents/{document}/targets", "", [5]int{401, 401, 404, 200, 200}},
	{"GET", "/frameio/{account}/workspaces/{workspace}/projects", "", [5]int{401, 401, 409, 200, 409}},
	{"GET", "/frameio/{account}/folders/{root}/folders", "", [5]int{401, 401, 409, 200, 409}},
	{"POST", "/frameio/{account}/folders/{root}/folders", `{"name":"New"}`, [5]int{401, 401, 409, 201, 409}},
	{"GET", "/pushes", "", [5]int{401, 401, 200, 200, 200}},
	{"GET", "/pushes?document={document}", "", [5]int{401, 401, 404, 200, 200}},
	{"GET", "/pushes?folder={folder}", "", [5]int{401, 401, 404, 200, 200}},
	{"GET", "/pushes/{push}", "", [5]int{401, 401, 404, 200, 200}},
	{"POST", "/pushes/preview", `{"documents":["nothing"]}`, [5]int{401, 401, 200, 200, 200}},
	{
		"POST", "/pushes", `{"documents":["{document}"],"team":"{workspace}","project":"{project}"}`,
		[5]int{401, 401, 404, 409, 409},
	},
	{"GET", "/locks", "", [5]int{401, 401, 200, 200, 200}},
	{"GET", "/batches", "", [5]int{401, 401, 200, 200, 200}},
	{"POST", "/batches/{batch}/retry", "", [5]int{401, 401, 404, 202, 202}},
	{"POST", "/batches/{batch}/cancel", "", [5]int{401, 401, 404, 202, 202}},
	{"POST", "/items/retry", `{"items":["{item}"]}`, [5]int{401, 401, 404, 202, 202}},
	{"POST", "/items/cancel", `{"items":["{item}"]}`, [5]int{401, 401, 404, 202, 202}},
	{"GET", "/items?housekeeping=true", "", [5]int{401, 401, 403, 403, 200}},
	{"GET", "/syncs", "", [5]int{401, 401, 200, 200, 200}},
	{"GET", "/syncs?folder={mirror}", "", [5]int{401, 401, 200, 200, 200}},
	{
		"POST", "/syncs", `{"folder":"{mirror}","team":"{workspace}","project":"{project}"}`,
		[5]int{401, 401, 400, 409, 409},
	},
	{
		"POST", "/syncs/preview", `{"folder":"{mirror}","team":"{workspace}","project":"{project}"}`,
		[5]int{401, 401, 409, 200, 409},
	},
	{"GET", "/syncs/{sync}", "", [5]int{401, 401, 404, 200, 200}},
	{"GET", "/syncs/{sync}/runs", "", [5]int{401, 401, 404, 200, 200}},
	{"GET", "/syncs/{sync}/troubles", "", [5]int{401, 401, 404, 200, 200}},
	{"GET", "/syncs/{sync}/differences", "", [5]int{401, 401, 404, 404, 404}},
	{"POST", "/syncs/{sync}/settle", `{"key":"x","use":"nuxeo"}`, [5]int{401, 401, 404, 400, 400}},
	{"POST", "/syncs/{sync}/pause", "", [5]int{401, 401, 404, 200, 200}},
	{"DELETE", "/syncs/{sync}/pause", "", [5]int{401, 401, 404, 200, 200}},
	{"POST", "/syncs/{sync}/check", "", [5]int{401, 401, 404, 202, 0}},
	{"POST", "/syncs/{sync}/refresh", "", [5]int{401, 401, 404, 0, 0}},
	{"DELETE", "/syncs/{sync}", "", [5]int{401, 401, 404, 204, 404}},
	{"POST", "/locks/{push}/release", `{"reason":"x"}`, [5]int{401, 401, 404, 200, 409}},
	{"GET", "/items?binding={binding}", "", [5]int{401, 401, 404, 200, 200}},
	{"POST", "/doctor", "", [5]int{401, 401, 403, 403, 200}},
	{"GET", "/bindings", "", [5]int{401, 401, 200, 200, 200}},
	{"GET", "/bindings?folder={folder}", "", [5]int{401, 401, 200, 200, 200}},
	{
		"POST", "/bindings", `{"folder":"{folder}","action_name":"Publish","workspaces":["w"]}`,
		[5]int{401, 401, 400, 400, 409},
	},
	{"GET", "/bindings/{binding}", "", [5]int{401, 401, 404, 200, 200}},
	{"POST", "/publications", `{"binding":"{binding}","assets":["nothing"]}`, [5]int{401, 401, 404, 400, 409}},
	{"GET", "/items", "", [5]int{401, 401, 200, 200, 200}},
	{"GET", "/items?parent={binding}", "", [5]int{401, 401, 200, 200, 200}},
	{"GET", "/items/{item}", "", [5]int{401, 401, 404, 200, 200}},
	{"POST", "/items/{item}/retry", "", [5]int{401, 401, 404, 409, 409}},
	{"POST", "/items/{item}/cancel", "", [5]int{401, 401, 404, 409, 409}},
	{"GET", "/events?item={item}", "", [5]int{401, 401, 404, 0, 0}}, // streams have a test of their own
	{"GET", "/status", "", [5]int{401, 401, 403, 403, 200}},
	{"POST", "/pause", `{"reason":"x"}`, [5]int{401, 401, 403, 403, 200}},
	{"DELETE", "/pause", "", [5]int{401, 401, 403, 403, 200}},
	{"GET", "/log-level", "", [5]int{401, 401, 403, 403, 422}}, // the log of a test has one level
	{"PUT", "/log-level", `{"level":"debug"}`, [5]int{401, 401, 403, 403, 422}},
	{"POST", "/support", "", [5]int{401, 401, 403, 403, 200}},
	{"POST", "/chores/links", "", [5]int{401, 401, 403, 403, 200}},
	{"POST", "/links/rebuild", "", [5]int{401, 401, 403, 403, 202}},
	{"GET", "/people", "", [5]int{401, 401, 403, 403, 200}},
	{"DELETE", "/people/nobody/access", "", [5]int{401, 401, 403, 403, 404}},
	{"GET", "/provider/service", "", [5]int{401, 401, 403, 403, 200}},
	{"PUT", "/provider/service", `{"client_id":"x","client_secret":""}`, [5]int{401, 401, 403, 403, 400}},
	{"DELETE", "/provider/service", "", [5]int{401, 401, 403, 403, 204}},
	{"POST", "/bindings/{binding}/preview", `{"version":1,"action_name":"New"}`, [5]int{401, 401, 404, 200, 200}},
	{"PATCH", "/bindings/{binding}", `{"version":1,"action_name":"New"}`, [5]int{401, 401, 404, 200, 409}},
	{"POST", "/bindings/{binding}/owner", "", [5]int{401, 401, 404, 200, 409}},
	{"DELETE", "/bindings/{binding}", "", [5]int{401, 401, 404, 0, 0}},
	{"DELETE", "/provider", "", [5]int{401, 401, 403, 403, 204}},
	{"DELETE", "/me/frameio", "", [5]int{401, 401, 204, 204, 204}},
	{"DELETE", "/bindings/{binding}", "", [5]int{401, 401, 404, 202, 0}},
	{"DELETE", "/session", "", [5]int{204, 204, 204, 204, 204}},
}

// private closes the folder to everybody but josh.
func (f *face) private() {
	for _, login := range []string{"julia", "olga"} {
		f.Nuxeo.SetACL("/default-domain/workspaces/videos", login, "Everything", false)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	f := open(t, testenv.By(clock))
	f.private()
	made := f.Bind("Publish")
	bind := f.Settle()[0]
	file := f.file("Cut.mov", 100)
	f.Published(f.Josh, file)
	document := f.Only().UID
	sent, err := f.App.Push.Accept(t.Context(), "josh", push.Request{
		Documents: []string{document},
		Workspace: f.Workspace,
		Project:   f.Project,
	})
	if err != nil {
		t.Fatal(err)
	}

	f.Settle()
	folder, _ := f.Nuxeo.Doc(f.Folder)
	mirror := f.Nuxeo.MkDoc(folder.Path+"/Mirror", "Folder", nil)
	mirrored, err := f.App.Sync.Add(t.Context(), "josh", foldersync.Request{
		Folder: mirror, Workspace: f.Workspace,
		Project: f.Project,
	})
	if err != nil {
		t.Fatal(err)
	}

	f.Settle()
	expired := f.SignIn("josh")
	clock.Move(13 * time.Hour)
	sessions := []string{"", expired, f.SignIn("olga"), f.SignIn("josh"), f.SignIn("Administrator")}
	known := map[string]string{
		"{item}": bind.ID, "{binding}": made.ID, "{folder}": f.Folder, "{document}": document, "{file}": file,
		"{push}": sent.Pushes[0].ID, "{batch}": sent.Batch, "{sync}": mirrored.ID, "{mirror}": mirror,
		"{account}":   f.Account,
		"{workspace}": f.Workspace, "{project}": f.Project, "{root}": f.Root,
	}

	var pairs, others []string
	for name, id := range known {
		pairs, others = append(pairs, name, id), append(others, name, strings.Repeat("0", 8)+id[8:])
	}

	ids, unknown := strings.NewReplacer(pairs...), strings.NewReplacer(others...)
	for _, r := range matrix {
		for i, who := range visitors {
			if r.want[i] == 0 {
				continue
			}

			a := f.send(request{
				method:  r.method,
				path:    "/api/v1" + ids.Replace(r.path),
				session: sessions[i],
				body:    ids.Replace(r.body),
			})
			if a.status != r.want[i] {
				t.Errorf("%s %s by %s: answered with %d %s, want %d", r.method, r.path, who, a.status, a.body,
					r.want[i])
			}

			if a.status >= 400 {
				a.problem(t)
			}

			if who == "stranger" {
				f.sameAsUnknown(r, sessions[i], unknown, ids, a)
			}
		}
	}
}

// sameAsUnknown wants that somebody else's id answers like one that is none.
func (f *face) sameAsUnknown(r route, session string, unknown, ids *strings.Replacer, got answer) {
	f.T.Helper()
	// which repeat what they were given
	if !strings.Contains(r.path+r.body, "{") || r.path == "/bindings" || r.path == "/syncs" {
		return
	}

	other := f.send(request{
		method:  r.method,
		path:    "/api/v1" + unknown.Replace(r.path),
		session: session,
		body:    unknown.Replace(r.body),
	})

	if a, b := fmt.Sprint(got.anonymous()), fmt.Sprint(other.anonymous()); a != b {
		f.T.Errorf("%s %s: another's id answers\n%s\nan unknown one\n%s\nwant the same", r.method, r.path, a, b)
	}
}

func TestListsShowOnesOwn(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.private()
	f.Bind("Publish")
	f.Published(f.Josh, f.file("Cut.mov", 1000))
	olga := f.SignIn("olga")
	for _, path := range []string{"/items", "/items?kind=publish", "/items?parent=" + f.Settle()[0].Parent} {
		if a := f.get("/api/v1"+path, olga); strings.TrimSpace(a.body) != `{"items":[]}` {
			t.Errorf("%s: got %s, want no items", path, a.body)
		}
	}

	for _, path := range []string{"/bindings", "/bindings?folder=" + f.Folder} {
		if a := f.get("/api/v1"+path, olga); strings.TrimSpace(a.body) != `{"bindings":[]}` {
			t.Errorf("%s: got %s, want no bindings", path, a.body)
		}
	}

	if ids, _ := itemIDs(f.get("/api/v1/items", f.SignIn("josh")).body); len(ids) != 2 { // bind, publish
		t.Errorf("josh sees %d items, want 2", len(ids))
	}
}

// Who loses the administrator's rights in Nuxeo loses them here too, without
// signing in again.
func TestDemotedAdministrator(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	f := open(t, testenv.By(clock))
	f.Bind("Publish")
	session := f.SignIn("Administrator")
	if a := f.get("/api/v1/provider", session); a.status != http.StatusOK {
		t.Fatalf("an administrator gets %d, want 200", a.status)
	}

	f.Nuxeo.AddUser(nuxeosim.User{
		Login:    "Administrator",
		Password: "Administrator",
		Email:    "Administrator@example.org",
	})

	clock.Move(2 * time.Minute)
	f.get("/api/v1/provider", session).refused(t, http.StatusForbidden, "forbidden")
	if a := f.get("/api/v1/items", session); strings.TrimSpace(a.body) != `{"items":[]}` {
		t.Errorf("items of others: got %s, want none", a.body)
	}

	if me := f.get("/api/v1/me", session); !strings.Contains(me.body, `"administrator":false`) {
		t.Errorf("who it is now: got %s, want no administrator", me.body)
	}
}

func TestAdministratorWhoseAccessEnded(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	f := open(t, testenv.By(clock))
	session := f.SignIn("Administrator")
	f.Nuxeo.DisableUser("Administrator")
	clock.Move(2 * time.Minute)
	f.get("/api/v1/provider", session).refused(t, http.StatusForbidden, "forbidden")
}

func TestSignedOutEverywhere(t *testing.T) {
	t.Parallel()
	f := open(t)
	one, two := f.SignIn("josh"), f.SignIn("josh")
	if a := f.send(request{method: http.MethodPost, path: "/signout", cookie: one}); a.status != http.StatusSeeOther {
		t.Errorf("signing out: answered with %d, want 303", a.status)
	}

	f.get("/api/v1/me", one).refused(t, http.StatusUnauthorized, "unauthenticated")
	f.send(request{method: http.MethodGet, path: "/api/v1/me", cookie: one}).refused(t, http.StatusUnauthorized,
		"unauthenticated")
	if a := f.get("/api/v1/me", two); a.status != http.StatusOK {
		t.Errorf("another session of the same person: answered with %d, want 200", a.status)
	}
}

// Ids of all kinds, at each place for one: who may not see what they stand for
// learns nothing, not even that they stand for something.
func TestIdsOfOthersAreUnknownEverywhere(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.private()
	made := f.Bind("Publish")
	file := f.file("Cut.mov", 100)
	f.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "secret"})
	item := f.Published(f.Josh, file)[0]
	document := f.Only().UID
	version, err := f.Nuxeo.CheckIn(document, "minor")
	if err != nil {
		t.Fatal(err)
	}

	ids := map[string]string{
		"item": item.ID, "interaction": item.Parent, "binding": made.ID, "action": made.Actions[0].ID,
		"folder": f.Folder, "document": document,
		"version": version, "file": file, "comment": f.Nuxeo.Comments(document)[0].ID, "workspace": f.Workspace,
		"account": f.Account,
	}

	var link string
	if err := f.App.DB.Reader.QueryRowContext(t.Context(), `SELECT id FROM links`).Scan(&link); err != nil {
		t.Fatal(err)
	}

	ids["link"] = link
	routes := append(slices.Clone(matrix), route{method: "GET", path: "/items?parent={item}"},
		route{method: "GET", path: "/items?binding={item}&parent={item}"})
	olga, n := f.SignIn("olga"), 0
	for _, r := range routes {
		// Those repeat what they were given.
		if !strings.Contains(r.path+r.body, "{") || r.path == "/bindings" || r.path == "/syncs" {
			continue
		}

		want := ""
		for name, id := range ids {
			for _, try := range []string{strings.Repeat("0", 8) + id[8:], id} {
				a := f.send(request{
					method:  r.method,
					path:    "/api/v1" + places.ReplaceAllString(r.path, try),
					session: olga,
					body:    places.ReplaceAllString(r.body, try),
				})

				got := fmt.Sprint(a.anonymous())
				if want == "" {
					want = got
				}

				if n++; got != want || strings.Contains(got, id) {
					t.Errorf("%s %s with the id of a %s answers\n%s\nwant as for an unknown one\n%s", r.method, r.path,
						name, got, want)
				}
			}
		}
	}

	t.Logf("%d questions, no leak", n)
}

var places = regexp.MustCompile(`\{(item|binding|folder|document|file)\}`)
