package work

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A Failure is an item that has failed, or that waits since something failed.
type Failure struct {
	Item        string    `json:"item"`
	Kind        string    `json:"kind"`
	State       State     `json:"state"`
	Step        string    `json:"step"`
	Attempt     int64     `json:"attempt"`
	Code        string    `json:"code"`
	Message     string    `json:"message"`
	Correlation string    `json:"correlation"`
	Updated     time.Time `json:"updated"`
	History     []Event   `json:"history"`
}

// lastEvents is how much of its history a failure tells.
const lastEvents = 50

// Failures are the items that failed, or wait since something failed, newest first, each with its history.
func (e *Engine) Failures(ctx context.Context, limit int) ([]Failure, error) {
	all, err := store.All(ctx, e.db.Reader, func(row store.Row) (f Failure, err error) {
		var updated int64
		err = row.Scan(&f.Item, &f.Kind, &f.State, &f.Step, &f.Attempt, &f.Code, &f.Message, &f.Correlation, &updated)
		f.Updated = store.Time(updated)
		return f, err
	}, `SELECT id, kind, state, step, attempt, code, message, correlation, updated FROM items
		WHERE state IN ('waiting', 'running', 'failed') AND code <> '' ORDER BY updated DESC, id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, err
	}

	for i := range all {
		h, err := e.History(ctx, all[i].Item)
		if err != nil {
			return nil, err
		}
		all[i].History = h[max(0, len(h)-lastEvents):]
	}

	return all, nil
}
