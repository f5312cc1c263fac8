package upgrade

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// takeOver has the connector take over from an older program that was stopped at the n-th
// stop of a fixture: after the scene was set, the older one's calls are made, and its
// database is laid.
func (st *stage) takeOver(f *fixture, n int) {
	st.T.Helper()
	st.nameWhatIsSet()
	st.Stop()
	rows := map[string][]row{}
	for _, s := range f.stops[:n+1] {
		for _, c := range s.Calls {
			st.make(c)
		}
		f.apply(s, rows)
	}

	st.layTables(f.Migration)
	db, err := store.OpenAt(st.T.Context(), st.Config.DatabaseAddress(), f.Migration)
	if err != nil {
		st.T.Fatal("opening the older tables:", err)
	}

	l := laying{st, fillIn(st.names), time.Now().Add(-time.Duration(f.stops[n].After) * time.Millisecond)}
	err = db.Tx(st.T.Context(), func(tx *sql.Tx) error { return l.all(tx, f.Order, rows) })
	if err := errors.Join(err, db.Close()); err != nil {
		st.T.Fatal(err)
	}

	st.Start()
	st.T.Cleanup(st.Stop) // before the database goes
}

// all inserts all rows.
func (l laying) all(tx *sql.Tx, tables []string, rows map[string][]row) error {
	for _, table := range tables {
		for _, r := range rows[table] {
			columns, args := l.row(table, r)
			insert := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ")" +
				" VALUES (" + store.Marks(1, len(columns)) + ")"
			if _, err := tx.ExecContext(l.st.T.Context(), insert, args...); err != nil {
				return fmt.Errorf("laying the row %s of %s: %w", line(r), table, err)
			}
		}
	}
	return nil
}

// layTables has the connector use a database with older tables from its next start on. The
// data folder stays, and with it the name of the node.
func (st *stage) layTables(newest int64) {
	st.T.Helper()
	if pg.Chosen() {
		st.Config.Database = pg.Filled(st.T, fmt.Sprintf("older_%d", newest), func(to string) error {
			return makeTables(to, newest)
		})
		return
	}

	address := st.Config.DatabaseAddress()
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(address + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			st.T.Fatal(err)
		}
	}

	file, err := tablesAt(newest)
	if err == nil {
		err = os.WriteFile(address, file, 0o600)
	}

	if err != nil {
		st.T.Fatal("making the older tables:", err)
	}
}

// made are files with tables, by the newest migration: making them takes longer than most
// of a test.
var made = struct {
	sync.Mutex
	files map[int64][]byte
}{files: map[int64][]byte{}}

