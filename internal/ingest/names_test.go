package ingest

import (
	"strings"
	"testing"
)

// A letter is not whole without its marks.
func TestMarksStayInPathNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"हिन्दी.mov":       "हिन्दी",
		"Ame\u0301lie.mov": "Ame\u0301lie",
		"ภาษาไทย":          "ภาษาไทย",
		"a/b\u202Ec.mov":   "a_bc",
	} {
		if got := PathName(name); got != want && strings.ReplaceAll(got, "-", "_") != want {
			t.Errorf("PathName(%q) is %q, want %q", name, got, want)
		}
	}
}
