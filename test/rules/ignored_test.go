package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Secrets that people are told to make in their copy get neither into Git nor into an image.
func TestSecretsOfComposeAreIgnored(t *testing.T) {
	t.Parallel()
	lines := func(name string) []string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(b), "\n")
	}

	if !slices.ContainsFunc(lines("deploy/compose.yaml"), func(line string) bool {
		return strings.Contains(line, "file: ./secrets/")
	}) {
		t.Error("secrets of the compose file in that folder: got none, want some")
	}

	for name, want := range map[string]string{".gitignore": "/deploy/secrets/", ".dockerignore": "deploy/secrets"} {
		if !slices.Contains(lines(name), want) {
			t.Errorf("%s does not have %s", name, want)
		}
	}
}
