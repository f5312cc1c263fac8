package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Calls lists the exported methods of a type that take a context, which are those that
// make a call. dir is where the package is.
func Calls(dir, receiver string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}

	var names []string
	for _, e := range slices.DeleteFunc(entries, notSource) {
		file, err := parser.ParseFile(token.NewFileSet(), dir+"/"+e.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Name.IsExported() && isOn(f, receiver) && takesContext(f) {
				names = append(names, f.Name.Name)
			}
		}
	}

	return names, nil
}

func notSource(e fs.DirEntry) bool {
	return !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go")
}

// isOn reports whether f is a method of a type, or of a pointer to it.
func isOn(f *ast.FuncDecl, receiver string) bool {
	if f.Recv == nil {
		return false
	}

	t := f.Recv.List[0].Type
	if star, is := t.(*ast.StarExpr); is {
		t = star.X
	}

	name, is := t.(*ast.Ident)
	return is && name.Name == receiver
}

func takesContext(f *ast.FuncDecl) bool {
	if len(f.Type.Params.List) == 0 {
		return false
	}
	s, is := f.Type.Params.List[0].Type.(*ast.SelectorExpr)
	return is && s.Sel.Name == "Context"
}
