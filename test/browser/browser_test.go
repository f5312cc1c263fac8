// Package browser plays what people do, in a real Chromium on the pages of both
// sides: each script beside this file gets a stage of its own, with both
// simulated systems, a mail catcher and the real connector.
//
// The scripts find things as people do, by role and name, check every page they
// come to with axe, and leave pictures in test-output/browser.
package browser

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
	"github.com/nuxeo-frameio/nuxeo-frameio/ui"
)

// addresses is what a script is told of its stage.
type addresses struct {
	Guide, Connector, Nuxeo, Frameio, Mail string
	Chromium, Pictures                     string
	Names                                  map[string]string
}

func TestBrowser(t *testing.T) {
	if _, ok := ui.Bundle(); !ok {
		t.Fatal("this test was built without the elements: run `make ui` first")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil || need.Without(need.Chromium) {
		need.Skip(t, "there is no Chromium, or %s says to do without; `make chromium` installs one", need.EnvWithout)
	}
	pictures, err := filepath.Abs("../../test-output/browser")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("*.test.mjs")
	if err != nil || len(scripts) == 0 {
		t.Fatal("there is no script", err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(script, ".test.mjs"), func(t *testing.T) { play(t, script, chromium, pictures) })
	}
}

func play(t *testing.T, script, chromium, pictures string) {
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("BED_LOG") != "" {
		log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	stage, err := demo.Start(t.Context(), demo.Options{Out: io.Discard, Log: log, AnyPort: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Stop() //nolint:errcheck // a test
	told, err := json.Marshal(addresses{
		Guide: stage.GuideURL, Connector: stage.URL, Nuxeo: stage.NuxeoURL, Frameio: stage.FrameioURL, Mail: stage.MailURL,
		Chromium: chromium, Pictures: pictures, Names: stage.Names(),
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", script)
	cmd.Env = append(os.Environ(), "STAGE="+string(told))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	t.Logf("%s", out)
}
