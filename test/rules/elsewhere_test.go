package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// listed is a package as go list tells it.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles, Imports        []string
}

// goList asks for packages as another system has them.
func goList(t *testing.T, system string, args ...string) (all []listed) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Export,GoFiles,Imports"}, args...)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list for %s: %v\n%s", system, err, errs.String())
	}

	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// The program compiles for the other systems that it is handed out for. Only its own packages are looked at: what
// they import is compiled once and kept, while `go vet` would compile ours as well each time that one changes.
func TestCompilesElsewhere(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("what others have written is compiled for two systems more")
	}

	for _, system := range []string{"windows", "darwin"} {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			var ours []listed // each after what it imports
			var theirs []string
			for _, p := range goList(t, system, "-deps", "./cmd/nuxeo-frameio") {
				if strings.HasPrefix(p.ImportPath, module) {
					ours = append(ours, p)
				} else if p.ImportPath != "unsafe" {
					theirs = append(theirs, p.ImportPath)
				}
			}

			exports := map[string]string{}
			for _, p := range goList(t, system, append([]string{"-export"}, theirs...)...) {
				exports[p.ImportPath] = p.Export
			}

			checkTypes(t, ours, exports)
		})
	}
}

// known are packages that have been looked at, and behind them those that were compiled.
type known struct {
	ours     map[string]*types.Package
	compiled types.Importer
}

// Import is that of types.Importer.
func (k known) Import(path string) (*types.Package, error) {
	if p := k.ours[path]; p != nil {
		return p, nil
	}
	return k.compiled.Import(path)
}

// checkTypes looks at packages from their sources.
func checkTypes(t *testing.T, ours []listed, exports map[string]string) {
	t.Helper()
	set := token.NewFileSet()
	k := known{map[string]*types.Package{}, importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("%s is not compiled", path)
		}
		return os.Open(exports[path])
	})}

	for _, p := range ours {
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		c := types.Config{Importer: k, Error: func(err error) { t.Error(err) }}
		k.ours[p.ImportPath], _ = c.Check(p.ImportPath, set, files, nil) // errors are reported as they come
	}
}
