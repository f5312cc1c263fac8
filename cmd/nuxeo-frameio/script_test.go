package main

import (
	"log/slog"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nuxeo-frameio": main})
}

// The scripts are the specification of the command line. Each has a connector
// between two simulators of its own; josh and julia are connected.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(env *testscript.Env) error {
		stage, err := demo.Start(t.Context(), demo.Options{Log: slog.New(slog.DiscardHandler), AnyPort: true})
		if err != nil {
			return err
		}
		env.Defer(func() { _ = stage.Stop() })
		if err := stage.ConnectEveryone(t.Context()); err != nil {
			return err
		}
		for name, id := range stage.Names() {
			env.Setenv(name, id)
		}
		env.Setenv("NUXEO_FRAMEIO_NETWORK_PRIVATE_ADDRESSES", "allow")
		env.Setenv("NUXEO", stage.NuxeoURL)
		env.Setenv("FRAMEIO", stage.FrameioURL)
		env.Setenv("NUXEO_FRAMEIO_SERVER", stage.URL)
		env.Setenv("NUXEO_FRAMEIO_USER", "josh")
		env.Setenv("NUXEO_FRAMEIO_PASSWORD", "josh")
		return nil
	}})
}