// tablesAt is an SQLite file with the tables of a migration.
func tablesAt(newest int64) (file []byte, err error) {
	made.Lock()
	defer made.Unlock()
	if file := made.files[newest]; file != nil {
		return file, nil
	}

	dir, err := os.MkdirTemp("", "nuxeo-frameio-older-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "connector.db")
	if err := makeTables(path, newest); err != nil {
		return nil, err
	}

	made.files[newest], err = os.ReadFile(path)
	return made.files[newest], err
}

// makeTables makes the tables of a migration, and those of the job library.
func makeTables(address string, newest int64) error {
	db, err := store.OpenAt(context.Background(), address, newest)
	if err != nil {
		return err
	}
	return errors.Join(work.Migrate(context.Background(), db), db.Close())
}

// apply has the rows become those of a stop.
func (f *fixture) apply(s stop, rows map[string][]row) {
	for table, all := range s.Gone {
		rows[table] = slices.DeleteFunc(rows[table], func(r row) bool {
			return slices.ContainsFunc(all, func(gone row) bool { return f.same(table, gone, r) })
		})
	}
	for table, all := range s.Rows {
		for _, changed := range all {
			i := slices.IndexFunc(rows[table], func(r row) bool { return f.same(table, changed, r) })
			if i < 0 {
				i = len(rows[table])
				rows[table] = append(rows[table], maps.Clone(f.Blank[table]))
			}
			for column, v := range changed {
				rows[table][i][column] = after(rows[table][i][column], v)
			}
		}
	}
}

// after is a value as it is after a change.
func after(old, changed any) any {
	change, ok := asObject(changed)["patch"]
	if !ok {
		return changed
	}
	return map[string]any{"json": patched(asObject(old)["json"], change)}
}

func (f *fixture) same(table string, a, b row) bool {
	return slices.Equal(keyOf(a, f.Keys[table]), keyOf(b, f.Keys[table]))
}

// make makes a call of the older program.
func (st *stage) make(c call) {
	st.T.Helper()
	fill := fillIn(st.names)
	body := fill.Replace(c.Body)
	if c.JSON != nil {
		body = fill.Replace(string(c.JSON))
	}

	q, err := http.NewRequestWithContext(st.T.Context(), c.Method, fill.Replace(c.Address), strings.NewReader(body))
	if err != nil {
		st.T.Fatal(err)
	}

	if c.JSON != nil {
		q.Header.Set("Content-Type", "application/json")
	}

	for name, v := range c.Header {
		q.Header.Set(name, fill.Replace(v))
	}

	resp, err := onlyOnce.Do(q)
	if err != nil {
		st.T.Fatalf("making the call again that %s was: %v", line(c), err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	// Which success it is depends on what today's program has set: a document with a version,
	// or one without.
	if err != nil || resp.StatusCode/100 != c.Status/100 {
		st.T.Fatalf("a call of the older program is answered with %d %s (%v), want %d: %s",
			resp.StatusCode, got, err, c.Status, line(c))
	}

	values := valuesOf(resp.Header, got)
	st.called = append(st.called, c.Address)
	for place, name := range c.Gives {
		if values[place] == "" {
			st.T.Fatalf("the answer has nothing at %s, want what is called %q: %s of %s", place, name, got, line(c))
		}
		st.name(name, values[place])
	}
}

// onlyOnce follows no redirects.
var onlyOnce = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// laying fills rows of a fixture in.
type laying struct {
	st    *stage
	fill  naming
	start time.Time // of the first stop
}

var (
	named = regexp.MustCompile(`\{\{[^{}"]+\}\}`)
	since = regexp.MustCompile(`"\{\{ms (-?\d+)\}\}"`)
)

// text is a text as it is in this scene.
func (l laying) text(s string) string {
	l.st.T.Helper()
	s = since.ReplaceAllStringFunc(l.fill.Replace(s), func(at string) string {
		return strconv.FormatInt(l.start.UnixMilli()+number(since.FindStringSubmatch(at)[1]), 10)
	})

	return named.ReplaceAllStringFunc(s, func(name string) string {
		at := strings.TrimSuffix(strings.TrimPrefix(name, "{{at "), "}}")
		if at == name {
			l.st.T.Fatalf("nothing is called %s", name)
		}
		return l.start.Add(time.Duration(number(at)) * time.Millisecond).UTC().Format("2006-01-02T15:04:05.000Z")
	})
}

// number is what digits say.
func number(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		panic(err) // a fixture is broken
	}
	return n
}

func (l laying) row(table string, r row) (columns []string, args []any) {
	l.st.T.Helper()
	filled := row{}
	for column, v := range r {
		filled[column] = l.value(v)
	}

	for _, c := range app.Sealed() {
		if text, ok := filled[c.Column].(sealed); ok && c.Table == table {
			filled[c.Column] = l.st.vault().Seal(l.place(c, filled), string(text))
		}
	}

	for column, v := range filled {
		columns, args = append(columns, column), append(args, v)
	}

	return columns, args
}

func (l laying) place(c identity.Sealed, r row) string { return c.Context(keyOf(r, c.Key)) }

func (l laying) value(v any) any {
	l.st.T.Helper()
	switch v := v.(type) {
	case string:
		return l.text(v)
	case float64:
		return int64(v)
	case map[string]any:
		var known value
		if err := json.Unmarshal([]byte(line(v)), &known); err != nil {
			l.st.T.Fatal(err)
		}

		switch {
		case known.At != nil:
			return l.start.UnixMilli() + *known.At
		case known.Sealed != nil:
			return sealed(l.text(*known.Sealed))
		case known.JSON != nil:
			return l.text(string(known.JSON))
		case known.Bytes != nil:
			return known.Bytes
		}

		l.st.T.Fatalf("a row has the value %s, which nobody knows", fmt.Sprint(v))
	}

	return v
}
