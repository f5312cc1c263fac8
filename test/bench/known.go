package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

const million = 1_000_000

// syncMemory measures what the process has in memory at most when it refreshes a tree
// of so many assets which it knows all: it lists all of them, and compares. They
// become known by what a check has listed of them, written down as it is written when
// they have been brought.
func (b *bench) syncMemory(ctx context.Context) error {
	if !b.wanted("sync-memory-1M") {
		return nil
	}

	r, err := b.keepingRig(ctx)
	if err != nil {
		return err
	}
	defer r.stop()
	id, err := r.synchronize(ctx, r.Mirrors[0], r.Vast)
	if err != nil {
		return err
	}

	if err := r.listVast(ctx, id, b.known/inEach); err != nil {
		return err
	}

	checking, err := r.connector.memory("VmHWM")
	if err != nil {
		return err
	}

	r.connector.stop()
	if err := r.know(ctx, id); err != nil {
		return err
	}

	if err := r.launch(ctx); err != nil {
		return err
	}

	peak, err := r.refreshVast(ctx, id, b.known)
	if err != nil {
		return err
	}

	_, _ = fmt.Fprintf(os.Stderr,
		"  %d assets: %.0f MiB when they are checked, %.0f when they are known and refreshed\n",
		b.known, checking, peak)
	name := "sync-memory-1M"
	if b.known != million {
		name = fmt.Sprintf("sync-memory-%d", b.known)
	}

	b.report(name, max(checking, peak), 300, false)
	return nil
}

// listVast has so many folders listed by a check.
func (r *rig) listVast(ctx context.Context, id string, folders int) error {
	resp, err := r.Client.Post(fmt.Sprintf("%s%s?folders=%d", r.place.Frameio, vastness, folders), "", nil)
	if err != nil {
		return err
	}

	if err := resp.Body.Close(); err != nil {
		return err
	}

	if _, err := r.API.CheckSync(ctx, id); err != nil {
		return fmt.Errorf("checking: %w", err)
	}

	return r.ran(ctx, id)
}

// know writes down what was listed as if it had been brought.
func (r *rig) know(ctx context.Context, id string) error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.data, "connector.db"))
	if err != nil {
		return err
	}

	_, err = db.ExecContext(ctx, `INSERT INTO sync_entries (sync_id, key, kind, parent, name, size, print, stamp,
		document_uid, updated)
		SELECT $1, key, kind, parent, name, size, print, stamp, 'document of ' || key, 1 FROM sync_seen
		WHERE depth > 0`, id)
	return errors.Join(err, db.Close())
}

// refreshVast refreshes and tells how much memory that took at most, in MiB.
func (r *rig) refreshVast(ctx context.Context, id string, known int) (float64, error) {
	if _, err := r.API.RefreshSync(ctx, id, api.RefreshSyncJSONRequestBody{}); err != nil {
		return 0, fmt.Errorf("refreshing: %w", err)
	}

	if err := r.ran(ctx, id); err != nil {
		return 0, err
	}

	after, err := r.API.GetSync(ctx, id)
	if err != nil {
		return 0, err
	}

	if last := after.Last; last.Assets != known || last.Created+last.Updated+last.Gone > 0 {
		return 0, fmt.Errorf("%d assets are known, and the run says: %s", known, last.Summary)
	}

	return r.connector.memory("VmHWM")
}
