// Package event tells whoever listens what happened to a document and its asset: that it arrived, was
// pushed, came back, was approved, rejected or commented on, waits for long, or failed.
//
// It owns the table review_statuses: the status that each file was last seen with, below its document.
//
// Invariants: an event is told in the transaction of what it tells of, so that neither is without the
// other; what is told again, by a step that is repeated or on another node, has the same id; a status is
// told once, when it is first seen, whoever sees it. What follows from an event is the listeners' own.
package event

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A Name says what happened.
type Name string

// What happens.
const (
	Arrived  Name = "arrived"  // an asset became a document, or a new version of one
	Pushed   Name = "pushed"   // a document is on Frame.io for review
	Returned Name = "returned" // what was pushed was published back
	Approved Name = "approved" // the status on Frame.io is one that approves
	Rejected Name = "rejected" // the status on Frame.io is one that rejects

	Commented Name = "commented" // somebody commented on the asset on Frame.io
	Overdue   Name = "overdue"   // what was pushed is under review for long
	Failed    Name = "failed"    // an asset did not arrive, or a document was not pushed
)

// Names are all of them.
var Names = []Name{Arrived, Pushed, Returned, Approved, Rejected, Commented, Overdue, Failed}

// A Subject is what an event is about. Ids that do not apply are empty.
type Subject struct {
	Document string `json:"document"`
	Title    string `json:"title"`
	// Owner answers for it, Person is as whom it was done in Nuxeo, Requester asked for it.
	Owner     string `json:"owner"`
	Person    string `json:"person"`
	Requester string `json:"requester,omitempty"`
	Account   string `json:"account"`
	Workspace string `json:"workspace"`
	Project   string `json:"project,omitempty"`
	File      string `json:"file"`
	Asset     string `json:"asset,omitempty"` // the asset key
	Push      string `json:"push,omitempty"`
	Status    string `json:"status,omitempty"` // of the review on Frame.io, as its users call it

	// Binding is the one that it goes through; empty in synchronizations. Batch is what was asked for
	// together, Item what worked on it.
	Binding string `json:"binding,omitempty"`
	Batch   string `json:"batch,omitempty"`
	Item    string `json:"item,omitempty"`
	// Reason says why it failed.
	Reason string `json:"reason,omitempty"`
	// Author wrote the comment with this Text on Frame.io.
	Author string `json:"author,omitempty"`
	Text   string `json:"text,omitempty"`
	// Since is when the review began of what is overdue.
	Since time.Time `json:"since,omitzero"`
}

// An Event is something that happened. ID stays the same however often it is told.
type Event struct {
	ID   string    `json:"id"`
	Name Name      `json:"name"`
	At   time.Time `json:"at"`
	Subject
}

// A Listener does what follows from an event in the transaction of what it tells of. It returns the ids
// of items that it added.
type Listener func(ctx context.Context, tx *sql.Tx, e Event) (added []string, err error)

// A Service tells events. Nil tells nothing.
type Service struct {
	Now func() time.Time
	// Approved and Rejected are the names of the statuses that mean so.
	Approved, Rejected frameio.Names
	Listeners          []Listener
}

// ids is the name space of the ids of events.
var ids = uuid.MustParse("6f1f3d0a-7d0c-4c7c-9d55-1c2f5ff0a6b1")

// Tell tells that something happened, in the caller's transaction. Source is what it came of, such as
// the id of an item: the same name and source are the same event. Wake the items after the transaction.
// Without a document nothing can have happened to it, but that it failed.
func (s *Service) Tell(ctx context.Context, tx *sql.Tx, name Name, source string, about Subject) ([]string, error) {
	if s == nil || about.Document == "" && name != Failed {
		return nil, nil
	}

	id := uuid.NewSHA1(ids, []byte(string(name)+" "+source))
	e := Event{ID: id.String(), Name: name, At: s.Now(), Subject: about}
	var added []string
	for _, listen := range s.Listeners {
		more, err := listen(ctx, tx, e)
		if err != nil {
			return nil, fmt.Errorf("what follows from %s: %w", name, err)
		}
		added = append(added, more...)
	}

	return added, nil
}

// mostText is how many characters of a comment are told.
const mostText = 300

// Comment tells, in the caller's transaction, of a comment that was seen for the first time. What follows
// is not urgent, so that it need not be woken.
func (s *Service) Comment(ctx context.Context, tx *sql.Tx, c frameio.Comment, about Subject) error {
	about.Author, about.Text = plain.Line(c.Owner.Name), plain.Line(c.Text)
	if r := []rune(about.Text); len(r) > mostText {
		about.Text = string(r[:mostText-1]) + "…"
	}

	_, err := s.Tell(ctx, tx, Commented, about.Document+" "+c.ID, about)
	return err
}

// See notes, in the caller's transaction, the status with which a file was seen. One that approves or
// rejects is told, once until the file is seen with another one.
func (s *Service) See(ctx context.Context, tx *sql.Tx, about Subject) ([]string, error) {
	if s == nil || about.Document == "" || about.File == "" {
		return nil, nil
	}

	changes, err := s.note(ctx, tx, about)
	if changes == 0 || err != nil {
		return nil, err
	}

	source := fmt.Sprintf("%s %s %d", about.Document, about.File, changes)
	switch {
	case s.Approved.Has(about.Status):
		return s.Tell(ctx, tx, Approved, source, about)
	case s.Rejected.Has(about.Status):
		return s.Tell(ctx, tx, Rejected, source, about)
	}

	return nil, nil
}

// note records a status and returns how often that of the file has changed so far, or 0 if it is the one
// that is recorded or there is none any more.
func (s *Service) note(ctx context.Context, tx *sql.Tx, about Subject) (changes int64, err error) {
	status := strings.TrimSpace(about.Status)
	if status == "" {
		_, err := tx.ExecContext(ctx, `UPDATE review_statuses SET status = '', changes = changes + 1, updated = $1
			WHERE document_uid = $2 AND file_id = $3 AND status <> ''`,
			store.Millis(s.Now()), about.Document, about.File)
		return 0, err
	}

	err = tx.QueryRowContext(ctx, `INSERT INTO review_statuses (document_uid, file_id, status, changes, updated)
		VALUES ($1, $2, $3, 1, $4)
		ON CONFLICT (document_uid, file_id) DO UPDATE SET status = excluded.status,
			changes = review_statuses.changes + 1, updated = excluded.updated
			WHERE review_statuses.status <> excluded.status
		RETURNING changes`,
		about.Document, about.File, status, store.Millis(s.Now())).Scan(&changes)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}

	return changes, err
}
