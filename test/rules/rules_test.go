// Package rules holds the rules of this repository as ordinary tests: which
// package may import which, that packages and exported names are documented,
// that nothing of one machine is in it.
package rules

import (
	"bytes"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
)

const (
	root   = "../.."
	module = "github.com/nuxeo-frameio/nuxeo-frameio"
)

// layers are the packages from the outside in: each may import those of later
// layers, and of its own only where beside says so.
var layers = [][]string{
	{"cmd/nuxeo-frameio"},
	{"internal/demo"},
	{"internal/doctor", "internal/agent"},
	{"internal/app"},
	{"internal/web"},
	{"internal/web/api"},
	{
		"internal/binding", "internal/publish", "internal/relink", "internal/repair", "internal/browse",
		"internal/webhook", "internal/push", "internal/assetview", "internal/media", "internal/foldersync",
		"internal/explain", "internal/support", "internal/reaction", "internal/notify", "internal/copies",
	},
	{"internal/metrics", "internal/egress", "internal/tracing", "internal/ingest"},
	{"internal/review", "internal/link", "internal/event", "internal/metamap"},
	{
		"internal/work", "internal/transfer", "internal/ratelimit", "internal/identity", "internal/mail",
		"internal/addon",
		"internal/bandwidth", "internal/rights",
	},
	{"ui"},
	{"internal/installation"},
	{"internal/maintenance", "internal/audit"},
	{"internal/store", "internal/requestid"},
	{"internal/fault", "internal/plain", "internal/schema", "internal/gate", "internal/loglevel"},
	{"test/conformance/nuxeo"}, // the cases that the doctor tries on a server
	{"test/conformance"},
	{"nuxeo", "frameio/v4"},
	{"frameio"},
}

// simulators may be imported by the demo, the command and tests only, and
// import nothing of the connector.
const simulators = "internal/simulator/"

func layerOf(pkg string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, pkg) })
}

// imports lists for each package of the module what it imports of the module,
// tests left out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}

	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], module+"/")
		all[pkg] = []string{}
		for _, w := range words[1:] {
			if dep, ok := strings.CutPrefix(w, module+"/"); ok {
				all[pkg] = append(all[pkg], dep)
			}
		}
	}

	return all
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	for pkg, deps := range imports(t) {
		if strings.HasPrefix(pkg, "test/") {
			continue
		}
		for _, dep := range deps {
			if why := forbidden(pkg, dep); why != "" {
				t.Errorf("%s: got an import of %s, want none: %s", pkg, dep, why)
			}
		}
	}
}

func forbidden(pkg, dep string) string {
	switch {
	case strings.HasPrefix(pkg, simulators):
		if strings.HasPrefix(dep, simulators) {
			return ""
		}
		return "a simulator imports nothing of the connector"
	case strings.HasPrefix(dep, simulators):
		if pkg == "internal/demo" || pkg == "cmd/nuxeo-frameio" {
			return ""
		}
		return "only the demo, the command and tests know the simulators"
	case layerOf(pkg) < 0:
		return "add the package to the layers in test/rules"
	case layerOf(dep) <= layerOf(pkg):
		return "imports go from the outside in, and not sideways"
	}
	return ""
}

func TestOnlyWorkKnowsTheJobLibrary(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}} {{join .TestImports " "}}`,
		module+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}

	for line := range strings.Lines(string(out)) {
		pkg, deps, _ := strings.Cut(line, " ")
		if strings.Contains(deps, "riverqueue") && pkg != module+"/internal/work" {
			t.Errorf("%s: got an import of the job library, want it in internal/work alone", pkg)
		}
	}
}

// sources are the Go files that people write, tests left out.
func sources(t *testing.T) map[string][]string {
	byDir := written(t)
	for dir, files := range byDir {
		byDir[dir] = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
	}
	maps.DeleteFunc(byDir, func(_ string, files []string) bool { return len(files) == 0 })
	return byDir
}

// written are the Go files that people write, by folder.
func written(t *testing.T) map[string][]string {
	t.Helper()
	byDir := map[string][]string{}
	for _, path := range files(t, ".go") {
		byDir[filepath.Dir(path)] = append(byDir[filepath.Dir(path)], path)
	}
	return byDir
}

// files lists the files of ours with one of the endings; those that are generated or built are left out.
func files(t *testing.T, endings ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root ||
			slices.Contains([]string{"tools", "node_modules", "dist", "test-output"}, d.Name())) {
			return filepath.SkipDir
		}

		if slices.Contains(endings, filepath.Ext(path)) && !strings.Contains(d.Name(), ".gen.") {
			found = append(found, path)
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	return found
}

func TestPackagesAndNamesAreDocumented(t *testing.T) {
	t.Parallel()
	for dir, files := range sources(t) {
		set := token.NewFileSet()
		var parsed []*ast.File
		for _, f := range files {
			p, err := parser.ParseFile(set, f, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, p)
		}

		p, err := doc.NewFromFiles(set, parsed, dir)
		if err != nil {
			t.Fatal(err)
		}

		if len(p.Doc) < 100 {
			t.Errorf("%s: got a package comment of %d letters, want 100 that say what it is for", dir, len(p.Doc))
		}

		for _, name := range undocumented(p) {
			t.Errorf("%s: got %s exported without a comment, want one", dir, name)
		}
	}
}

func undocumented(p *doc.Package) (names []string) {
	add := func(name, text string) {
		if ast.IsExported(strings.TrimPrefix(name, "*")) && text == "" {
			names = append(names, name)
		}
	}

	for _, f := range p.Funcs {
		add(f.Name, f.Doc)
	}

	for _, typ := range p.Types {
		add(typ.Name, typ.Doc)
		for _, f := range typ.Funcs {
			add(f.Name, f.Doc)
		}
		for _, m := range typ.Methods {
			if ast.IsExported(typ.Name) && !wellKnown[m.Name] {
				add(m.Name, m.Doc)
			}
		}
	}

	return names
}

// wellKnown methods need no comment: an interface of the standard library says
// what they do.
var wellKnown = map[string]bool{
	"Error":     true,
	"Unwrap":    true,
	"String":    true,
	"ServeHTTP": true,
	"Read":      true,
	"Write":     true,
	"Close":     true,
}

func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	for _, files := range sources(t) {
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(b, []byte("\n")); n > 500 {
				t.Errorf("%s: got %d lines, want 500 at most and one idea", f, n)
			}
		}
	}
}

// Nothing of one machine, and nothing unfinished, is in the repository.
func TestNothingForeignIsCommitted(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("git", "-C", root, "ls-files").Output()
	if err != nil {
		need.Skip(t, "not a git checkout: %v", err)
	}

	paths := regexp.MustCompile(`(^|[^\w.])/(work|farm|root)/\w`)
	unfinished := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	for _, name := range strings.Fields(string(out)) {
		if strings.HasPrefix(name, "test/rules/") ||
			slices.Contains([]string{".sum", ".mp4", ".mov", ".jpg", ".wav", ".png"}, filepath.Ext(name)) {
			continue
		}

		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			continue // removed in the working tree
		}

		for _, bad := range []*regexp.Regexp{paths, unfinished} {
			if m := bad.Find(b); m != nil {
				t.Errorf("%s: got %q, want it without", name, m)
			}
		}
	}
}

func TestLayersExist(t *testing.T) {
	t.Parallel()
	known := slices.Collect(maps.Keys(imports(t)))
	for _, l := range layers {
		for _, pkg := range l {
			if !slices.Contains(known, pkg) {
				t.Errorf("the layers: got %s, want packages that exist", pkg)
			}
		}
	}
}
