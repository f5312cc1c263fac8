package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// Administrators set, see and remove rows; whoever may see a document sees what they would change.
func TestMetadataMap(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Frameio.AddField(f.Account, "Job Number", "text")
	bound := f.Bind("Publish")
	file := f.Add(f.Root, "Cut.mov", testenv.Bytes('a', 100))
	f.Frameio.SetMetadata(file, "Job Number", "J-17")
	f.Published(f.Josh, file)
	ctx, session := t.Context(), f.SignIn("Administrator")
	admin, josh := f.as(session), f.as(f.SignIn("josh"))

	// A row for all, and one for the binding.
	form := api.MapRowForm{
		Direction: api.MapDirectionNuxeo, Field: "Job Number", Property: "dc:publisher", Kind: api.Text,
	}
	one := answered(admin.SetMapRow(ctx, form))(t)
	if one.Id == "" || one.Configured || one.ChangedBy == nil || *one.ChangedBy != "Administrator" {
		t.Errorf("the row is %s, want one with an id, changed by Administrator", shown(one))
	}

	form.Binding, form.Property = &bound.ID, "dc:rights"
	answered(admin.SetMapRow(ctx, form))(t)
	if rows := answered(admin.ListMap(ctx))(t).Rows; len(rows) != 2 || rows[1].Binding == nil {
		t.Errorf("the rows are %s, want 2, the second of the binding", shown(rows))
	}

	fields := answered(admin.ListMapFields(ctx))(t).Fields // the administrator sees no account
	if len(fields) != 2 || fields[0].Name != "Status" || fields[1].Name != "Approval Status" {
		t.Errorf("the fields are %s, want both with approvals", shown(fields))
	}

	// What they would change.
	uid := f.Only().UID
	got := answered(josh.TestMap(ctx, uid))(t)
	if len(got.Changes) != 2 || !got.Changes[0].Writes || got.Changes[0].After != "J-17" || got.File == nil {
		t.Errorf("the test says %s, want both properties to become J-17", shown(got))
	}

	if detail := answered(josh.GetDocument(ctx, uid))(t); !strings.Contains(shown(detail.Asset.Fields), "J-17") {
		t.Errorf("the document shows the fields %s, want J-17 among them", shown(detail.Asset.Fields))
	}

	// What is refused.
	for _, body := range []string{
		`{"direction":"nuxeo","field":"Job Number","property":"file:content","kind":"text"}`,
		`{"direction":"nuxeo","field":"Job Number","property":"dc:lastContributor","kind":"text"}`,
		`{"direction":"nuxeo","field":"","property":"dc:rights","kind":"text"}`,
		`{"direction":"both","field":"A","property":"dc:rights","kind":"text"}`,
		`{"direction":"nuxeo","field":"A","property":"dc:rights","kind":"vocabulary"}`,
	} {
		f.send(request{method: http.MethodPut, path: "/api/v1/map", body: body, session: session}).
			refused(t, http.StatusBadRequest, "invalid")
	}

	f.send(request{
		method: http.MethodPut, path: "/api/v1/map", session: session,
		body: `{"direction":"nuxeo","field":"A","property":"dc:rights","kind":"text","binding":"none"}`,
	}).refused(t, http.StatusNotFound, "not_found")
	if _, err := josh.ListMap(ctx); err == nil {
		t.Error("josh lists the rows: got them, want them refused")
	}

	// And removed.
	if err := admin.RemoveMapRow(ctx, one.Id); err != nil {
		t.Error(err)
	}

	if rows := answered(admin.ListMap(ctx))(t).Rows; len(rows) != 1 {
		t.Errorf("after the removal the rows are %s, want 1", shown(rows))
	}
}
