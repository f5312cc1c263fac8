package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// metadataMap maps fields to properties and back: what would change is read before, what is unknown is told.
func (t *story) metadataMap(ctx context.Context) error {
	t.Frameio.AddField(t.seed.account, "Job Number", "text")
	t.Frameio.AddField(t.seed.account, "Genre", "text")
	t.Frameio.SetMetadata(t.seed.teaserTwo, "Job Number", "J-2026-17")
	t.Frameio.SetMetadata(t.seed.teaserTwo, "Genre", "Noir")
	t.say("The account has the fields \"Job Number\" and \"Genre\"; the teaser has J-2026-17 and Noir.")
	for _, r := range []metamap.Row{
		{Direction: metamap.ToNuxeo, Field: "Job Number", Property: "dc:rights", Kind: metamap.Text},
		{
			Direction: metamap.ToNuxeo, Field: "Genre", Property: "dc:format", Kind: metamap.Vocabulary,
			Values: map[string]string{"Drama": "drama"},
		},
		{Direction: metamap.ToFrameio, Field: "Job Number", Property: "dc:publisher", Kind: metamap.Text},
	} {
		if _, err := t.App.Map.Set(ctx, t.Login("josh"), r); err != nil {
			return err
		}
		t.say("An administrator maps %s.", r)
	}

	if err := t.testMap(ctx); err != nil {
		return err
	}

	// It arrives with the next publish; the unknown word keeps nothing.
	if _, err := t.run(ctx, t.seed.josh, t.seed.teaserTwo); err != nil {
		return err
	}

	d := t.must(t.doc.UID)
	if d.Properties["dc:rights"] != "J-2026-17" || d.Properties["dc:format"] != nil {
		return fmt.Errorf("the document has %v and %v", d.Properties["dc:rights"], d.Properties["dc:format"])
	}

	t.say("Published, the document has the job number. The unknown genre is noted, and still among all its fields.")
	return t.pushJobNumber(ctx)
}

// testMap reads what would change.
func (t *story) testMap(ctx context.Context) error {
	got, err := t.josh.TestMap(ctx, t.doc.UID)
	if err != nil {
		return err
	}

	told := map[string]api.MapChange{}
	for _, c := range got.Changes {
		told[c.Field+" "+c.Property] = c
	}

	if c := told["Job Number dc:rights"]; !c.Writes || c.After != "J-2026-17" {
		return fmt.Errorf("the test says %+v of the job number", c)
	}

	c := told["Genre dc:format"]
	if c.Writes || c.Problem == nil || len(c.Unknown) != 1 {
		return fmt.Errorf("the test says %+v of the genre", c)
	}

	t.say("Josh tries it: dc:rights would be J-2026-17; for Genre, %s.", *c.Problem)
	if got := t.must(t.doc.UID).Properties["dc:rights"]; got != nil {
		return fmt.Errorf("the test has set dc:rights to %v", got)
	}

	return nil
}

// pushJobNumber pushes a document whose property becomes a field.
func (t *story) pushJobNumber(ctx context.Context) error {
	t.repo.MkDoc(t.at.drafts+"/Clip", "File", map[string]any{
		"dc:creator": t.Login("josh"), "dc:publisher": "J-2026-18",
		"file:content": nuxeosim.Blob{Name: "Clip.mov", MimeType: "video/quicktime", Data: mustRead("making_of.mov")},
	})

	got, err := t.josh.Push(ctx, api.PushForm{
		Documents: []string{t.must(t.at.drafts + "/Clip").UID}, Team: t.seed.workspace, Project: t.seed.project,
	})
	if err != nil {
		return err
	}

	if err := t.settle(ctx); err != nil {
		return err
	}

	p, err := t.App.Push.Get(ctx, work.Viewer{Admin: true}, got.Pushes[0].Id)
	if err != nil {
		return err
	}

	fio, err := t.App.Identity.Frameio(ctx, t.Login("josh"))
	if err != nil {
		return err
	}

	f, err := fio.File(ctx, t.seed.account, p.File)
	if err != nil {
		return err
	}

	for _, one := range f.Metadata {
		if one.Name == "Job Number" && one.Value == "J-2026-18" {
			t.say("Pushed, the clip has its job number on Frame.io.")
			return nil
		}
	}

	return errors.New("the clip has no job number on Frame.io")
}
