package audit

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Filter chooses entries; what is empty chooses all. Before is a cursor: the id of the
// last entry of the page before. Entries come newest first.
type Filter struct {
	Who, What, About string
	Since            time.Time
	Before           string
	Limit            int // 1 to 500; 0 is 100
}

const maxPage = 500

const columns = `id, node, seq, at, who, what, about, detail, address, correlation, hash`

func scan(row store.Row) (Entry, error) {
	var e Entry
	var at int64
	err := row.Scan(&e.ID, &e.Node, &e.Seq, &at, &e.Who, &e.What, &e.About, &e.Detail, &e.Address,
		&e.Correlation, &e.Hash)
	e.At = store.Time(at)
	return e, err
}

// List lists entries and reports whether more follow.
func (l *Log) List(ctx context.Context, f Filter) (all []Entry, more bool, err error) {
	if f.Limit <= 0 || f.Limit > maxPage {
		f.Limit = 100
	}

	var terms []string
	var args []any
	add := func(term, value string) {
		if value != "" {
			args = append(args, value)
			terms = append(terms, fmt.Sprintf(term, len(args)))
		}
	}

	add("who = $%d", f.Who)
	add("what = $%d", f.What)
	add("about = $%d", f.About)
	add("id < $%d", f.Before)
	if !f.Since.IsZero() {
		args = append(args, store.Millis(f.Since))
		terms = append(terms, fmt.Sprintf("at >= $%d", len(args)))
	}

	// One more than asked tells whether others follow.
	where := ""
	if len(terms) > 0 {
		where = " WHERE " + strings.Join(terms, " AND ")
	}

	all, err = read(ctx, l.db.Reader, fmt.Sprintf("SELECT %s FROM audit%s ORDER BY id DESC LIMIT %d", columns, where,
		f.Limit+1), args...)
	more = len(all) > f.Limit
	return all[:min(len(all), f.Limit)], more, err
}

func read(ctx context.Context, db *sql.DB, query string, args ...any) ([]Entry, error) {
	return store.All(ctx, db, scan, query, args...)
}
