// Command bench-ui measures what people feel of the elements in a browser: how
// much they load, how soon the first page can be used, how many rows a long list
// keeps in the document, and how long the page is busy at a time while much is
// under way.
//
// It starts the stage of the demo and bench.mjs beside it, which drives Chromium
// and prints a line for each figure: BENCH <name> <value> <unit> target <t> ok or
// MISSED. It ends with an error when one is missed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/ui"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measure(ctx)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench-ui:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context) (err error) {
	if _, ok := ui.Bundle(); !ok {
		return errors.New("this was built without the elements: run `make ui` first")
	}

	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return errors.New("there is no Chromium: `make chromium` installs one")
	}

	stage, err := demo.Start(ctx, demo.Options{Out: io.Discard, Log: slog.New(slog.DiscardHandler), AnyPort: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Stop()) }()
	told, err := json.Marshal(map[string]any{
		"Connector": stage.URL, "Nuxeo": stage.NuxeoURL, "Frameio": stage.FrameioURL, "Mail": stage.MailURL,
		"Chromium": chromium, "Names": stage.Names(),
	})
	if err != nil {
		return err
	}

	cmd := exec.CommandContext(ctx, "node", "test/bench-ui/bench.mjs")
	cmd.Env = append(os.Environ(), "STAGE="+string(told))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}
