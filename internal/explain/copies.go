package explain

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// copies are what became of the copies on Frame.io of a document that came back.
func (s *Service) copies(ctx context.Context, document string) (out []Event, err error) {
	if document == "" {
		return nil, nil
	}

	ids, err := store.Strings(ctx, s.DB.Reader, `SELECT id FROM items WHERE parent = $1
		AND kind IN ('copy', 'copy-undo') ORDER BY id DESC LIMIT $2`, document, mostItems)
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

		var st struct{ Left string }
		if err := it.Load(&st); err != nil {
			return nil, err
		}

		at := it.Finished
		if at.IsZero() {
			at = it.Created
		}
		out = append(out, Event{At: at, What: copied(it, st.Left), By: it.Actor, Item: id})
	}

	return out, nil
}

// copied tells what became of a copy.
func copied(it work.View, left string) string {
	switch {
	case it.State == work.Done && left != "":
		return "The copy on Frame.io was left: " + left
	case it.State == work.Done:
		return "The copy on Frame.io was " + it.Outcome
	case it.State == work.Failed:
		return it.Title + ": " + it.Message
	case it.State == work.Canceled:
		return it.Title + ": it was stopped"
	}
	return it.Title + ": it is being done"
}
