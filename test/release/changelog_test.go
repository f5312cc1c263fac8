package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// changed runs the tool that writes the changelog in a repository of a changelog and of the
// changes since, and returns what it says.
func changed(t *testing.T, dir, version string) (string, error) {
	t.Helper()
	program(t) // or the test is left out
	b, err := built()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(b.tool, "-root", dir, "-version", version, "-changelog").CombinedOutput()
	return string(out), err
}

func written(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// What has changed becomes the newest version of the changelog, kind by kind, and is told once.
func TestChangelog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	written(t, dir, map[string]string{
		"CHANGELOG.md":                "# Changelog\n\n## 0.1.0\n\nThe first release.\n",
		"changes/README.md":           "How it is done.\n",
		"changes/mirror.fixed.md":     "A mirror ends.\n",
		"changes/names.security.md":   "Names are cleaned.\nAll of them.\n",
		"changes/another.fixed.md":    "Another thing.\n",
		"changes/page.added.md":       "There is a page.\n",
		"changes/ordering.changed.md": "The newest comes first.\n",
	})

	if out, err := changed(t, dir, "v0.2.0"); err != nil {
		t.Fatalf("moving the changes: got %v, want no error: %v", err, out)
	}

	got, err := os.ReadFile(filepath.Join(dir, "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}

	const want = `# Changelog

## 0.2.0

### Security

- Names are cleaned.
  All of them.

### Added

- There is a page.

### Changed

- The newest comes first.

### Fixed

- Another thing.
- A mirror ends.

## 0.1.0

The first release.
`
	if string(got) != want {
		t.Errorf("the changelog is\n%s\nwant\n%s", got, want)
	}

	if left, err := os.ReadDir(filepath.Join(dir, "changes")); err != nil || len(left) != 1 {
		t.Errorf("%v (%v) is left in changes, want README.md alone", left, err)
	}

	if out, err := changed(t, dir, "v0.3.0"); err == nil || !strings.Contains(out, "nothing in changes/") {
		t.Errorf("without changes it says %q and ends with %v, want that there is nothing", out, err)
	}

	written(t, dir, map[string]string{"changes/late.fixed.md": "Late.\n"})
	if out, err := changed(t, dir, "v0.2.0"); err == nil || !strings.Contains(out, "already") {
		t.Errorf("for a version that is there it says %q and ends with %v, want that it is there already", out, err)
	}
}

// A change whose name tells no kind, or that says nothing, is refused, and nothing is moved.
func TestChangelogRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, text, want string }{
		"another kind": {"changes/x.improved.md", "Better.\n", "<what>.<kind>.md"},
		"no kind":      {"changes/x.md", "Better.\n", "<what>.<kind>.md"},
		"no text":      {"changes/x.fixed.md", "\n", "is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			const before = "# Changelog\n"
			written(t, dir, map[string]string{"CHANGELOG.md": before, c.file: c.text})
			if out, err := changed(t, dir, "v0.2.0"); err == nil || !strings.Contains(out, c.want) {
				t.Errorf("it says %q and ends with %v, want %q", out, err, c.want)
			}
			if got, err := os.ReadFile(filepath.Join(dir, "CHANGELOG.md")); err != nil || string(got) != before {
				t.Errorf("the changelog is %q (%v), want it as it was", got, err)
			}
		})
	}
}

// The changes of this repository can be told, and are in the notes of its next version.
func TestNotesOfChanges(t *testing.T) {
	t.Parallel()
	program(t)
	notes, err := os.ReadFile(only(t, made(t, stand(t), "9.9.9", "notes"), "*-notes.md"))
	if err != nil {
		t.Fatal(err)
	}

	if !strings.HasPrefix(string(notes), "## 9.9.9\n") {
		t.Errorf("the notes begin with %.40q, want the version", notes)
	}
}
