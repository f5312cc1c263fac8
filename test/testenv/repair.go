package testenv

import (
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/repair"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Strip takes the facet off a document, as Nuxeo's work in the background does.
func (b *Bed) Strip(uid string) {
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

// LookLater looks after two minutes at what documents tell, and returns how the repairs
// that it began came out.
func (b *Bed) LookLater() (outcomes []string) {
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

// Tells is what a document tells of its asset, but for when that was written.
func (b *Bed) Tells(uid string) map[string]any {
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
