package lifecycle

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func add(b *testenv.Bed, name, content string) string {
	return b.Frameio.AddFile(b.Root, name, frameiosim.Bytes([]byte(content)), frameiosim.WithCreator(b.Josh))
}

func one(content string) testenv.Want {
	return testenv.Want{"film": {Content: []byte(content)}}
}

// During a pause calls are accepted and answered as always; what they ask for is
// done afterwards.
func TestPauseAcceptsAndDoesNotStart(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := add(b, "film.mov", "first")
	if err := b.App.Engine.Pause(t.Context(), "Administrator", "new disks"); err != nil {
		t.Fatal(err)
	}

	if res := b.Run(b.Josh, file); res.Description != "Asset pushed to Nuxeo." {
		t.Fatalf("the answer during the pause is %+v, want Asset pushed to Nuxeo.", res)
	}

	b.Restart() // a pause outlives the process
	for range 5 {
		if err := b.App.Engine.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	if docs := b.Documents(); len(docs) != 0 {
		t.Errorf("%d documents during the pause, want none", len(docs))
	}

	if err := b.App.Engine.Resume(t.Context(), "Administrator"); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	b.Check(one("first"))
}

// What is older than the history is kept goes; what is under way, newer, or of a
// request that is not finished stays. Links stay: the asset has its document.
func TestHistoryIsForgottenAndLinksAreNot(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := add(b, "film.mov", "first")
	b.Published(b.Josh, file)
	age(t, b, 91*24*time.Hour)
	b.Published(b.Josh, file) // today
	r, err := b.App.Maintenance.DoNow(t.Context(), "history")
	if err != nil || r.Removed < 3 {
		t.Fatalf("cleaning the history: %+v, %v; want at least 3 removed", r, err)
	}

	if n := rows(t, b, "interactions"); n != 1 {
		t.Errorf("%d calls are left, want 1", n)
	}

	if n := rows(t, b, "items"); n != 2 { // the publish of today and its mail
		t.Errorf("%d items are left, want 2", n)
	}

	if again, err := b.App.Maintenance.DoNow(t.Context(), "history"); err != nil || again.Removed != 0 {
		t.Errorf("cleaning the history a second time: %+v, %v; want nothing removed", again, err)
	}

	b.Check(one("first"))
	if got := b.Published(b.Josh, file)[0]; !strings.Contains(got.Outcome, "unchanged") {
		t.Errorf("published after the clean-up: %q, want it unchanged", got.Outcome)
	}
}

// age makes everything that is in the database older.
func age(t *testing.T, b *testenv.Bed, by time.Duration) {
	t.Helper()
	err := b.App.DB.Tx(t.Context(), func(tx *sql.Tx) error {
		for _, text := range []string{
			`UPDATE items SET finished = finished - $1 WHERE finished > 0`, `UPDATE interactions
				SET received = received - $1`,
		} {
			if _, err := tx.ExecContext(t.Context(), text, by.Milliseconds()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rows(t *testing.T, b *testenv.Bed, table string) (n int) {
	t.Helper()
	if err := b.App.DB.Reader.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A custom action that a crash left behind is found and removed, and the report
// says so; those of bindings, and those of others, stay.
func TestReaperRemovesForgottenActions(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	fio, err := b.App.Identity.Frameio(t.Context(), "josh")
	if err != nil {
		t.Fatal(err)
	}

	kept := b.Action()
	for name, url := range map[string]string{
		"Lost":  b.Config.PublicURL + "/frameio/actions/gone",
		"Other": "https://other.example.com/frameio/actions/x",
	} {
		a := frameio.Action{Name: name, Description: "x", Event: "test", URL: url}
		if _, err := fio.CreateAction(t.Context(), b.Account, b.Workspace, a); err != nil {
			t.Fatal(err)
		}
	}

	r, err := b.App.Maintenance.DoNow(t.Context(), "actions")
	if err != nil || r.Removed != 1 || !strings.Contains(strings.Join(r.Lines, " "), `"Lost"`) {
		t.Errorf("cleaning the actions: %+v, %v; want 1 removed, Lost", r, err)
	}

	var names []string
	for _, a := range b.Frameio.Actions(b.Workspace) {
		names = append(names, a.Name)
	}

	if len(names) != 2 || !strings.Contains(strings.Join(names, " "), "Other") || kept.Name != "Publish" {
		t.Errorf("the actions %v are left and the binding is named %q, want 2 with Other, and Publish", names,
			kept.Name)
	}
}

// An upload that could not be removed when its item failed is removed later,
// and nobody gets a second mail.
func TestFailedCleanUpIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := add(b, "film.mov", "first")
	fail := b.Nuxeo.Faults().Add(faults.Rule{Method: "POST", Path: `/api/v1/(path|id)/`, Status: 403})
	keep := b.Nuxeo.Faults().Add(faults.Rule{Method: "DELETE", Path: `/upload/`, Status: 403})
	if got := b.Published(b.Josh, file)[0]; got.State != work.Failed {
		t.Fatalf("the item is %s, want it failed", got.State)
	}

	if n := b.Nuxeo.Batches(); n != 1 {
		t.Fatalf("%d upload batches, want the 1 that could not be removed", n)
	}

	mails := len(b.Mail.Messages())
	keep()
	fail()
	r, err := b.App.Maintenance.DoNow(t.Context(), "clean-ups")
	if err != nil || r.Removed != 1 {
		t.Fatalf("the clean-ups: %+v, %v; want 1 removed", r, err)
	}

	b.Settle()
	if n := b.Nuxeo.Batches(); n != 0 {
		t.Errorf("%d upload batches are left, want none", n)
	}

	if n := len(b.Mail.Messages()); n != mails {
		t.Errorf("%d mails more, want none", n-mails)
	}

	if r, err := b.App.Maintenance.DoNow(t.Context(), "clean-ups"); err != nil || r.Removed != 0 {
		t.Errorf("the clean-ups once more: %+v, %v; want nothing removed", r, err)
	}
}

// A chore is done by one of several nodes.
func TestChoreIsDoneOnce(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	state := func() time.Time {
		all, err := b.App.Maintenance.List(t.Context())
		if err != nil || len(all) < 5 {
			t.Fatalf("the chores are %v, %v; want at least 5", all, err)
		}
		return all[0].Ended
	}
	if !state().IsZero() {
		t.Errorf("the chore's last end: got %v, want none before it ran", state())
	}

	if _, err := b.App.Maintenance.DoNow(t.Context(), "history"); err != nil {
		t.Fatal(err)
	}

	if state().IsZero() {
		t.Error("the chore's last end: got none, want one")
	}

	if _, err := b.App.Maintenance.DoNow(t.Context(), "no such"); err == nil {
		t.Error("an unknown chore: got it done, want an error")
	}
}

// The database is restored from a backup that is older than the last publish:
// the facets on the documents bring the link back, and the asset that comes
// again finds its document.
func TestRestoreAndRebuild(t *testing.T) {
	t.Parallel()
	if pg.Chosen() {
		t.Skip("PostgreSQL is backed up with its own tools")
	}

	b := testenv.New(t)
	b.Bind("Publish")
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := store.Backup(t.Context(), b.Config.DatabaseAddress(), backup); err != nil { // while it runs
		t.Fatal(err)
	}

	file := add(b, "film.mov", "first")
	b.Published(b.Josh, file)
	b.Stop()
	replace(t, backup, b.Config.DatabaseAddress())
	b.Start()
	if n := rows(t, b, "links"); n != 0 {
		t.Fatalf("%d links in the backup, want none", n)
	}

	parent, n, err := b.App.Rebuild.Start(t.Context(), "josh")
	if err != nil || n != 1 || parent == "" {
		t.Fatalf("rebuilding: %d folders by the item %q, %v; want 1 and an item", n, parent, err)
	}

	b.AllDone()
	b.Frameio.ReplaceContent(file, frameiosim.Bytes([]byte("second")))
	b.Published(b.Josh, file)
	b.Check(testenv.Want{"film": {Content: []byte("second"), Versions: [][]byte{[]byte("first"), []byte("second")}}})
}

// Without the rebuild it finds the document by its source key: a publish after a
// restore makes no second one.
func TestRestoreWithoutRebuild(t *testing.T) {
	t.Parallel()
	if pg.Chosen() {
		t.Skip("PostgreSQL is backed up with its own tools")
	}

	b := testenv.New(t)
	b.Bind("Publish")
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := store.Backup(t.Context(), b.Config.DatabaseAddress(), backup); err != nil {
		t.Fatal(err)
	}

	file := add(b, "film.mov", "first")
	b.Published(b.Josh, file)
	b.Stop()
	replace(t, backup, b.Config.DatabaseAddress())
	b.Start()
	b.Published(b.Josh, file)
	b.Check(one("first"))
}

func replace(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}

	for _, name := range []string{to + "-wal", to + "-shm"} {
		_ = os.Remove(name) // it is not there when the database was closed well
	}

	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// An installation moves from its file to PostgreSQL in the middle of its work,
// and nothing is lost or done twice.
func TestMoveToPostgres(t *testing.T) {
	t.Parallel()
	if pg.Chosen() {
		t.Skip("the move begins at a file")
	}

	b := testenv.New(t)
	b.Bind("Publish")
	done, open := add(b, "film.mov", "first"), add(b, "trailer.mov", "trailer")
	b.Published(b.Josh, done)
	if err := b.App.Engine.Pause(t.Context(), "Administrator", "moving"); err != nil {
		t.Fatal(err)
	}

	b.Run(b.Josh, open)
	b.Stop()
	address := pg.Database(t)
	counted := move(t, b.Config.DatabaseAddress(), address)
	if counted["links"] != 1 || counted["items"] < 3 || counted["people"] != 2 {
		t.Errorf("moved were %v, want 1 of links, at least 3 of items and 2 of people", counted)
	}

	b.Config.Database = address
	b.Start()
	if err := b.App.Engine.Resume(t.Context(), "Administrator"); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	b.Frameio.ReplaceContent(done, frameiosim.Bytes([]byte("second")))
	b.Published(b.Josh, done)
	b.Check(testenv.Want{
		"film": {
			Content:  []byte("second"),
			Versions: [][]byte{[]byte("first"), []byte("second")},
		}, "trailer": {Content: []byte("trailer")},
	})
}

func move(t *testing.T, from, to string) map[string]int64 {
	t.Helper()
	source, err := store.Open(t.Context(), from, work.Migrate)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := store.Open(t.Context(), to, work.Migrate)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	counted := map[string]int64{}
	if err := store.Copy(t.Context(), source, target, func(c store.Copied) { counted[c.Table] = c.Rows }); err != nil {
		t.Fatal(err)
	}

	if err := store.Copy(context.Background(), source, target, func(store.Copied) {}); err == nil ||
		!strings.Contains(fmt.Sprint(err), "not empty") {
		t.Errorf("copying into a database that is in use: got %v, want not empty", err)
	}

	return counted
}
