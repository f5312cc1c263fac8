package link

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/tables"
)

var now = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

type world struct {
	*testing.T
	db *store.DB
}

func setup(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(t.Context(), tables.Address(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &world{t, db}
}

func (w *world) tx(fn func(ctx context.Context, tx *sql.Tx) error) error {
	return w.db.Tx(w.Context(), func(tx *sql.Tx) error { return fn(w.Context(), tx) })
}

func (w *world) claim(folder string, a Asset, item string) (l Link, err error) {
	err = w.tx(func(ctx context.Context, tx *sql.Tx) error {
		l, err = Acquire(ctx, tx, now, folder, a, item)
		return err
	})
	return l, err
}

// claims claims for an item and lets go.
func (w *world) claims(folder string, a Asset) Link {
	w.Helper()
	l, err := w.claim(folder, a, "item")
	if err != nil {
		w.Fatal(err)
	}
	w.release("item")
	return l
}

func (w *world) release(item string) {
	w.Helper()
	if err := w.tx(func(ctx context.Context, tx *sql.Tx) error { return Release(ctx, tx, item) }); err != nil {
		w.Fatal(err)
	}
}

func (w *world) count() (n int) {
	w.Helper()
	if err := w.db.Reader.QueryRowContext(w.Context(), "SELECT count(*) FROM links").Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

func file(id string) Asset { return Asset{Account: "a", Key: id, Files: []string{id}} }

func stack(id string, files ...string) Asset { return Asset{Account: "a", Key: id, Files: files} }

func TestOneHoldsAndTheOthersWait(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l, err := w.claim("folder", file("f1"), "item-1")
	if err != nil || l.ID == "" || l.AssetKey != "f1" || l.Account != "a" || l.DocumentUID != "" {
		t.Fatalf("the new link: %+v, %v; want one of f1 in the account a, without a document", l, err)
	}

	if again, err := w.claim("folder", file("f1"), "item-1"); err != nil || again.ID != l.ID {
		t.Errorf("claiming what one holds already: %+v, %v; want the link %s", again, err, l.ID)
	}

	_, err = w.claim("folder", file("f1"), "item-2")
	if f := fault.From(err); f == nil || f.Code != fault.NotReady || f.RetryAfter <= 0 {
		t.Errorf("held by another: got %v, want not ready, and when to try again", err)
	}

	w.release("item-2") // it holds nothing
	if _, err := w.claim("folder", file("f1"), "item-2"); !fault.Is(err, fault.NotReady) {
		t.Errorf("released by who does not hold it: got %v, want it still held: not ready", err)
	}

	w.release("item-1")
	if other, err := w.claim("folder", file("f1"), "item-2"); err != nil || other.ID != l.ID {
		t.Errorf("after the release: %+v, %v; want the link %s", other, err, l.ID)
	}
}

// An item that cleans up late holds its link again, unless another item works on the asset.
func TestALateItemHoldsItsLinkAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.claims("folder", file("f1"))
	hold := func(item string) error {
		return w.tx(func(ctx context.Context, tx *sql.Tx) error { return Hold(ctx, tx, l.ID, item) })
	}

	if _, err := w.claim("folder", file("f1"), "newer"); err != nil {
		t.Fatal(err)
	}

	if err := hold("late"); !fault.Is(err, fault.NotReady) {
		t.Errorf("while another item holds it: got %v, want %s", err, fault.NotReady)
	}

	w.release("newer")
	for _, when := range []string{"when nobody holds it", "when it holds it already"} {
		if err := hold("late"); err != nil {
			t.Errorf("%s: got %v, want no error", when, err)
		}
	}

	if _, err := w.claim("folder", file("f1"), "newer"); !fault.Is(err, fault.NotReady) {
		t.Errorf("claimed by another meanwhile: got %v, want %s", err, fault.NotReady)
	}
}

func TestALockIsGivenBackWhileNobodyHoldsTheLink(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.claims("folder", file("f1"))
	hold := func(created string) error {
		return w.tx(func(ctx context.Context, tx *sql.Tx) error {
			return AcquireLocked(ctx, tx, l.ID, "josh", created, "sweeper")
		})
	}

	if err := w.tx(func(ctx context.Context, tx *sql.Tx) error {
		return SetLock(ctx, tx, l.ID, "josh", "10:00")
	}); err != nil {
		t.Fatal(err)
	}

	if _, err := w.claim("folder", file("f1"), "item"); err != nil {
		t.Fatal(err)
	}

	if err := hold("10:00"); !fault.Is(err, fault.NotReady) {
		t.Errorf("while an item holds it: %v, want %s", err, fault.NotReady)
	}

	w.release("item")

	if err := hold("09:00"); !fault.Is(err, fault.NotReady) {
		t.Errorf("when there is another lock by now: %v, want %s", err, fault.NotReady)
	}

	if err := hold("10:00"); err != nil {
		t.Errorf("when nobody holds it: got %v, want no error", err)
	}

	if _, err := w.claim("folder", file("f1"), "item"); !fault.Is(err, fault.NotReady) {
		t.Errorf("an item that comes meanwhile: %v, want %s", err, fault.NotReady)
	}

	w.release("sweeper")
	if _, err := w.claim("folder", file("f1"), "item"); err != nil {
		t.Errorf("claimed by an item afterwards: got %v, want no error", err)
	}
}

func TestManyClaimsOfOneAssetMakeOneLink(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	holders := 0
	for i := range 16 {
		wg.Go(func() {
			_, err := w.claim("folder", file("f1"), string(rune('a'+i)))
			if err != nil && !fault.Is(err, fault.NotReady) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				holders++
			}
		})
	}

	wg.Wait()
	if n := w.count(); n != 1 || holders != 1 {
		t.Errorf("claimed at once: %d links and %d holders, want 1 and 1", n, holders)
	}
}

func TestFoldersAndAssetsAreKeptApart(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a, b, c := w.claims("folder", file("f1")), w.claims("folder", file("f2")), w.claims("other", file("f1"))
	if a.ID == b.ID || a.ID == c.ID || w.count() != 3 {
		t.Errorf("the links %s, %s and %s of two files and two folders, %d in all; want 3 that differ", a.ID, b.ID,
			c.ID, w.count())
	}
}

func TestLinkFollowsTheStack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.claims("folder", file("f1"))
	// The first knows the file, the others know the stack by then.
	for _, a := range []Asset{stack("s1", "f1", "f2"), stack("s1", "f3", "f2", "f1"), stack("s1", "f2")} {
		if got := w.claims("folder", a); got.ID != l.ID || got.AssetKey != "s1" {
			t.Errorf("the stack %+v has the link %+v, want %s with the key s1", a, got, l.ID)
		}
	}

	if got, err := Get(t.Context(), w.db, l.ID); err != nil || got.AssetKey != "s1" {
		t.Errorf("as it is stored: %+v, %v; want the key s1", got, err)
	}

	if w.count() != 1 {
		t.Errorf("%d links, want 1", w.count())
	}
}

