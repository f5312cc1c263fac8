package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// foreign are statements that PostgreSQL is never given: SQLite's own, and those of
// the libraries for migrations and jobs, which have others for it.
var foreign = regexp.MustCompile(
	`(?i)^\s*(PRAGMA|VACUUM|BEGIN|COMMIT|ROLLBACK)\b|goose_db_version|river_|sqlite_master|pragma_`)

// prepare has PostgreSQL prepare every statement that SQLite was given, and names
// those that it refuses.
func (s *suite) prepare(ctx context.Context) (err error) {
	statements, err := recorded(s.statements)
	if err != nil || len(statements) == 0 {
		return err
	}

	const schema = "statements"
	conn, err := pgx.Connect(ctx, s.server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, "CREATE SCHEMA "+schema+"; SET search_path = "+schema); err != nil {
		return err
	}

	db, err := store.Open(ctx, s.server+"?search_path="+schema, work.Migrate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	var refused []error
	for _, statement := range statements {
		if _, err := conn.Prepare(ctx, "", statement); err != nil {
			refused = append(refused, fmt.Errorf("PostgreSQL refuses what SQLite was given: %w\n%s", err, statement))
		}
	}

	s.print("PostgreSQL prepared %d of %d statements that SQLite was given", len(statements)-len(refused),
		len(statements))
	return errors.Join(refused...)
}

// recorded reads the statements that the beds wrote, each once.
func recorded(path string) (out []string, err error) {
	known := map[string]bool{}
	statements, err := linesOf[string](path)
	for _, statement := range statements {
		if shape := strings.Join(strings.Fields(statement), " "); !known[shape] && !foreign.MatchString(statement) {
			known[shape] = true
			out = append(out, statement)
		}
	}

	return out, err
}

// coverage sums up what the programs of tests used of Frame.io's contract; nil when none has told.
func (s *suite) coverage() (sum *testenv.Coverage, err error) {
	told, err := linesOf[testenv.Coverage](s.contract)
	for _, c := range told {
		if sum != nil {
			c = sum.With(c)
		}
		sum = &c
	}
	return sum, err
}

// linesOf reads a file that programs wrote, a line of JSON at a time; there are none when there is no file.
func linesOf[T any](path string) (out []T, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}

	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()

	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line T
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, line)
	}

	return out, lines.Err()
}
