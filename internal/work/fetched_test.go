package work

import (
	"context"
	"log/slog"
	"testing"
	"time"
)

// A process died between taking a job and claiming its item. The next one takes
// the item up at once, not when the library gives the job up.
func TestJobOfADeadProcessHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	db := open(t)
	if err := Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}

	start := func() *River {
		q, err := newRiver(db, "node-1", 2, time.Hour, slog.New(slog.DiscardHandler), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(q.Close)
		return q
	}

	dead := &world{
		T:      t,
		Engine: NewEngine(db, start(), slog.New(slog.DiscardHandler), time.Now, DefaultSettings("node-1")),
	}

	id := dead.one()
	if err := dead.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}

	if _, err := db.Writer.ExecContext(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1,
		attempted_at = created_at`); err != nil {
		t.Fatal(err)
	}

	next := &world{
		T:      t,
		Engine: NewEngine(db, start(), slog.New(slog.DiscardHandler), time.Now, DefaultSettings("node-1")),
	}

	next.Register("test", worker{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- next.Engine.Run(ctx) }()
	next.is(next.await(id, 20*time.Second), Done)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
