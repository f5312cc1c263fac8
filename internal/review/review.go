// Package review copies what was said about an asset on Frame.io to its Nuxeo document: comments with
// replies, annotations, resolved state.
//
// It owns the table imported_comments, which has for each comment its counterpart, a hash of what was
// sent, so that an unchanged comment costs no call, and how it is shown. What Nuxeo returns is not
// compared with it, since Nuxeo cleans texts.
//
// Invariants: each comment exists once, whatever is lost on the way (external id, idempotency key,
// lookup before creation); a comment that is deleted on Frame.io is deleted, or only marked if people
// replied to it in Nuxeo; text from outside stays text; nothing here creates a version. Ingest decides
// when a document is due, and Nuxeo who may read.
package review

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"iter"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Nuxeo is what review needs from Nuxeo.
type Nuxeo interface {
	CreateComment(ctx context.Context, uid string, k nuxeo.Comment, idempotencyKey string) (nuxeo.Comment, error)
	CommentByEntity(ctx context.Context, uid, entityID string) (nuxeo.Comment, error)
	UpdateComment(ctx context.Context, uid string, k nuxeo.Comment) error
	DeleteComment(ctx context.Context, uid, id string, annotation bool) error
	Comments(ctx context.Context, uid string) iter.Seq2[nuxeo.Comment, error]
}

// Origin marks comments of ours in Nuxeo.
const Origin = "frameio"

// An Importer writes the comments of one file to one document.
type Importer struct {
	DB    *store.DB
	Nuxeo Nuxeo
	Now   func() time.Time
	// Writer is the login that writes. Nuxeo makes it the author, and only the author may change
	// a comment.
	Writer string
	// ClientFor returns Nuxeo as another writer, for comments that an earlier import wrote as
	// that person; nil or an error leaves the writer's own rights.
	ClientFor func(ctx context.Context, login string) (Nuxeo, error)
	// Skipped is called for each comment that none of the writers may change.
	Skipped func()
	// Unreadable is called with each comment and reply that cannot be read; it may be nil.
	Unreadable func(raw []byte)
	// Rate returns the frame rate of the file, when a comment needs it; nil leaves that of the
	// target.
	Rate func(context.Context) (float64, error)
	// Key returns the idempotency key of a comment, from the words that distinguish it from
	// others; repeating it gives the same key where possible.
	Key func(act ...string) string
	// FrameBase is the number of the first frame as Frame.io counts it.
	FrameBase int64
	// Changed is called for each write, for the item's counters.
	Changed func()
	// Told is called with each comment that comes for the first time, in the transaction in which that is
	// recorded; it may be nil.
	Told func(ctx context.Context, tx *sql.Tx, c frameio.Comment) error
}

// A Target is where comments go.
type Target struct {
	LinkID, DocumentUID, FileID string
	FrameRate                   float64
}

const (
	kindComment    = "comment"
	kindAnnotation = "annotation"
	kindReply      = "reply"
)

// An importedComment is a row of imported_comments. Its parent is the Nuxeo comment that it replies
// to, if any. All rows of a file are in memory at once, so that what is shown is reduced to a
// checksum.
type importedComment struct {
	commentID, parentID, kind, nuxeoID, hash, writer string
	shown                                            [sha256.Size]byte
}

// Import makes the document's comments equal to those of the file, keeping one of those at a time
// in memory. It may be interrupted anywhere and repeated. Before it deletes anything, it lists the
// comments again.
func (i *Importer) Import(ctx context.Context, t Target, comments iter.Seq2[frameio.Comment, error]) error {
	rows, err := i.loadImported(ctx, t)
	if err != nil {
		return err
	}

	// Write what is new or changed.
	present, unreadable := map[string]bool{}, 0
	for c, err := range comments {
		if err != nil {
			return err
		}

		c, n := i.dropUnreadable(c)
		unreadable += n
		if c.ID == "" || present[c.ID] {
			continue
		}

		if err := i.importThread(ctx, &t, rows, c); err != nil {
			return err
		}

		markPresent(present, c)
	}

	// Delete what is gone. A comment that seems gone may be one that cannot be read.
	if unreadable > 0 {
		return nil
	}

	for id := range present {
		delete(rows, id)
	}

	if len(rows) == 0 {
		return nil
	}

	return i.removeMissing(ctx, t, rows, comments)
}

// markPresent records that a comment and its replies exist.
func markPresent(present map[string]bool, c frameio.Comment) {
	present[c.ID] = true
	for _, reply := range c.Replies {
		present[reply.ID] = true
	}
}

