package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strconv"
	"strings"
	"testing"
)

// method is a method of a type, by the folder of its package.
type method struct{ dir, receiver, name string }

// embedding is a struct with an embedded type of ours.
type embedding struct{ dir, outer, innerDir, inner string }

// Who calls a method of a struct gets what is read there: no method hides one that the struct has from an embedded
// type of ours.
func TestNoEmbeddedMethodIsHidden(t *testing.T) {
	t.Parallel()
	methods, structs := map[method]bool{}, []embedding{}
	for dir, files := range sources(t) {
		if strings.HasPrefix(dir, root+"/test/") {
			continue // the stories of the simulation are told by one that calls what each of them does otherwise
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			read(file, dir, methods, &structs)
		}
	}

	for _, s := range structs {
		for m := range methods {
			if m.dir == s.dir && m.receiver == s.outer && methods[method{s.innerDir, s.inner, m.name}] {
				t.Errorf("%s: got %s.%s over that of the embedded %s, want two names", s.dir, s.outer, m.name, s.inner)
			}
		}
	}
}

// read notes the methods and the embedded types of a file.
func read(file *ast.File, dir string, methods map[method]bool, structs *[]embedding) {
	imported := map[string]string{} // folders of ours by the name that they are imported under
	for _, spec := range file.Imports {
		at, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(at)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if len(at) > len(module) && at[:len(module)] == module {
			imported[name] = root + at[len(module):]
		}
	}

	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil {
				_, receiver := typeName(d.Recv.List[0].Type)
				methods[method{dir, receiver, d.Name.Name}] = true
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok {
					*structs = append(*structs, embedded(s, dir, imported)...)
				}
			}
		}
	}
}

// embedded are the types of ours that a struct embeds.
func embedded(s *ast.TypeSpec, dir string, imported map[string]string) (all []embedding) {
	st, ok := s.Type.(*ast.StructType)
	if !ok {
		return nil
	}

	for _, f := range st.Fields.List {
		if len(f.Names) > 0 {
			continue
		}
		pkg, name := typeName(f.Type)
		from := dir
		if pkg != "" {
			from = imported[pkg]
		}
		if from != "" {
			all = append(all, embedding{dir, s.Name.Name, from, name})
		}
	}

	return all
}

// typeName is the name of a type, and the package that it is of, if it is another one.
func typeName(e ast.Expr) (pkg, name string) {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.Ident:
		return "", e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name, e.Sel.Name
		}
	}
	return "", ""
}
