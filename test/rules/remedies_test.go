package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inABrowser is what a remedy names besides a command: where the same is done by somebody
// who has no terminal, or that it is done on a server.
var inABrowser = regexp.MustCompile(`Administration|activity|\b[Tt]ab\b|[Dd]ialog|Nuxeo itself|on the server|On ` +
	`the server`)

// withoutPages are packages whose remedies nobody reads in a browser, and why.
var withoutPages = map[string]string{
	"internal/store":        "without a database there are no pages",
	"internal/installation": "a copy must not be let loose by who happens to look at its pages",
	"internal/explain":      "it is asked for by the command line",
	"internal/demo":         "its guide is about commands",
	"internal/app":          "settings are read where they are made",
}

// What a person is told to do in a browser is not only a command.
func TestRemediesAreNotOnlyCommands(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.HasSuffix(path, ".gen.go") {
			return err
		}

		pkg, _ := filepath.Rel(root, filepath.Dir(path))
		if withoutPages[pkg] != "" || strings.HasPrefix(pkg, simulators) {
			return nil
		}

		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}

		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !remedies[callee(call)] {
				return true
			}
			for _, arg := range call.Args {
				if said := literals(arg); strings.Contains(said, "`nuxeo-frameio ") && !inABrowser.MatchString(said) {
					t.Errorf("%s: got a remedy that is only a command, %q, want the page as well", path, said)
				}
			}
			return true
		})

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// remedies are the functions that take one.
var remedies = map[string]bool{
	"With":        true,
	"Field":       true,
	"warning":     true,
	"broken":      true,
	"orUnreached": true,
	"because":     true,
}

func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// literals are the texts that an expression is made of.
func literals(x ast.Expr) string {
	var all strings.Builder
	ast.Inspect(x, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			all.WriteString(strings.Trim(lit.Value, `"`))
		}
		return true
	})
	return all.String()
}
