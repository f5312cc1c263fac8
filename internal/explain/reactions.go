package explain

import (
	"context"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// reactions are what Nuxeo did, or was to do, because of what happened to a document.
func (s *Service) reactions(ctx context.Context, document string) (out []Event, err error) {
	if document == "" {
		return nil, nil
	}

	ids, err := store.Strings(ctx, s.DB.Reader, `SELECT id FROM items WHERE parent = $1 AND kind = 'reaction'
		ORDER BY id DESC LIMIT $2`, document, mostItems)
	if err != nil {
		return nil, err
	}

	for _, id := range ids {
		it, err := s.Items.Item(ctx, work.Viewer{Admin: true}, id)
		if fault.Is(err, fault.NotFound) {
			continue // it was forgotten meanwhile
		}

		if err != nil {
			return nil, err
		}

		var st struct {
			Event  struct{ Name, Person string }
			Action string
		}
		if err := it.Load(&st); err != nil {
			return nil, err
		}

		at := it.Finished
		if at.IsZero() {
			at = it.Created
		}

		out = append(out, Event{At: at, What: reacted(it, st.Action, st.Event.Name), By: st.Event.Person, Item: id})
	}

	return out, nil
}

// reacted tells what became of a reaction.
func reacted(it work.View, action, event string) string {
	switch it.State {
	case work.Done:
		return fmt.Sprintf("Nuxeo did %s, since it was %s", action, event)
	case work.Failed:
		return fmt.Sprintf("Nuxeo was to do %s, since it was %s: %s", action, event, it.Message)
	case work.Canceled:
		return fmt.Sprintf("Nuxeo was to do %s, since it was %s; it was stopped", action, event)
	}
	return fmt.Sprintf("Nuxeo is to do %s, since it was %s", action, event)
}
