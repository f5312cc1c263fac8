package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
)

// The demo says where to begin and what to try, each in a line of its own.
func TestDemoSaysWhereToBegin(t *testing.T) {
	t.Parallel()
	stage, err := demo.Start(t.Context(), demo.Options{Log: slog.New(slog.DiscardHandler), AnyPort: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Stop() //nolint:errcheck // a test
	ended, end := context.WithCancel(t.Context())
	end()
	var out strings.Builder
	if err := new(demoCmd).stay(&terminal{ctx: ended, out: &out}, stage); err != nil {
		t.Fatal(err)
	}

	if said := out.String(); !strings.Contains(said, stage.Addresses(program())) {
		t.Errorf("the demo says\n%s\nwant in it\n%s", said, stage.Addresses(program()))
	}
}
