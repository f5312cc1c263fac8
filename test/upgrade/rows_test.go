package upgrade

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// stage is a bed with what is on it, by name.
type stage struct {
	*testenv.Bed
	names  map[string]string
	called []string // addresses, with names, of the older program's calls
}

// name gives something of the scene a name.
func (st *stage) name(name, value string) string {
	st.names[name] = value
	return value
}

// sealed is a secret out of the vault.
type sealed string

// leftOut are tables that no fixture has.
var leftOut = []string{
	"chores", "nodes", "item_history", "sessions", "sign_ins", "tickets", "webhooks", "hints",
	"audit_marks", "audit_seen",
	"goose_db_version",
}

func (st *stage) vault() *identity.Vault {
	st.T.Helper()
	v, err := identity.NewVault(key)
	if err != nil {
		st.T.Fatal(err)
	}
	return v
}

// nameWhatIsSet names what the scene has made, in both systems and in the database.
func (st *stage) nameWhatIsSet() {
	st.T.Helper()
	node, err := os.ReadFile(filepath.Join(st.Config.Data, "node"))
	if err != nil {
		st.T.Fatal(err)
	}

	for name, value := range map[string]string{
		"nuxeo": st.NuxeoURL, "frameio": st.FrameioURL, "connector": st.Config.PublicURL, "node": string(node),
		"account": st.Account, "workspace": st.Workspace, "project": st.Project, "root": st.Root,
		"josh": st.Josh, "julia": st.Julia, "videos": st.Folder,
	} {
		st.name(name, value)
	}

	st.nameIDs("binding %s", `SELECT action_name, id FROM bindings`)
	st.nameIDs("action %s", `SELECT bindings.action_name || ' in ' || workspace_name, actions.id
		FROM actions JOIN bindings ON bindings.id = binding_id`)
	st.nameIDs("custom action %s", `SELECT bindings.action_name || ' in ' || workspace_name, remote_id
		FROM actions JOIN bindings ON bindings.id = binding_id`)
	st.nameIDs("sync of %s", `SELECT folder_title, id FROM syncs`)
	st.nameIDs("lock of the push of %s", `SELECT document_title, locked FROM pushes`)
	for _, c := range app.Sealed() {
		if slices.Contains(leftOut, c.Table) || c.Table == "settings" {
			continue
		}
		for place, secret := range st.secrets(c) {
			st.name(st.bare(place), secret)
		}
	}

	for _, d := range st.Nuxeo.Children(st.Folder) {
		st.nameDocument(d.UID, d.Title)
	}
}

// bare is a text with the names for the values in it, without their braces.
func (st *stage) bare(text string) string {
	return strings.NewReplacer("{{", "", "}}", "").Replace(nameAll(st.names).Replace(text))
}

func (st *stage) nameDocument(uid, title string) {
	st.name("document "+title, uid)
	for i, v := range st.Nuxeo.Versions(uid) {
		st.name(fmt.Sprintf("version %d of %s", i+1, title), v.UID)
	}

	for i, c := range st.Nuxeo.Comments(uid) {
		st.name(fmt.Sprintf("comment %d on %s", i+1, title), c.ID)
	}

	for _, d := range st.Nuxeo.Children(uid) {
		st.nameDocument(d.UID, title+"/"+d.Title)
	}
}

func (st *stage) nameIDs(format, query string) {
	st.T.Helper()
	rows, err := st.App.DB.Reader.QueryContext(st.T.Context(), query)
	if err != nil {
		st.T.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var what, id string
		if err := rows.Scan(&what, &id); err != nil {
			st.T.Fatal(err)
		}
		if id != "" {
			st.name(fmt.Sprintf(format, st.bare(what)), id)
		}
	}

	if err := rows.Err(); err != nil {
		st.T.Fatal(err)
	}
}

// secrets are those of a column, by place.
func (st *stage) secrets(c identity.Sealed) map[string]string {
	st.T.Helper()
	out := map[string]string{}
	for _, r := range st.rowsOf(c.Table) {
		if text, ok := st.open(c, r); ok {
			out[c.Context(keyOf(r, c.Key))] = text
		}
	}
	return out
}

