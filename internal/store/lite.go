package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"reflect"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"modernc.org/sqlite"
)

// OnStatement is told of each statement that goes to an SQLite file. Tests record them, to
// see that PostgreSQL would take every one. Nil, as in the program, is told nothing;
// it is set before anything is opened.
var OnStatement func(statement string)

// openLite opens a pool on an SQLite file.
func openLite(name string) (*sql.DB, error) {
	to, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(lite{to}), nil
}

// lite connects to an SQLite file. Its connections keep the statements that they have
// prepared, since preparing one takes longer than most of ours run.
type lite struct{ driver.Connector }

// Connect is driver.Connector's.
func (l lite) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := l.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return newLiteConn(c.(driverConn))
}

// driverConn is what database/sql uses of a connection of the driver.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// maxStatements is how many statements a connection keeps; the one that was not used for
// longest goes first.
const maxStatements = 100

// liteConn is a connection that keeps statements. As all connections it is used by one
// goroutine at a time.
type liteConn struct {
	driverConn
	kept *simplelru.LRU[string, *statement]
}

// statement is one that was prepared. While its rows are read it cannot be run again, and
// must not be closed.
type statement struct {
	driverStmt
	reading, dropped bool
}

// driverStmt is what is used of a statement of the driver.
type driverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func newLiteConn(c driverConn) (*liteConn, error) {
	kept, err := simplelru.NewLRU(maxStatements, func(_ string, s *statement) {
		if s.dropped = true; !s.reading {
			_ = s.Close() // nothing of it is used any more
		}
	})
	return &liteConn{c, kept}, err
}

// Unwrap is the driver's connection.
func (c *liteConn) Unwrap() driver.Conn { return c.driverConn }

// Close is driver.Conn's.
func (c *liteConn) Close() error {
	c.kept.Purge()
	return c.driverConn.Close()
}

// PrepareContext is driver.ConnPrepareContext's.
func (c *liteConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	report(query)
	return c.driverConn.PrepareContext(ctx, query)
}

// ExecContext is driver.ExecerContext's.
func (c *liteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	report(query)
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}

	if s == nil {
		return c.driverConn.ExecContext(ctx, query, args)
	}

	return s.ExecContext(ctx, args)
}

// QueryContext is driver.QueryerContext's.
func (c *liteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	report(query)
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}

	// A statement can only be read once at a time; a nested query gets one of its own.
	if s == nil {
		return c.driverConn.QueryContext(ctx, query, args)
	}

	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}

	s.reading = true
	return &liteRows{rows.(driverRows), s}, nil
}

// statement is the one that was prepared for a query, or is now; nil while its rows are
// being read.
func (c *liteConn) statement(ctx context.Context, query string) (*statement, error) {
	if s, ok := c.kept.Get(query); ok {
		if s.reading {
			return nil, nil
		}
		return s, nil
	}

	prepared, err := c.driverConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}

	s := &statement{driverStmt: prepared.(driverStmt)}
	c.kept.Add(query, s)
	return s, nil
}

// driverRows is what database/sql uses of the driver's rows.
type driverRows interface {
	driver.Rows
	ColumnTypeDatabaseTypeName(index int) string
	ColumnTypeLength(index int) (length int64, ok bool)
	ColumnTypeNullable(index int) (nullable, ok bool)
	ColumnTypePrecisionScale(index int) (precision, scale int64, ok bool)
	ColumnTypeScanType(index int) reflect.Type
}

// liteRows are the rows of a statement that is kept.
type liteRows struct {
	driverRows
	of *statement
}

// Close is driver.Rows's.
func (r *liteRows) Close() error {
	err := r.driverRows.Close()
	if r.of.reading = false; r.of.dropped {
		err = errors.Join(err, r.of.Close())
	}
	return err
}

func report(statement string) {
	if OnStatement != nil {
		OnStatement(statement)
	}
}
