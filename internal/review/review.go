// Package review carries what was said about an asset on Frame.io to its Nuxeo
// document: comments with replies, annotations, resolved state.
//
// It owns the table imported_comments, which knows each comment's counterpart, a
// hash of what was sent, so that an unchanged comment costs no call, and how
// people are shown it. What Nuxeo gives back is not compared with it: it cleans texts.
// Invariants: each comment exists once, whatever is lost on the way
// (external id, idempotency key, look before create); a comment that is gone on
// Frame.io is removed, or only marked when people replied to it in Nuxeo; text
// from outside stays text; nothing here makes a version. It leaves to ingest
// when a document is due, and to Nuxeo who may read.
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

// Nuxeo is what review needs of Nuxeo.
type Nuxeo interface {
	CreateComment(ctx context.Context, uid string, k nuxeo.Comment, idempotencyKey string) (nuxeo.Comment, error)
	CommentByEntity(ctx context.Context, uid, entityID string) (nuxeo.Comment, error)
	UpdateComment(ctx context.Context, uid string, k nuxeo.Comment) error
	DeleteComment(ctx context.Context, uid, id string, annotation bool) error
	Comments(ctx context.Context, uid string) iter.Seq2[nuxeo.Comment, error]
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
	// Odd is told of each comment and reply that cannot be read, as it came; nil: nobody is.
	Odd func(raw []byte)
	// Rate tells the frame rate of the file when there is a comment that needs it; nil
	// leaves it at the target's.
	Rate func(context.Context) (float64, error)
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
// Nuxeo that it hangs below; the parent of any other is empty. All rows of a file are in
// memory at once: of what people are shown it has the sum.
type known struct {
	commentID, parentID, kind, nuxeoID, hash, writer string
	shown                                            [sha256.Size]byte
}

// Import makes the document's comments equal to those of the file, of which one at a time
// is in memory. It may be ended anywhere and run again. Before it removes anything it lists
// them once more.
func (i *Importer) Import(ctx context.Context, t Target, comments iter.Seq2[frameio.Comment, error]) error {
	rows, err := i.known(ctx, t)
	if err != nil {
		return err
	}

	here, unread := map[string]bool{}, 0
	for c, err := range comments {
		if err != nil {
			return err
		}

		c, odd := i.readable(c)
		unread += odd
		if c.ID == "" || here[c.ID] {
			continue
		}

		if err := i.bring(ctx, &t, rows, c); err != nil {
			return err
		}

		note(here, c)
	}

	if unread > 0 {
		return nil // what is not among the others may be one of those that cannot be read
	}

	for id := range here {
		delete(rows, id)
	}

	if len(rows) == 0 {
		return nil
	}

	return i.removeRest(ctx, t, rows, comments)
}

// note notes that a comment and its replies are there.
func note(here map[string]bool, c frameio.Comment) {
	here[c.ID] = true
	for _, reply := range c.Replies {
		here[reply.ID] = true
	}
}

// readable is a comment with the replies that can be read, without an ID when it cannot be
// read itself, and how many cannot.
func (i *Importer) readable(c frameio.Comment) (frameio.Comment, int) {
	if c.ID == "" {
		if i.Odd != nil {
			i.Odd(c.Raw)
		}
		return c, 1
	}

	var good []frameio.Comment
	unread := 0
	for _, reply := range c.Replies {
		reply, odd := i.readable(reply)
		unread += odd
		if reply.ID != "" {
			good = append(good, reply)
		}
	}

	c.Replies = good
	return c, unread
}

// bring writes a comment and its replies, once more when a reply finds nothing to reply to:
// somebody deleted the comment in Nuxeo.
func (i *Importer) bring(ctx context.Context, t *Target, rows map[string]known, c frameio.Comment) error {
	if err := i.rated(ctx, t); err != nil {
		return err
	}

	err := i.thread(ctx, *t, rows, c)
	if row, have := rows[c.ID]; have && nuxeo.NotFound(err) {
		row.hash = ""
		rows[c.ID] = row
		err = i.thread(ctx, *t, rows, c)
	}

	return err
}

// rated asks for the frame rate where it is not known.
func (i *Importer) rated(ctx context.Context, t *Target) (err error) {
	if t.FrameRate == 0 && i.Rate != nil {
		t.FrameRate, err = i.Rate(ctx)
	}
	return err
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
func (i *Importer) put(
	ctx context.Context, t Target, rows map[string]known, on, kind string, c frameio.Comment,
) (string, error) {
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
	shownSum := sha256.Sum256([]byte(shown))
	if have && row.hash == hash {
		return row.nuxeoID, i.show(ctx, t, row, shown, shownSum)
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
	rows[c.ID] = known{
		commentID: c.ID,
		parentID:  parent,
		kind:      kind,
		nuxeoID:   id,
		hash:      hash,
		writer:    writer,
		shown:     shownSum,
	}

	return id, i.remember(ctx, t, rows[c.ID], shown)
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
func (i *Importer) write(
	ctx context.Context, on string, want nuxeo.Comment, row known, have bool,
) (id, writer string, err error) {
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
	rows, err := i.DB.Reader.QueryContext(ctx, `SELECT comment_id, parent_id, kind, nuxeo_id, hash, writer, shown
		FROM imported_comments
		WHERE link_id = $1 AND file_id = $2`, t.LinkID, t.FileID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]known{}
	for rows.Next() {
		var k known
		var shown sql.RawBytes
		if err := rows.Scan(&k.commentID, &k.parentID, &k.kind, &k.nuxeoID, &k.hash, &k.writer, &shown); err != nil {
			return nil, err
		}
		k.shown = sha256.Sum256(shown)
		out[k.commentID] = k
	}

	return out, rows.Err()
}

func (i *Importer) remember(ctx context.Context, t Target, k known, shown string) error {
	return i.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO imported_comments (link_id, comment_id, file_id, parent_id, kind,
			nuxeo_id, hash, writer, updated, shown)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (link_id, comment_id) DO UPDATE SET parent_id = excluded.parent_id, kind = excluded.kind,
			nuxeo_id = excluded.nuxeo_id,
				hash = excluded.hash, writer = excluded.writer, updated = excluded.updated, shown = excluded.shown`,
			t.LinkID, k.commentID, t.FileID, k.parentID, k.kind, k.nuxeoID, k.hash, k.writer,
			store.Millis(i.Now()), shown)
		return err
	})
}

// removeRest removes what is no longer on Frame.io, replies before what they reply to. The
// first listing may have taken long, with one call of Nuxeo for each comment, and a comment
// that went meanwhile may have moved another one past it: what a second one tells stays.
func (i *Importer) removeRest(
	ctx context.Context, t Target, rows map[string]known, comments iter.Seq2[frameio.Comment, error],
) error {
	for c, err := range comments {
		if err != nil {
			return err
		}
		delete(rows, c.ID)
		for _, reply := range c.Replies {
			delete(rows, reply.ID)
		}
	}

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
		_, err := tx.ExecContext(ctx, `DELETE FROM imported_comments
			WHERE link_id = $1 AND comment_id = $2`, t.LinkID, row.commentID)
		return err
	})
}

// takeAway deletes a comment in Nuxeo, or marks it if people replied to it. It
// reports whether that was allowed.
func (i *Importer) takeAway(ctx context.Context, t Target, row known) (bool, error) {
	annotation := row.kind == kindAnnotation
	answered, err := i.answered(ctx, row.nuxeoID)
	if err != nil {
		return false, err
	}

	if answered {
		// What it said goes from where the raw comment is kept, too.
		k := nuxeo.Comment{
			ID:       row.nuxeoID,
			Text:     markRemoved,
			EntityID: entityID(row.kind, row.commentID),
			Origin:   Origin,
			Entity:   "{}",
			XPath:    xpath(annotation),
		}
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

// answered reports whether somebody replied in Nuxeo, at any depth: a reply that
// is not ours would be deleted with what it replies to.
func (i *Importer) answered(ctx context.Context, id string) (bool, error) {
	for r, err := range i.Nuxeo.Comments(ctx, id) {
		if nuxeo.NotFound(err) {
			return false, nil
		}

		if err != nil {
			return false, err
		}

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

// Known reports whether comments of a file were imported for a link.
func Known(ctx context.Context, db *store.DB, linkID, fileID string) (known bool, err error) {
	err = db.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM imported_comments
		WHERE link_id = $1 AND file_id = $2)`, linkID, fileID).Scan(&known)
	return known, err
}

// Forget drops what is known of a link's comments, when its document is gone.
func Forget(ctx context.Context, tx *sql.Tx, linkID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM imported_comments WHERE link_id = $1`, linkID)
	return err
}
