package web_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// closed is a bound folder that olga may read, with sub-folders in it that she may not.
// What is in those has "Secret" in its name.
type closed struct {
	*face
	shut []string // uids and ids that olga must not learn
	ids  map[string]string
}

func (f *face) closed() *closed {
	t := f.T
	t.Helper()
	c := &closed{face: f, ids: map[string]string{"{folder}": f.Folder}}
	c.ids["{binding}"] = f.Bind("Publish").ID
	secret, plain := f.file("Secret cut.mov", 100), f.file("Plain cut.mov", 100)
	c.ids["{item}"] = f.Published(f.Josh, secret)[0].ID
	item, err := f.App.Engine.Item(t.Context(), testenv.Viewer, c.ids["{item}"])
	if err != nil {
		t.Fatal(err)
	}

	c.ids["{parent}"] = item.Parent
	document := f.Only().UID
	shut := f.Nuxeo.MkDoc(videos+"/shut", "Folder", map[string]any{"dc:title": "Secret plans"})
	if err := f.Nuxeo.Move(document, shut, ""); err != nil {
		t.Fatal(err)
	}

	f.Published(f.Josh, plain)
	open := f.titled(f.Folder, "Plain cut").UID
	reel := f.Frameio.AddFolder(f.Root, "Secret reel")
	f.Frameio.AddFile(reel, "Secret shot.mov", frameiosim.Bytes([]byte("shot")), frameiosim.WithCreator(f.Josh))
	f.Published(f.Josh, reel)
	sent, err := f.App.Push.Accept(t.Context(), "josh", push.Request{
		Documents: []string{document, open},
		Workspace: f.Workspace,
		Project:   f.Project,
		Separate:  true,
	})
	if err != nil {
		t.Fatal(err)
	}

	f.Settle()
	c.ids["{push}"], c.ids["{batch}"], c.ids["{document}"], c.ids["{file}"] = sent.Pushes[0].ID, sent.Batch,
		document, secret
	c.shut = []string{shut, document, secret, sent.Pushes[0].ID}
	c.mirror()

	for _, d := range f.Nuxeo.Children(f.Folder) {
		if strings.HasPrefix(d.Title, "Secret") {
			f.Nuxeo.SetACL(d.Path, "olga", "Everything", false)
		}
	}

	return c
}

// titled is a document in a folder.
func (f *face) titled(folder, title string) nuxeosim.DocView {
	f.T.Helper()
	all := f.Nuxeo.Children(folder)
	i := slices.IndexFunc(all, func(d nuxeosim.DocView) bool { return d.Title == title })
	if i < 0 {
		f.T.Fatalf("there is no %q among %d documents, want one", title, len(all))
	}
	return all[i]
}

