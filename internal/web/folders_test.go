package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

const videos = "/default-domain/workspaces/videos"

func (f *face) folders(query, session string) (titles []string, more bool) {
	f.T.Helper()
	a := f.get("/api/v1/folders?"+query, session)
	var page struct {
		Folders []api.Folder
		More    bool
	}

	if err := json.Unmarshal([]byte(a.body), &page); err != nil || a.status != http.StatusOK {
		f.T.Fatalf("folders?%s: answered with %d %s, want 200 and a page", query, a.status, a.body)
	}

	for _, v := range page.Folders {
		if v.Uid == "" || !strings.HasPrefix(v.Path, "/") || v.Type == "" {
			f.T.Errorf("the folder is %s, want an id, a path and a type", shown(v))
		}
		titles = append(titles, v.Title)
	}

	return titles, page.More
}

func TestFoldersToChooseFrom(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Nuxeo.MkDoc(videos+"/none", "File", map[string]any{"dc:title": "No folder"})
	for _, title := range []string{"Zebra 100%", "apes", "Zebra_s", "Gone"} {
		uid := f.Nuxeo.MkDoc(videos+"/"+title, "Folder", map[string]any{"dc:title": title})
		if title == "Gone" {
			if err := f.Nuxeo.Trash(uid); err != nil {
				t.Fatal(err)
			}
		}
	}

	josh := f.SignIn("josh")
	if got, _ := f.folders("", josh); len(got) == 0 {
		t.Error("folders at the root: got 0, want some")
	}

	for query, want := range map[string]string{
		"parent=" + f.Folder:                     "Zebra 100%,Zebra_s,apes",
		"search=" + url.QueryEscape("zebra"):     "Zebra 100%,Zebra_s",
		"search=" + url.QueryEscape(" 100% "):    "Zebra 100%",
		"search=" + url.QueryEscape("' OR 1=1"):  "",
		"search=" + url.QueryEscape(`\' OR 1=1`): "",
		"search=no folder":                       "",
		"search=gone":                            "",
		"search=zebra&parent=somewhere-else":     "Zebra 100%,Zebra_s",
	} {
		got, more := f.folders(strings.ReplaceAll(query, " ", "+"), josh)
		slices.Sort(got)
		if strings.Join(got, ",") != want || more {
			t.Errorf("%s: found %q, more %v; want %s and no more", query, got, more, want)
		}
	}

	for _, bad := range []string{"", "z", "+++", strings.Repeat("z", 300)} {
		if a := f.get("/api/v1/folders?search="+bad, josh); a.status != http.StatusBadRequest ||
			!strings.Contains(a.body, `"field":"search"`) {
			t.Errorf("search %q: answered with %d %s, want 400 for the field search", bad, a.status, a.body)
		}
	}
}
