package release

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
)

const root = "../.."

// version is the one that the program under test says it is.
const version = "1.1.0"

// built are the program and the tool that packs it. They are kept between runs, and built
// anew only when they have changed; the flags are those of `make build`, so that what it has
// compiled is not compiled again.
var built = sync.OnceValues(func() (b struct{ program, tool string }, err error) {
	dir, err := filepath.Abs(filepath.Join(root, "test-output", "release"))
	if err != nil {
		return b, err
	}
	b.program, b.tool = filepath.Join(dir, "nuxeo-frameio"), filepath.Join(dir, "tool")
	flags := "-s -w -X github.com/nuxeo-frameio/nuxeo-frameio/internal/app.Version=" + version
	return b, errors.Join(
		compile(root, "build", "-trimpath", "-ldflags", flags, "-o", b.program, "./cmd/nuxeo-frameio"),
		compile(filepath.Join(root, "release"), "build", "-trimpath", "-ldflags", "-s -w", "-o", b.tool, "."))
})

func compile(dir string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.New(err.Error() + "\n" + string(out))
	}
	return nil
}

// program is the one under test, built.
func program(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds the program and what packs it")
	}

	b, err := built()
	if err != nil {
		t.Fatal(err)
	}

	return b.program
}

// current is the folder with what is made of the program under test, once.
var current = sync.OnceValues(func() (dir string, err error) {
	b, err := built()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(filepath.Dir(b.program), "made")
	return dir, errors.Join(os.RemoveAll(dir), pack(dir, b.program, version, "deb,image,nuxeo,sbom"))
})

// ofProgram is what was made of the program under test: the one file that a pattern finds.
func ofProgram(t *testing.T, pattern string) string {
	t.Helper()
	program(t) // or the test is left out
	dir, err := current()
	if err != nil {
		t.Fatal(err)
	}
	return only(t, dir, pattern)
}

// made runs the tool on a program and returns the folder with what it made.
func made(t *testing.T, from, version, only string) string {
	t.Helper()
	dir := t.TempDir()
	if err := pack(dir, from, version, only); err != nil {
		t.Fatal(err)
	}
	return dir
}

func pack(dir, from, version, only string) error {
	b, err := built()
	if err != nil {
		return err
	}

	cmd := exec.Command(b.tool, "-root", root, "-out", dir, "-version", version, "-program", from, "-only", only,
		"-quick")
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making %s: %w\n%s", only, err, out)
	}

	return nil
}

// only is the one file of a folder that a pattern finds.
func only(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: got %v (%v), want one file", pattern, found, err)
	}
	return found[0]
}

// changer skips a test where it may not set up file systems for others.
func changer(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		need.Skip(t, "only root may change the root of a program")
	}
}

// stand is a small file that stands in for the program and calls it: what is packed makes no
// difference, and takes less time.
func stand(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nuxeo-frameio")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec '"+program(t)+"' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// What is made between two tags comes after the first of them, in the order of packages.
func TestVersionBetweenTags(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v1.2.3-4-g0abc12": "nuxeo-frameio_1.2.3+4.g0abc12-1_", // 1.2.3-4 would be a revision of 1.2.3
		"v1.2.3-rc1":       "nuxeo-frameio_1.2.3~rc1-1_",       // and this comes before it
	} {
		got := filepath.Base(only(t, made(t, stand(t), version, "deb"), "*.deb"))
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s…", version, got, want)
		}
	}
}

// Made twice, everything has the same bytes.
func TestMadeTwiceIsTheSame(t *testing.T) {
	t.Parallel()
	stub := stand(t)
	const all = "archive,deb,rpm,image,chart,nuxeo,sums"
	one, two := made(t, stub, "v1.0.0", all), made(t, stub, "v1.0.0", all)
	names, err := fs.ReadDir(os.DirFS(one), ".")
	if err != nil || len(names) != 7 {
		t.Fatalf("got %d files (%v), want 7", len(names), err)
	}

	for _, e := range names {
		a, err := os.ReadFile(filepath.Join(one, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(two, e.Name()))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s made twice: got different files (%v), want the same bytes", e.Name(), err)
		}
	}

	sums, err := os.ReadFile(filepath.Join(one, "SHA256SUMS"))
	if n := strings.Count(string(sums), "\n"); err != nil || n != 6 {
		t.Errorf("got %d checksums (%v), want 6", n, err)
	}
}

// The list of what is inside names what the program was linked from.
func TestListOfParts(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(ofProgram(t, "*.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}

	for _, part := range []string{
		`"pkg:golang/modernc.org/sqlite@v`, `"pkg:npm/lit@`, `"pkg:golang/std@`,
		`"version": "` + version + `"`,
	} {
		if !strings.Contains(string(b), part) {
			t.Errorf("the list: got no %s, want it", part)
		}
	}
}
