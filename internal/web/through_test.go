package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

func (f *face) through(session, binding string) []api.Item {
	f.T.Helper()
	got, err := f.as(session).ListItems(f.T.Context(), &api.ListItemsParams{Binding: &binding})
	if err != nil {
		f.T.Fatalf("items of %s: %v", binding, err)
	}
	return got.Items
}

// Whoever may see a binding sees what arrived through it, and nothing else.
func TestItemsThatCameThroughABinding(t *testing.T) {
	t.Parallel()
	f := open(t)
	made := f.Bind("Publish")
	mine := f.Published(f.Josh, f.file("Cut.mov", 100))[0]
	f.join("olga")
	other := f.another("olga", "Elsewhere")
	julia := f.SignIn("julia")
	if own, _ := itemIDs(f.get("/api/v1/items?kind=publish", julia).body); len(own) != 0 {
		t.Fatalf("julia's own items are %v, want none", own)
	}

	kinds := map[string]int{}
	for _, it := range f.through(julia, made.ID) {
		kinds[it.Kind]++
		if it.Binding == nil || *it.Binding != made.ID {
			t.Errorf("%s came through %v, want %s", it.Kind, it.Binding, made.ID)
		}

		if it.MayChange {
			t.Errorf("julia may change the %s of josh, want her to see it only", it.Kind)
		}

		if it.Kind == "publish" && (it.Id != mine.ID || it.Document == nil || *it.Document != f.Only().UID) ||
			it.Kind != "publish" && it.Document != nil {
			t.Errorf("the item is %s, want %s with its document, or no publish and none", shown(it), mine.ID)
		}
	}

	if len(kinds) != 2 || kinds["bind"] != 1 || kinds["publish"] != 1 {
		t.Errorf("the items by kind are %v, want 1 bind and 1 publish", kinds)
	}

	if a := f.get("/api/v1/items/"+mine.ID, julia); a.status != http.StatusOK ||
		!strings.Contains(a.body, `"history":`) {
		t.Errorf("the item by itself: answered with %d %s, want 200 and its history", a.status, a.body)
	}

	for _, do := range []string{"retry", "cancel"} {
		f.send(request{method: http.MethodPost, path: "/api/v1/items/" + mine.ID + "/" + do, session: julia}).refused(t,
			http.StatusNotFound, "not_found")
	}

	if list := f.through(f.SignIn("josh"), other.ID); len(list) != 1 || *list[0].Binding != other.ID ||
		list[0].Kind != "bind" {
		t.Errorf("through the other binding came %s, want only its bind", shown(list))
	}
}

// A mail leads to the page of each item, whether it arrived or failed.
func TestMailsLeadToTheItem(t *testing.T) {
	t.Parallel()
	f := open(t, elements)
	f.Bind("Publish")
	file := f.file("Cut.mov", 100)
	done := f.Published(f.Josh, file)[0]
	bad := f.file("Bad.mov", 100)
	f.Frameio.SetDownloadable(bad, false)
	failed := f.Published(f.Josh, bad)[0]
	if done.State != work.Done || failed.State != work.Failed {
		t.Fatalf("the items are %s and %s, want done and failed", done.State, failed.State)
	}

	for i, v := range []work.View{done, failed} {
		address := f.Config.PublicURL + "/items/" + v.ID
		if html := f.Mail.Messages()[i].HTML; strings.Count(html, `(<a href="`+address+`">details</a>)`) != 1 {
			t.Errorf("the mail has no link to %s, want one: %s", address, html)
		}
		if a := f.send(request{method: http.MethodGet, path: "/items/" + v.ID}); a.status != http.StatusOK ||
			!strings.Contains(a.body, "<nxf-app ") {
			t.Errorf("the link leads to %d %s, want 200 and the elements", a.status, a.body)
		}
	}
}

func TestDoctorForAdministrators(t *testing.T) {
	t.Parallel()
	f := open(t)
	got, err := f.as(f.SignIn("Administrator")).RunDoctor(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	marks := map[string]api.FindingMark{}
	for _, v := range got.Findings {
		marks[v.Name] = v.Mark
		if v.Detail == "" || v.Mark == api.Broken && v.Remedy == nil {
			t.Errorf("the finding is %s, want a detail, and a remedy if it is broken", shown(v))
		}
	}

	if len(marks) < 12 || marks["Nuxeo"] != api.Ok || marks["Package in Nuxeo"] != api.Ok ||
		marks["Database"] != api.Ok {
		t.Errorf("the findings are %v, want at least 12, with Nuxeo, its package and the database fine", marks)
	}
}
