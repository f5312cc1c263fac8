// Package audit records what people did that others may ask for later: who signed in or
// failed to, whose access was ended, what was changed, paused, released and settled.
//
// It owns the tables audit and audit_chains. Invariants: an entry is written in the
// transaction of what it tells of, so that neither is without the other; each node's
// entries form a chain of hashes whose end is sealed with the installation's key, so that
// one that is missing or was changed shows; what is pruned leaves a sealed checkpoint
// from which the chain goes on; strangers cannot fill the table. Entries hold no secret.
package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// What people do, as the entries and the filters of lists name it.
const (
	SignedIn        = "signed-in"
	SignInFailed    = "sign-in-failed"
	Connected       = "connected"
	Disconnected    = "disconnected"
	Bound           = "bound"
	Unbound         = "unbound"
	TookOver        = "took-over"
	Edited          = "binding-edited"
	ProviderChanged = "provider-changed"
	Revoked         = "revoked"
	Lifted          = "lifted"
	Paused          = "paused"
	Resumed         = "resumed"
	LockReleased    = "lock-released"
	ConflictSettled = "conflict-settled"
	SyncAdded       = "synchronization-added"
	SyncPaused      = "synchronization-paused"
	SyncResumed     = "synchronization-resumed"
	SyncRemoved     = "synchronization-removed"
	SyncEdited      = "synchronization-edited"
	LossConfirmed   = "loss-confirmed" // that very much is gone on Frame.io is right
	Retried         = "retried"
	Canceled        = "canceled"
	StoreCopied     = "store-copied"
	StoreAdopted    = "store-adopted"
	KeysRotated     = "keys-rotated"
	KeysRetired     = "keys-retired"
	LogLevelChanged = "log-level-changed"
	Reacted         = "reacted"       // Nuxeo did in a person's name what the configuration says
	CopyMoved       = "copy-moved"    // of a document that came back, on Frame.io
	CopyDeleted     = "copy-deleted"  // there
	CopyKept        = "copy-kept"     // which was to be moved or deleted
	CopyAsked       = "copy-asked"    // somebody asked for it to be moved or deleted
	CopyRestored    = "copy-restored" // is where it was
	MapRowSet       = "map-row-set"
	MapRowRemoved   = "map-row-removed"
	ChannelSet      = "channel-set" // where a binding tells what happens
	ChannelRemoved  = "channel-removed"
)

// An Entry is something that a person did.
type Entry struct {
	ID, Node    string
	Seq         int64
	At          time.Time
	Who         string // a login; empty for strangers
	What        string
	About       string // a login, a folder, an item
	Detail      string // for people
	Address     string // where the request came from
	Correlation string
	Hash        string
}

// Seal seals and opens what can only be sealed with the installation's key.
type Seal interface {
	Seal(sealContext, secret string) []byte
	Open(sealContext string, sealed []byte) (string, error)
}

// Log is the audit of an installation, written by one node. Nil writes nothing.
type Log struct {
	db   *store.DB
	seal Seal
	now  func() time.Time
	node string
	log  *slog.Logger

	mu     sync.Mutex
	failed map[string]failure
}

// New makes the log of a node.
func New(db *store.DB, seal Seal, now func() time.Time, node string, log *slog.Logger) *Log {
	return &Log{db: db, seal: seal, now: now, node: node, log: log, failed: map[string]failure{}}
}

// Do runs fn in a transaction and writes the entry that it returns in the same one. An
// entry that does not say what was done is not written.
func (l *Log) Do(ctx context.Context, db *store.DB, fn func(*sql.Tx) (Entry, error)) error {
	var e Entry // of the last run: fn may be run again
	err := db.Tx(ctx, func(tx *sql.Tx) (err error) {
		if e, err = fn(tx); err != nil || l == nil || e.What == "" {
			return err
		}
		e, err = l.append(ctx, tx, e)
		return err
	})
	if err == nil && l != nil && e.What != "" {
		l.log.InfoContext(ctx, "audit", "who", e.Who, "what", e.What, "about", e.About, "detail", e.Detail,
			"from", e.Address)
	}

	return err
}

// Write writes an entry of what has no transaction.
func (l *Log) Write(ctx context.Context, e Entry) error {
	if l == nil {
		return nil
	}
	return l.Do(ctx, l.db, func(*sql.Tx) (Entry, error) { return e, nil })
}

// longest bounds the texts of an entry, some of which come from outside.
const longest = 500

func short(text string) string {
	if r := []rune(text); len(r) > longest {
		return string(r[:longest-1]) + "…"
	}
	return text
}

// append adds an entry to this node's chain.
func (l *Log) append(ctx context.Context, tx *sql.Tx, e Entry) (Entry, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return e, err
	}

	// Each entry is tied to the one before by its hash.
	before, err := headOf(ctx, tx, l.node)
	if err != nil {
		return e, fmt.Errorf("the audit's chain: %w", err)
	}

	// What the caller leaves out is known from the context.
	e.ID, e.Node, e.Seq, e.At, e.Correlation = id.String(), l.node, before.seq+1, store.Time(store.Millis(l.now())),
		requestid.ID(ctx)
	e.About, e.Detail = short(e.About), short(e.Detail)
	if e.Address == "" {
		e.Address = from(ctx)
	}

	if e.Who == "" {
		e.Who = by(ctx)
	}

	// Write the entry,
	e.Hash = e.hash(before.hash)
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit (id, node, seq, at, who, what, about, detail, address,
		correlation, hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.ID, e.Node, e.Seq, store.Millis(e.At), e.Who, e.What, e.About, e.Detail, e.Address, e.Correlation,
		e.Hash); err != nil {
		return e, fmt.Errorf("writing the audit: %w", err)
	}

	// and seal the new end of the chain, so that cutting it off shows.
	_, err = tx.ExecContext(ctx, `INSERT INTO audit_chains (node, seq, hash, head) VALUES ($1, $2, $3, $4)
		ON CONFLICT (node) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, head = excluded.head`,
		l.node, e.Seq, e.Hash, l.seal.Seal(Place(l.node, "head"), link{e.Seq, e.Hash}.text()))
	return e, err
}

// hash covers everything an entry says, and the entry before it.
func (e Entry) hash(before string) string {
	content, err := json.Marshal([]any{
		before, e.ID, e.Node, e.Seq, store.Millis(e.At), e.Who, e.What, e.About,
		e.Detail, e.Address, e.Correlation,
	})
	if err != nil {
		panic(err) // texts and numbers
	}

	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// link is a place in a chain.
type link struct {
	seq  int64
	hash string
}

func (k link) text() string { return fmt.Sprintf("%d %s", k.seq, k.hash) }

func headOf(ctx context.Context, tx *sql.Tx, node string) (k link, err error) {
	err = tx.QueryRowContext(ctx, `SELECT seq, hash FROM audit_chains WHERE node = $1`, node).Scan(&k.seq, &k.hash)
	if errors.Is(err, sql.ErrNoRows) {
		return link{}, nil
	}
	return k, err
}

// Place is where a chain's seal is stored, which is part of what is sealed.
func Place(node, column string) string { return "audit/" + node + "/" + column }

type (
	addressKey struct{}
	byKey      struct{}
)

// By tells entries who does something, where they do not say so themselves.
func By(ctx context.Context, login string) context.Context {
	return context.WithValue(ctx, byKey{}, login)
}

func by(ctx context.Context) string {
	login, _ := ctx.Value(byKey{}).(string)
	return login
}

// From tells entries where a request came from.
func From(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

func from(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}
