package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// owners are the packages that write to each table, and say what is in it.
var owners = map[string]string{
	"actions": "binding", "bindings": "binding",
	"audit": "audit", "audit_chains": "audit",
	"audit_marks": "webhook", "audit_seen": "webhook", "hints": "webhook", "webhooks": "webhook",
	"channels": "notify", "channel_events": "notify", "channel_targets": "notify", "deliveries": "notify",
	"chores":      "maintenance",
	"credentials": "identity", "people": "identity", "providers": "identity", "sessions": "identity",
	"sign_ins":          "identity",
	"imported_comments": "review",
	"interactions":      "publish",
	"items":             "work", "item_history": "work", "nodes": "work", "transfers": "work",
	"links": "link", "link_files": "link",
	"map_rows":        "metamap",
	"copies":          "copies",
	"review_statuses": "event",
	"pushes":          "push", "push_choices": "push",
	"syncs": "foldersync", "sync_changes": "foldersync", "sync_entries": "foldersync", "sync_runs": "foldersync",
	"sync_seen": "foldersync",
	"tickets":   "media",
	"settings":  "", // named values, each of the package that names it
}

// readers are the packages that read tables of others, and why they may: one statement answers what would be a question
// for each row.
var readers = map[string]string{
	"explain items, interactions, links, link_files, bindings": "it tells what all of them know of an asset",
	"explain pushes, syncs, sync_entries, sync_runs":           "likewise",
	"publish items, links, link_files, pushes":                 "a call is counted and listed in one statement",
	"push items, links, actions, bindings, transfers":          "a list of pushes shows item, link and binding of each",
	"foldersync items, links, link_files, transfers":           "a run compares a million entries with links",
	"repair bindings, pushes, syncs":                           "it looks for documents that any of them answers for",
	"relink bindings":                                          "it goes through all folders that are bound",
	"work interactions, pushes":                                "the lists of items show what began them",
	"link items":                                               "a holder that has ended holds nothing",
	"ingest links":                                             "it sweeps the locks that links tell of",
	"store nodes":                                              "a backup says which nodes are at work",
}

var (
	madeTable = regexp.MustCompile(`(?i)CREATE TABLE (?:IF NOT EXISTS )?(\w+)`)
	named     = regexp.MustCompile(`\b(FROM|JOIN|INTO|UPDATE)\s+(\w+)`)
)

// A table has one package that writes to it; who else reads it is listed.
func TestTablesHaveOneOwner(t *testing.T) {
	t.Parallel()
	migrations, err := filepath.Glob(root + "/internal/store/migrations/*.sql")
	if err != nil || len(migrations) == 0 {
		t.Fatalf("the migrations: got none (%v), want some", err)
	}

	for _, name := range migrations {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range madeTable.FindAllStringSubmatch(string(text), -1) {
			if _, known := owners[m[1]]; !known {
				t.Errorf("the table %s of %s: got no owner, want the package that owns it", m[1], filepath.Base(name))
			}
		}
	}

	unused := map[string]bool{}
	for reader := range readers {
		unused[reader] = true
	}

	for dir, files := range sources(t) {
		pkg, inside := strings.CutPrefix(filepath.ToSlash(dir), root+"/internal/")
		if !inside {
			continue
		}
		for _, name := range files {
			for _, use := range uses(t, name) {
				foreign(t, pkg, use, unused)
			}
		}
	}

	for _, reader := range slices.Sorted(maps.Keys(unused)) {
		t.Errorf("what %s reads: got nothing, want it off the list", reader)
	}
}

// foreign reports a use of another package's table, unless it is a listed reading.
func foreign(t *testing.T, pkg string, use [2]string, unused map[string]bool) {
	t.Helper()
	verb, table := use[0], use[1]
	owner, known := owners[table]
	if !known || owner == "" || owner == pkg {
		return
	}

	if verb != "FROM" && verb != "JOIN" {
		t.Errorf("%s: got a write to %s, want none: it is %s's", pkg, table, owner)
		return
	}

	for reader := range readers {
		who, tables, _ := strings.Cut(reader, " ")
		if who == pkg && slices.Contains(strings.Split(tables, ", "), table) {
			delete(unused, reader)
			return
		}
	}

	t.Errorf("%s: got a reading of %s, want %s asked, or the reason entered", pkg, table, owner)
}

// uses are the verbs and tables of the statements in a file.
func uses(t *testing.T, name string) (all [][2]string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}

	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		for _, m := range named.FindAllStringSubmatch(lit.Value, -1) {
			verb := m[1]
			if regexp.MustCompile(`DELETE FROM\s+` + m[2] + `\b`).MatchString(lit.Value) {
				verb = "DELETE"
			}
			all = append(all, [2]string{verb, m[2]})
		}
		return true
	})

	return all
}
