package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// SQLite's format: the header of the log, and that of each frame in it.
const (
	walHeader   = 32
	frameHeader = 24
)

// cutTransactions is how many transactions the log holds.
const cutTransactions = 25

// A power cut leaves the log cut anywhere. Whatever it is cut to, the database
// opens, is whole, and holds a prefix of the transactions: at least all that had
// been reported as being on disk when the log was that long.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "connector.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}

	if err := db.Close(); err != nil { // the log is empty now
		t.Fatal(err)
	}

	base, log, reported := fill(t, path)
	page := int64(binary.BigEndian.Uint32(log[8:12]))
	frames := (int64(len(log)) - walHeader) / (frameHeader + page)
	states, lost := 0, 0
	for f := range frames + 1 {
		at := walHeader + f*(frameHeader+page)
		// At the frame, within its header, and within its page.
		for _, cut := range []int64{
			at, at + 1, at + frameHeader/2, at + frameHeader, at + frameHeader + page/2,
			at + frameHeader + page - 1,
		} {
			if cut > int64(len(log)) {
				continue
			}
			states++
			if !opensWhole(t, base, log[:cut], reported, cut) {
				lost++
			}
		}
	}

	t.Logf("%d frames, %d states tried, %d inconsistent", frames, states, lost)
	if frames < cutTransactions || lost > 0 {
		t.Errorf("%d of %d states are inconsistent, want none; there were %d frames, want at least %d", lost, states,
			frames, cutTransactions)
	}
}

// fill makes transactions and returns the database and its log as they lay on
// the disk, and how long the log was when each was reported.
func fill(t *testing.T, path string) (base, log []byte, reported []int64) {
	t.Helper()
	db, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}

	if base, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}

	for i := range cutTransactions {
		err := db.Tx(t.Context(), func(tx *sql.Tx) error {
			for part := range 2 { // both rows or none
				if _, err := tx.ExecContext(context.Background(), addPerson,
					fmt.Sprintf("%03d-%d", i, part)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}

		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}

		reported = append(reported, info.Size())
	}

	if log, err = os.ReadFile(path + "-wal"); err != nil {
		t.Fatal(err)
	}

	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	return base, log, reported
}

func opensWhole(t *testing.T, base, log []byte, reported []int64, cut int64) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "connector.db")
	for name, content := range map[string][]byte{path: base, path + "-wal": log} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	db, err := sql.Open("sqlite", "file:"+path+"?"+options)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := whole(t.Context(), db, path); err != nil {
		t.Errorf("cut at %d: %v", cut, err)
		return false
	}

	var n int
	var last sql.NullString
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*), MAX(login) FROM people").Scan(&n, &last); err != nil {
		t.Errorf("cut at %d: %v", cut, err)
		return false
	}

	promised := 0
	for _, size := range reported {
		if size <= cut {
			promised++
		}
	}

	if n%2 != 0 || n < 2*promised || n > 0 && last.String != fmt.Sprintf("%03d-1", n/2-1) {
		t.Errorf("cut at %d: %d rows up to %s; want both rows of each transaction, and at least the %d that were "+
			"reported", cut, n, last.String, promised)
		return false
	}

	return true
}

// A flipped page is found at the start, which says what to do; it is never worked
// on.
func TestDamagedDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "connector.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}

	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	page := int(binary.BigEndian.Uint16(good[16:18]))
	refused := 0
	for p := range len(good) / page {
		bad := append([]byte(nil), good...)
		for i := range min(200, page) { // the part of a page that says what is in it
			bad[p*page+i] ^= 0xff
		}

		at := filepath.Join(t.TempDir(), "connector.db")
		if err := os.WriteFile(at, bad, 0o600); err != nil {
			t.Fatal(err)
		}

		db, err := Open(t.Context(), at)
		if err == nil {
			_ = db.Close()
			continue
		}

		refused++
		if f := fault.From(err); f.Code != fault.Invalid || f.Remedy == "" {
			t.Errorf("page %d damaged: got %v, want it invalid, with a remedy", p, err)
		}
	}

	t.Logf("%d of %d damaged pages were found at the start", refused, len(good)/page)
	if refused < len(good)/page*9/10 {
		t.Errorf("%d of %d damaged pages were found, want nine in ten", refused, len(good)/page)
	}
}

// A file that is no database at all is left as it is.
func TestForeignFileIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "connector.db")
	const text = "this is a letter to my grandmother, and not a database at all"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}

	if db, err := Open(t.Context(), path); err == nil {
		t.Errorf("opening a letter: got a database (%v), want an error", db.Close())
	} else if f := fault.From(err); f.Code != fault.Invalid {
		t.Errorf("opening a broken database: got %v, want invalid", err)
	}

	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != text {
		t.Errorf("the file holds %q now, %v; want %q", b, err, text)
	}
}
