// Package browser plays what people do, in a real Chromium on the pages of both
// sides: each script beside this file gets a stage of its own, with both
// simulated systems, a mail catcher and the real connector.
//
// The scripts find things as people do, by role and name, check every page they
// come to with axe, and leave pictures in test-output/browser when they are wanted.
package browser

import (
	"cmp"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
	"github.com/nuxeo-frameio/nuxeo-frameio/ui"
)

// addresses is what a script is told of its stage.
type addresses struct {
	Guide, Connector, Nuxeo, Frameio, Mail string
	Chromium, Pictures, Script             string
	Names                                  map[string]string
	// Illustrated leaves pictures; Whole leaves nothing out.
	Illustrated, Whole bool
}

// atOnce is how many scripts play beside each other: each has a stage and a browser
// of its own and waits most of the time.
const atOnce = 3

// envPictures names the variable under which each page that is looked at leaves a
// picture; `make pictures` sets it.
const envPictures = "TEST_PICTURES"

// TestMain sets how many scripts play at once.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue || f.Value.String() == "0" {
		if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func TestBrowser(t *testing.T) {
	if _, ok := ui.Bundle(); !ok {
		t.Fatal("the elements: got a build without them, want one after `make ui`")
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
		t.Fatalf("the scripts: got none (%v), want some", err)
	}

	// Those that take long begin first.
	slices.SortStableFunc(scripts, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(script, ".test.mjs"), func(t *testing.T) {
			t.Parallel()
			play(t, script, chromium, pictures)
		})
	}
}

// rank is where a script comes in the order of the long ones; all others follow them.
func rank(script string) int {
	long := []string{"sync.test.mjs", "looks.test.mjs", "errors.test.mjs"}
	if i := slices.Index(long, script); i >= 0 {
		return i
	}
	return len(long)
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
		Guide: stage.GuideURL, Connector: stage.URL, Nuxeo: stage.NuxeoURL, Frameio: stage.FrameioURL,
		Mail:     stage.MailURL,
		Chromium: chromium, Pictures: pictures, Names: stage.Names(),
		Script: strings.TrimSuffix(script, ".test.mjs"), Illustrated: os.Getenv(envPictures) != "",
		Whole: testenv.Whole(),
	})
	if err != nil {
		t.Fatal(err)
	}

	cmd := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", script)
	cmd.Env = append(os.Environ(), "STAGE="+string(told))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("playing %s: %v\n%s", script, err, out)
	}

	t.Logf("%s", out)
}
