package web_test

import (
	"encoding/json"
	"fmt"
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

func TestFolderByItself(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.private()
	f.Nuxeo.SetACL(videos, "julia", "Read", true)
	inner := f.Nuxeo.MkDoc(videos+"/inner", "Folder", map[string]any{"dc:title": "Inner"})
	file := f.Nuxeo.MkDoc(videos+"/file", "File", map[string]any{"dc:title": "No folder"})
	get := func(login, uid string) *api.FolderDetail {
		got, err := f.as(f.SignIn(login)).GetFolder(t.Context(), uid)
		if err != nil && api.StatusOf(err) == 0 {
			t.Fatal(err)
		}
		return got
	}

	d := get("josh", inner)
	if d == nil || !d.CanBind || d.WhyNot != nil || d.NuxeoUrl != f.NuxeoURL+"/ui/#!/doc/"+inner ||
		d.Title != "Inner" || d.Path != videos+"/inner" {
		t.Fatalf("the folder is %s, want Inner at %s, which may be bound, with its address in Nuxeo", shown(d),
			videos+"/inner")
	}

	var way []string
	for _, a := range d.Ancestors {
		way = append(way, a.Path)
	}

	if fmt.Sprint(way) != "[/default-domain /default-domain/workspaces "+videos+"]" {
		t.Errorf("the way is %v, want /default-domain, its workspaces and %s", way, videos)
	}

	if fmt.Sprint(d.DocumentTypes) != "[File Audio Picture Video]" { // a Note holds no file
		t.Errorf("the document types are %v, want File, Audio, Picture and Video", d.DocumentTypes)
	}

	if d = get("julia", inner); d == nil || d.CanBind || d.WhyNot == nil ||
		!strings.Contains(*d.WhyNot, "You may not write") {
		t.Errorf("for who may only read: %s, want that it may not be bound, since they may not write", shown(d))
	}

	for _, uid := range []string{file, "none", strings.Repeat("x", 3000)} {
		if d = get("josh", uid); d != nil {
			t.Errorf("%.20s: got %s, want nothing", uid, shown(d))
		}
	}

	if d = get("olga", inner); d != nil {
		t.Errorf("for who may not see it: got %s, want nothing", shown(d))
	}

	if n, m := f.asked(func() { get("josh", inner) }); n > 3 || m != 0 { // one, and two of signing in
		t.Errorf("it costs %d calls to Nuxeo and %d to Frame.io, want at most 3 and none", n, m)
	}
}

// What lies above and may not be seen is left out.
func TestWayToAFolderShowsWhatOneMaySee(t *testing.T) {
	t.Parallel()
	f := open(t)
	inner := f.Nuxeo.MkDoc(videos+"/inner", "Folder", map[string]any{"dc:title": "Inner"})
	f.private()
	f.Nuxeo.SetACL(videos+"/inner", "olga", "Everything", true)
	got, err := f.as(f.SignIn("olga")).GetFolder(t.Context(), inner)
	if err != nil {
		t.Fatal(err)
	}

	if slices.ContainsFunc(got.Ancestors, func(a api.Folder) bool { return a.Path == videos }) {
		t.Errorf("the folders above are %v, want nothing that may not be seen: %s", got.Ancestors, videos)
	}
}

// A folder inside a bound one says so to whoever may see that one, and the nearest is the one that counts.
func TestAFolderSaysWhereItBelongs(t *testing.T) {
	t.Parallel()
	f := open(t)
	outer := f.Nuxeo.MkDoc(videos+"/outer", "Folder", map[string]any{"dc:title": "Outer"})
	inner := f.Nuxeo.MkDoc(videos+"/outer/inner", "Folder", map[string]any{"dc:title": "Inner"})
	above := func(login, uid string) string {
		got, err := f.as(f.SignIn(login)).GetFolder(t.Context(), uid)
		if err != nil {
			t.Fatal(err)
		}
		return shown(got.BelongsTo)
	}

	if got := above("josh", inner); got != "null" {
		t.Errorf("where nothing is bound it belongs to %s, want nothing", got)
	}

	f.Bind("Publish")
	bound := f.Folder
	want := `"action":"Publish"`
	for _, uid := range []string{outer, inner} {
		if got := above("josh", uid); !strings.Contains(got, want) || !strings.Contains(got, bound) {
			t.Errorf("%s belongs to %s, want %s of %s", uid, got, want, bound)
		}
	}

	if got := above("josh", bound); got != "null" {
		t.Errorf("the bound folder itself belongs to %s, want nothing above it", got)
	}

	f.private()
	f.Nuxeo.SetACL(videos+"/outer/inner", "olga", "Everything", true)
	if got := above("olga", inner); got != "null" {
		t.Errorf("who may not see the bound folder is told of %s, want nothing", got)
	}
}
