package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Group commits small transactions of many callers together, so that one
// fsync serves them all. A caller returns only after its own part is on disk.
// One part that fails takes nothing away from the others.
type Group struct {
	db    *DB
	queue chan *part
}

type part struct {
	fn   func(*sql.Tx) error
	err  error
	done chan struct{}
}

// maxParts bounds how long one shared transaction may become.
const maxParts = 128

// NewGroup makes a group on db. Run must be running for Do to return.
func NewGroup(db *DB) *Group {
	return &Group{db: db, queue: make(chan *part, maxParts)}
}

// Do runs fn as a part of the next shared transaction. When ctx ends first the
// part may still be committed later, so fn must be repeatable.
func (g *Group) Do(ctx context.Context, fn func(*sql.Tx) error) error {
	p := &part{fn: fn, done: make(chan struct{})}
	select {
	case g.queue <- p:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run commits parts until ctx ends.
func (g *Group) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-g.queue:
			g.commit(ctx, g.gather(p))
		}
	}
}

func (g *Group) gather(first *part) []*part {
	parts := []*part{first}
	for len(parts) < maxParts {
		select {
		case p := <-g.queue:
			parts = append(parts, p)
		default:
			return parts
		}
	}
	return parts
}

func (g *Group) commit(ctx context.Context, parts []*part) {
	err := g.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, p := range parts {
			if err := within(ctx, tx, p); err != nil {
				return err
			}
		}
		return nil
	})
	for _, p := range parts {
		p.err = errors.Join(p.err, err)
		close(p.done)
	}
}

// within runs a part behind a savepoint. Its own error stays in the part; the
// returned error is one of the transaction as a whole.
func within(ctx context.Context, tx *sql.Tx, p *part) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT part"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	end := "RELEASE SAVEPOINT part"
	if p.err = p.fn(tx); p.err != nil {
		end = "ROLLBACK TO SAVEPOINT part"
	}
	if _, err := tx.ExecContext(ctx, end); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	return nil
}
