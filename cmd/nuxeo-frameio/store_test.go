package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/installation"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// started makes the folder of an installation that was started at an address.
func started(t *testing.T, address string) (data string) {
	t.Helper()
	data = t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(data, "connector.db"), work.Migrate)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	p, err := installation.Look(t.Context(), db, address, time.Now)
	if err == nil {
		err = p.Settle(t.Context())
	}

	if err != nil {
		t.Fatal(err)
	}

	return data
}

func TestAdoptSaysThatADatabaseHasMoved(t *testing.T) {
	t.Parallel()
	data := started(t, "https://old.example")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{
			"--public-url https://new.example", exitUsage,
			"belongs to the connector at https://old.example. Has that moved to https://new.example",
		},
		{"--public-url https://old.example", exitOK, "is at home at https://old.example"},
		{"--public-url https://new.example --yes", exitOK, "is at home at https://new.example now"},
		{"--public-url https://new.example", exitOK, "is at home at https://new.example."},
		{"--public-url https://old.example", exitUsage, "belongs to the connector at https://new.example"},
	} {
		var out bytes.Buffer
		args := append([]string{"store", "adopt", "--data", data}, strings.Fields(c.args)...)
		if code := run(t.Context(), args, strings.NewReader(""), &out, &out); code != c.code ||
			!strings.Contains(out.String(), c.says) {
			t.Errorf("%s: ended with %d, saying %s; want %d and %q", c.args, code, out.String(), c.code, c.says)
		}
	}
}

func TestAdoptMakesNoDatabase(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	data := t.TempDir()
	if code := run(t.Context(), []string{"store", "adopt", "--data", data, "--yes"}, strings.NewReader(""), &out,
		&out); code != exitNotFound {
		t.Errorf("adopting where there is no database: ended with %d, saying %s; want %d", code, out.String(),
			exitNotFound)
	}

	if found, err := filepath.Glob(data + "/*"); err != nil || len(found) > 0 {
		t.Errorf("adopting made %v, %v; want nothing", found, err)
	}
}

// Who copied a database is told in the copy.
func TestACopyIsAudited(t *testing.T) {
	t.Parallel()
	data := started(t, "https://here.example")
	open := func(path string) *store.DB {
		t.Helper()
		db, err := store.Open(t.Context(), path, work.Migrate)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}

	from, to := open(filepath.Join(data, "connector.db")), open(filepath.Join(t.TempDir(), "copy.db"))

	var out bytes.Buffer
	c := &storeCopy{Data: data}
	if err := c.copy(&terminal{ctx: t.Context(), out: &out, err: &out}, from, to); err != nil {
		t.Fatal(err)
	}

	var who, about string
	if err := to.Reader.QueryRowContext(t.Context(), `SELECT who, about FROM audit
		WHERE what = 'store-copied'`).Scan(&who, &about); err != nil || who != operator() || about != data {
		t.Errorf("the copy tells of %q by %q, %v, want %q by %q; it said %s", about, who, err, data,
			operator(), out.String())
	}
}
