package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// story is one telling: what was found out in a step is used by later ones.
type story struct {
	*Stage
	josh    *api.Client
	binding api.Binding
	action  frameiosim.ActionView
	first   frameiosim.ActionResult
	doc     nuxeosim.DocView
	pushed  push.Push
	dailies dailies
	synced  string // id of the synchronization
	// mirrored are the documents that came through it.
	mirrored []string
}

// Step is one step of the story as it came out.
type Step struct {
	Name string
	Err  error
}

// Tell plays the story and hands on each step. After a failure the rest is
// skipped, except for what does not depend on it.
func (s *Stage) Tell(ctx context.Context, done func(Step)) error {
	t := &story{Stage: s}
	var failed error
	for _, step := range []struct {
		name string
		play func(context.Context) error
	}{
		{"bind", t.bind},
		{"publish", t.publish},
		{"document", t.document},
		{"metadata", t.metadata},
		{"comments", t.comments},
		{"annotations", t.annotations},
		{"mail", t.mailArrived},
		{"new-version", t.newVersion},
		{"repeat-delivery", t.repeat},
		{"push", t.push},
		{"lock", t.lock},
		{"status", t.statusComes},
		{"live-comment", t.commentComes},
		{"return", t.comeBack},
		{"unlock", t.unlock},
		{"hook", t.hook},
		{"release", t.release},
		{"proxy", t.proxy},
		{"bulk", t.bulk},
		{"batch", t.batch},
		{"sync", t.synchronize},
		{"refresh-unchanged", t.refreshUnchanged},
		{"check", t.check},
		{"refresh-changed", t.refreshChanged},
		{"conflict", t.conflict},
		{"gone", t.gone},
		{"remove-sync", t.removeSync},
		{"edit-binding", t.editBinding},
		{"map", t.metadataMap},
		{"copy-removed", t.copyRemoved},
		{"notify", t.notify},
		{"unbind", t.unbind},
	} {
		var err error
		if failed != nil {
			err = errors.New("not reached")
		} else {
			ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
			err = step.play(ctx)
			cancel()
			if real, ok := t.repo.(*server); ok {
				err = errors.Join(err, real.err())
			}
		}

		done(Step{Name: step.name, Err: err})
		if err != nil && failed == nil {
			failed = fmt.Errorf("the step %s: %w", step.name, err)
		}
	}

	return failed
}

// say tells the viewer what is going on.
func (t *story) say(format string, args ...any) {
	if t.opt.Out != nil {
		_, _ = fmt.Fprintf(t.opt.Out, "  "+format+"\n", args...) // a closed pipe ends the demo anyway
	}
}

func (t *story) bind(ctx context.Context) (err error) {
	t.say("Josh signs in with Nuxeo and connects Frame.io; so does Julia.")
	josh := t.browse("josh")
	if err := errors.Join(josh.connect(ctx), t.browse("julia").connect(ctx)); err != nil {
		return err
	}

	t.josh = josh.api()
	t.say("Josh binds the Nuxeo folder %s to the team \"Post production\".", t.at.folder)
	got, err := t.josh.Bind(ctx, api.BindJSONRequestBody{
		Folder:     t.at.folder,
		ActionName: "Publish to Nuxeo",
		Workspaces: []string{t.seed.workspace},
	})
	if err != nil {
		return err
	}

	t.binding = *got
	actions := t.Frameio.Actions(t.seed.workspace)
	if len(actions) != 1 || actions[0].Name != "Publish to Nuxeo" {
		return fmt.Errorf("there are the custom actions %v on Frame.io", actions)
	}

	t.action = actions[0]
	return has(t.must(t.at.folder), "FrameioBinding")
}

func (t *story) must(path string) nuxeosim.DocView {
	d, _ := t.repo.Doc(path)
	return d
}

func has(d nuxeosim.DocView, facet string) error {
	for _, f := range d.Facets {
		if f == facet {
			return nil
		}
	}
	return fmt.Errorf("%s has no facet %s", d.Path, facet)
}

// run runs the custom action and waits until everything has settled.
func (t *story) run(ctx context.Context, person string, assets ...string) (frameiosim.ActionResult, error) {
	res, err := t.Frameio.RunAction(ctx, t.action.ID, person, assets)
	if err != nil {
		return res, err
	}

	if res.Title != "Success" {
		return res, fmt.Errorf("the message on Frame.io was %q %q", res.Title, res.Description)
	}

	t.say("Frame.io shows: %s — %s", res.Title, res.Description)
	return res, t.settle(ctx)
}