func (st *stage) open(c identity.Sealed, r row) (string, bool) {
	st.T.Helper()
	b, ok := r[c.Column].([]byte)
	if !ok || len(b) == 0 {
		return "", false
	}

	text, err := st.vault().Open(c.Context(keyOf(r, c.Key)), b)
	if err != nil {
		st.T.Fatalf("opening %s of %s: %v", c.Column, c.Table, err)
	}

	return text, true
}

func keyOf(r row, columns []string) []string {
	var out []string
	for _, c := range columns {
		out = append(out, fmt.Sprint(r[c]))
	}
	return out
}

// dump is all rows, by table and key, with their secrets open.
func (st *stage) dump() map[string]map[string]row {
	st.T.Helper()
	out, keys := map[string]map[string]row{}, st.keys()
	for _, table := range st.tables() {
		out[table] = map[string]row{}
		for _, r := range st.rowsOf(table) {
			for _, c := range app.Sealed() {
				if c.Table != table || table == "settings" {
					continue
				}
				if text, ok := st.open(c, r); ok {
					r[c.Column] = sealed(text)
				}
			}
			out[table][strings.Join(keyOf(r, keys[table]), " ")] = r
		}
	}

	return out
}

func (st *stage) rowsOf(table string) (all []row) {
	st.T.Helper()
	rows, err := st.App.DB.Reader.QueryContext(context.Background(), "SELECT * FROM "+table)
	if err != nil {
		st.T.Fatal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		st.T.Fatal(err)
	}

	for rows.Next() {
		values, into := make([]any, len(types)), make([]any, len(types))
		for i := range values {
			into[i] = &values[i]
		}

		if err := rows.Scan(into...); err != nil {
			st.T.Fatal(err)
		}

		r := row{}
		for i, c := range types {
			if n, ok := values[i].(int64); ok && c.DatabaseTypeName() == "BOOLEAN" {
				values[i] = n != 0
			}
			r[c.Name()] = values[i]
		}

		all = append(all, r)
	}

	if err := rows.Err(); err != nil {
		st.T.Fatal(err)
	}

	return all
}

// tables are those of a fixture, in an order in which rows can be inserted: those that
// refer to others are younger than them. Fixtures are written on SQLite.
func (st *stage) tables() (all []string) {
	for _, r := range st.listed(`SELECT name, '' FROM sqlite_master WHERE type = 'table' ORDER BY rowid`) {
		if !slices.Contains(leftOut, r[0]) && !strings.HasPrefix(r[0], "sqlite_") && !strings.HasPrefix(r[0], "river") {
			all = append(all, r[0])
		}
	}
	return all
}

func (st *stage) keys() map[string][]string {
	out := map[string][]string{}
	for _, table := range st.tables() {
		for _, r := range st.listed(`SELECT name, ''
			FROM pragma_table_info('` + table + `') WHERE pk > 0 ORDER BY pk`) {
			out[table] = append(out[table], r[0])
		}
	}
	return out
}

// blanks are the rows in which nothing is.
func (st *stage) blanks() map[string]row {
	out := map[string]row{}
	for _, table := range st.tables() {
		out[table] = row{}
		for _, r := range st.listed(`SELECT name, type FROM pragma_table_info('` + table + `')`) {
			out[table][r[0]] = map[string]any{"TEXT": "", "BIGINT": int64(0), "BOOLEAN": false}[r[1]]
		}
	}
	return out
}

func (st *stage) listed(query string) (all [][2]string) {
	st.T.Helper()
	rows, err := st.App.DB.Reader.QueryContext(context.Background(), query)
	if err != nil {
		st.T.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r [2]string
		if err := rows.Scan(&r[0], &r[1]); err != nil {
			st.T.Fatal(err)
		}
		all = append(all, r)
	}

	if err := rows.Err(); err != nil {
		st.T.Fatal(err)
	}

	return all
}

func (st *stage) schema() tables {
	return tables{Migration: st.migration(), Order: st.tables(), Keys: st.keys(), Blank: st.blanks()}
}

// migration is the newest that the database has.
func (st *stage) migration() (n int64) {
	st.T.Helper()
	var at sql.NullInt64
	err := st.App.DB.Reader.QueryRowContext(st.T.Context(), `SELECT MAX(version_id) FROM goose_db_version`).Scan(&at)
	if err != nil {
		st.T.Fatal(err)
	}
	return at.Int64
}
