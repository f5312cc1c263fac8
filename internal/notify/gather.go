package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// maxEvents is how many events one message tells at most; what comes then is another message.
const maxEvents = 1000

// On records an event for the channels that are told of it. It is an event.Listener. The items that it adds
// are due only later, so that none has to be woken.
func (s *Service) On(ctx context.Context, tx *sql.Tx, e event.Event) ([]string, error) {
	if e.Binding == "" {
		return nil, nil
	}

	channels, err := channelsOf(ctx, tx, e.Binding)
	if err != nil {
		return nil, err
	}

	for _, c := range channels {
		if !c.wants(e) {
			continue
		}
		if err := s.gather(ctx, tx, c, e); err != nil {
			return nil, err
		}
	}

	return nil, nil
}

// gathered says with what an event is told in one message, and for how long that waits for more: what was
// asked for together until all of it has ended, comments for a quarter of an hour, the rest for a moment.
func (s *Service) gathered(e event.Event) (with string, wait time.Duration) {
	switch e.Name {
	case event.Commented:
		return "comments", s.Set.Digest
	case event.Arrived, event.Returned, event.Failed:
		if e.Batch != "" {
			return "batch " + e.Batch, min(s.Set.Gather, batchLook)
		}
	}
	return "rest", s.Set.Gather
}

// gather adds an event to the message that gathers its like, or to a new one.
func (s *Service) gather(ctx context.Context, tx *sql.Tx, c Channel, e event.Event) error {
	with, wait := s.gathered(e)
	var delivery string
	err := tx.QueryRowContext(ctx, `SELECT id FROM deliveries WHERE channel_id = $1 AND gathering = $2 AND events < $3
		ORDER BY id DESC LIMIT 1`, c.ID, with, maxEvents).Scan(&delivery)
	begun := errors.Is(err, sql.ErrNoRows)
	if err != nil && !begun {
		return err
	}

	if begun {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		delivery = id.String()
	}

	// What the channel was told, or is to be told, it is not told again.
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}

	res, err := tx.ExecContext(ctx, `INSERT INTO channel_events (channel_id, event_id, delivery_id, name, at, data)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (channel_id, event_id) DO NOTHING`, c.ID, e.ID, delivery, e.Name,
		store.Millis(e.At), string(data))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); n == 0 || err != nil {
		return err
	}

	if begun {
		_, err = s.begin(ctx, tx, Delivery{
			ID: delivery, Channel: c.ID, State: Gathering, Events: 1, Due: s.Now().Add(wait),
			gathering: with, batch: e.Batch,
		}, work.New{Title: "Message to " + c.String(), Owner: e.Owner, NotBefore: s.Now().Add(wait)})
		return err
	}

	_, err = tx.ExecContext(ctx, `UPDATE deliveries SET events = events + 1 WHERE id = $1`, delivery)
	return err
}

// begin adds a delivery and its item, and returns the item's id.
func (s *Service) begin(ctx context.Context, tx *sql.Tx, d Delivery, it work.New) (string, error) {
	it.Kind, it.Parent, it.Subject = KindDelivery, d.Channel, d.ID
	if it.Data == nil {
		it.Data = state{}
	}

	ids, err := s.Engine.Add(ctx, tx, it)
	if err != nil {
		return "", err
	}
	if len(ids) != 1 {
		return "", errors.New("the delivery has an item already")
	}

	_, err = tx.ExecContext(ctx, `INSERT INTO deliveries (id, channel_id, item, gathering, batch, state, title, events,
		attempts, status, problem, created, asked, due, ended)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, '', $9, 0, $10, 0)`,
		d.ID, d.Channel, ids[0], d.gathering, d.batch, d.State, d.Title, d.Events, store.Millis(s.Now()),
		store.Millis(d.Due))
	return ids[0], err
}
