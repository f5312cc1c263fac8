// Package upgrade guards that a new program takes over what an older one left: its
// database, with items that were stopped at every step of every flow. Each item ends
// well, and nothing comes twice.
//
// A fixture, testdata/<version>/<scene>.json, is what an older program did in a scene: at
// each stop - before a step, and after it when nobody had noted that it was done - the rows
// of its database that changed, and the calls to Nuxeo and Frame.io by which it came there.
// The test sets the scene with today's program, makes the calls instead of it, so that both
// systems stand as the older program left them and not as today's would have, gives the
// connector a database with the older tables and rows, starts it, and lets all work end.
//
// Invariants: a document, an asset, a version, a comment is judged by its content;
// locks are given back; no item fails or waits. In a fixture all that differs from run to
// run has a name in double braces: what the scene set up, and what a call was answered
// with ("gives"). Times count from the first stop, in milliseconds. Secrets are sealed
// anew when the fixture is laid, by today's vault.
//
// testdata/2026-11-29 is the program as it was before it met a real Nuxeo (migration 9, the
// commit "Read no time out of a mark for news"), played against simulators that tell the
// truth: documents get their facet after their content and lose it again, locks are taken by
// pushes only, and what it took for a version is none.
//
// To add the fixtures of today's program, once its version is out:
//
//	go test ./test/upgrade -run TestWrite -write NAME
//
// and so for an older commit: copy this folder into its tree without lay_test.go, and
// internal/simulator when today's tells more of the truth, take out what does not build and
// what the older program does not hold, run the same, and bring testdata/NAME back. A fixture
// that is there is never written again. Fixtures are written on SQLite.
//
// It leaves out: the rows of chores, so that all of them are due when the program starts, as
// after a long pause; of nodes, sessions, webhooks, hints and the audit log, which no item
// knows of; and the history of items, which people read and no step does. It has no stop
// after a step that wrote nothing to the systems: the stop before the next one is the same
// but for its name. The second rounds of the lanes that bring comments and posters are not
// there: they come only with more than a page of them.
package upgrade

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

var write = flag.String("write", "", "the version whose fixtures TestWrite writes: that of this program")

// key is that of the vault in all scenes. It protects nothing.
const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func TestMain(m *testing.M) { testenv.Main(m) }

// set sets a scene.
func set(t *testing.T, s scene, more ...testenv.Option) (st *stage, deed, check func()) {
	t.Helper()
	b := testenv.New(t, append([]testenv.Option{
		testenv.OneByOne(), testenv.Loose(), testenv.Config(func(c *app.Config) {
			c.EncryptionKey = []string{key}
			if s.direct {
				testenv.ByAddress(c)
			}
		}),
		testenv.Nuxeo(func(o *nuxeosim.Options) { o.DirectDownload = s.direct }),
		testenv.Frameio(func(o *frameiosim.Options) { o.PartSize = 1000 }),
	}, more...)...)

	st = &stage{Bed: b, names: map[string]string{}}
	deed, check = s.prepare(st)
	return st, deed, check
}

// TestWrite writes the fixtures of this program, when it is asked to.
func TestWrite(t *testing.T) {
	t.Parallel()
	if *write == "" {
		t.Skip("it is not asked for: -write names no version")
	}

	dir := filepath.Join("testdata", *write)
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, s.name+".json")
			if _, err := os.Stat(path); err == nil {
				t.Fatalf("%s: got a file, want none: what an older program did is not written anew", path)
			}

			f := record(t, s)
			err := os.MkdirAll(dir, 0o755)
			if err == nil {
				err = os.WriteFile(path, f.text(), 0o644)
			}

			if err == nil && s.name == scenes[0].name {
				err = os.WriteFile(filepath.Join(dir, schema), f.tables.text(), 0o644)
			}

			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// schema is the file with a version's tables.
const schema = "tables.json"

// Every item of every older program, wherever it was stopped, ends well today. Where not
// all of it is asked for, a stop before a step is played in the first scene that has it, and
// on PostgreSQL so is one after a step that wrote, beside the first of each scene: what that
// adds are other statements, and not other states.
func TestOldItemsEndWell(t *testing.T) {
	t.Parallel()
	versions, err := filepath.Glob(filepath.Join("testdata", "*"))
	if err != nil || len(versions) == 0 {
		t.Fatalf("versions with fixtures: got none (%v), want some", err)
	}

	for _, dir := range versions {
		seen := map[string]bool{}
		for _, s := range scenes {
			f := read(t, dir, s.name)
			for i, stop := range f.stops {
				again := seen[stop.At]
				seen[stop.At] = true
				if !testenv.Whole() && (again && !stop.wrote() || pg.Chosen() && (again || i > 0 && !stop.wrote())) {
					continue
				}

				name := fmt.Sprintf("%s/%s/%02d %s", filepath.Base(dir), s.name, i, stop.At)
				t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
					t.Parallel()
					st, _, check := set(t, s)
					st.takeOver(f, i)
					st.settle()
					check()
				})
			}
		}
	}
}

// read reads a fixture; one without stops when the version has none of the scene.
func read(t *testing.T, dir, scene string) *fixture {
	t.Helper()
	f := &fixture{}
	for name, into := range map[string]any{schema: &f.tables, scene + ".json": &f.stops} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) && name != schema {
			continue // the scene is younger
		}
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatalf("reading %s of %s: %v", name, dir, err)
		}
	}

	return f
}

// settle lets all work end, and what documents tell be looked at, as after two minutes.
func (st *stage) settle() {
	st.T.Helper()
	st.Settle()
	st.Nuxeo.RunBackground()
	const later = `UPDATE links SET updated = updated - 120000, looked = looked - 120000`
	if _, err := st.App.DB.Writer.ExecContext(st.T.Context(), later); err != nil {
		st.T.Fatal(err)
	}

	if _, err := st.App.Maintenance.DoNow(st.T.Context(), "metadata"); err != nil {
		st.T.Fatal(err)
	}

	st.Settle()
}
