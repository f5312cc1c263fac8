// Package pg gives tests a real PostgreSQL.
//
// It owns a cluster on this machine: started by the program in the folder run for
// a whole run of tests (`go run ./test/pg/run go test ./...`), or by the first test
// that cannot do without. What must hold: each test gets a database of its own,
// and nothing is left running. It leaves the installation of PostgreSQL to make.
package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
)

// Env names the variable with the address of a running cluster. When it is set
// the tests of everything that stores run on PostgreSQL instead of SQLite.
const Env = "TEST_POSTGRES"

// Address is where a test's own database is to be: in PostgreSQL when the tests
// run on that, else an SQLite file in dir.
func Address(t testing.TB, dir string) string {
	t.Helper()
	if os.Getenv(Env) == "" {
		return filepath.Join(dir, "connector.db")
	}
	return Database(t)
}

// Chosen says whether the tests run on PostgreSQL.
func Chosen() bool { return os.Getenv(Env) != "" }

var shared = sync.OnceValues(func() (string, error) {
	if address := os.Getenv(Env); address != "" {
		return address, nil
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
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), number.Add(1))
	if err := do(address, "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	return address + "?search_path=" + name
}

// Dump is all that a database holds, each value as it is stored.
func Dump(t testing.TB, address string) []byte {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all []byte
	for _, table := range column(t, db, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()") {
		all = append(all, table...)
		// Bytes come as text, where what is not text is escaped.
		for _, row := range column(t, db, "SELECT CAST(r AS TEXT) FROM (SELECT * FROM "+table+") r") {
			all = append(all, row...)
		}
		for _, name := range column(t, db, "SELECT column_name FROM information_schema.columns WHERE data_type = 'bytea' AND table_schema = current_schema() AND table_name = '"+table+"'") {
			for _, value := range column(t, db, "SELECT "+name+" FROM "+table+" WHERE "+name+" IS NOT NULL") {
				all = append(all, value...)
			}
		}
	}
	return all
}

func column(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var v []byte
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, string(v))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func do(address, statement string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	return errors.Join(err, db.Close())
}
