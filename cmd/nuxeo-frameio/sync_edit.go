package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type syncEdit struct {
	syncFlags
	sureFlag
	Type      *string        `env:"-" help:"Another document type of what is brought from now on." placeholder:"TYPE"`
	Fetch     string         `env:"-" help:"What a document gets of its file: original, proxy or metadata. Documents that there are get another content too; with metadata they keep what they have." enum:"original,proxy,metadata," default:"" placeholder:"original|proxy|metadata"`
	Earlier   *bool          `name:"earlier-versions" env:"-" help:"Bring the files below the head of a version stack too, from now on." negatable:""`
	Comments  *bool          `env:"-" help:"Bring comments too." negatable:""`
	Events    *bool          `env:"-" help:"Follow what happens on Frame.io between two runs." negatable:""`
	Name      *string        `env:"-" help:"Only files with such a name, as in \"*.mov\"; \"\" for any." placeholder:"PATTERN"`
	Media     []string       `env:"-" help:"Only such files: video, audio, image, document, or any. Several with commas." placeholder:"KIND"`
	Most      *string        `env:"-" help:"Only files of at most this size, like 500M or 2G; \"\" for any." placeholder:"SIZE"`
	Status    []string       `env:"-" help:"Only files with such an approval status, or any. Several with commas." placeholder:"NAME"`
	Gone      string         `env:"-" help:"What happens to documents whose file is gone on Frame.io: keep or trash." enum:"keep,trash," default:"" placeholder:"keep|trash"`
	Conflicts string         `env:"-" help:"Whose content stays when both sides changed it: nuxeo, frameio or both." enum:"nuxeo,frameio,both," default:"" placeholder:"nuxeo|frameio|both"`
	Every     *time.Duration `env:"-" help:"How often it runs by itself, from 5m to a year; 0 for on demand." placeholder:"DURATION"`
	DryRun    bool           `env:"-" help:"Only say what would change."`
	NoWait    bool           `env:"-" help:"Do not wait for the run that follows."`
}

// Run changes a synchronization, after it has said what that changes.
func (c *syncEdit) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		s, err := c.sync(t, k)
		if err != nil {
			return err
		}

		form, err := c.form(s)
		if err != nil {
			return err
		}

		// What is shown is what was checked: one that is changed meanwhile is refused by its version.
		p, err := k.PreviewSyncEdit(t.ctx, s.Id, nil, form)
		if err != nil {
			return err
		}

		switch {
		case c.DryRun && c.JSON:
			return printJSON(t, p)
		case c.DryRun || len(p.Effects) == 0 && !c.JSON:
			return c.preview(t, p)
		}

		return c.edit(t, k, s, form, p)
	})
}

// form is the change that the flags ask for.
func (c *syncEdit) form(s api.Sync) (api.SyncChange, error) {
	form := api.SyncChange{
		Version: s.Version, DocumentType: c.Type, EarlierVersions: c.Earlier, Comments: c.Comments, Events: c.Events,
		Fetch: enumOf[api.SyncChangeFetch](c.Fetch), Gone: enumOf[api.SyncChangeGone](c.Gone),
		Conflicts: enumOf[api.SyncChangeConflicts](c.Conflicts),
	}

	if c.Every != nil {
		minutes := int(*c.Every / time.Minute)
		if *c.Every != time.Duration(minutes)*time.Minute || minutes < 0 {
			return form, fault.Field("every", "Give whole minutes, from 5m to a year, or 0 for on demand.",
				"A synchronization cannot run every %s.", *c.Every)
		}
		form.EveryMinutes = &minutes
	}

	filter, err := c.filter(s)
	form.Filter = filter
	return form, err
}

// filter is the whole filter as it shall be, or nil if it stays.
func (c *syncEdit) filter(s api.Sync) (*api.SyncFilter, error) {
	if c.Name == nil && c.Media == nil && c.Most == nil && c.Status == nil {
		return nil, nil
	}

	f := api.SyncFilter{}
	if s.Filter != nil {
		f = *s.Filter
	}

	if c.Name != nil {
		f.Name = c.Name
	}

	if c.Media != nil {
		f.Media = mediaOf(unlessAny(c.Media))
	}

	if c.Status != nil {
		status := unlessAny(c.Status)
		f.Status = &status
	}

	if c.Most != nil {
		most, err := parseSize(*c.Most)
		if err != nil {
			return nil, err
		}
		f.Most = &most
	}

	return &f, nil
}

// unlessAny is a list, or nothing if it says that any will do.
func unlessAny(words []string) []string {
	if len(words) == 1 && strings.EqualFold(words[0], "any") {
		return nil
	}
	return words
}

// enumOf is a word of an enumeration, or nil if it was not given.
func enumOf[E ~string](word string) *E {
	if word == "" {
		return nil
	}
	e := E(word)
	return &e
}

// preview prints what would change, and what the run after it would do.
func (c *syncEdit) preview(t *terminal, p *api.PreviewSyncEdit200JSONResponse) error {
	if len(p.Effects) == 0 {
		t.printf("There is nothing to change.\n")
		return nil
	}

	for _, e := range p.Effects {
		t.printf("%s\n", e.Text)
	}

	if p.Ends {
		t.printf("The run that is under way ends.\n")
	}

	if p.Expected != nil {
		t.printf("%s\n", expectedText(*p.Expected))
	}

	return nil
}

// expectedText says what the run after a change does.
func expectedText(e api.SyncExpected) string {
	var parts []string
	for _, part := range []struct {
		n    int
		does string
	}{
		{e.New, "brings %s"}, {e.Refetched, "fetches the content of %s anew"}, {e.LeftOut, "leaves out %s"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf(part.does, plain.Count(part.n, "document")))
		}
	}

	if len(parts) == 0 {
		parts = []string{"finds nothing to do"}
	}

	text := "A run follows, which " + strings.Join(parts, ", ")
	if e.Bytes > 0 {
		text += ", " + plain.Size(e.Bytes)
	}

	if !e.Complete {
		text += " so far; there was no time to count them all"
	}

	return text + "."
}

// edit asks, changes the synchronization, and follows the run.
func (c *syncEdit) edit(
	t *terminal, k *client, s api.Sync, form api.SyncChange, p *api.PreviewSyncEdit200JSONResponse,
) error {
	if !c.JSON {
		if err := c.preview(t, p); err != nil {
			return err
		}
	}

	if len(p.Effects) > 0 {
		if err := c.sure(t, "Change the synchronization of "+s.FolderPath+"?"); err != nil {
			return err
		}
	}

	got, err := k.EditSync(t.ctx, s.Id, form)
	if err != nil {
		return err
	}

	if !p.Runs || p.Ends {
		return c.tell(t, *got, "The synchronization of %s is changed.\n")
	}

	return c.follow(t, k, *got, c.NoWait)
}
