package review

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Shown is a comment as it is shown to people. The position in the medium is a frame counted from
// 0, or a page.
type Shown struct {
	Author   string    `json:"author"`
	Text     string    `json:"text"`
	Created  time.Time `json:"created"`
	Resolved bool      `json:"resolved,omitempty"`
	Edited   bool      `json:"edited,omitempty"`
	Frame    *int64    `json:"frame,omitempty"`
	Duration *int64    `json:"duration,omitempty"`
	Timecode string    `json:"timecode,omitempty"`
	Page     *int64    `json:"page,omitempty"`
	Drawing  string    `json:"drawing,omitempty"` // as on Frame.io
}

// maxDrawing bounds the size of a drawing. Larger ones are not shown.
const maxDrawing = 256 << 10

func (i *Importer) shown(t Target, c frameio.Comment) string {
	s := Shown{
		Author:   author(c),
		Text:     clean(c.Text),
		Created:  c.Created.UTC(),
		Resolved: c.Completed,
		Edited:   edited(c),
		Duration: c.Duration,
		Page:     c.Page,
	}
	if c.Timestamp != nil {
		frame := *c.Timestamp - i.FrameBase
		s.Frame, s.Timecode = &frame, span(frame, c.Duration, t.FrameRate)
	}

	// A very large drawing is left to Frame.io.
	if len(c.Annotation) <= maxDrawing {
		s.Drawing = clean(c.Annotation)
	}

	b, _ := json.Marshal(s) // texts, numbers and a time always marshal
	return string(b)
}

// recordShown records how an unchanged comment is shown, if that is new: rows of an older version
// lack it.
func (i *Importer) recordShown(
	ctx context.Context, t Target, row importedComment, shown string, sum [sha256.Size]byte,
) error {
	if row.shown == sum {
		return nil
	}
	return i.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE imported_comments SET shown = $1
			WHERE link_id = $2 AND comment_id = $3`, shown, t.LinkID, row.commentID)
		return err
	})
}

// A Row is an imported comment with its ids.
type Row struct {
	ID      string // on Frame.io
	FileID  string
	NuxeoID string
	// ParentID is the Nuxeo comment that it replies to, if any.
	ParentID string
	Shown
}

// FromNuxeo reads a comment of ours from what Nuxeo keeps of it, where there is no row, as on a
// version of the document.
func FromNuxeo(k nuxeo.Comment) Row {
	// What Nuxeo itself says of every comment.
	r := Row{
		ID:      strings.TrimSuffix(strings.TrimPrefix(k.EntityID, EntityID("")), drawingSuffix),
		NuxeoID: k.ID,
		Shown:   Shown{Author: k.Author, Text: k.Text, Created: k.Created},
	}

	var e entity
	if json.Unmarshal([]byte(k.Entity), &e) != nil || e.FileID == "" { // removed on Frame.io
		return r
	}

	// The entity says more, and says it better.
	r.FileID = e.FileID
	r.Shown = Shown{
		Author: e.Author, Text: e.Words, Created: k.Created, Resolved: e.Resolved, Edited: e.Edited,
		Frame: e.Frame, Duration: e.Duration, Timecode: e.Timecode, Page: e.Page,
	}
	if e.Words == "" { // imported by an older version, or without words
		_, r.Text, _ = strings.Cut(k.Text, "\n")
	}

	if len(e.Annotation) <= maxDrawing {
		r.Drawing = string(e.Annotation)
		_ = json.Unmarshal(e.Annotation, &r.Drawing) // unless it is a string: shapes stay JSON
	}

	return r
}

// maxShown bounds how much of the comments of a link is returned at once, in bytes.
const maxShown = 2 << 20

// List returns up to limit comments of a link; more reports whether there are others, or they are
// long. Those not imported since an older version are left out. The caller has checked that the
// person may read the document.
func List(ctx context.Context, db *store.DB, linkID string, limit int) (list []Row, more bool, err error) {
	rows, err := db.Reader.QueryContext(ctx, `SELECT comment_id, file_id, nuxeo_id, parent_id, shown
		FROM imported_comments
		WHERE link_id = $1 AND shown <> '' ORDER BY comment_id LIMIT $2`, linkID, limit+1)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for left := maxShown; rows.Next(); {
		var r Row
		var shown string
		if err := rows.Scan(&r.ID, &r.FileID, &r.NuxeoID, &r.ParentID, &shown); err != nil {
			return nil, false, err
		}

		if left -= len(shown); left < 0 || len(list) == limit {
			return list, true, nil
		}

		if err := json.Unmarshal([]byte(shown), &r.Shown); err != nil {
			return nil, false, err
		}

		list = append(list, r)
	}

	return list, false, rows.Err()
}
