package media

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// ticketFor is how long a ticket opens: a page uses it at once.
const ticketFor = time.Minute

// Sealed is the column of this package that the vault seals.
var Sealed = identity.Sealed{
	Table:   "tickets",
	Column:  "address",
	Key:     []string{"id"},
	Context: func(k []string) string { return ticketPlace(k[0]) },
}

func ticketPlace(id string) string { return "tickets/" + id }

func digest(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return hex.EncodeToString(sum[:])
}

// ticket makes a ticket for an address; none for none.
func (s *Service) ticket(ctx context.Context, address string) (string, error) {
	if address == "" {
		return "", nil
	}

	ticket := rand.Text() // 128 bits at least
	id := digest(ticket)
	return ticket, s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO tickets (id, address, expires) VALUES ($1, $2, $3)`,
			id, s.Vault.Seal(ticketPlace(id), address), store.Millis(s.Now().Add(ticketFor)))
		return err
	})
}

// Redeem gives the address that a ticket opens, once. NotFound for one that was
// used, has ended or never was.
func (s *Service) Redeem(ctx context.Context, ticket string) (string, error) {
	var sealed []byte
	var expires int64
	id := digest(ticket)
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `DELETE FROM tickets WHERE id = $1 RETURNING address,
			expires`, id).Scan(&sealed, &expires)
	})
	// Deleting it is using it up: of two who come with it, one gets the address.
	if errors.Is(err, sql.ErrNoRows) || err == nil && expires < store.Millis(s.Now()) {
		return "", fault.New(fault.NotFound, "There is nothing to show here, or not any more.").
			With("Open the document's page again.")
	}

	if err != nil {
		return "", err
	}

	return s.Vault.Open(ticketPlace(id), sealed)
}

// Clean removes tickets that have ended, and says how many.
func (s *Service) Clean(ctx context.Context) (n int, err error) {
	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM tickets WHERE expires < $1`, store.Millis(s.Now()))
		if err != nil {
			return err
		}
		removed, err := res.RowsAffected()
		n = int(removed)
		return err
	})
	return n, err
}