// dropUnreadable returns a comment without the replies that cannot be read, and without an ID if it
// cannot be read itself, and how many cannot.
func (i *Importer) dropUnreadable(c frameio.Comment) (frameio.Comment, int) {
	// Without an id it could not be recognized later, and would be created again each time.
	if c.ID == "" {
		if i.Unreadable != nil {
			i.Unreadable(c.Raw)
		}
		return c, 1
	}

	var readable []frameio.Comment
	unread := 0
	for _, reply := range c.Replies {
		reply, odd := i.dropUnreadable(reply)
		unread += odd
		if reply.ID != "" {
			readable = append(readable, reply)
		}
	}

	c.Replies = readable
	return c, unread
}

// importThread writes a comment and its replies, and repeats that if the comment turns out to have
// been deleted in Nuxeo.
func (i *Importer) importThread(
	ctx context.Context, t *Target, rows map[string]importedComment, c frameio.Comment,
) error {
	if err := i.setFrameRate(ctx, t); err != nil {
		return err
	}

	err := i.writeThread(ctx, *t, rows, c)
	if row, have := rows[c.ID]; have && nuxeo.NotFound(err) {
		row.hash = ""
		rows[c.ID] = row
		err = i.writeThread(ctx, *t, rows, c)
	}

	return err
}

// setFrameRate requests the frame rate if it is unknown.
func (i *Importer) setFrameRate(ctx context.Context, t *Target) (err error) {
	if t.FrameRate == 0 && i.Rate != nil {
		t.FrameRate, err = i.Rate(ctx)
	}
	return err
}

// writeThread writes a comment and its replies.
func (i *Importer) writeThread(
	ctx context.Context, t Target, rows map[string]importedComment, c frameio.Comment,
) error {
	kind := kindComment
	if c.Annotation != "" {
		kind = kindAnnotation
	}

	parent, err := i.writeComment(ctx, t, rows, t.DocumentUID, kind, c)
	if err != nil {
		return err
	}

	for _, reply := range c.Replies {
		if _, err := i.writeComment(ctx, t, rows, parent, kindReply, reply); err != nil {
			return err
		}
	}

	return nil
}

// writeComment writes one comment if it is new or changed, on the document or as a reply, and
// returns its id in Nuxeo.
func (i *Importer) writeComment(
	ctx context.Context, t Target, rows map[string]importedComment, on, kind string, c frameio.Comment,
) (string, error) {
	// Has it changed?
	want := i.render(t, kind, c)
	sum := sha256.Sum256([]byte(kind + "\x00" + want.Text + "\x00" + want.Entity))
	hash := hex.EncodeToString(sum[:])
	row, exists := rows[c.ID]
	parent := ""
	if kind == kindReply {
		parent = on
	}

	if exists && (row.kind != kind || row.parentID != parent) {
		// A drawing was added or removed, which makes another kind of document, or
		// what it replies to was made anew. The row stays until the new one is there.
		removed, err := i.deleteOrMark(ctx, t, row)
		if err != nil || !removed {
			return row.nuxeoID, err
		}
		exists = false
	}

	// An unchanged comment may be shown differently.
	shown := i.shown(t, c)
	shownSum := sha256.Sum256([]byte(shown))
	if exists && row.hash == hash {
		return row.nuxeoID, i.recordShown(ctx, t, row, shown, shownSum)
	}

	// Write and record it.
	id, writer, err := i.write(ctx, on, want, row, exists)
	if isDenied(err) && id != "" {
		i.skipped()
		return id, nil
	}

	if err != nil {
		return "", err
	}

	i.changed()
	rows[c.ID] = importedComment{
		commentID: c.ID,
		parentID:  parent,
		kind:      kind,
		nuxeoID:   id,
		hash:      hash,
		writer:    writer,
		shown:     shownSum,
	}

	return id, i.record(ctx, t, rows[c.ID], shown, func(tx *sql.Tx) error {
		if exists || i.Told == nil {
			return nil
		}
		return i.Told(ctx, tx, c)
	})
}

// clientFor returns Nuxeo as the author of a comment, if possible.
func (i *Importer) clientFor(ctx context.Context, writer string) Nuxeo {
	if i.ClientFor == nil || writer == "" || writer == i.Writer {
		return i.Nuxeo
	}
	if nx, err := i.ClientFor(ctx, writer); err == nil {
		return nx
	}
	return i.Nuxeo
}

// isDenied reports whether an error says that a comment belongs to another person.
func isDenied(err error) bool {
	status := nuxeo.StatusOf(err)
	return status == http.StatusForbidden || status == http.StatusUnauthorized
}

func (i *Importer) skipped() {
	if i.Skipped != nil {
		i.Skipped()
	}
}

func (i *Importer) changed() {
	if i.Changed != nil {
		i.Changed()
	}
}

