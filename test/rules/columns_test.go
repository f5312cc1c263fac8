package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// columns is how wide a line of code may be, a tab taken as four.
const columns = 120

// Lines fit into a window beside another one. What cannot be broken is left alone: the tag of a field, and text
// that means something else with a break more.
func TestLinesFit(t *testing.T) {
	t.Parallel()
	for _, files := range written(t) {
		for _, name := range files {
			wide(t, name)
		}
	}
}

// What runs in a browser is written likewise. There, everything can be broken: a text into several, a tag between its
// attributes.
func TestLinesOfScriptsFit(t *testing.T) {
	t.Parallel()
	for _, name := range files(t, ".ts", ".js", ".mjs", ".css") {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}

		fit(t, name, src, nil)
	}
}

// wide reports the lines of a file of Go that are too wide.
func wide(t *testing.T, name string) {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}

	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, 0)
	if err != nil {
		t.Fatal(err)
	}

	whole := map[int]bool{} // lines with something that cannot be broken
	cover := func(n ast.Node) {
		for line := set.Position(n.Pos()).Line; line <= set.Position(n.End()).Line; line++ {
			whole[line] = true
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if n.Tag != nil {
				cover(n.Tag)
			}
		case *ast.BasicLit:
			if strings.HasPrefix(n.Value, "`") {
				cover(n)
			}
		}
		return true
	})

	fit(t, name, src, whole)
}

// fit reports the lines that are too wide, but for those that are let be.
func fit(t *testing.T, name string, src []byte, whole map[int]bool) {
	t.Helper()
	for i, line := range strings.Split(string(src), "\n") {
		width := utf8.RuneCountInString(line) + 3*strings.Count(line, "\t")
		if width > columns && !whole[i+1] {
			rel, _ := filepath.Rel(root, name)
			t.Errorf("%s:%d has %d columns, want at most %d", rel, i+1, width, columns)
		}
	}
}