// A stack keeps its link whatever is taken out of it, and an asset that takes over the
// link of one that is gone says so.
func TestStackTakenApart(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.claims("folder", stack("s1", "f1", "f2", "f3"))
	formers := func(a Asset) (ids []string) {
		all, err := FormerLinks(t.Context(), w.db, "folder", a)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range all {
			ids = append(ids, l.ID)
		}
		return ids
	}

	if got := formers(file("f3")); !slices.Equal(got, []string{l.ID}) {
		t.Errorf("f3 belonged to %v, want %s", got, l.ID)
	}

	three := w.claims("folder", file("f3"))
	if again := w.claims("folder", stack("s1", "f1", "f2")); three.ID == l.ID || again.ID != l.ID {
		t.Errorf("f3 has %s, the stack has %s, want another and %s", three.ID, again.ID, l.ID)
	}

	if got := formers(stack("s2", "f3", "f4")); len(got) != 0 {
		t.Errorf("f3 belonged to %v since it is by itself, want none", got)
	}

	two := file("f2")
	two.From, two.Complete = formers(two)[0], true
	if got := w.claims("folder", two); got.ID != l.ID || got.AssetKey != "f2" {
		t.Errorf("f2, which takes over, has %+v, want %s", got, l.ID)
	}

	one := file("f1")
	one.From = l.ID // as it was found before f2 came
	if got := w.claims("folder", one); got.ID == l.ID {
		t.Errorf("f1 has the link %s that f2 took over, want another", got.ID)
	}

	if again := w.claims("folder", file("f2")); again.ID != l.ID {
		t.Errorf("f2 has %s afterwards, want %s", again.ID, l.ID)
	}
}