// mirror is a mirror beside what is published, with a closed folder in which there is
// every kind of trouble and difference.
func (c *closed) mirror() {
	t := c.T
	t.Helper()
	project, root := c.Frameio.AddProject(c.Workspace, "Mirrored")
	day := c.Frameio.AddFolder(root, "Secret day")
	add := func(folder, name string) string {
		return c.Frameio.AddFile(folder, name, frameiosim.Bytes([]byte(name)), frameiosim.WithCreator(c.Josh))
	}

	disputed, gone, lost := add(day, "Secret disputed.mov"), add(day, "Secret gone.mov"), add(day, "Secret lost.mov")
	refused := add(day, "Secret refused.mov") // there is never a document of it
	c.Frameio.SetDownloadable(refused, false)
	add(root, "Plain.mov")
	plainGone := add(root, "Plain gone.mov")
	at := c.Nuxeo.MkDoc(videos+"/mirror", "Folder", map[string]any{"dc:title": "Mirror"})
	q, err := c.App.Sync.Add(t.Context(), "josh", foldersync.Request{
		Folder: at, Workspace: c.Workspace,
		Project: project,
	})
	if err != nil {
		t.Fatal(err)
	}

	c.Settle()
	folder := c.titled(at, "Secret day")
	c.ids["{sync}"], c.ids["{mirror}"] = q.ID, at
	c.shut = append(c.shut, day, disputed, gone, lost, refused, folder.UID)
	for _, d := range c.Nuxeo.Children(folder.UID) {
		c.shut = append(c.shut, d.UID)
		switch d.Title {
		case "Secret disputed":
			mine := map[string]any{
				"file:content": nuxeosim.Blob{Name: "x.mov", MimeType: "video/quicktime", Data: []byte("mine")},
			}
			if err := c.Nuxeo.Edit("josh", d.UID, mine); err != nil {
				t.Fatal(err)
			}
		case "Secret lost":
			if err := c.Nuxeo.Remove(d.UID); err != nil {
				t.Fatal(err)
			}
		}
	}

	c.Frameio.Stack(disputed, add(day, "Secret disputed 2.mov"))
	c.Frameio.Delete(gone)
	c.Frameio.Delete(plainGone)
	if _, err := c.App.Sync.Refresh(t.Context(), testenv.Viewer, q.ID, true); err != nil {
		t.Fatal(err)
	}

	c.Settle()
	c.shut = append(c.shut, add(c.Frameio.AddFolder(day, "Secret night"), "Secret new.mov"),
		add(day, "Secret newer.mov"))
	add(root, "Plain new.mov")
	if _, err := c.App.Sync.Check(t.Context(), testenv.Viewer, q.ID); err != nil {
		t.Fatal(err)
	}

	c.Settle()
	mirror, _ := c.Nuxeo.Doc(at)
	c.Nuxeo.SetACL(mirror.Path, "olga", "ReadWrite", true) // who may write may settle conflicts
	c.Nuxeo.SetACL(folder.Path, "olga", "Everything", false)
}

var cursors = regexp.MustCompile(`"next":"[^"]*"`)

// Who may read a bound or synchronized folder, and not a document below it, is told
// nothing of that document by any route, but how many were left out.
func TestClosedSubFoldersStayClosed(t *testing.T) {
	t.Parallel()
	c := open(t).closed()
	var pairs []string
	for name, id := range c.ids {
		pairs = append(pairs, name, id)
	}

	ids := strings.NewReplacer(pairs...)
	known := strings.NewReplacer("{account}", c.Account, "{workspace}", c.Workspace, "{project}", c.Project,
		"{root}", c.Root)
	olga, josh, admin := c.SignIn("olga"), c.SignIn("josh"), c.SignIn("Administrator")

	// What tells of things, with what olga is told all the same.
	told := map[string]string{
		"/folders?parent={folder}":          "Mirror",
		"/folders/{folder}/documents":       "Plain cut",
		"/documents/{document}":             "",
		"/documents/{document}/targets":     "",
		"/pushes":                           `"pushes":[]`,
		"/pushes?folder={folder}":           "Plain cut",
		"/pushes?folder={folder}&limit=1":   "",
		"/pushes?document={document}":       "",
		"/pushes/{push}":                    "",
		"/locks":                            `"pushes":[]`,
		"/batches?folder={folder}":          `"batches":[]`,
		"/items":                            `"items":[]`,
		"/items?binding={binding}":          "Plain cut",
		"/items?binding={binding}&limit=2":  "",
		"/items?parent={parent}":            `"items":[]`,
		"/items?parent={batch}":             `"items":[]`,
		"/items/{item}":                     "",
		"/explain?of={document}":            "",
		"/explain?of={file}":                "",
		"/explain?of={folder}":              "",
		"/syncs?folder={mirror}":            "Mirrored",
		"/syncs/{sync}":                     "Mirrored",
		"/syncs/{sync}/runs":                "assets",
		"/syncs/{sync}/troubles":            "Plain gone",
		"/syncs/{sync}/troubles?limit=1":    "",
		"/syncs/{sync}/differences":         "Plain new",
		"/syncs/{sync}/differences?limit=1": "",
		"/bindings?folder={folder}":         "Publish",
		"/bindings/{binding}":               "Publish",
	}

	for _, id := range c.shut {
		told["/explain?of="+id], told["/documents/"+id] = "", ""
	}

	for _, r := range matrix { // and every other route that reads
		path := known.Replace(r.path)
		if _, ok := told[path]; !ok && r.method == http.MethodGet && !strings.HasPrefix(path, "/events") {
			told[path] = ""
		}
	}

	for path, want := range told {
		a := c.get("/api/v1"+ids.Replace(path), olga)
		a.body = cursors.ReplaceAllString(a.body, "") // ids that open nothing
		if strings.HasPrefix(path, "/explain") && !strings.HasSuffix(path, "{folder}") &&
			a.status != http.StatusNotFound {
			t.Errorf("GET %s tells olga a story, want 404: %s", path, a.body)
		}

		for _, word := range append([]string{"Secret"}, c.shut...) {
			if strings.Contains(a.body, word) && !strings.Contains(ids.Replace(path), word) {
				t.Errorf("GET %s tells olga of %q, want nothing of it: %s", path, word, a.body)
			}
		}

		if !strings.Contains(a.body, want) {
			t.Errorf("GET %s does not tell olga of %q, want it: %d %s", path, want, a.status, a.body)
		}
	}

	for path, hidden := range map[string]string{
		"/pushes?folder={folder}": `"hidden":1`, "/items?binding={binding}": `"hidden":4`,
		"/syncs/{sync}/troubles": `"hidden":3`, "/syncs/{sync}/differences": `"hidden":`,
	} {
		if a := c.get("/api/v1"+ids.Replace(path), olga); !strings.Contains(a.body, hidden) {
			t.Errorf("GET %s does not say %s, want how much is hidden: %s", path, hidden, a.body)
		}
		for _, session := range []string{josh, admin} {
			if a := c.get("/api/v1"+ids.Replace(path), session); !strings.Contains(a.body, "Secret") ||
				strings.Contains(a.body, "hidden") {
				t.Errorf("GET %s leaves something out for whom it is no secret, want all: %s", path, a.body)
			}
		}
	}

	c.writesTellNothing(ids, olga)
}

