package link

import (
	"context"
	"database/sql"
	"testing"
	"time"
)

// A document that was checked, or a link that changed, at a time far in the future is checked again
// once the clock is right.
func TestAClockThatWasAheadHidesNoLink(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.claims("folder", Asset{Account: "a", Key: "f", Files: []string{"f"}})
	exec := func(text string, args ...any) {
		t.Helper()
		if err := w.tx(func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, text, args...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}

	unlooked := func() int {
		t.Helper()
		at := now.Add(time.Hour)
		list, err := DueForCheck(t.Context(), w.db, at, at.Add(-30*time.Minute), at.Add(-time.Minute), 10)
		if err != nil {
			t.Fatal(err)
		}
		mark := func(ctx context.Context, tx *sql.Tx) error { return MarkChecked(ctx, tx, at, at, list) }
		if err := w.tx(mark); err != nil {
			t.Fatal(err)
		}
		return len(list)
	}

	exec(`UPDATE links SET document_uid = 'd', file_id = 'f' WHERE id = $1`, l.ID)

	if first, then := unlooked(), unlooked(); first != 1 || then != 0 {
		t.Fatalf("a link is looked at %d times and then %d times, want 1 and 0", first, then)
	}

	far := now.Add(10 * 365 * 24 * time.Hour)
	for what, set := range map[string]string{"looked at": "looked", "changed": "updated"} {
		exec(`UPDATE links SET looked = $1, updated = $1`, now.UnixMilli())
		exec(`UPDATE links SET `+set+` = $1`, far.UnixMilli())
		if first, then := unlooked(), unlooked(); first != 1 || then != 0 {
			t.Errorf("a link that was %s in 2036 is looked at %d times and then %d times, want 1 and 0",
				what, first, then)
		}
	}
}
