package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// A value and a call that changes it are not returned together: the language leaves open whether the
// value is taken before or after the call.
func TestNoValueIsReturnedBesideWhatChangesIt(t *testing.T) {
	t.Parallel()
	for _, names := range written(t) {
		for _, name := range names {
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}

			ast.Inspect(file, func(n ast.Node) bool {
				if r, ok := n.(*ast.ReturnStmt); ok && changesItsOwn(r) {
					t.Errorf("%s returns a value beside a call that gets its address, want the call before",
						set.Position(r.Pos()))
				}
				return true
			})
		}
	}
}

// changesItsOwn reports whether one of the results is a variable whose address a call among the others
// gets.
func changesItsOwn(r *ast.ReturnStmt) (found bool) {
	values := map[string]bool{}
	for _, e := range r.Results {
		if id, ok := e.(*ast.Ident); ok {
			values[id.Name] = true
		}
	}

	for _, e := range r.Results {
		call, ok := e.(*ast.CallExpr)
		if !ok {
			continue
		}
		ast.Inspect(call, func(n ast.Node) bool {
			_, inside := n.(*ast.FuncLit)
			if at, ok := n.(*ast.UnaryExpr); ok && at.Op == token.AND && values[base(at.X)] {
				found = true
			}
			return !inside
		})
	}

	return found
}

// base is the variable that an expression is a part of.
func base(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
