package schema_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Each name is a property that the package defines.
func TestNamesAreDefinedInNuxeo(t *testing.T) {
	t.Parallel()
	xsd, err := os.ReadFile("../addon/bundle/jar/schemas/frameio.xsd")
	if err != nil {
		t.Fatal(err)
	}

	file, err := parser.ParseFile(token.NewFileSet(), "schema.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}

	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		lit, ok := node.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		text, _ := strconv.Unquote(lit.Value)
		if name, ours := strings.CutPrefix(text, "frameio:"); ours {
			n++
			if !strings.Contains(string(xsd), `name="`+name+`"`) {
				t.Errorf("properties of the schema: got no %s, want it", name)
			}
		}
		return true
	})
	if n == 0 {
		t.Error("properties that are named: got none, want some")
	}
}
