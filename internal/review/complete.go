package review

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Complete adds to a version what was said about its file since it was made: the version
// of a new content is made with it, and its comments come afterwards. Nothing is taken
// away, and nothing is recorded: each comment is looked for before it is written, so that
// it may be ended anywhere and run again.
//
// GET and POST /id/{uid}/@comment, PUT …/@comment/{id}.
func (i *Importer) Complete(ctx context.Context, t Target, comments []frameio.Comment) error {
	comments, _ = readable(comments)
	if len(comments) == 0 {
		return nil
	}
	list, err := i.Nuxeo.Comments(ctx, t.DocumentUID)
	if err != nil {
		return err
	}
	there := map[string]nuxeo.Comment{}
	for _, c := range list {
		there[c.EntityID] = c
	}

	for _, c := range comments {
		kind := kindComment
		if c.Annotation != "" {
			kind = kindAnnotation
		}
		parent, err := i.complete(ctx, t, there, t.DocumentUID, kind, c)
		if err != nil {
			return err
		}
		for _, reply := range c.Replies {
			if _, err := i.complete(ctx, t, nil, parent, kindReply, reply); err != nil {
				return err
			}
		}
	}
	return nil
}

// complete writes one comment where it is missing or says something else, and returns
// its id.
func (i *Importer) complete(ctx context.Context, t Target, there map[string]nuxeo.Comment, on, kind string, c frameio.Comment) (string, error) {
	want := i.render(t, kind, c)
	found, ok := there[want.EntityID]
	if !ok {
		var err error
		found, err = i.Nuxeo.CommentByEntity(ctx, on, want.EntityID)
		if err != nil && !nuxeo.NotFound(err) {
			return "", err
		}
		ok = err == nil
	}
	if !ok {
		made, err := i.Nuxeo.CreateComment(ctx, on, want, i.Key("complete", on, want.EntityID, want.Text))
		return made.ID, err
	}
	if found.Entity == want.Entity {
		return found.ID, nil
	}
	want.ID = found.ID
	err := i.by(ctx, found.Author).UpdateComment(ctx, on, want)
	if denied(err) {
		i.left()
		err = nil
	}
	return found.ID, err
}
