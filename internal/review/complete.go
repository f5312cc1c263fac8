package review

import (
	"context"
	"crypto/sha256"
	"iter"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Complete adds to a version what was said about its file since it was made: the version
// of a new content is made with it, and its comments come afterwards. Nothing is taken
// away, and nothing is recorded: each comment is looked for before it is written, so that
// it may be ended anywhere and run again.
//
// GET and POST /id/{uid}/@comment, PUT …/@comment/{id}.
func (i *Importer) Complete(ctx context.Context, t Target, comments iter.Seq2[frameio.Comment, error]) error {
	var there map[string]kept
	for c, err := range comments {
		if err != nil {
			return err
		}

		c, _ := i.readable(c)
		if c.ID == "" {
			continue
		}

		if there == nil {
			if there, err = i.keptOn(ctx, t.DocumentUID); err != nil {
				return err
			}
		}

		if err := i.completeThread(ctx, t, there, c); err != nil {
			return err
		}
	}

	return nil
}

// kept is a comment as it is on a version: what it says is long, and its sum is enough.
type kept struct {
	id, author string
	entity     [sha256.Size]byte
}

func keptAs(c nuxeo.Comment) kept {
	return kept{id: c.ID, author: c.Author, entity: sha256.Sum256([]byte(c.Entity))}
}

// keptOn are the comments on a document by our names for them.
func (i *Importer) keptOn(ctx context.Context, uid string) (map[string]kept, error) {
	there := map[string]kept{}
	for c, err := range i.Nuxeo.Comments(ctx, uid) {
		if err != nil {
			return nil, err
		}
		there[c.EntityID] = keptAs(c)
	}
	return there, nil
}

// completeThread writes a comment and its replies.
func (i *Importer) completeThread(ctx context.Context, t Target, there map[string]kept, c frameio.Comment) error {
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

	return nil
}

// complete writes one comment where it is missing or says something else, and returns
// its id.
func (i *Importer) complete(
	ctx context.Context, t Target, there map[string]kept, on, kind string, c frameio.Comment,
) (string, error) {
	want := i.render(t, kind, c)
	found, ok := there[want.EntityID]
	if !ok {
		c, err := i.Nuxeo.CommentByEntity(ctx, on, want.EntityID)
		if err != nil && !nuxeo.NotFound(err) {
			return "", err
		}
		found, ok = keptAs(c), err == nil
	}

	if !ok {
		made, err := i.Nuxeo.CreateComment(ctx, on, want, i.Key("complete", on, want.EntityID, want.Text))
		return made.ID, err
	}

	if found.entity == sha256.Sum256([]byte(want.Entity)) {
		return found.id, nil
	}

	want.ID = found.id
	err := i.by(ctx, found.author).UpdateComment(ctx, on, want)
	if denied(err) {
		i.left()
		err = nil
	}

	return found.id, err
}
