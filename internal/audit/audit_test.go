package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// sealed is a seal that shows what it sealed and opens nothing else.
type sealed string

func (s sealed) Seal(place, secret string) []byte {
	return []byte(string(s) + "|" + place + "|" + secret)
}

func (s sealed) Open(place string, b []byte) (string, error) {
	text, ok := strings.CutPrefix(string(b), string(s)+"|"+place+"|")
	if !ok {
		return "", errors.New("not sealed here")
	}
	return text, nil
}

type world struct {
	*testing.T
	*Log
	db   *store.DB
	now  time.Time
	said *bytes.Buffer
}

func setup(t *testing.T) *world {
	t.Helper()
	return setupAt(t, pg.Address(t, t.TempDir()))
}

func setupAt(t *testing.T, address string) *world {
	t.Helper()
	db, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })
	w := &world{T: t, db: db, now: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), said: new(bytes.Buffer)}
	w.Log = w.node("one")
	return w
}

func (w *world) node(name string) *Log {
	return New(w.db, sealed("key"), func() time.Time { return w.now }, name, slog.New(slog.NewTextHandler(w.said, nil)))
}

func (w *world) write(l *Log, n int) {
	w.Helper()
	for i := range n {
		w.now = w.now.Add(time.Hour)
		if err := l.Write(w.Context(), Entry{Who: "josh", What: Paused, About: fmt.Sprint(i)}); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *world) exec(text string, args ...any) {
	w.Helper()
	if _, err := w.db.Writer.ExecContext(w.Context(), text, args...); err != nil {
		w.Fatal(err)
	}
}

func (w *world) verified() Verified {
	w.Helper()
	v, err := w.Verify(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return v
}

func (w *world) all(f Filter) []Entry {
	w.Helper()
	list, _, err := w.List(w.Context(), f)
	if err != nil {
		w.Fatal(err)
	}
	return list
}

func TestEntriesAreWrittenWithTheirEffect(t *testing.T) {
	t.Parallel()
	w := setup(t)
	fail := errors.New("no")
	for _, err := range []error{nil, fail} {
		got := w.Do(By(From(t.Context(), "192.0.2.7"), "josh"), w.db, func(tx *sql.Tx) (Entry, error) {
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO settings (name, value)
				VALUES ($1, 'x')`, fmt.Sprint(err)); err != nil {
				return Entry{}, err
			}
			return Entry{What: Paused, Detail: strings.Repeat("é", 2*longest)}, err
		})
		if !errors.Is(got, err) {
			t.Errorf("%v, want %v", got, err)
		}
	}

	list := w.all(Filter{})
	if len(list) != 1 || list[0].Who != "josh" || list[0].Address != "192.0.2.7" ||
		len([]rune(list[0].Detail)) != longest {
		t.Fatalf("the log holds %+v, want one entry, by josh from 192.0.2.7, with %d characters", list, longest)
	}

	if n := strings.Count(w.said.String(), "msg=audit"); n != 1 {
		t.Errorf("%d lines in the program's log, want one: %s", n, w.said)
	}
}

func TestListOfEntries(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.write(w.Log, 3)
	since := w.now
	if err := w.Write(t.Context(), Entry{Who: "julia", What: Resumed}); err != nil {
		t.Fatal(err)
	}

	for name, c := range map[string]struct {
		f    Filter
		want int
	}{
		"all": {Filter{}, 4}, "who": {Filter{Who: "julia"}, 1}, "what": {Filter{What: Paused}, 3},
		"about": {Filter{About: "1"}, 1},
		"since": {Filter{Since: since}, 2}, "both": {Filter{Who: "julia", What: Paused}, 0},
	} {
		if got := len(w.all(c.f)); got != c.want {
			t.Errorf("%s: %d entries, want %d", name, got, c.want)
		}
	}

	first, more, err := w.List(t.Context(), Filter{Limit: 3})
	if err != nil || !more || len(first) != 3 || first[0].Who != "julia" {
		t.Fatalf("the first page: %v, more %v, %+v; want 3 entries, by julia first, and more", err, more, first)
	}

	rest, more, err := w.List(t.Context(), Filter{Limit: 3, Before: first[2].ID})
	if err != nil || more || len(rest) != 1 {
		t.Errorf("the second page: %v, more %v, %+v; want 1 entry and no more", err, more, rest)
	}
}

func TestWhatIsMissingOrWasChangedShows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hand func(*world)
		want string
	}{
		"nothing": {func(*world) {}, ""},
		"changed": {func(w *world) {
			w.exec(`UPDATE audit SET who = 'nobody' WHERE node = 'one' AND seq = 3`)
		}, "entry 3 "},
		"removed": {func(w *world) {
			w.exec(`DELETE FROM audit WHERE node = 'one' AND seq = 3`)
		}, "1 entries are missing before number 4"},
		"the first": {func(w *world) {
			w.exec(`DELETE FROM audit WHERE node = 'one' AND seq = 1`)
		}, "missing before number 2"},
		"the last": {func(w *world) {
			w.exec(`DELETE FROM audit WHERE node = 'one' AND seq = 5`)
		}, "the last 1 entries are missing"},
		"an own end": {func(w *world) { w.forge() }, "the seal on the end"},
		"an own start": {func(w *world) {
			w.exec(`UPDATE audit_chains SET pruned_seq = 2 WHERE node = 'one'`)
		}, "the seal on the checkpoint"},
		"another chain": {func(w *world) {
			w.exec(`DELETE FROM audit_chains WHERE node = 'two'`)
		}, "two: there are entries, but no chain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.write(w.Log, 5)
			w.write(w.node("two"), 2)
			c.hand(w)
			got := strings.Join(w.verified().Problems, "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("problems %q, want %q", got, c.want)
			}
		})
	}
}

// forge removes the last entry and makes the end of the chain fit, as whoever has the
// database and not the key could.
func (w *world) forge() {
	w.exec(`DELETE FROM audit WHERE node = 'one' AND seq = 5`)
	w.exec(`UPDATE audit_chains SET seq = 4, hash = (SELECT hash FROM audit WHERE node = 'one' AND seq = 4)
		WHERE node = 'one'`)
}

func TestPrunedEntriesLeaveACheckpoint(t *testing.T) {
	t.Parallel()
	w := setup(t)
	two := w.node("two")
	w.write(w.Log, 4)
	w.write(two, 2)
	middle := w.now.Add(time.Minute)
	w.write(w.Log, 3)
	for _, want := range []int{6, 0} {
		if n, err := w.Prune(t.Context(), middle); err != nil || n != want {
			t.Fatalf("%d removed, want %d; %v", n, want, err)
		}
	}

	if v := w.verified(); len(v.Problems) > 0 || v.Entries != 3 || v.Nodes != 2 {
		t.Errorf("after 3 entries of two nodes: %+v, want 3 of 2 and no problems", v)
	}

	w.write(w.Log, 1)
	w.write(two, 1)
	if v := w.verified(); len(v.Problems) > 0 || v.Entries != 5 {
		t.Errorf("after 5 entries: %+v, want 5 and no problems", v)
	}

	w.exec(`DELETE FROM audit WHERE seq = 5`)
	if v := w.verified(); len(v.Problems) == 0 {
		t.Error("the entry after the checkpoint is gone: got no problem, want one")
	}
}

// Strangers fail as often as they like and fill no table.
func TestFailedSignInsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := setupAt(t, filepath.Join(t.TempDir(), "connector.db"))
		ctx, stop := context.WithCancel(t.Context())
		go w.Log.Run(ctx)
		for i := range 5000 {
			w.Failed(From(t.Context(), "192.0.2.1"), "a wrong token")
			w.Failed(From(t.Context(), fmt.Sprintf("2001:db8::%x", i)), "a wrong token")
			w.Failed(From(t.Context(), fmt.Sprintf("198.51.%d.%d", i/250, i%250)), "a wrong token")
		}

		time.Sleep(flushEvery)
		synctest.Wait()
		list := w.all(Filter{What: SignInFailed, Limit: 500})
		if len(list) != maxAddresses+1 {
			t.Errorf("%d entries, want %d", len(list), maxAddresses+1)
		}

		said := map[string]string{}
		for _, e := range list {
			said[e.Address] = e.Detail
		}

		if said["192.0.2.1"] != "5000 times; a wrong token" || said["2001:db8::/64"] != "5000 times; a wrong token" ||
			said[others] == "" {
			t.Errorf("what is told of each address: %q, want 5000 times a wrong token for both, and something of the "+
				"others", said)
		}

		w.Failed(From(t.Context(), "192.0.2.1"), "one more")
		stop()
		synctest.Wait()
		if n := len(w.all(Filter{What: SignInFailed, Limit: 500})); n != maxAddresses+2 {
			t.Errorf("%d entries after the end, want %d", n, maxAddresses+2)
		}

		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
}