// write updates the counterpart, or creates it unless an unanswered attempt has. It returns the id
// and the author.
func (i *Importer) write(
	ctx context.Context, on string, want nuxeo.Comment, row importedComment, have bool,
) (id, writer string, err error) {
	// Its counterpart is known.
	if have {
		want.ID = row.nuxeoID
		err := i.clientFor(ctx, row.writer).UpdateComment(ctx, on, want)
		if err == nil || !nuxeo.NotFound(err) {
			return row.nuxeoID, row.writer, err
		}
		want.ID = "" // deleted in Nuxeo, but still on Frame.io
	}

	// It may exist all the same: the answer to its creation may have been lost.
	found, err := i.Nuxeo.CommentByEntity(ctx, on, want.EntityID)
	if err == nil {
		want.ID = found.ID
		return found.ID, found.Author, i.clientFor(ctx, found.Author).UpdateComment(ctx, on, want)
	}

	if !nuxeo.NotFound(err) {
		return "", "", err
	}

	// It is new. The key makes a repetition safe that comes too early for the search.
	made, err := i.Nuxeo.CreateComment(ctx, on, want, i.Key("comment", on, want.EntityID, want.Text, row.nuxeoID))
	if nuxeo.StatusOf(err) == http.StatusConflict {
		return "", "", fault.New(fault.NotReady, "Nuxeo is still writing this comment.").Because(err)
	}

	return made.ID, i.Writer, err
}

// removeMissing removes what does not exist on Frame.io any more, replies before what they reply
// to. The first listing may have taken long, with one call of Nuxeo for each comment, and a comment
// deleted meanwhile may have shifted another past it. What a second listing contains stays.
func (i *Importer) removeMissing(
	ctx context.Context, t Target, rows map[string]importedComment, comments iter.Seq2[frameio.Comment, error],
) error {
	// What the second listing contains is not missing.
	for c, err := range comments {
		if err != nil {
			return err
		}
		delete(rows, c.ID)
		for _, reply := range c.Replies {
			delete(rows, reply.ID)
		}
	}

	// Nuxeo deletes replies together with what they reply to, so they go first.
	for _, replies := range []bool{true, false} {
		for _, row := range rows {
			if (row.kind == kindReply) != replies {
				continue
			}
			if err := i.removeComment(ctx, t, row); err != nil {
				return err
			}
		}
	}

	return nil
}

// removedText replaces the text of a removed comment that people replied to.
const removedText = "[removed on Frame.io]"

// removeComment removes a comment and its row.
func (i *Importer) removeComment(ctx context.Context, t Target, row importedComment) error {
	if removed, err := i.deleteOrMark(ctx, t, row); err != nil || !removed {
		return err
	}

	i.changed()
	return i.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM imported_comments
			WHERE link_id = $1 AND comment_id = $2`, t.LinkID, row.commentID)
		return err
	})
}

// deleteOrMark deletes a comment in Nuxeo, or marks it if people replied to it. It reports whether
// that was allowed.
func (i *Importer) deleteOrMark(ctx context.Context, t Target, row importedComment) (bool, error) {
	annotation := row.kind == kindAnnotation
	answered, err := i.hasForeignReply(ctx, row.nuxeoID)
	if err != nil {
		return false, err
	}

	if answered {
		// The original comment is removed as well.
		k := nuxeo.Comment{
			ID:       row.nuxeoID,
			Text:     removedText,
			EntityID: entityID(row.kind, row.commentID),
			Origin:   Origin,
			Entity:   "{}",
			XPath:    xpath(annotation),
		}
		on := cmp.Or(row.parentID, t.DocumentUID) // a reply stays one
		err = i.clientFor(ctx, row.writer).UpdateComment(ctx, on, k)
	} else {
		err = i.clientFor(ctx, row.writer).DeleteComment(ctx, t.DocumentUID, row.nuxeoID, annotation)
	}

	if isDenied(err) {
		i.skipped()
		return false, nil
	}

	if err != nil && !nuxeo.NotFound(err) {
		return false, err
	}

	return true, nil
}

// hasForeignReply reports whether people replied in Nuxeo, at any depth: their replies would be
// deleted with what they reply to.
func (i *Importer) hasForeignReply(ctx context.Context, id string) (bool, error) {
	for r, err := range i.Nuxeo.Comments(ctx, id) {
		if nuxeo.NotFound(err) {
			return false, nil
		}

		if err != nil {
			return false, err
		}

		// What we did not write, a person did.
		if r.Origin != Origin {
			return true, nil
		}

		// One of ours may have been replied to.
		if below, err := i.hasForeignReply(ctx, r.ID); below || err != nil {
			return below, err
		}
	}
	return false, nil
}

// EntityID returns the entity id in Nuxeo of a Frame.io comment.
func EntityID(commentID string) string { return "frameio:comment:" + commentID }

// drawingSuffix ends the entity id of an annotation: the server finds comments and annotations by
// it, and does not say which it found.
const drawingSuffix = ":drawing"

// entityID returns the entity id of a comment of a kind.
func entityID(kind, commentID string) string {
	if kind == kindAnnotation {
		return EntityID(commentID) + drawingSuffix
	}
	return EntityID(commentID)
}
