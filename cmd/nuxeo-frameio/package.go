package main

import (
	"bytes"
	"os"
	"path/filepath"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// writePackage writes the package into a folder, or as a file, and returns where
// it is. A file is replaced as a whole.
func writePackage(to string) (string, error) {
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, addon.FileName(app.Version))
	}

	// What is half written is never found under the name.
	var b bytes.Buffer
	if err := addon.Build(&b, app.Version); err != nil {
		return "", err
	}

	if err := os.WriteFile(to+".part", b.Bytes(), 0o644); err != nil {
		return "", fault.Field("output", "Give a file or folder that can be written.", "Cannot write %s: %v.", to, err)
	}

	return to, os.Rename(to+".part", to)
}
