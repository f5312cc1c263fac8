// Package review carries what was said about an asset on Frame.io to its Nuxeo
// document: comments with replies, annotations, resolved state.
//
// It owns the table imported_comments, which knows each comment's counterpart, a
// hash of what was sent, so that an unchanged comment costs no call, and how
// people are shown it. What Nuxeo gives back is not compared with it: it cleans texts.
// What must hold: each comment exists once, whatever is lost on the way
// (external id, idempotency key, look before create); a comment that is gone on
// Frame.io is removed, or only marked when people replied to it in Nuxeo; text
// from outside stays text; nothing here makes a version. It leaves to intake
// when a document is due, and to Nuxeo who may read.
package review

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Nuxeo is what review needs of Nuxeo.
type Nuxeo interface {
	CreateComment(ctx context.Context, uid string, k nuxeo.Comment, idempotencyKey string) (nuxeo.Comment, error)
	CommentByEntity(ctx context.Context, uid, entityID string) (nuxeo.Comment, error)
	UpdateComment(ctx context.Context, uid string, k nuxeo.Comment) error
	DeleteComment(ctx context.Context, uid, id string, annotation bool) error
	Comments(ctx context.Context, uid string) ([]nuxeo.Comment, error)
}

// Origin marks comments of ours in Nuxeo.
const Origin = "frameio"

// Importer writes the comments of one file to one document.
type Importer struct {
	DB    *store.DB
	Nuxeo Nuxeo
	Now   func() time.Time
	// Writer is the login that writes: Nuxeo makes it the author, and only the
	// author may change a comment.
	Writer string
	// As gives Nuxeo as another writer, for comments that an earlier import
	// wrote as somebody else; nil or an error leaves it at the writer's rights.
	As func(ctx context.Context, login string) (Nuxeo, error)
	// Left is told of each comment that nobody at hand may change.
	Left func()
	// Key makes the idempotency key of a comment, the same for a repetition where that
	// can be had, of the words that tell it from others.
	Key func(act ...string) string
	// FrameBase is the number of the first frame as Frame.io counts it.
	FrameBase int64
	// Changed is told of each write, for the item's counters.
	Changed func()
}

// Target is where comments go.
type Target struct {
	LinkID, DocumentUID, FileID string
	FrameRate                   float64
}

const (
	kindComment    = "comment"
	kindAnnotation = "annotation"
	kindReply      = "reply"
)

// known is a row of imported_comments. The parent of a reply is the comment in
// Nuxeo that it hangs below; the parent of any other is empty.
type known struct {
	commentID, parentID, kind, nuxeoID, hash, writer, shown string
}

// Import makes the document's comments equal to those of the file. It may be
// ended anywhere and run again.
func (i *Importer) Import(ctx context.Context, t Target, comments []frameio.Comment) error {
	rows, err := i.known(ctx, t)
	if err != nil {
		return err
	}
	comments, unread := readable(comments)
	for _, c := range comments {
		err := i.thread(ctx, t, rows, c)
		if row, have := rows[c.ID]; have && nuxeo.NotFound(err) {
			// A reply found nothing to reply to: somebody deleted the comment in Nuxeo.
			row.hash = ""
			rows[c.ID] = row
			err = i.thread(ctx, t, rows, c)
		}
		if err != nil {
			return err
		}
	}
	for _, c := range comments {
		delete(rows, c.ID)
		for _, reply := range c.Replies {
			delete(rows, reply.ID)
		}
	}
	if unread > 0 {
		return nil // what is not among the others may be one of those that cannot be read
	}
	return i.removeRest(ctx, t, rows)
}

// readable are the comments and replies that could be read.
func readable(all []frameio.Comment) (good []frameio.Comment, unread int) {
	for _, c := range all {
		if c.ID == "" {
			unread++
			continue
		}
		if len(c.Replies) > 0 {
			replies, n := readable(c.Replies)
			c.Replies, unread = replies, unread+n
		}
		good = append(good, c)
	}
	return good, unread
}

// Unread are those of some comments, and of their replies, that cannot be read, as they
// came.
func Unread(all []frameio.Comment) (raw [][]byte) {
	for _, c := range all {
		if c.ID == "" {
			raw = append(raw, c.Raw)
		}
		raw = append(raw, Unread(c.Replies)...)
	}
	return raw
}

