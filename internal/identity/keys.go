package identity

import (
	"context"
	"database/sql"
	"errors"
	"os"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// canary is sealed with the first key of an installation, so that a key that
// does not open what is stored is noticed at the start and not by people.
const canary = "settings/vault"

// OpenVault makes the vault of a database: from the configured keys, or from the
// key in a file, which is made together with a new database. A key that does not
// open what the database holds is refused.
func OpenVault(ctx context.Context, db *store.DB, keys []string, file string) (*Vault, error) {
	var sealed []byte
	err := db.Reader.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = 'vault'`).Scan(&sealed)
	fresh := errors.Is(err, sql.ErrNoRows)
	if err != nil && !fresh {
		return nil, err
	}

	var watched *keyFile
	if len(keys) == 0 {
		if keys, err = fileKeys(file, fresh); err != nil {
			return nil, err
		}
		watched = &keyFile{path: file}
	}

	v, err := NewVault(keys...)
	if err != nil {
		return nil, fault.Field("encryption-key", "Make one with `openssl rand -base64 32`.",
			"The encryption key is not usable.").Because(err)
	}

	v.file = watched
	if fresh {
		err := db.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value)
				VALUES ('vault', $1)`, v.Seal(canary, "open"))
			return err
		})
		if !store.Duplicate(err) {
			return v, err
		}
		// Another node's first start came before ours.
		if err := db.Reader.QueryRowContext(ctx, `SELECT value FROM settings
			WHERE name = 'vault'`).Scan(&sealed); err != nil {
			return nil, err
		}
	}

	if _, err := v.Open(canary, sealed); err != nil {
		return nil, fault.New(fault.Invalid, "The encryption key is not the one that this database was made with.").
			With("Restore the key from its backup; a replaced key must stay behind the new one in encryption-key.").
			Because(err)
	}

	return v, nil
}

func fileKeys(file string, fresh bool) ([]string, error) {
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) && !fresh {
		return nil, fault.New(fault.Invalid,
			"The encryption key %s is gone, and without it no stored secret can be read.", file).
			With("Restore it from its backup.")
	}
	return KeyFile(file)
}
