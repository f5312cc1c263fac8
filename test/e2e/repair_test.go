package e2e

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/repair"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// strip takes the facet off a document, as Nuxeo's work in the background does.
func strip(b *testenv.Bed, uid string) {
	b.T.Helper()
	b.Nuxeo.RunBackground() // or it would give the facet back
	nx, err := b.App.Identity.Nuxeo(b.T.Context(), "josh")
	if err == nil {
		err = nx.RemoveFacet(b.T.Context(), uid, ingest.Facet, ingest.SourceMetadata)
	}

	if err != nil {
		b.T.Fatal(err)
	}
}

// lookLater looks after two minutes at what documents tell, and returns how the repairs
// that it began came out.
func lookLater(b *testenv.Bed) (outcomes []string) {
	b.T.Helper()
	if _, err := b.App.DB.Writer.ExecContext(b.T.Context(), `UPDATE links
		SET updated = updated - 120000, looked = looked - 120000`); err != nil {
		b.T.Fatal(err)
	}

	before := len(ofKind(b.Settle(), repair.Kind))
	if _, err := b.App.Maintenance.DoNow(b.T.Context(), "metadata"); err != nil {
		b.T.Fatal(err)
	}

	for _, v := range ofKind(b.Settle(), repair.Kind)[before:] {
		outcomes = append(outcomes, string(v.State)+" "+v.Outcome)
	}

	slices.Sort(outcomes)
	return outcomes
}

func ofKind(all []work.View, kind string) []work.View {
	all = slices.DeleteFunc(all, func(v work.View) bool { return v.Kind != kind })
	slices.SortFunc(all, func(v, w work.View) int { return strings.Compare(v.ID, w.ID) })
	return all
}

// tells is what a document tells of its asset, but for when that was written.
func tells(b *testenv.Bed, uid string) map[string]any {
	b.T.Helper()
	d, ok := b.Nuxeo.Doc(uid)
	if !ok {
		b.T.Fatalf("there is no document %s, want it in Nuxeo", uid)
	}

	out := map[string]any{}
	for name, value := range d.Properties {
		if strings.HasPrefix(name, "frameio:") && name != "frameio:lastPublished" && name != "frameio:lastPushed" {
			out[name] = value
		}
	}

	return out
}

// What Nuxeo takes away after an item has ended comes back: of documents that were
// published, of those that were pushed, and of those of a mirror.
func TestWhatIsTakenAwayLaterComesBack(t *testing.T) {
	t.Parallel()
	for name, stays := range map[string]bool{
		"a database that drops the data": false,
		"a database that hides them":     true,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Nuxeo(func(o *nuxeosim.Options) { o.FacetDataStays = stays }))
			b.Bind("Publish")
			stack := b.Frameio.Stack(add(b, b.Root, "Cut.mov", content('1', 1000)),
				add(b, b.Root, "Cut 2.mov", content('2', 2000)))
			newest(b, b.Julia, "created", stack)
			published := b.Only().UID
			sent := pushed(b, kept(b, "Teaser", content('a', 100))).Pushes[0].Document
			before := map[string]map[string]any{published: tells(b, published), sent: tells(b, sent)}
			if got := lookLater(b); len(got) > 0 {
				t.Fatalf("nothing was lost, and yet repairs came out as %q, want none", got)
			}

			strip(b, published)
			strip(b, sent)
			if got := lookLater(b); len(got) > 0 {
				t.Errorf("a day has not passed for links that did not change, and yet repairs came out as %q, want "+
					"none", got)
			}

			if _, err := b.App.DB.Writer.ExecContext(t.Context(), `UPDATE links SET looked = 0`); err != nil {
				t.Fatal(err)
			}

			if got, want := lookLater(b), []string{"done repaired", "done repaired"}; !slices.Equal(got, want) {
				t.Errorf("repairs came out as %q, want %q", got, want)
			}

			for uid, want := range before {
				got := tells(b, uid)
				delete(want, "frameio:publishedBy") // is not remembered
				maps.DeleteFunc(got, func(name string, _ any) bool { _, there := want[name]; return !there })
				diff.Equal(t, "what the document tells after the repair", got, want)
			}

			strip(b, published)
			if got, want := lookLater(b), []string{"done repaired"}; !slices.Equal(got, want) {
				t.Errorf("after a repair it is looked at again; that came out as %q, want %q", got, want)
			}
		})
	}
}

func TestRepairsOfAMirror(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	add(b, b.Root, "Cut.mov", content('1', 1000))
	m := mirrored(b, func(q *foldersync.Request) { q.Fetch = foldersync.Metadata })
	uid := m.Only().UID
	want := tells(b, uid)
	delete(want, "frameio:publishedBy") // is not remembered
	strip(b, uid)
	if got, want := lookLater(b), []string{"done repaired"}; !slices.Equal(got, want) {
		t.Errorf("the repair came out as %q, want %q", got, want)
	}

	if _, err := b.App.Maintenance.DoNow(t.Context(), "syncs"); err != nil {
		t.Fatal(err)
	}

	b.Settle()
	diff.Equal(t, "what the document tells after the repair", tells(b, uid), want)
}

// What is nobody's to repair is left alone.
func TestRepairsKeepOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(b *testenv.Bed, uid string) error
		want      []string
	}{
		"locked by another": {func(b *testenv.Bed, uid string) error {
			return b.Nuxeo.Lock(uid, "olga")
		}, []string{"done left alone: locked by olga"}},
		"in the trash": {func(b *testenv.Bed, uid string) error { return b.Nuxeo.Trash(uid) }, nil},
		"deleted":      {func(b *testenv.Bed, uid string) error { return b.Nuxeo.Remove(uid) }, nil},
		"no longer bound": {func(b *testenv.Bed, _ string) error {
			_, err := b.App.DB.Writer.ExecContext(b.T.Context(), `UPDATE bindings SET state = 'unbound'`)
			return err
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			b.Bind("Publish")
			newest(b, b.Josh, "created", add(b, b.Root, "Cut.mov", content('1', 1000)))
			uid := b.Only().UID
			strip(b, uid)
			if err := c.meanwhile(b, uid); err != nil {
				t.Fatal(err)
			}

			if got := lookLater(b); !slices.Equal(got, c.want) {
				t.Errorf("repairs came out as %q, want %q", got, c.want)
			}

			if d, ok := b.Nuxeo.Doc(uid); ok && slices.Contains(d.Facets, ingest.Facet) {
				t.Error("the document has the facet again, want it left alone")
			}
		})
	}
}
