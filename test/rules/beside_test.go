package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each package of the connector has tests beside it, where who changes it finds them.
func TestPackagesHaveTestsBesideThem(t *testing.T) {
	t.Parallel()
	byDir := written(t)
	for dir := range sources(t) {
		pkg, inside := strings.CutPrefix(filepath.ToSlash(dir), root+"/internal/")
		if inside && !hasTests(byDir[dir]) {
			t.Errorf("internal/%s has no tests beside it, want some", pkg)
		}
	}
}

// hasTests reports whether one of the files has a test; a TestMain is none.
func hasTests(files []string) bool {
	for _, name := range files {
		if src, err := os.ReadFile(name); err == nil && strings.HasSuffix(name, "_test.go") && someTest.Match(src) {
			return true
		}
	}
	return false
}

var (
	someTest = regexp.MustCompile(`(?m)^func Test\w+\(t `)
	// attacks are a package of tests and, behind it, names of some, without Test: in part, or with cases of it.
	attacks = regexp.MustCompile("`((?:internal|test|frameio|nuxeo)[\\w/]*)` " + name + "((?:, " + name + ")*)")
	aName   = regexp.MustCompile(name)
)

const name = `([A-Z]\w+…?)(?: \([^)]*\))?`

// The page on reliability names tests that are where it says.
func TestAttacksAreWhereThePageSays(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "doc", "reliability.md"))
	if err != nil {
		t.Fatal(err)
	}

	named := 0
	for _, list := range attacks.FindAllStringSubmatch(string(page), -1) {
		_, names, _ := strings.Cut(list[0], "` ")
		for _, m := range aName.FindAllStringSubmatch(names, -1) {
			named++
			begin, inPart := strings.CutSuffix(m[1], "…")
			if !inPart {
				begin += `\(`
			}
			if !anyMatches(t, filepath.Join(root, list[1], "*_test.go"), "func Test"+begin) {
				t.Errorf("doc/reliability.md: got no Test%s in %s, want it there", m[1], list[1])
			}
		}
	}

	if named < 50 {
		t.Errorf("the page names %d tests, want at least 50", named)
	}
}

// anyMatches reports whether one of the files has what is looked for.
func anyMatches(t *testing.T, files, pattern string) bool {
	t.Helper()
	found, err := filepath.Glob(files)
	if err != nil {
		t.Fatal(err)
	}

	for _, file := range found {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(pattern).Match(src) {
			return true
		}
	}

	return false
}
