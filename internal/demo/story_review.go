package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// statusComes looks at the document while the review goes on.
func (t *story) statusComes(ctx context.Context) error {
	if err := t.App.Webhooks.Complete(ctx); err != nil { // as the connector does a little later
		return err
	}

	t.Frameio.SetStatus(t.pushed.File, "In Progress")
	t.say("Julia sets the status \"In Progress\" on Frame.io.")
	err := t.comes(ctx, func() bool { return t.must(t.at.draft).Properties[schema.Status] == "In Progress" })
	if err == nil {
		t.say("The document in Nuxeo tells it.")
	}

	return err
}

func (t *story) commentComes(ctx context.Context) error {
	t.Frameio.AddComment(t.pushed.File, frameiosim.CommentSpec{
		Text: "Shorten the end.", OwnerID: t.seed.julia,
		Timestamp: frames(12),
	})

	t.say("Julia comments: \"Shorten the end.\"")
	err := t.comes(ctx, func() bool {
		for _, c := range t.repo.Comments(t.must(t.at.draft).UID) {
			if strings.Contains(c.Text, "Shorten the end.") {
				return true
			}
		}
		return false
	})
	if err == nil {
		t.say("The comment is in Nuxeo, while the review goes on.")
	}

	return err
}

// comes waits for what a webhook brings.
func (t *story) comes(ctx context.Context, is func() bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			return errors.New("it never came")
		case <-tick.C:
		}
	}

	return nil
}

// proxy sends a rendition, and publishes it back: the master stays.
func (t *story) proxy(ctx context.Context) error {
	uid, what := t.must(t.at.drafts+"/Interview").UID, "MP4 480p"
	t.say("Josh pushes the rendition \"MP4 480p\" of the document Interview, since its master is too large.")
	got, err := t.josh.Push(ctx, api.PushForm{
		Documents: []string{uid},
		Team:      t.seed.workspace,
		Project:   t.seed.project,
		What:      &what,
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

	if err := t.holds(p.File, "making_of.mov"); err != nil {
		return err
	}

	if _, err := t.run(ctx, t.seed.julia, p.File); err != nil {
		return err
	}

	t.say("Published back, the master is still the content; a version tells of the review.")
	return errors.Join(t.same(t.at.drafts+"/Interview", "teaser_v2.mp4"), t.once(t.at.drafts+"/Interview"))
}

func (t *story) holds(file, name string) error {
	want, err := media.ReadFile("media/" + name)
	if err != nil {
		return err
	}

	c := t.Frameio.Uploaded(file)
	if c == nil {
		return errors.New("the file is not complete on Frame.io")
	}

	got, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("other bytes than those of %s are on Frame.io", name)
	}

	return err
}

// once checks that a document has one version, and is free.
func (t *story) once(path string) error {
	d := t.must(path)
	if n := len(t.repo.Versions(d.UID)); n != 1 || d.LockOwner != "" {
		return fmt.Errorf("%s has %d versions and is locked by %q", d.Title, n, d.LockOwner)
	}
	return nil
}

// bulk pushes several at once; a folder among them is named and left out.
func (t *story) bulk(ctx context.Context) error {
	selection := []string{
		t.must(t.at.draft).UID, t.must(t.at.drafts + "/Credits").UID,
		t.must(t.at.drafts + "/Interview").UID, t.must(t.at.drafts).UID,
	}

	t.say("Josh selects three documents and a folder, and pushes them.")
	sent, err := t.josh.Push(ctx, api.PushForm{
		Documents: selection, Team: t.seed.workspace,
		Project: t.seed.project,
	})
	if err != nil {
		return err
	}

	if len(sent.Pushes) != 3 || len(sent.Skipped) != 1 {
		return fmt.Errorf("the answer was %+v", sent)
	}

	before := len(t.Mail.Messages())
	if err := t.settle(ctx); err != nil {
		return err
	}

	for _, uid := range selection[:3] {
		if d := t.must(uid); d.LockOwner != t.Login("josh") {
			return fmt.Errorf("%s is locked by %q", d.Title, d.LockOwner)
		}
	}

	if n := len(t.Mail.Messages()) - before; n != 1 {
		return fmt.Errorf("%d mails tell of it", n)
	}

	t.say("All three are under review; the folder was named and left out; one mail tells of them.")
	return nil
}