// writesTellNothing tries what changes something, too, and the streams.
func (c *closed) writesTellNothing(ids *strings.Replacer, olga string) {
	c.T.Helper()
	for _, r := range []request{
		{method: "POST", path: "/documents/{document}/media"},
		{method: "POST", path: "/pushes/preview", body: `{"documents":["{document}"]}`},
		{method: "POST", path: "/items/{item}/retry"},
		{method: "POST", path: "/items/{item}/cancel"},
		{method: "POST", path: "/locks/{push}/release", body: `{"reason":"x"}`},
		{method: "GET", path: "/events?item={item}"},
		{method: "POST", path: "/syncs/{sync}/settle", body: `{"key":"` + c.disputed() + `","use":"nuxeo"}`},
	} {
		r.path, r.body, r.session = "/api/v1"+ids.Replace(r.path), ids.Replace(r.body), olga
		a := c.send(r)
		if strings.Contains(a.body, "Secret") || a.status < 400 && !strings.HasSuffix(r.path, "preview") {
			c.T.Errorf("%s %s by olga: %d %s, want it refused, or without what she may not see", r.method, r.path,
				a.status, a.body)
		}
	}
}

func (c *closed) disputed() (key string) {
	c.T.Helper()
	err := c.App.DB.Reader.QueryRowContext(c.T.Context(), `SELECT key FROM sync_entries
		WHERE conflict <> ''`).Scan(&key)
	if err != nil {
		c.T.Fatal(err)
	}
	return key
}

// A page of what others pushed or published costs one question to Nuxeo about all of it.
func TestRightsOfAPageAreAskedForOnce(t *testing.T) {
	t.Parallel()
	f := open(t)
	made := f.Bind("Publish")
	var files []string
	for _, name := range []string{"One.mov", "Two.mov", "Three.mov", "Four.mov"} {
		files = append(files, f.file(name, 100))
	}

	f.Published(f.Josh, files...)
	olga := f.SignIn("olga")
	f.get("/api/v1/me", olga)
	if calls, _ := f.asked(func() { f.get("/api/v1/items?binding="+made.ID, olga) }); calls > 2 {
		t.Errorf("a page of four items took %d calls of Nuxeo, want one for the folder and one for the rest", calls)
	}
}
