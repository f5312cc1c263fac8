package store

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"modernc.org/sqlite"
)

// Heard is told of each statement that goes to an SQLite file. Tests record them, to
// see that PostgreSQL would take every one. Nil, as in the program, is told nothing;
// it is set before anything is opened.
var Heard func(statement string)

// openLite opens a pool on an SQLite file.
func openLite(name string) (*sql.DB, error) {
	if Heard == nil {
		return sql.Open("sqlite", name)
	}
	return sql.OpenDB(heard(name)), nil
}

// heard connects to the SQLite file of that name and passes on what is asked.
type heard string

// Connect is driver.Connector's.
func (h heard) Connect(context.Context) (driver.Conn, error) {
	c, err := h.Driver().Open(string(h))
	if err != nil {
		return nil, err
	}
	return heardConn{c.(liteConn)}, nil
}

// Driver is driver.Connector's.
func (heard) Driver() driver.Driver { return &sqlite.Driver{} }

// liteConn is what database/sql uses of a connection to SQLite.
type liteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

type heardConn struct{ liteConn }

// PrepareContext is driver.ConnPrepareContext's.
func (c heardConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	Heard(query)
	return c.liteConn.PrepareContext(ctx, query)
}

// ExecContext is driver.ExecerContext's.
func (c heardConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	Heard(query)
	return c.liteConn.ExecContext(ctx, query, args)
}

// QueryContext is driver.QueryerContext's.
func (c heardConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	Heard(query)
	return c.liteConn.QueryContext(ctx, query, args)
}