// settle follows the items until all are finished.
func (t *story) settle(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		items, _, err := t.App.Engine.Items(ctx, work.Viewer{Admin: true}, work.Filter{Limit: 100})
		if err != nil {
			return err
		}

		// Nothing in the story may fail.
		open := false
		for _, v := range items {
			if v.State == work.Failed {
				return fmt.Errorf("%s failed: %s %s", v.Title, v.Message, v.Remedy)
			}
			open = open || !v.State.Final()
		}

		if !open {
			return nil
		}

		select {
		case <-ctx.Done():
			return errors.New("it did not finish in time")
		case <-tick.C:
		}
	}
}

func (t *story) publish(ctx context.Context) (err error) {
	t.say("In Frame.io, Josh selects Teaser.mp4, Making of.mov and the folder Extras, and runs \"Publish to Nuxeo\".")
	root := t.seed
	t.first, err = t.run(ctx, root.josh, root.teaser, root.making, t.seed.extras)
	if err != nil {
		return err
	}

	if t.first.Description != "3 assets pushed to Nuxeo." {
		return fmt.Errorf("the message on Frame.io was %q", t.first.Description)
	}

	for _, d := range t.repo.Children(t.at.folder) {
		t.say("In Nuxeo: %-12s %s", d.Title, size(d))
	}

	return nil
}

func size(d nuxeosim.DocView) string {
	if d.Content == nil {
		return d.Type
	}
	return d.Content.MimeType + ", " + plain.Size(d.Content.Length)
}

// document checks that each asset is one document with the very same bytes.
func (t *story) document(context.Context) error {
	for path, name := range map[string]string{
		t.at.folder + "/Teaser": "teaser_v1.mp4", t.at.folder + "/Making of": "making_of.mov",
		t.at.folder + "/Extras/Poster": "poster.jpg", t.at.folder + "/Extras/Jingle": "jingle.wav",
	} {
		if err := t.same(path, name); err != nil {
			return err
		}
	}

	if n := len(t.repo.Children(t.at.folder)); n != 4 {
		return fmt.Errorf("%d children instead of 3 beside the drafts", n)
	}

	t.doc = t.must(t.at.folder + "/Teaser")
	t.say("Each asset is one document, and holds the very bytes that Frame.io has.")
	return has(t.doc, "FrameioAsset")
}

func (t *story) metadata(context.Context) error {
	for property, want := range map[string]any{
		schema.FileID: t.seed.teaser, schema.FileName: "Teaser.mp4", schema.Codec: "H.264",
		schema.Resolution: "640 x 360",
		schema.FrameRate:  25.0, schema.Duration: 4.0, schema.Frames: int64(100),
		schema.Status:   "Needs Review",
		schema.Uploader: "Josh Editor", schema.PublishedBy: t.Login("josh"), schema.DocumentUID: t.doc.UID,
	} {
		if got := t.doc.Properties[property]; fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("%s is %v, not %v", property, got, want)
		}
	}

	t.say("The Frame.io facet tells codec, resolution, frame rate, duration, status and where it came from.")
	return nil
}

// comment finds a comment of the document by its words.
func (t *story) comment(words string) (nuxeosim.CommentView, error) {
	for _, c := range t.repo.Comments(t.doc.UID) {
		if strings.Contains(c.Text, words) {
			return c, nil
		}
	}
	return nuxeosim.CommentView{}, fmt.Errorf("no comment says %q", words)
}

func (t *story) comments(context.Context) error {
	if n := len(t.repo.Comments(t.doc.UID)); n != 4 {
		return fmt.Errorf("%d comments instead of 4", n)
	}

	c, err := t.comment("The logo comes too late.")
	if err != nil {
		return err
	}

	if want := "Julia Reviewer · 00:00:01:00 – 00:00:01:11\n"; !strings.HasPrefix(c.Text, want) {
		return fmt.Errorf("the comment reads %q", c.Text)
	}

	reply, err := t.comment("Moved up by a second.")
	if err != nil {
		return err
	}

	if reply.ParentID != c.ID {
		return errors.New("the reply does not hang on its comment")
	}

	resolved, err := t.comment("Music is cleared.")
	if err == nil && !strings.Contains(resolved.Text, "resolved") {
		err = errors.New("the resolved comment is not marked")
	}

	t.say("Comments have their author and timecode, replies hang on theirs.")
	return err
}

func (t *story) annotations(context.Context) error {
	c, err := t.comment("This corner is too dark.")
	if err != nil {
		return err
	}

	if !c.Annotation || !strings.Contains(c.Entity, `"tool":"rect"`) {
		return errors.New("the drawing did not arrive as an annotation")
	}

	t.say("The drawing on the picture is an annotation of the document.")
	return nil
}

