package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// stories are what somebody is told of a thing.
func (f *face) stories(login, of string) []api.Story {
	f.T.Helper()
	got, err := f.as(f.SignIn(login)).Explain(f.T.Context(), &api.ExplainParams{Of: of})
	if err != nil {
		f.T.Fatalf("explaining %s: %v", of, err)
	}
	return got.Stories
}

// tale is the events of a story in a line each.
func tale(s api.Story) string {
	var lines []string
	for _, e := range s.Events {
		lines = append(lines, e.What)
	}
	return strings.Join(lines, "\n")
}

func TestAPublishedDocumentIsExplained(t *testing.T) {
	t.Parallel()
	f := open(t)
	b := f.Bind("Publish")
	file := f.file("Cut.mov", 100)
	f.Published(f.Josh, file)
	doc := f.Nuxeo.Children(f.Folder)[0]
	for _, of := range []string{doc.UID, doc.Path, file} {
		all := f.stories("josh", of)
		if len(all) != 1 || *all[0].Document != doc.UID || *all[0].Title != doc.Title || all[0].NuxeoUrl == nil ||
			len(all[0].Ties) != 1 {
			t.Fatalf("%s: the stories are %s, want one of the document %s, with its address and one tie", of,
				shown(all), doc.UID)
		}

		tie := all[0].Ties[0]
		if tie.Kind != "binding" || tie.Id != b.ID || tie.Name != "Publish" || tie.Asset != file ||
			tie.State != "in place" || tie.CommentsAt == nil {
			t.Errorf("the tie is %s, want the binding %s, Publish, of %s, in place, with its comments", shown(tie),
				b.ID, file)
		}

		if c := tie.Content; c == nil || c.File != file || c.Size != 100 || *c.Name != "Cut.mov" || c.At == nil ||
			*c.Digest == "" {
			t.Errorf("the content is %s, want 100 bytes of Cut.mov, %s, with a digest and a time", shown(tie.Content),
				file)
		}

		if got := tale(all[0]); !strings.HasPrefix(got, "was published on Frame.io\n") ||
			!strings.Contains(got, "came into Nuxeo from Cut.mov") {
			t.Errorf("the tale is %q, want that it was published and came into Nuxeo from Cut.mov", got)
		}
	}

	stack := f.Frameio.Stack(file, f.file("Cut 2.mov", 150))
	f.Published(f.Josh, stack)
	if all := f.stories("josh", file); len(all) != 1 || all[0].Ties[0].Asset != stack ||
		all[0].Ties[0].Content.Size != 150 || !strings.Contains(tale(all[0]), "was updated from Cut 2.mov") {
		t.Errorf("the stories are %s, want one of 150 bytes of %s, which was updated from Cut 2.mov", shown(all), stack)
	}

	plain := f.Nuxeo.MkDoc(videos+"/plain", "File", map[string]any{"dc:title": "Plain"})
	if all := f.stories("josh", plain); len(all) != 1 || len(all[0].Ties)+len(all[0].Events) != 0 {
		t.Errorf("the stories of a document of its own are %s, want one without ties and events", shown(all))
	}
}

func TestAMirroredDocumentIsExplained(t *testing.T) {
	t.Parallel()
	f := open(t)
	josh := f.as(f.SignIn("josh"))
	file := f.file("Cut.mov", 100)
	form := api.AddSyncJSONRequestBody{Folder: f.Folder, Team: f.Workspace, Project: f.Project}
	made := answered(josh.AddSync(t.Context(), form))(t)

	f.Settle()
	all := f.stories("josh", file)
	if len(all) != 1 || len(all[0].Ties) != 1 || all[0].Ties[0].Kind != "sync" || all[0].Ties[0].Id != made.Id ||
		all[0].Ties[0].State != "in place" || all[0].Ties[0].Content == nil {
		t.Fatalf("the stories are %s, want one with a tie in place to the synchronization %s", shown(all), made.Id)
	}

	mine := map[string]any{
		"file:content": nuxeosim.Blob{Name: "x.mov", MimeType: "video/quicktime", Data: []byte("mine")},
	}

	if err := f.Nuxeo.Edit("josh", *all[0].Document, mine); err != nil {
		t.Fatal(err)
	}

	f.Frameio.Stack(file, f.file("Cut 2.mov", 150))
	answered(josh.RefreshSync(t.Context(), made.Id, api.RefreshSyncJSONRequestBody{}))(t)

	f.Settle()
	tie := f.stories("josh", *all[0].Document)[0].Ties[0]
	if tie.State != "conflict" || tie.Why == nil || tie.Remedy == nil ||
		!strings.Contains(*tie.Remedy, "sync settle "+made.Id) {
		t.Errorf("the tie is %s, want a conflict with its reason and sync settle as its remedy", shown(tie))
	}

	f.Frameio.Delete(tie.Asset)
	answered(josh.RefreshSync(t.Context(), made.Id, api.RefreshSyncJSONRequestBody{Sure: ptr(true)}))(t)

	f.Settle()
	if tie := f.stories("josh", *all[0].Document)[0].Ties[0]; tie.State != "gone" || tie.Why == nil {
		t.Errorf("the tie is %s, want it gone, with its reason", shown(tie))
	}
}

func TestAPushedDocumentIsExplained(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	document := f.Clip("Teaser", make([]byte, 100), make([]byte, 40))
	josh := f.as(f.SignIn("josh"))
	form := api.PushJSONRequestBody{Documents: []string{document}, Team: f.Workspace, Project: f.Project}
	made := answered(josh.Push(t.Context(), form))(t)

	f.Settle()
	all := f.stories("josh", document)
	if len(all) != 1 {
		t.Fatalf("the stories are %s, want one", shown(all))
	}

	tie := all[0].Ties[len(all[0].Ties)-1]
	if tie.Kind != "push" || tie.Id != made.Pushes[0].Id || tie.State != "open" || tie.Content == nil ||
		tie.Content.File == "" {
		t.Errorf("the tie is %s, want the open push %s with its file", shown(tie), made.Pushes[0].Id)
	}

	if got := tale(all[0]); !strings.Contains(got, "was pushed to ") || !strings.Contains(got, "arrived on Frame.io") {
		t.Errorf("the tale is %q, want that it was pushed and arrived on Frame.io", got)
	}
}

// What one may not read answers like what is not there.
func TestStoriesAreForThoseWhoMayRead(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	f.private()
	file := f.file("Cut.mov", 100)
	f.Published(f.Josh, file)
	doc := f.Nuxeo.Children(f.Folder)[0]
	none := f.get("/api/v1/explain?of=nothing", f.SignIn("olga"))
	none.refused(t, http.StatusNotFound, "not_found")
	for _, of := range []string{doc.UID, doc.Path, file, "", "..", "/", strings.Repeat("x", 1900)} {
		got := f.get("/api/v1/explain?of="+url.QueryEscape(of), f.SignIn("olga"))
		if got.status == http.StatusOK && of == "/" { // everybody may read the root
			continue
		}
		if got.anonymous().body != none.anonymous().body || got.status != none.status {
			t.Errorf("%.20s: answered with %d %s, want the answer to what is not there", of, got.status, got.body)
		}
	}

	f.get("/api/v1/explain?of="+doc.UID, "").refused(t, http.StatusUnauthorized, "unauthenticated")
	f.Nuxeo.SetACL(doc.Path, "olga", "Read", true)
	if all := f.stories("olga", file); len(all) != 1 {
		t.Errorf("the stories that olga sees are %s, want one", shown(all))
	}
}