// thread writes a comment and its replies.
func (i *Importer) thread(ctx context.Context, t Target, rows map[string]known, c frameio.Comment) error {
	kind := kindComment
	if c.Annotation != "" {
		kind = kindAnnotation
	}
	parent, err := i.put(ctx, t, rows, t.DocumentUID, kind, c)
	if err != nil {
		return err
	}
	for _, reply := range c.Replies {
		if _, err := i.put(ctx, t, rows, parent, kindReply, reply); err != nil {
			return err
		}
	}
	return nil
}

// put writes one comment if it is new or changed, on the document or on the
// comment it replies to, and returns its id in Nuxeo.
func (i *Importer) put(ctx context.Context, t Target, rows map[string]known, on, kind string, c frameio.Comment) (string, error) {
	want := i.render(t, kind, c)
	sum := sha256.Sum256([]byte(kind + "\x00" + want.Text + "\x00" + want.Entity))
	hash := hex.EncodeToString(sum[:])
	row, have := rows[c.ID]
	parent := ""
	if kind == kindReply {
		parent = on
	}
	if have && (row.kind != kind || row.parentID != parent) {
		// A drawing was added or removed, which makes another kind of document, or
		// what it replies to was made anew. The row stays until the new one is there.
		gone, err := i.takeAway(ctx, t, row)
		if err != nil || !gone {
			return row.nuxeoID, err
		}
		have = false
	}
	shown := i.shown(t, c)
	if have && row.hash == hash {
		return row.nuxeoID, i.show(ctx, t, row, shown)
	}
	id, writer, err := i.write(ctx, on, want, row, have)
	if denied(err) && id != "" {
		i.left()
		return id, nil
	}
	if err != nil {
		return "", err
	}
	i.changed()
	rows[c.ID] = known{commentID: c.ID, parentID: parent, kind: kind, nuxeoID: id, hash: hash, writer: writer, shown: shown}
	return id, i.remember(ctx, t, rows[c.ID])
}

// by is Nuxeo as whoever wrote a comment, if that can be had.
func (i *Importer) by(ctx context.Context, writer string) Nuxeo {
	if i.As == nil || writer == "" || writer == i.Writer {
		return i.Nuxeo
	}
	if nx, err := i.As(ctx, writer); err == nil {
		return nx
	}
	return i.Nuxeo
}

// denied are the answers to a change of a comment that is somebody else's.
func denied(err error) bool {
	status := nuxeo.StatusOf(err)
	return status == http.StatusForbidden || status == http.StatusUnauthorized
}

func (i *Importer) left() {
	if i.Left != nil {
		i.Left()
	}
}

func (i *Importer) changed() {
	if i.Changed != nil {
		i.Changed()
	}
}

// write updates the counterpart or creates it, after a look whether a lost
// answer left one. It returns its id and who wrote it.
func (i *Importer) write(ctx context.Context, on string, want nuxeo.Comment, row known, have bool) (id, writer string, err error) {
	if have {
		want.ID = row.nuxeoID
		err := i.by(ctx, row.writer).UpdateComment(ctx, on, want)
		if err == nil || !nuxeo.NotFound(err) {
			return row.nuxeoID, row.writer, err
		}
		want.ID = "" // somebody deleted it in Nuxeo; Frame.io still says it
	}
	found, err := i.Nuxeo.CommentByEntity(ctx, on, want.EntityID)
	if err == nil {
		want.ID = found.ID
		return found.ID, found.Author, i.by(ctx, found.Author).UpdateComment(ctx, on, want)
	}
	if !nuxeo.NotFound(err) {
		return "", "", err
	}
	made, err := i.Nuxeo.CreateComment(ctx, on, want, i.Key("comment", on, want.EntityID, want.Text, row.nuxeoID))
	if nuxeo.StatusOf(err) == http.StatusConflict {
		return "", "", fault.New(fault.NotReady, "Nuxeo is still writing this comment.").Because(err)
	}
	return made.ID, i.Writer, err
}

func (i *Importer) known(ctx context.Context, t Target) (map[string]known, error) {
	rows, err := i.DB.Reader.QueryContext(ctx, `SELECT comment_id, parent_id, kind, nuxeo_id, hash, writer, shown FROM imported_comments
		WHERE link_id = $1 AND file_id = $2`, t.LinkID, t.FileID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]known{}
	for rows.Next() {
		var k known
		if err := rows.Scan(&k.commentID, &k.parentID, &k.kind, &k.nuxeoID, &k.hash, &k.writer, &k.shown); err != nil {
			return nil, err
		}
		out[k.commentID] = k
	}
	return out, rows.Err()
}

