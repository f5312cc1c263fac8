package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// session is what each connection asks of PostgreSQL. A node that is stopped in
// the middle of a transaction, or cut off, must not keep the others waiting: the
// server ends what is idle within a transaction, well before a lease ends.
var session = map[string]string{
	"application_name": "nuxeo-frameio", "timezone": "UTC", "synchronous_commit": "on",
	"idle_in_transaction_session_timeout": "4s", "lock_timeout": "8s", "statement_timeout": "60s",
	"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3",
}

const (
	// transactionLimit is how long a shared transaction may take, waiting for
	// the other nodes included. What is cut off by it has an unknown outcome, as
	// after a crash.
	transactionLimit = 10 * time.Second
	connectLimit     = 5 * time.Second
	// writers are for the job library; our own transactions need one at a time.
	writers = 8

	// The locks are the schema's, not the database's: two installations may share
	// one.
	bootLock  = "(7201, hashtext('boot ' || current_schema()))"
	writeLock = "(7202, hashtext('write ' || current_schema()))"
)

func openPostgres(ctx context.Context, address string, also []Migration) (_ *DB, err error) {
	db, err := connect(address)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()

	// One node at a time may migrate.
	unlock, err := lockBoot(ctx, db.Writer)
	if err != nil {
		return nil, err
	}

	err = db.migrate(ctx, goose.DialectPostgres, also)
	return db, errors.Join(err, unlock())
}

// Reach connects to a PostgreSQL and leaves it as it is: nothing is read or made there.
func Reach(ctx context.Context, address string) (err error) {
	db, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Reader.PingContext(ctx)
}

func connect(address string) (*DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		// The library's own text repeats the address with what is in it.
		return nil, fault.Field("database", "Give one like postgres://user:password@host:5432/name.",
			"The address of the database is not usable.")
	}

	config.ConnectTimeout = connectLimit
	for name, value := range session {
		if _, chosen := config.RuntimeParams[name]; !chosen {
			config.RuntimeParams[name] = value
		}
	}

	writer := sql.OpenDB(cleaning{stdlib.GetConnector(*config)})
	writer.SetMaxOpenConns(writers)
	writer.SetMaxIdleConns(writers)
	only := config.Copy()
	only.RuntimeParams["default_transaction_read_only"] = "on"
	reader := sql.OpenDB(cleaning{stdlib.GetConnector(*only)})
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	db := &DB{Reader: reader, Writer: writer, address: address, limit: transactionLimit, end: writer.Close}
	// One transaction at a time over all nodes, as on one SQLite file: what a
	// transaction has read holds until it commits. The group makes up for it.
	db.begun = "SELECT pg_advisory_xact_lock" + writeLock
	db.group, err = newGroup(db)
	if err != nil {
		return nil, errors.Join(unreachable(err), reader.Close(), writer.Close())
	}

	return db, nil
}

func unreachable(err error) error {
	return fault.New(fault.Unavailable, "The database does not answer.").
		With("See that PostgreSQL runs and that the address in the setting database is right.").Because(err)
}

// lockBoot waits for other nodes that are starting, on a connection of its own.
func lockBoot(ctx context.Context, db *sql.DB) (unlock func() error, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, unreachable(err)
	}

	if _, err := conn.ExecContext(ctx, "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock"+
		bootLock); err != nil {
		return nil, errors.Join(fmt.Errorf("waiting for another node's start: %w", err), conn.Close())
	}

	return func() error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock"+bootLock+
			"; RESET lock_timeout; RESET statement_timeout")
		return errors.Join(err, conn.Close())
	}, nil
}
