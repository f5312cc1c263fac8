package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Every deed that the audit knows is written by something, can be chosen on the page and at
// the command line, and has words.
func TestEveryDeedIsWrittenAndShown(t *testing.T) {
	t.Parallel()
	read := func(path ...string) string {
		b, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}

	page, words, help := read("ui", "src", "admin-audit.ts"), read("ui", "messages", "messages.json"),
		read("cmd", "nuxeo-frameio", "audit.go")
	var code strings.Builder
	for _, dir := range []string{"internal/*", "cmd/*"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") && filepath.Base(filepath.Dir(file)) != "audit" {
				code.WriteString(read(strings.TrimPrefix(file, root)))
			}
		}
	}

	code.WriteString(read("internal", "audit", "failed.go"))

	deeds := 0
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "internal", "audit", "audit.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}

	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !spec.Names[0].IsExported() {
			return true
		}

		lit, ok := spec.Values[0].(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}

		deed, _ := strconv.Unquote(lit.Value)
		deeds++
		switch {
		case !strings.Contains(code.String(), "audit."+spec.Names[0].Name) &&
			!regexp.MustCompile(`What:\s+`+spec.Names[0].Name+`\b`).MatchString(code.String()):
			t.Errorf("what writes %s: got nothing, want a call of the audit", deed)
		case !strings.Contains(page, `"`+deed+`"`):
			t.Errorf("the choices of the page: got no %s, want it", deed)
		case !strings.Contains(words, `"frameio.audit.`+deed+`"`):
			t.Errorf("the words for %s: got none, want some", deed)
		case !strings.Contains(help, deed):
			t.Errorf("the help of the command line: got no %s, want it", deed)
		}

		return true
	})
	if deeds < 15 {
		t.Errorf("%d deeds were found, want at least 15", deeds)
	}
}