func (t *story) mailArrived(context.Context) error {
	mails := t.Mail.Messages()
	if len(mails) != 1 {
		return fmt.Errorf("%d mails instead of 1", len(mails))
	}

	m := mails[0]
	if m.To[0] != t.address("josh") || !strings.Contains(m.HTML, "/ui/#!/doc/"+t.doc.UID) {
		return fmt.Errorf("the mail to %v does not lead to the document", m.To)
	}

	t.say("Mail to %s: %s", m.To[0], m.Subject)
	return nil
}

func (t *story) newVersion(ctx context.Context) error {
	t.say("Josh stacks his second cut on the first; Julia publishes the stack.")
	t.seed.newVersion(t.Frameio)
	if _, err := t.run(ctx, t.seed.julia, t.seed.teaserTwo); err != nil {
		return err
	}

	if err := t.same(t.at.folder+"/Teaser", "teaser_v2.mp4"); err != nil {
		return err
	}

	versions := t.repo.Versions(t.doc.UID)
	d := t.must(t.doc.UID)
	t.say("The same document, now %s, with %d version(s) in its history.", d.VersionLabel, len(versions))
	if err := t.kept(t.doc.UID, "teaser_v1.mp4", "teaser_v2.mp4"); err != nil {
		return err
	}

	if d.Properties[schema.Status] != "Approved" {
		return errors.New("the status is not the new one")
	}

	return nil
}

// repeat delivers the first interaction again and publishes once more without
// news: nothing may be added.
func (t *story) repeat(ctx context.Context) error {
	documents, versions, mails := len(t.repo.Children(t.at.folder)), len(t.repo.Versions(t.doc.UID)),
		len(t.Mail.Messages())
	again, err := t.Frameio.DeliverAction(ctx, frameiosim.DeliverSpec{
		ActionID: t.action.ID, PersonID: t.seed.josh, InteractionID: t.first.InteractionID,
		ResourceIDs: []string{t.seed.teaser, t.seed.making, t.seed.extras},
	})
	if err != nil {
		return err
	}

	if err := t.settle(ctx); err != nil {
		return err
	}

	if again.Description != t.first.Description {
		return fmt.Errorf("the second answer was %q", again.Description)
	}

	// What Frame.io sends twice, or a person asks twice for, has one effect.
	if d, v, m := len(t.repo.Children(t.at.folder)), len(t.repo.Versions(t.doc.UID)),
		len(t.Mail.Messages()); d != documents || v != versions || m != mails {
		return fmt.Errorf("a repeat added documents, versions or mails: %d/%d, %d/%d, %d/%d", d, documents, v,
			versions, m, mails)
	}

	t.say("The same delivery again: the same answer, nothing added.")
	return nil
}

// editBinding renames the action, and what was said before is what happens.
func (t *story) editBinding(ctx context.Context) error {
	name := "Send to Nuxeo"
	change := api.BindingChange{Version: t.binding.Version, ActionName: &name}
	p, err := t.josh.PreviewBinding(ctx, t.binding.Id, change)
	if err != nil {
		return err
	}

	if len(p.Effects) == 0 || t.Frameio.Actions(t.seed.workspace)[0].Name != t.binding.ActionName {
		return fmt.Errorf("the preview says %v and has changed the custom action", p.Effects)
	}

	t.say("Josh renames the action. Before, he reads: %s", p.Effects[0].Text)
	if _, err := t.josh.EditBinding(ctx, t.binding.Id, change); err != nil {
		return err
	}

	actions := t.Frameio.Actions(t.seed.workspace)
	if len(actions) != 1 || actions[0].Name != name {
		return fmt.Errorf("there are the custom actions %v on Frame.io", actions)
	}

	return has(t.must(t.at.folder), "FrameioBinding")
}

func (t *story) unbind(ctx context.Context) error {
	release := api.UnbindParamsReviewsRelease // what the story has pushed is under review still
	if _, err := t.josh.Unbind(ctx, t.binding.Id, &api.UnbindParams{Reviews: &release}); err != nil {
		return err
	}

	if err := t.settle(ctx); err != nil {
		return err
	}

	if n := len(t.Frameio.Actions(t.seed.workspace)); n != 0 {
		return fmt.Errorf("%d custom actions are left on Frame.io", n)
	}

	if has(t.must(t.at.folder), "FrameioBinding") == nil {
		return errors.New("the folder still has the facet")
	}

	t.say("The custom action is gone from Frame.io; the documents stay in Nuxeo.")
	return t.same(t.at.folder+"/Teaser", "teaser_v2.mp4")
}
