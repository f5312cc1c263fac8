package push

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// TellOverdue tells of each push through a binding that is under review since before a time. It is told
// as the same event each time: who listens knows whether it is new.
func (s *Service) TellOverdue(ctx context.Context, binding string, before time.Time) error {
	late, err := listPushes(ctx, s.DB.Reader, `WHERE binding_id = $1 AND state = 'open' AND opened < $2 ORDER BY opened, id`,
		binding, store.Millis(before))
	if err != nil {
		return err
	}

	for some := range slices.Chunk(late, overdueMost) {
		if err := s.tellOverdue(ctx, some); err != nil {
			return err
		}
	}

	return nil
}

// overdueMost is how many are told in one transaction: others wait for it.
const overdueMost = 100

func (s *Service) tellOverdue(ctx context.Context, late []Push) error {
	var added []string
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		added = nil
		for _, p := range late {
			about := subjectOf(p)
			about.Since, about.Status = p.Opened, p.SeenStatus
			more, err := s.Events.Tell(ctx, tx, event.Overdue, p.ID, about)
			if err != nil {
				return fmt.Errorf("telling that push %s is overdue: %w", p.ID, err)
			}
			added = append(added, more...)
		}
		return nil
	})
	if err == nil {
		s.Engine.Wake(added...)
	}

	return err
}
