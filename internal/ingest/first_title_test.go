package ingest

import (
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func TestHasFirstTitle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		title, path string
		want        bool
	}{
		{"Cut", "/a/Cut", true},
		{"Cut", "/a/Cut.1732950000123", true},
		{"v1.5: the end", "/a/v1.5- the end", true},
		{"Cut", "/a/Cut.final", false},
		{"Cut", "/a/Cut2", false},
		{"Mine", "/a/Cut", false},
	} {
		if got := HasFirstTitle(&nuxeo.Document{Title: c.title, Path: c.path}); got != c.want {
			t.Errorf("%q at %s has its first title: %v, want %v", c.title, c.path, got, c.want)
		}
	}
}