func (i *Importer) remember(ctx context.Context, t Target, k known) error {
	return i.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO imported_comments (link_id, comment_id, file_id, parent_id, kind, nuxeo_id, hash, writer, updated, shown)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (link_id, comment_id) DO UPDATE SET parent_id = excluded.parent_id, kind = excluded.kind, nuxeo_id = excluded.nuxeo_id,
				hash = excluded.hash, writer = excluded.writer, updated = excluded.updated, shown = excluded.shown`,
			t.LinkID, k.commentID, t.FileID, k.parentID, k.kind, k.nuxeoID, k.hash, k.writer, store.Millis(i.Now()), k.shown)
		return err
	})
}

// removeRest removes what is no longer on Frame.io, replies before what they
// reply to.
func (i *Importer) removeRest(ctx context.Context, t Target, rows map[string]known) error {
	for _, replies := range []bool{true, false} {
		for _, row := range rows {
			if (row.kind == kindReply) != replies {
				continue
			}
			if err := i.remove(ctx, t, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// markRemoved is what a comment that people replied to becomes.
const markRemoved = "[removed on Frame.io]"

// remove takes a comment away and forgets it.
func (i *Importer) remove(ctx context.Context, t Target, row known) error {
	if gone, err := i.takeAway(ctx, t, row); err != nil || !gone {
		return err
	}
	i.changed()
	return i.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM imported_comments WHERE link_id = $1 AND comment_id = $2`, t.LinkID, row.commentID)
		return err
	})
}

// takeAway deletes a comment in Nuxeo, or marks it if people replied to it. It
// says whether that was allowed.
func (i *Importer) takeAway(ctx context.Context, t Target, row known) (bool, error) {
	annotation := row.kind == kindAnnotation
	answered, err := i.answered(ctx, row.nuxeoID)
	if err != nil {
		return false, err
	}
	if answered {
		// What it said goes from where the raw comment is kept, too.
		k := nuxeo.Comment{ID: row.nuxeoID, Text: markRemoved, EntityID: entityID(row.kind, row.commentID), Origin: Origin, Entity: "{}", XPath: xpath(annotation)}
		on := cmp.Or(row.parentID, t.DocumentUID) // a reply stays one
		err = i.by(ctx, row.writer).UpdateComment(ctx, on, k)
	} else {
		err = i.by(ctx, row.writer).DeleteComment(ctx, t.DocumentUID, row.nuxeoID, annotation)
	}
	if denied(err) {
		i.left()
		return false, nil
	}
	if err != nil && !nuxeo.NotFound(err) {
		return false, err
	}
	return true, nil
}

// answered says whether somebody replied in Nuxeo, at any depth: a reply that
// is not ours would be deleted with what it replies to.
func (i *Importer) answered(ctx context.Context, id string) (bool, error) {
	replies, err := i.Nuxeo.Comments(ctx, id)
	if nuxeo.NotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, r := range replies {
		if r.Origin != Origin {
			return true, nil
		}
		if below, err := i.answered(ctx, r.ID); below || err != nil {
			return below, err
		}
	}
	return false, nil
}

// EntityID is our name for a Frame.io comment in Nuxeo.
func EntityID(commentID string) string { return "frameio:comment:" + commentID }

// drawingSuffix ends the name of an annotation: the server finds both kinds by a name, and
// says of neither which it is.
const drawingSuffix = ":drawing"

// entityID is the name of a comment of a kind.
func entityID(kind, commentID string) string {
	if kind == kindAnnotation {
		return EntityID(commentID) + drawingSuffix
	}
	return EntityID(commentID)
}

// Known says whether comments of a link were imported.
func Known(ctx context.Context, db *store.DB, linkID string) (bool, error) {
	var n int
	err := db.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM imported_comments WHERE link_id = $1`, linkID).Scan(&n)
	return n > 0, err
}

// Forget drops what is known of a link's comments, when its document is gone.
func Forget(ctx context.Context, tx *sql.Tx, linkID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM imported_comments WHERE link_id = $1`, linkID)
	return err
}
