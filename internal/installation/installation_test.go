package installation

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

func open(t *testing.T, address string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func look(t *testing.T, db *store.DB, address string) *Process {
	t.Helper()
	p, err := Look(t.Context(), db, address, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheFirstStartIsAtHome(t *testing.T) {
	t.Parallel()
	db := open(t, pg.Address(t, t.TempDir()))
	first := look(t, db, "https://Connector.Example/frameio/")
	if err := first.Settle(t.Context()); err != nil || first.Held() != nil {
		t.Fatalf("the first start: %v, held with %v; want neither", err, first.Held())
	}

	for address, want := range map[string]bool{
		"https://connector.example:443/frameio": true, "HTTPS://CONNECTOR.example/frameio": true,
		"https://connector.example": false, "http://connector.example/frameio": false,
		"https://connector.example:8443/frameio": false,
		"https://copy.example/frameio":           false,
	} {
		err := look(t, db, address).Held()
		if (err == nil) != want {
			t.Errorf("the address %s: held with %v, want it free: %v", address, err, want)
		}
		if err != nil && (!fault.Is(err, fault.NotReady) || !strings.Contains(err.Error(), address) ||
			!strings.Contains(err.Error(), "Connector.Example")) {
			t.Errorf("the address %s is held with %v, want not ready, and both addresses in it", address, err)
		}
	}
}

func TestHeldUntilAdopted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t, filepath.Join(t.TempDir(), "connector.db"))
		if err := look(t, db, "https://old.example").Settle(t.Context()); err != nil {
			t.Fatal(err)
		}

		moved, done := look(t, db, "https://new.example"), make(chan error, 1)
		go func() { done <- moved.Settle(t.Context()) }()
		time.Sleep(time.Hour)
		select {
		case err := <-done:
			t.Fatalf("what is held goes on with %v, want it to wait", err)
		default:
		}

		if err := look(t, db, "https://new.example").Adopt(t.Context(), nil); err != nil {
			t.Fatal(err)
		}

		if err := <-done; err != nil || moved.Held() != nil {
			t.Errorf("after the move: %v, held with %v; want neither", err, moved.Held())
		}

		if look(t, db, "https://old.example").Held() == nil {
			t.Error("the old address: got it in use, want it held")
		}

		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAHeldProcessStops(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "connector.db"))
	if err := look(t, db, "https://old.example").Settle(t.Context()); err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := look(t, db, "https://new.example").Settle(ctx); err != nil {
		t.Error(err)
	}
}
