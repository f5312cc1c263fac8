package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Settings that cannot be put in their place are left nowhere else: they may hold secrets.
func TestSettingsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "connector.toml") // a folder, which no file replaces
	if err := os.MkdirAll(filepath.Join(path, "x"), 0o700); err != nil {
		t.Fatal(err)
	}

	err := replace(path, map[string]string{"mail-smtp-password": "tell-nobody"}, settingFlags(model(t).Model.Node))
	if f := fault.From(err); f == nil || f.Field != "config" {
		t.Errorf("got %v, want that it cannot be written", err)
	}

	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v (%v), want only what was there", entries, err)
	}
}
