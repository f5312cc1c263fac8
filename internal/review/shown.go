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

// Shown is a comment as people are shown it. Times are those of the day; the
// place in the medium is a frame counted from 0, or a page.
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
	Drawing  string    `json:"drawing,omitempty"` // as Frame.io gave it
}

// maxDrawing bounds what is kept of a drawing; more is not shown.
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

	if len(c.Annotation) <= maxDrawing {
		s.Drawing = clean(c.Annotation)
	}

	b, _ := json.Marshal(s) // texts, numbers and a time always marshal
	return string(b)
}

// show records how an unchanged comment is shown, if that is news: rows of an
// older version do not tell.
func (i *Importer) show(ctx context.Context, t Target, row known, shown string, sum [sha256.Size]byte) error {
	if row.shown == sum {
		return nil
	}
	return i.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE imported_comments SET shown = $1
			WHERE link_id = $2 AND comment_id = $3`, shown, t.LinkID, row.commentID)
		return err
	})
}

// Row is an imported comment with where it stands.
type Row struct {
	ID      string // on Frame.io
	FileID  string
	NuxeoID string
	// ParentID is the comment in Nuxeo that it replies to; empty for others.
	ParentID string
	Shown
}

// KeptBy reads a comment of ours from what Nuxeo keeps of it: where no row tells of it,
// as on a version of the document.
func KeptBy(k nuxeo.Comment) Row {
	r := Row{
		ID:      strings.TrimSuffix(strings.TrimPrefix(k.EntityID, EntityID("")), drawingSuffix),
		NuxeoID: k.ID,
		Shown:   Shown{Author: k.Author, Text: k.Text, Created: k.Created},
	}

	var e entity
	if json.Unmarshal([]byte(k.Entity), &e) != nil || e.FileID == "" { // it was removed on Frame.io
		return r
	}

	r.FileID = e.FileID
	r.Shown = Shown{
		Author: e.Author, Text: e.Words, Created: k.Created, Resolved: e.Resolved, Edited: e.Edited,
		Frame: e.Frame, Duration: e.Duration, Timecode: e.Timecode, Page: e.Page,
	}
	if e.Words == "" { // it was brought by a version that kept no words, or says nothing
		_, r.Text, _ = strings.Cut(k.Text, "\n")
	}

	if len(e.Annotation) <= maxDrawing {
		r.Drawing = string(e.Annotation)
		_ = json.Unmarshal(e.Annotation, &r.Drawing) // unless it is a string: shapes stay JSON
	}

	return r
}

// maxShown bounds how much of the comments of a link is shown at once, in bytes.
const maxShown = 2 << 20

// Of lists the comments of a link, most at most; more says that there are others, or that
// they are long.
// Those that were not looked at since an older version are left out. Whoever asks
// must have found that the person may read the document.
func Of(ctx context.Context, db *store.DB, linkID string, most int) (list []Row, more bool, err error) {
	rows, err := db.Reader.QueryContext(ctx, `SELECT comment_id, file_id, nuxeo_id, parent_id, shown
		FROM imported_comments
		WHERE link_id = $1 AND shown <> '' ORDER BY comment_id LIMIT $2`, linkID, most+1)
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

		if left -= len(shown); left < 0 || len(list) == most {
			return list, true, nil
		}

		if err := json.Unmarshal([]byte(shown), &r.Shown); err != nil {
			return nil, false, err
		}

		list = append(list, r)
	}

	return list, false, rows.Err()
}
