package foldersync

import (
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
)

// An asset that was imported otherwise than it was listed has no current fingerprint.
func TestFingerprintIsThatOfTheListing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key, head, file, stack string
		want                   string
	}{
		"a file":                        {"f1", "f1", "f1", "", "print"},
		"a stack":                       {"s1", "f2", "f2", "s1", "print"},
		"a stack with another head":     {"s1", "f2", "f3", "s1", ""},
		"a file that is on a stack now": {"f1", "f1", "f1", "s1", ""},
		"followed before it was linked": {"f1", "", "f1", "", "print"},
	} {
		st := assetState{
			Key:   c.key,
			Head:  c.head,
			Print: "print",
			Job:   ingest.Job{File: &ingest.File{ID: c.file, Stack: c.stack}},
		}
		if got := st.currentFingerprint(); got != c.want {
			t.Errorf("%s shows %q, want %q", name, got, c.want)
		}
	}

	if got := (assetState{Key: "f1", Head: "f1", Print: "print"}).currentFingerprint(); got != "print" {
		t.Errorf("what was not looked up shows %q, want what was listed", got)
	}
}
