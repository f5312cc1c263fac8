// Package installation knows where a database is at home, so that a copy that starts
// elsewhere does not work on what is another connector's.
//
// It owns the row "installation" of the settings: a random id and the public address.
// Invariants: the first start records it without a word; a process whose public
// address is another one does nothing until a person says that the database has moved;
// processes with one address are nodes of one installation. Only the process waits:
// nothing is written, and the nodes at the recorded address go on.
package installation

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Home is where a database belongs.
type Home struct {
	ID      string    `json:"id"`
	Address string    `json:"address"`
	Since   time.Time `json:"since"`
}

// homeOf reads where a database belongs; nil: it has never been started.
func homeOf(ctx context.Context, query func(context.Context, string, ...any) *sql.Row) (*Home, error) {
	var b []byte
	err := query(ctx, `SELECT value FROM settings WHERE name = 'installation'`).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}

	if err != nil {
		return nil, err
	}

	var h Home
	return &h, json.Unmarshal(b, &h)
}

// Process is a process on a database, with a public address of its own.
type Process struct {
	db      *store.DB
	address string
	now     func() time.Time
	away    atomic.Pointer[Home] // nil: the database is at home here
}

// Look makes a Process and looks whether the database is at home where it is. It
// records nothing.
func Look(ctx context.Context, db *store.DB, address string, now func() time.Time) (*Process, error) {
	p := &Process{db: db, address: address, now: now}
	return p, p.look(ctx)
}

func (p *Process) look(ctx context.Context) error {
	h, err := homeOf(ctx, p.db.Reader.QueryRowContext)
	if err != nil {
		return fmt.Errorf("reading where the database is at home: %w", err)
	}

	if h != nil && same(h.Address, p.address) {
		h = nil
	}

	p.away.Store(h)
	return nil
}

// Held says why this process does nothing: the database is at home elsewhere. Nil: it
// may work.
func (p *Process) Held() error {
	h := p.away.Load()
	if h == nil {
		return nil
	}

	return fault.New(fault.NotReady,
		"Nothing is done here: this database belongs to the connector at %s, and this one is at %s.",
		h.Address, p.address).
		With("If the connector has moved, run `nuxeo-frameio store adopt` with its settings. If this is a copy " +
			"beside the original, do not: both would work on the same things. If the address is wrong, correct " +
			"public-url.")
}

// again is how often a process that is held looks whether it still is.
const again = time.Second

// Settle records the database as at home here when it never was anywhere, and waits
// until it is, or ctx ends.
func (p *Process) Settle(ctx context.Context) error {
	if err := p.record(ctx); err != nil && ctx.Err() == nil {
		return err
	}

	// Somebody may adopt the database, or move it back.
	tick := time.NewTicker(again)
	defer tick.Stop()
	for p.Held() != nil {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := p.look(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}

	return nil
}

func (p *Process) record(ctx context.Context) error {
	h, err := homeOf(ctx, p.db.Reader.QueryRowContext)
	if h != nil || err != nil {
		return err
	}

	b, err := home(p.address, p.now())
	if err != nil {
		return err
	}

	// Of two that are first, one records it, and the other finds that it did.
	err = p.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ('installation', $1)
			ON CONFLICT (name) DO NOTHING`, b)
		return err
	})
	if err != nil {
		return err
	}

	return p.look(ctx)
}

func home(address string, now time.Time) ([]byte, error) {
	return json.Marshal(Home{ID: rand.Text(), Address: address, Since: now.UTC()})
}

// From is where the database is at home, and empty when that is here or nowhere.
func (p *Process) From() string {
	if h := p.away.Load(); h != nil {
		return h.Address
	}
	return ""
}

// Adopt makes the database at home here. Processes here go on; those at the address
// before are held from their next start on.
func (p *Process) Adopt(ctx context.Context, log *audit.Log) error {
	b, err := home(p.address, p.now())
	if err != nil {
		return err
	}

	entry := audit.Entry{What: audit.StoreAdopted, About: p.address, Detail: "from " + p.From()}
	err = log.Do(ctx, p.db, func(tx *sql.Tx) (audit.Entry, error) {
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ('installation', $1)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, b)
		return entry, err
	})
	if err != nil {
		return err
	}

	return p.look(ctx)
}

// same reports whether two addresses lead to the same place.
func same(a, b string) bool { return canonical(a) == canonical(b) }

func canonical(address string) string {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil {
		return address
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
	return scheme + "://" + host + u.Path
}
