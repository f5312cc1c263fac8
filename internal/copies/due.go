package copies

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Why the waiting for a copy ends.
const (
	pushedAgain = "The document was pushed again."
	newVersion  = "The document got another version from Frame.io."
	nowLeft     = "The binding leaves copies on Frame.io now."
)

// On sees to the copy of what comes back, and ends the waiting for that of a document to which something else
// happens. It is an event.Listener.
func (s *Service) On(ctx context.Context, tx *sql.Tx, e event.Event) ([]string, error) {
	switch e.Name {
	case event.Returned:
		return s.returned(ctx, tx, e)
	case event.Pushed:
		return nil, s.leaveWaiting(ctx, tx, e.Document, pushedAgain)
	case event.Arrived:
		return nil, s.leaveWaiting(ctx, tx, e.Document, newVersion)
	}
	return nil, nil
}

// returned records the copy, if something becomes of it, and begins with what is due at once.
func (s *Service) returned(ctx context.Context, tx *sql.Tx, e event.Event) ([]string, error) {
	sent, err := s.Pushes.CopyOf(ctx, tx, e.Push)
	if err != nil || sent.File == "" {
		return nil, err
	}

	choice, err := s.Choice(ctx, tx, sent.Binding)
	if err != nil || choice.Action == Leave {
		return nil, err
	}

	// What came back may be a new document, in place of one that was deleted.
	sent.Document, sent.Returned = e.Document, s.Now()
	added, err := insert(ctx, tx, s.Now(), sent, choice)
	if err != nil || !added {
		return nil, err
	}

	c, err := s.get(ctx, tx, sent.Push)
	if err != nil || c.Due.After(s.Now()) {
		return nil, err
	}

	return s.begin(ctx, tx, c, "")
}

// untouched are the copies that nothing was done with yet: an item that has begun looks for that before it asks.
const untouched = `(state = 'waiting' OR state = 'working' AND asked = 0)`

// leaveWaiting ends the waiting for the copies of a document.
func (s *Service) leaveWaiting(ctx context.Context, tx *sql.Tx, document, why string) error {
	_, err := tx.ExecContext(ctx, `UPDATE copies SET state = 'left', reason = $1, ended = $2, updated = $2
		WHERE document_uid = $3 AND `+untouched, why, store.Millis(s.Now()), document)
	return err
}

// Follow lets the copies of a binding that nothing was done with follow what it says now, in the transaction in which
// that changes.
func (s *Service) Follow(ctx context.Context, tx *sql.Tx, binding string, choice Choice) error {
	if choice.Action == Leave {
		_, err := tx.ExecContext(ctx, `UPDATE copies SET state = 'kept', reason = $1, ended = $2, updated = $2
			WHERE binding_id = $3 AND `+untouched, nowLeft, store.Millis(s.Now()), binding)
		return err
	}

	waiting, err := s.list(ctx, tx, `WHERE binding_id = $1 AND `+untouched, binding)
	if err != nil {
		return err
	}

	for _, c := range waiting {
		if _, err := tx.ExecContext(ctx, `UPDATE copies SET state = 'waiting', action = $1, folder = $2, due = $3,
			updated = $4 WHERE push_id = $5`, string(choice.Action), choice.Folder, store.Millis(choice.due(c.Returned)),
			store.Millis(s.Now()), c.Push); err != nil {
			return err
		}
	}

	return nil
}

// dueMost is how many copies are begun in one transaction.
const dueMost = 100

// BeginDue is the chore that begins with the copies whose time has come.
func (s *Service) BeginDue(ctx context.Context, r *maintenance.Report) error {
	for {
		var ids []string
		var due []Copy
		err := s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
			ids = nil
			if due, err = s.list(ctx, tx, `WHERE state = 'waiting' AND due <= $1 ORDER BY due, push_id LIMIT $2`,
				store.Millis(s.Now()), dueMost); err != nil {
				return err
			}

			for _, c := range due {
				added, err := s.begin(ctx, tx, c, "")
				if err != nil {
					return err
				}
				ids = append(ids, added...)
			}
			return nil
		})
		if err != nil {
			return err
		}

		s.Engine.Wake(ids...)
		for _, c := range due {
			r.Note("the copy of %s", c.Title)
		}
		if len(due) < dueMost {
			return nil
		}
	}
}

// begin adds the item that does what is to be done with a copy. Another node may have begun already.
func (s *Service) begin(ctx context.Context, tx *sql.Tx, c Copy, requester string) ([]string, error) {
	mine, err := s.turn(ctx, tx, c.Push, turn{from: Waiting, or: Left, to: Working})
	if err != nil || !mine {
		return nil, err
	}

	return s.addItem(ctx, tx, c, KindCopy, title(c), requester)
}

// addItem adds an item about a copy, one for each round.
func (s *Service) addItem(
	ctx context.Context, tx *sql.Tx, c Copy, kind, title, requester string,
) ([]string, error) {
	if err := tx.QueryRowContext(ctx, `UPDATE copies SET round = round + 1, asked = 0 WHERE push_id = $1
		RETURNING round`, c.Push).
		Scan(&c.Round); err != nil {
		return nil, err
	}

	return s.Engine.Add(ctx, tx, work.New{
		Kind: kind, Parent: c.Document, Subject: c.Push + " " + strconv.FormatInt(c.Round, 10), Title: title,
		Owner: c.By, Actor: c.By, Requester: requester, Interactive: requester != "",
		Data: state{Push: c.Push, Document: c.Document, Round: c.Round},
	})
}

func title(c Copy) string {
	if c.Action == Move {
		return "Move the copy of " + c.Title + " on Frame.io"
	}
	return "Delete the copy of " + c.Title + " on Frame.io"
}
