package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/loglevel"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nuxeo-frameio": main})
}

// The scripts are the specification of the command line. Each has a connector
// between two simulators of its own; josh and julia are connected.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(env *testscript.Env) error {
		stage, err := demo.Start(t.Context(), demo.Options{
			Log: slog.New(slog.DiscardHandler), Level: loglevel.New(slog.LevelInfo, time.Now), AnyPort: true,
		})
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
		env.Values[onStage] = stage
		return os.WriteFile(filepath.Join(env.WorkDir, "try.sh"), []byte(tryIt(stage)), 0o600)
	}, Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"frameio": frameioHand, "edit": editHand,
		"lock": lockHand,
	}})
}

// tryIt are the lines that the demo says to try in another terminal, as one copies them.
func tryIt(stage *demo.Stage) string {
	_, lines, _ := strings.Cut(stage.Addresses("nuxeo-frameio"), "Try it")
	_, lines, _ = strings.Cut(lines, "\n")
	return lines
}

// onStage is where a script finds its stage.
type stageKey struct{}

var onStage stageKey

// frameioHand does something on Frame.io, as in `frameio rename id=… name=…`; the id
// that it gives is $ID afterwards.
func frameioHand(ts *testscript.TestScript, _ bool, args []string) {
	values := map[string]any{}
	for _, a := range args[1:] {
		name, value, _ := strings.Cut(a, "=")
		values[name] = value
		if n, err := strconv.Atoi(value); err == nil {
			values[name] = n
		} else if strings.HasSuffix(name, "_ids") {
			values[name] = strings.Split(value, ",")
		}
	}

	body, err := json.Marshal(values)
	ts.Check(err)
	resp, err := http.Post(ts.Getenv("FRAMEIO")+"/_sim/"+args[0], "application/json", bytes.NewReader(body))
	ts.Check(err)
	defer resp.Body.Close()
	var got struct{ ID, Error string }
	ts.Check(json.NewDecoder(resp.Body).Decode(&got))
	if got.Error != "" {
		ts.Fatalf("frameio %s: got the error %s, want none", strings.Join(args, " "), got.Error)
	}

	ts.Setenv("ID", got.ID)
}

// editHand gives a document of Nuxeo other content, as josh: `edit PATH TEXT`.
func editHand(ts *testscript.TestScript, _ bool, args []string) {
	blob := nuxeosim.Blob{Name: "edited.txt", MimeType: "text/plain", Data: []byte(args[1])}
	ts.Check(ts.Value(onStage).(*demo.Stage).Nuxeo.Edit("josh", args[0], map[string]any{"file:content": blob}))
}

// lockHand locks a document of Nuxeo: `lock PATH LOGIN`.
func lockHand(ts *testscript.TestScript, _ bool, args []string) {
	nx := ts.Value(onStage).(*demo.Stage).Nuxeo
	d, _ := nx.Doc(args[0])
	ts.Check(nx.Lock(d.UID, args[1]))
}
