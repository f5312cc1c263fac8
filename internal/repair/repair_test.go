package repair_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

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
			stack := b.Frameio.Stack(b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000)),
				b.Add(b.Root, "Cut 2.mov", testenv.Bytes('2', 2000)))
			b.PublishOne(b.Julia, "created", stack)
			published := b.Only().UID
			sent := b.Pushed(b.Kept("Teaser", testenv.Bytes('a', 100))).Pushes[0].Document
			before := map[string]map[string]any{published: b.Tells(published), sent: b.Tells(sent)}
			if got := b.LookLater(); len(got) > 0 {
				t.Fatalf("nothing was lost, and yet repairs came out as %q, want none", got)
			}

			b.Strip(published)
			b.Strip(sent)
			if got := b.LookLater(); len(got) > 0 {
				t.Errorf("a day has not passed for links that did not change, and yet repairs came out as %q, want "+
					"none", got)
			}

			if _, err := b.App.DB.Writer.ExecContext(t.Context(), `UPDATE links SET looked = 0`); err != nil {
				t.Fatal(err)
			}

			if got, want := b.LookLater(), []string{"done repaired", "done repaired"}; !slices.Equal(got, want) {
				t.Errorf("repairs came out as %q, want %q", got, want)
			}

			for uid, want := range before {
				got := b.Tells(uid)
				delete(want, "frameio:publishedBy") // is not remembered
				maps.DeleteFunc(got, func(name string, _ any) bool { _, there := want[name]; return !there })
				diff.Equal(t, "what the document tells after the repair", got, want)
			}

			b.Strip(published)
			if got, want := b.LookLater(), []string{"done repaired"}; !slices.Equal(got, want) {
				t.Errorf("after a repair it is looked at again; that came out as %q, want %q", got, want)
			}
		})
	}
}

func TestRepairsOfAMirror(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	m := b.Mirrored(func(q *foldersync.Request) { q.Fetch = foldersync.Metadata })
	uid := m.Only().UID
	want := b.Tells(uid)
	delete(want, "frameio:publishedBy") // is not remembered
	b.Strip(uid)
	if got, want := b.LookLater(), []string{"done repaired"}; !slices.Equal(got, want) {
		t.Errorf("the repair came out as %q, want %q", got, want)
	}

	if _, err := b.App.Maintenance.DoNow(t.Context(), "syncs"); err != nil {
		t.Fatal(err)
	}

	b.Settle()
	diff.Equal(t, "what the document tells after the repair", b.Tells(uid), want)
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
			b.PublishOne(b.Josh, "created", b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000)))
			uid := b.Only().UID
			b.Strip(uid)
			if err := c.meanwhile(b, uid); err != nil {
				t.Fatal(err)
			}

			if got := b.LookLater(); !slices.Equal(got, c.want) {
				t.Errorf("repairs came out as %q, want %q", got, c.want)
			}

			if d, ok := b.Nuxeo.Doc(uid); ok && slices.Contains(d.Facets, ingest.Facet) {
				t.Error("the document has the facet again, want it left alone")
			}
		})
	}
}
