package store

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// The log is begun anew although somebody reads at any moment.
func TestLogStaysShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log.db")
	db, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Writer.Exec(`CREATE TABLE rows (n INTEGER PRIMARY KEY, data BLOB)`); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				_ = db.Reader.QueryRowContext(ctx, `SELECT count(*) FROM rows WHERE data = x'00'`).Scan(new(int))
			}
		})
	}
	longest, truncated := int64(0), false
	for i := 0; i < 4000 && !truncated; i++ { // some 80 MiB
		if err := db.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO rows VALUES ($1, randomblob(16000)) ON CONFLICT (n) DO UPDATE SET data = excluded.data`, i%200)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		size := sizeOf(t, path+"-wal")
		truncated = longest > longLog*4096 && size < longest/2
		longest = max(longest, size)
		if i%500 == 499 {
			if err := shorten(ctx, db.Writer); err != nil {
				t.Error(err)
			}
		}
	}
	stop()
	readers.Wait()
	if !truncated {
		t.Errorf("the log has %d MiB and was not begun anew", longest>>20)
	}
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
