package review

import (
	"context"
	"crypto/sha256"
	"iter"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// CompleteVersion adds to a version what was said about its file since the version was created:
// that happens with the new content, and comments come afterwards. Nothing is removed and nothing
// is recorded. Each comment is looked up before it is written, so that CompleteVersion may be
// interrupted anywhere and repeated.
//
// GET and POST /id/{uid}/@comment, PUT …/@comment/{id}.
func (i *Importer) CompleteVersion(ctx context.Context, t Target, comments iter.Seq2[frameio.Comment, error]) error {
	var existing map[string]versionComment
	for c, err := range comments {
		if err != nil {
			return err
		}

		c, _ := i.dropUnreadable(c)
		if c.ID == "" {
			continue
		}

		// Ask Nuxeo only once there is something to compare.
		if existing == nil {
			if existing, err = i.versionComments(ctx, t.DocumentUID); err != nil {
				return err
			}
		}

		if err := i.completeThread(ctx, t, existing, c); err != nil {
			return err
		}
	}

	return nil
}

// A versionComment is a comment on a version, with a checksum in place of its long content.
type versionComment struct {
	id, author string
	entity     [sha256.Size]byte
}

func newVersionComment(c nuxeo.Comment) versionComment {
	return versionComment{id: c.ID, author: c.Author, entity: sha256.Sum256([]byte(c.Entity))}
}

// versionComments returns the comments on a document by their entity ids.
func (i *Importer) versionComments(ctx context.Context, uid string) (map[string]versionComment, error) {
	existing := map[string]versionComment{}
	for c, err := range i.Nuxeo.Comments(ctx, uid) {
		if err != nil {
			return nil, err
		}
		existing[c.EntityID] = newVersionComment(c)
	}
	return existing, nil
}

// completeThread writes a comment and its replies.
func (i *Importer) completeThread(
	ctx context.Context, t Target, existing map[string]versionComment, c frameio.Comment,
) error {
	kind := kindComment
	if c.Annotation != "" {
		kind = kindAnnotation
	}

	parent, err := i.completeComment(ctx, t, existing, t.DocumentUID, kind, c)
	if err != nil {
		return err
	}

	for _, reply := range c.Replies {
		if _, err := i.completeComment(ctx, t, nil, parent, kindReply, reply); err != nil {
			return err
		}
	}

	return nil
}

// completeComment writes one comment if it is missing or different, and returns its id.
func (i *Importer) completeComment(
	ctx context.Context, t Target, existing map[string]versionComment, on, kind string, c frameio.Comment,
) (string, error) {
	want := i.render(t, kind, c)

	// What the listing does not contain, such as a reply, is looked for by its id.
	found, ok := existing[want.EntityID]
	if !ok {
		c, err := i.Nuxeo.CommentByEntity(ctx, on, want.EntityID)
		if err != nil && !nuxeo.NotFound(err) {
			return "", err
		}
		found, ok = newVersionComment(c), err == nil
	}

	// It is missing.
	if !ok {
		made, err := i.Nuxeo.CreateComment(ctx, on, want, i.Key("complete", on, want.EntityID, want.Text))
		return made.ID, err
	}

	// It is there, as it should be.
	if found.entity == sha256.Sum256([]byte(want.Entity)) {
		return found.id, nil
	}

	// It is there, but says something else. What its writer may no longer change stays as it is.
	want.ID = found.id
	err := i.clientFor(ctx, found.author).UpdateComment(ctx, on, want)
	if isDenied(err) {
		i.skipped()
		err = nil
	}

	return found.id, err
}
