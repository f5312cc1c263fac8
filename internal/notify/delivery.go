package notify

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// A DeliveryState is the state of a delivery.
type DeliveryState string

// The states of a delivery.
const (
	Gathering DeliveryState = "gathering" // events still come to it
	Waiting   DeliveryState = "waiting"   // for its turn, or to be sent again
	Sending   DeliveryState = "sending"
	Delivered DeliveryState = "delivered" // the receiver has accepted it
	Failed    DeliveryState = "failed"    // until a person retries it
)

// A Delivery is one message to a channel.
type Delivery struct {
	ID, Channel string
	State       DeliveryState
	Title       string // what it says in a line, once it gathers no more
	Events      int
	Attempts    int
	Status      int    // HTTP status of the last answer; 0: none came
	Problem     string // why the last attempt came to nothing
	Created     time.Time
	Asked       time.Time // when it was last sent
	Due         time.Time // when it is sent next
	Ended       time.Time

	item, gathering, batch string
}

const deliveryColumns = `id, channel_id, item, gathering, batch, state, title, events, attempts, status, problem,
	created, asked, due, ended`

func scanDelivery(row store.Row) (d Delivery, err error) {
	var created, asked, due, ended int64
	err = row.Scan(&d.ID, &d.Channel, &d.item, &d.gathering, &d.batch, &d.State, &d.Title, &d.Events, &d.Attempts,
		&d.Status, &d.Problem, &created, &asked, &due, &ended)
	d.Created, d.Asked, d.Due, d.Ended = store.Time(created), store.Time(asked), store.Time(due), store.Time(ended)
	return d, err
}

func deliveryOf(ctx context.Context, db *sql.DB, channel, id string) (d Delivery, found bool, err error) {
	d, err = scanDelivery(db.QueryRowContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE id = $1 AND channel_id = $2`, id, channel))
	if errors.Is(err, sql.ErrNoRows) {
		return d, false, nil
	}
	return d, err == nil, err
}

// maxLog is how many deliveries a page of the log has.
const maxLog = 50

// Log lists the deliveries to a channel, newest first, for who may change the binding. before is the cursor
// that the call for the page before returned as next.
func (s *Service) Log(
	ctx context.Context, who work.Viewer, binding, channel, before string,
) (list []Delivery, next string, err error) {
	if err := s.check(ctx, who, binding, channel); err != nil {
		return nil, "", err
	}

	list, err = store.All(ctx, s.DB.Reader, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE channel_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`, channel, before, maxLog+1)
	if len(list) > maxLog {
		list = list[:maxLog]
		next = list[maxLog-1].ID
	}

	return list, next, err
}

// check returns an error if there is no such channel, or not for this person.
func (s *Service) check(ctx context.Context, who work.Viewer, binding, channel string) error {
	if _, err := s.Editable(ctx, who, binding); err != nil {
		return err
	}
	_, err := s.channel(ctx, binding, channel)
	return err
}

// Test sends a message that says nothing but that it came, and waits for what becomes of it, up to a time. It
// is not sent again.
func (s *Service) Test(ctx context.Context, who work.Viewer, binding, channel string) (Delivery, error) {
	if err := s.check(ctx, who, binding, channel); err != nil {
		return Delivery{}, err
	}

	id, err := uuid.NewV7()
	if err != nil {
		return Delivery{}, err
	}

	var item string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		item, err = s.begin(ctx, tx, Delivery{
			ID: id.String(), Channel: channel, State: Waiting, Title: testTitle, Due: s.Now(),
		}, work.New{
			Title: testTitle, Owner: who.Login, Requester: who.Login, Interactive: true, Data: state{Test: true},
		})
		return err
	})
	if err != nil {
		return Delivery{}, err
	}

	s.Engine.Wake(item)
	return s.await(ctx, channel, id.String(), item)
}

// awaited is how long a person waits for what becomes of a message.
const awaited = 2 * patience

func (s *Service) await(ctx context.Context, channel, id, item string) (Delivery, error) {
	if _, err := s.Engine.Await(ctx, work.Viewer{Admin: true}, item, awaited); err != nil {
		return Delivery{}, err
	}

	d, found, err := deliveryOf(ctx, s.DB.Reader, channel, id)
	if err == nil && !found {
		err = noDelivery()
	}

	return d, err
}

func noDelivery() error {
	return fault.New(fault.NotFound, "There is no such message to this channel.").
		With("`nuxeo-frameio notify log` and the dialog of the binding show them.")
}

// Retry sends a message again that failed, or that waits to be sent again, and waits for what becomes of it.
func (s *Service) Retry(ctx context.Context, who work.Viewer, binding, channel, id string) (Delivery, error) {
	if err := s.check(ctx, who, binding, channel); err != nil {
		return Delivery{}, err
	}

	d, found, err := deliveryOf(ctx, s.DB.Reader, channel, id)
	switch {
	case err != nil:
		return d, err
	case !found:
		return d, noDelivery()
	case d.State != Failed && (d.State != Waiting || d.Attempts == 0):
		return d, fault.New(fault.Conflict, "Only a message that failed, or waits to be sent again, can be retried.")
	}

	// The item belongs to the owner of the binding; who may change that may have it sent.
	if err := s.Engine.Retry(ctx, work.Viewer{Login: who.Login, Admin: true}, d.item); err != nil {
		return d, err
	}

	if err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = $1, due = $2, ended = 0
			WHERE id = $3 AND state IN ('failed', 'waiting')`, Waiting, store.Millis(s.Now()), id)
		return err
	}); err != nil {
		return d, err
	}

	return s.awaitAttempt(ctx, channel, d)
}

// awaitAttempt waits until a message was sent once more than before, or for a time.
func (s *Service) awaitAttempt(ctx context.Context, channel string, before Delivery) (Delivery, error) {
	ctx, stop := context.WithTimeout(ctx, awaited)
	defer stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		d, found, err := deliveryOf(context.WithoutCancel(ctx), s.DB.Reader, channel, before.ID)
		if err == nil && !found {
			err = noDelivery()
		}
		if err != nil || d.Attempts > before.Attempts && d.State != Sending {
			return d, err
		}

		select {
		case <-tick.C:
		case <-ctx.Done():
			return d, nil
		}
	}
}
