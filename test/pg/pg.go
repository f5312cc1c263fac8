// Package pg gives tests a real PostgreSQL.
//
// It owns a cluster on this machine: started by the program in the folder run for
// a whole run of tests (`go run ./test/pg/run go test ./...`), or by the first test
// that cannot do without. Invariants: each test gets a database of its own,
// and nothing is left running. It leaves the installation of PostgreSQL to make.
package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
)

// Env names the variable with the address of a running cluster. When it is set
// the tests of everything that stores run on PostgreSQL instead of SQLite.
const Env = "TEST_POSTGRES"

// EnvServer names the variable with the address of a running cluster for tests that
// cannot do without one, whatever the others run on; without it they start their own.
const EnvServer = "TEST_POSTGRES_SERVER"

// Address is where a test's own database is to be: in PostgreSQL when the tests
// run on that, else an SQLite file in dir.
func Address(t testing.TB, dir string) string {
	t.Helper()
	if os.Getenv(Env) == "" {
		return filepath.Join(dir, "connector.db")
	}
	return Database(t)
}

// Chosen reports whether the tests run on PostgreSQL.
func Chosen() bool { return os.Getenv(Env) != "" }

var shared = sync.OnceValues(func() (string, error) {
	for _, name := range []string{Env, EnvServer} {
		if address := os.Getenv(name); address != "" {
			return address, nil
		}
	}

	if need.Without(need.Postgres) {
		return "", fmt.Errorf("%w: %s says to do without", ErrNone, need.EnvWithout)
	}

	c, err := Start()
	if err != nil {
		return "", err
	}

	// The cluster dies with this process; see spawn.
	return c.URL, nil
})

var number atomic.Int64

// Database makes an empty place in PostgreSQL: a schema of its own, which takes a
// hundredth of the time that a database of its own does. It goes with the
// cluster.
func Database(t testing.TB) string {
	t.Helper()
	address, err := shared()
	if errors.Is(err, ErrNone) {
		need.Skip(t, "%v", err)
	}

	if err != nil {
		t.Fatal("starting PostgreSQL:", err)
	}

	name := fmt.Sprintf("test_%d_%d", os.Getpid(), number.Add(1))
	if err := do(address, "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}

	return address + "?search_path=" + name
}

// Filled is a database of its own with what fill makes in an empty one. It fills once
// in a process for each name of what is made, such as "tables"; the others are copies of
// the files, which takes a fifth of the time that the statements do. It goes with the test.
func Filled(t testing.TB, what string, fill func(address string) error) string {
	t.Helper()
	address, err := shared()
	if errors.Is(err, ErrNone) {
		need.Skip(t, "%v", err)
	}

	if err != nil {
		t.Fatal("starting PostgreSQL:", err)
	}

	template, err := templateOf(address, what, fill)
	if err != nil {
		t.Fatal("filling the template:", err)
	}

	name := fmt.Sprintf("test_%d_%d", os.Getpid(), number.Add(1))
	if err := do(address, "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY file_copy"); err != nil {
		t.Fatal("copying the template:", err)
	}

	t.Cleanup(func() {
		if err := do(address, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error("removing the database:", err)
		}
	})

	return named(address, name)
}

// templates are those of this process: what came of filling each.
var templates = struct {
	sync.Mutex
	filled map[string]error
}{filled: map[string]error{}}

// templateOf is the name of the database to be copied, which is filled when it is not there.
func templateOf(address, what string, fill func(string) error) (name string, err error) {
	templates.Lock()
	defer templates.Unlock()
	name = fmt.Sprintf("template_%d_%s", os.Getpid(), what)
	err, known := templates.filled[name]
	if !known {
		if err = do(address, "CREATE DATABASE "+name); err == nil {
			err = fill(named(address, name))
		}
		templates.filled[name] = err
	}

	return name, err
}

// named is the address of another database on the server.
func named(address, name string) string { return address[:strings.LastIndex(address, "/")+1] + name }

// Dump is all that a database holds, each value as it is stored.
func Dump(t testing.TB, address string) []byte {
	t.Helper()
	all, err := Contents(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Contents is Dump for programs.
func Contents(ctx context.Context, address string) (all []byte, err error) {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, err := column(ctx, db, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
	if err != nil {
		return nil, err
	}

	for _, table := range tables {
		all = append(all, table...)
		if all, err = appendTable(ctx, db, all, table); err != nil {
			return nil, err
		}
	}

	return all, nil
}

func appendTable(ctx context.Context, db *sql.DB, all []byte, table string) ([]byte, error) {
	// Bytes come as text, where what is not text is escaped.
	queries := []string{"SELECT CAST(r AS TEXT) FROM (SELECT * FROM " + table + ") r"}
	blobs, err := column(ctx, db,
		"SELECT column_name FROM information_schema.columns WHERE data_type = 'bytea' AND table_schema = "+
			"current_schema() AND table_name = '"+table+"'")
	if err != nil {
		return nil, err
	}

	for _, name := range blobs {
		queries = append(queries, "SELECT "+name+" FROM "+table+" WHERE "+name+" IS NOT NULL")
	}

	for _, query := range queries {
		values, err := column(ctx, db, query)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			all = append(all, v...)
		}
	}

	return all, nil
}

func column(ctx context.Context, db *sql.DB, query string) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v []byte
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, string(v))
	}

	return all, rows.Err()
}

// connections are those of this process, by address: a new one for each statement costs
// the server more than the statement.
var connections sync.Map

// do runs a statement.
func do(address, statement string) error {
	db, ok := connections.Load(address)
	if !ok {
		made, err := sql.Open("pgx", address)
		if err != nil {
			return err
		}
		made.SetMaxIdleConns(1)
		if db, ok = connections.LoadOrStore(address, made); ok {
			_ = made.Close() // another test was first; nothing has used this one
		}
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := db.(*sql.DB).ExecContext(ctx, statement)
	return err
}