// What is known to be all that a stack has, has left it otherwise.
func TestWholeStackForgetsWhatLeft(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.claims("folder", stack("s1", "f1", "f2"))
	only := stack("s1", "f2")
	only.Complete = true
	w.claims("folder", only)
	for f, want := range map[string]bool{"f1": false, "f2": true} {
		if has, err := l.HasFile(t.Context(), w.db, f); err != nil || has != want {
			t.Errorf("it has %s: %t, %v; want %t", f, has, err, want)
		}
	}
}

func TestHeldLinkIsNotRekeyed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l, err := w.claim("folder", file("f1"), "item-1")
	if err != nil {
		t.Fatal(err)
	}

	if _, err := w.claim("folder", stack("s1", "f1"), "item-2"); !fault.Is(err, fault.NotReady) {
		t.Fatal(err)
	}

	if got, err := Get(t.Context(), w.db, l.ID); err != nil || got.AssetKey != "f1" {
		t.Errorf("as it is stored: %+v, %v; want the key f1 as before", got, err)
	}
}

func TestWhatALinkRemembers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.claims("folder", file("f1"))
	err := w.tx(func(ctx context.Context, tx *sql.Tx) error {
		return errors.Join(SetDocument(ctx, tx, now, &l, "doc-1"), SetContent(ctx, tx, now, &l, "f1", 7, "md5"),
			SetDescribed(ctx, tx, now, &l, "hash"))
	})
	if err != nil {
		t.Fatal(err)
	}

	want := Link{
		ID:          l.ID,
		FolderUID:   "folder",
		AssetKey:    "f1",
		Account:     "a",
		DocumentUID: "doc-1",
		FileID:      "f1",
		Size:        7,
		Digest:      "md5",
		Described:   "hash",
	}
	if l != want {
		t.Errorf("the link that was changed is %+v, want %+v", l, want)
	}

	want.Updated = store.Time(store.Millis(now))
	if got, err := Get(t.Context(), w.db, l.ID); err != nil || got != want {
		t.Errorf("the link that was read is %+v, %v; want %+v", got, err, want)
	}

	if id, err := IDOfDocument(t.Context(), w.db, "doc-1"); err != nil || id != l.ID {
		t.Errorf("the link of doc-1: %q, %v; want %q", id, err, l.ID)
	}

	other := w.claims("folder", file("f2"))
	err = w.tx(func(ctx context.Context, tx *sql.Tx) error { return SetDocument(ctx, tx, now, &other, "doc-1") })
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("one document of two assets: got %v, want a conflict", err)
	}

	if err := w.tx(func(ctx context.Context, tx *sql.Tx) error {
		return SetDocument(ctx, tx, now, &l, "")
	}); err != nil {
		t.Fatal(err)
	}

	if got, err := Get(t.Context(), w.db, l.ID); err != nil || got.DocumentUID != "" || got.Digest != "" ||
		got.FileID != "" || got.Described != "" || got.Size != 0 {
		t.Errorf("after the document is gone: %+v, %v; want nothing of it and its content", got, err)
	}

	if id, err := IDOfDocument(t.Context(), w.db, "doc-1"); err != nil || id != "" {
		t.Errorf("the link of a document that is gone: %q, %v; want none", id, err)
	}
}
