package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
)

// group commits the transactions of many callers together, so that one fsync
// serves them all: receivers that must have a row on disk before they answer,
// and workers that record each step. A caller returns only after its own part
// is on disk. One part that fails takes nothing away from the others.
type group struct {
	db    *DB
	queue chan *part
	quit  chan struct{}
	ended chan struct{}

	savepoint, release, rollback *sql.Stmt
}

// part is one caller's transaction within a shared one.
type part struct {
	fn    func(*sql.Tx) error
	err   error
	done  chan struct{}
	state atomic.Int32
}

const (
	waiting = iota
	taken
	abandoned
)

// maxParts bounds how long one shared transaction may become.
const maxParts = 256

func newGroup(db *DB) (*group, error) {
	g := &group{db: db, queue: make(chan *part, maxParts), quit: make(chan struct{}), ended: make(chan struct{})}
	for text, stmt := range map[string]**sql.Stmt{
		"SAVEPOINT part": &g.savepoint, "RELEASE SAVEPOINT part": &g.release, "ROLLBACK TO SAVEPOINT part": &g.rollback,
	} {
		var err error
		if *stmt, err = db.Writer.Prepare(text); err != nil {
			return nil, fmt.Errorf("preparing the group: %w", err)
		}
	}

	go g.run()
	return g, nil
}

// close ends the group after what is under way.
func (g *group) close() {
	close(g.quit)
	<-g.ended
}

var errClosed = errors.New("the database is closed")

// do runs fn as a part of the next shared transaction. When ctx ends before the
// part is begun nothing happens; afterwards it waits for the outcome.
func (g *group) do(ctx context.Context, fn func(*sql.Tx) error) error {
	p := &part{fn: fn, done: make(chan struct{})}
	select {
	case g.queue <- p:
	case <-g.quit:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}

	// A caller may still go as long as the part has not been begun.
	select {
	case <-p.done:
		return p.err
	case <-g.ended:
		if p.state.CompareAndSwap(waiting, abandoned) {
			return errClosed
		}
	case <-ctx.Done():
		if p.state.CompareAndSwap(waiting, abandoned) {
			return ctx.Err()
		}
	}

	<-p.done
	return p.err
}

func (g *group) run() {
	defer close(g.ended)
	for {
		select {
		case <-g.quit:
			return
		case p := <-g.queue:
			g.commit(g.gather(p))
		}
	}
}

func (g *group) gather(first *part) []*part {
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

func (g *group) commit(parts []*part) {
	mine, err := g.together(parts)
	if mine == nil { // it was never begun
		mine = take(parts)
	}
	for _, p := range mine {
		p.err = errors.Join(p.err, err)
		close(p.done)
	}
}

// take leaves out whose callers have gone.
func take(parts []*part) []*part {
	mine := []*part{}
	for _, p := range parts {
		if p.state.CompareAndSwap(waiting, taken) {
			mine = append(mine, p)
		}
	}
	return mine
}

// errPart says that one of the parts failed, and which one is in the parts.
var errPart = errors.New("a part failed")

// together runs the parts in one transaction. They are taken once it has begun:
// as long as another process keeps the database from us, callers may go, who have
// an answer to give. Parts hardly ever fail, and a savepoint costs as much as an
// insert: they are run without first, and when one fails all over again, each
// behind a savepoint of its own.
func (g *group) together(parts []*part) (mine []*part, err error) {
	err = g.db.alone(context.Background(), func(tx *sql.Tx) error {
		mine = take(parts)
		for _, p := range mine {
			if p.err = guarded(p.fn, tx); p.err != nil {
				return errPart
			}
		}
		return nil
	})
	// Usually all of them go well.
	if !errors.Is(err, errPart) {
		return mine, err
	}

	// One has failed and has spoiled the transaction: run each again behind a savepoint.
	return mine, g.db.alone(context.Background(), func(tx *sql.Tx) error {
		for _, p := range mine {
			if err := g.within(tx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// within runs a part behind a savepoint. Its own error stays in the part; the
// returned error is one of the transaction as a whole.
func (g *group) within(tx *sql.Tx, p *part) error {
	ctx := context.Background()
	if _, err := tx.StmtContext(ctx, g.savepoint).ExecContext(ctx); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}

	// The savepoint is kept or undone, as the part went.
	end := g.release
	if p.err = guarded(p.fn, tx); p.err != nil {
		end = g.rollback
	}

	if _, err := tx.StmtContext(ctx, end).ExecContext(ctx); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}

	return nil
}

// guarded keeps a caller's panic from taking the others along.
func guarded(fn func(*sql.Tx) error, tx *sql.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a transaction panicked: %v", p)
		}
	}()
	return fn(tx)
}
