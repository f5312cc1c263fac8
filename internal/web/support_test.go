package web_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// help is the archive for who helps, by the names of its files.
func (f *face) help(session string) map[string]string {
	f.T.Helper()
	a := f.send(request{method: http.MethodPost, path: "/api/v1/support", session: session})
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/zip" {
		f.T.Fatalf("the archive: got %d %s %.200q, want a zip", a.status, a.header.Get("Content-Type"), a.body)
	}
	return unzipped(f.T, []byte(a.body))
}

func unzipped(t testing.TB, content []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}

	files := map[string]string{}
	for _, file := range z.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || file.Comment == "" {
			t.Errorf("%s: got the comment %q, %v, want what it is", file.Name, file.Comment, err)
		}
		files[file.Name] = string(b)
	}

	return files
}

func TestSupportTellsHowThingsAre(t *testing.T) {
	t.Parallel()
	f := open(t, testenv.World(func(w *app.World) {
		w.Work = func(s *work.Settings) { testenv.Quick(s); s.MaxAttempts = 2 }
	}))
	session := f.SignIn("Administrator")
	f.Bind("Publish")
	file := f.file("Cut.mov", 1000)
	f.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "a canary among comments"})
	f.Published(f.Josh, file)
	f.Frameio.Faults().Add(faults.Rule{Path: "^/assets/", Status: 403})
	f.Run(f.Josh, f.file("Refused.mov", 1000))
	f.Settle()

	got := f.help(session)
	database := "SQLite 3."
	if pg.Chosen() {
		database = "PostgreSQL "
	}

	for name, want := range map[string][]string{
		"doctor.txt": {"ok       Database:", "Package in Nuxeo: version", "         -> "},
		"versions.json": {
			database, runtime.Version(), `"program": "` + app.Version, `"package in Nuxeo": "version`, `"system": "`,
		},
		"settings.json": {`"name": "nuxeo-url",`, `"value": "` + f.Config.Nuxeo.URL, `"name": "encryption-key"`},
		"queue.json":    {`"kind": "publish"`, `"failed": 1`, `"oldest due item has waited": "0s"`},
		"failures.json": {
			`"kind": "publish"`, `"state": "failed"`, "refuses the original (403)", `"event": "failed"`,
			`"step": "`,
		},
		"nodes.json":  {`"alive": true`, `"name": "history"`, `"paused": null`},
		"tables.json": {`"schema": `, `"table": "items"`, `"table": "audit"`},
		"metrics.txt": {"nuxeo_frameio_ready 1"},
	} {
		for _, w := range want {
			if !strings.Contains(got[name], w) {
				t.Errorf("%s: got no %q, want it in\n%.3000s", name, w, got[name])
			}
		}
	}

	for name, text := range got {
		if strings.Contains(text, "a canary among comments") || strings.Contains(text, "could not be found out") {
			t.Errorf("%s: got a comment, or nothing, want neither:\n%.1000s", name, text)
		}
	}

	// The rows are all of them.
	type row struct{ Table string }
	var tables struct{ Rows []row }
	if err := json.Unmarshal([]byte(got["tables.json"]), &tables); err != nil || len(tables.Rows) < 20 ||
		slices.ContainsFunc(tables.Rows, func(r row) bool { return strings.Contains(r.Table, "river") }) {
		t.Errorf("the tables: got %s, %v, want all of ours", got["tables.json"], err)
	}
}

// What cannot be found out does not keep the rest from being told.
func TestSupportOfWhatIsBroken(t *testing.T) {
	t.Parallel()
	f := open(t)
	sources := f.App.Support()
	f.Stop()
	var content bytes.Buffer
	if err := sources.Write(t.Context(), &content); err != nil {
		t.Fatal(err)
	}

	got := unzipped(t, content.Bytes())
	for _, name := range []string{"failures.json", "tables.json", "doctor.txt"} {
		if !strings.HasPrefix(got[name], "This could not be found out: ") {
			t.Errorf("%s without a database or a doctor: got %q, want why it is not there", name, got[name])
		}
	}

	if !strings.Contains(got["settings.json"], `"nuxeo-url"`) ||
		!strings.Contains(got["versions.json"], runtime.Version()) {
		t.Errorf("without a database: got %v, want settings and versions all the same", got)
	}

	f.Start()
}
