package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Verified is what came of looking at every chain.
type Verified struct {
	Entries, Nodes int
	// Problems tells each thing that is missing or was changed.
	Problems []string
}

const maxProblems = 100

func (v *Verified) wrong(format string, args ...any) {
	if len(v.Problems) < maxProblems {
		v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
	}
}

// chain is a node's chain as the table has it.
type chain struct {
	node             string
	head, pruned     link
	sealed, sealedAt []byte // of the end, and of the checkpoint
}

// Verify reads every entry and says what is missing or was changed.
func (l *Log) Verify(ctx context.Context) (Verified, error) {
	var v Verified
	// One snapshot: entries are written meanwhile.
	tx, err := l.db.Reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		if tx, err = l.db.Reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
			return v, err
		}
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	chains, err := chainsOf(ctx, tx)
	if err != nil {
		return v, err
	}

	known := map[string]bool{}
	for _, c := range chains {
		known[c.node] = true
		if err := l.verify(ctx, tx, c, &v); err != nil {
			return v, err
		}
	}

	v.Nodes = len(chains)
	err = strangers(ctx, tx, known, &v)
	return v, err
}

func chainsOf(ctx context.Context, tx *sql.Tx) ([]chain, error) {
	return store.All(ctx, tx, func(row store.Row) (c chain, err error) {
		err = row.Scan(&c.node, &c.head.seq, &c.head.hash, &c.sealed, &c.pruned.seq, &c.pruned.hash,
			&c.sealedAt)
		return c, err
	}, `SELECT node, seq, hash, head, pruned_seq, pruned_hash, checkpoint
		FROM audit_chains ORDER BY node`)
}

// strangers finds entries of nodes that have no chain.
func strangers(ctx context.Context, tx *sql.Tx, known map[string]bool, v *Verified) error {
	nodes, err := store.Strings(ctx, tx, `SELECT DISTINCT node FROM audit`)
	for _, node := range nodes {
		if !known[node] {
			v.wrong("%s: there are entries, but no chain", node)
		}
	}

	return err
}

func (l *Log) verify(ctx context.Context, tx *sql.Tx, c chain, v *Verified) error {
	// The seals say where the chain begins and where it ends.
	if text, err := l.seal.Open(Place(c.node, "head"), c.sealed); err != nil || text != c.head.text() {
		v.wrong("%s: the seal on the end of the chain is not ours", c.node)
	}

	if c.pruned.seq > 0 {
		if text, err := l.seal.Open(Place(c.node, "checkpoint"), c.sealedAt); err != nil || text != c.pruned.text() {
			v.wrong("%s: the seal on the checkpoint is not ours", c.node)
		}
	}

	// From there each entry has to follow from the one before.
	at := c.pruned
	err := store.Each(ctx, tx, func(row store.Row) error {
		e, err := scan(row)
		if err != nil {
			return err
		}

		v.Entries++
		switch {
		case e.Seq != at.seq+1:
			v.wrong("%s: %d entries are missing before number %d", c.node, e.Seq-at.seq-1, e.Seq)
		case e.Hash != e.hash(at.hash):
			v.wrong("%s: entry %d of %s was changed", c.node, e.Seq, e.At.Format(time.RFC3339))
		}

		at = link{e.Seq, e.Hash}
		return nil
	}, "SELECT "+columns+" FROM audit WHERE node = $1 ORDER BY seq", c.node)
	if err != nil {
		return err
	}

	// It has to lead to the sealed end.
	if at.seq < c.head.seq {
		v.wrong("%s: the last %d entries are missing", c.node, c.head.seq-at.seq)
	} else if at != c.head {
		v.wrong("%s: the chain ends otherwise than its seal says", c.node)
	}

	return nil
}

// Prune removes the entries from before a time and says how many. A chain keeps a sealed
// checkpoint, from which it goes on.
func (l *Log) Prune(ctx context.Context, before time.Time) (n int, err error) {
	err = l.db.Tx(ctx, func(tx *sql.Tx) error {
		n = 0
		chains, err := chainsOf(ctx, tx)
		if err != nil {
			return err
		}

		for _, c := range chains {
			removed, err := l.prune(ctx, tx, c, before)
			if err != nil {
				return err
			}
			n += removed
		}

		return nil
	})
	return n, err
}

func (l *Log) prune(ctx context.Context, tx *sql.Tx, c chain, before time.Time) (int, error) {
	var last link

	// Prune up to the first entry that stays: clocks may have gone back, and a chain has no holes.
	err := tx.QueryRowContext(ctx, `SELECT seq, hash FROM audit WHERE node = $1 AND at < $2
			AND seq < COALESCE((SELECT MIN(seq) FROM audit WHERE node = $1 AND at >= $2), $3)
			ORDER BY seq DESC LIMIT 1`,
		c.node, store.Millis(before), c.head.seq+1).Scan(&last.seq, &last.hash)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}

	if err != nil {
		return 0, err
	}

	res, err := tx.ExecContext(ctx, `DELETE FROM audit WHERE node = $1 AND seq <= $2`, c.node, last.seq)
	if err != nil {
		return 0, err
	}

	n, err := res.RowsAffected()
	if err != nil {
		return 0, err
	}

	// The checkpoint takes the place of what is gone.
	_, err = tx.ExecContext(ctx, `UPDATE audit_chains SET pruned_seq = $1, pruned_hash = $2, checkpoint = $3
		WHERE node = $4`,
		last.seq, last.hash, l.seal.Seal(Place(c.node, "checkpoint"), last.text()), c.node)
	return int(n), err
}
