package demo_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

// Every address that the demo prints leads to a page, and the commands are
// called by the name that they have.
func TestAddresses(t *testing.T) {
	t.Parallel()
	stage, err := demo.Start(t.Context(), demo.Options{Log: slog.New(slog.DiscardHandler), AnyPort: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Stop() //nolint:errcheck // a test
	said := stage.Addresses("bin/program")
	addresses := regexp.MustCompile(`(?m)^  (?:Guide|Connector|Nuxeo|Frame\.io|Mail) +(http\S+)`).
		FindAllStringSubmatch(said, -1)
	if len(addresses) != 5 || strings.Count(said, "bin/program ") != 6 {
		t.Errorf("the demo says %s, want 5 addresses and 6 commands", said)
	}

	for _, a := range addresses {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a[1], nil)
		if err != nil {
			t.Fatal(err)
		}

		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}

		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s answers %s %s, want 200 and a page of HTML", a[1], resp.Status,
				resp.Header.Get("Content-Type"))
		}
	}
}

// Whatever name one of the demo's videos goes by on Frame.io, its picture is one of it.
func TestPictures(t *testing.T) {
	t.Parallel()
	stage, err := demo.Start(t.Context(), demo.Options{Log: slog.New(slog.DiscardHandler), AnyPort: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Stop() //nolint:errcheck // a test
	if err := stage.Connect(t.Context(), "josh"); err != nil {
		t.Fatal(err)
	}

	film, err := os.ReadFile("media/making_of.mov")
	if err != nil {
		t.Fatal(err)
	}

	names := stage.Names()
	for id, want := range map[string]string{
		names["MAKING"]: "image/jpeg", names["TEASER"]: "image/jpeg", names["POSTER"]: "image/jpeg",
		stage.Frameio.AddFile(names["ROOT"], "Pushed.mov", frameiosim.Bytes(film)):                "image/jpeg",
		stage.Frameio.AddFile(names["ROOT"], "Uploaded.mov", frameiosim.Bytes([]byte("no film"))): "image/png",
	} {
		resp, err := http.Get(stage.FrameioURL + "/_sim/face/assets/" + id)
		if err != nil {
			t.Fatal(err)
		}

		var view struct {
			Versions []struct{ Name, Thumb, Play string }
		}

		if err := errors.Join(json.NewDecoder(resp.Body).Decode(&view), resp.Body.Close()); err != nil {
			t.Fatal(err)
		}

		shown := view.Versions[0]
		picture, err := http.Get(stage.FrameioURL + shown.Thumb)
		if err != nil {
			t.Fatal(err)
		}

		_ = picture.Body.Close()
		if got := picture.Header.Get("Content-Type"); got != want {
			t.Errorf("the picture of %s is %s, want %s", shown.Name, got, want)
		}

		if shown.Play == "" {
			t.Errorf("%s does not play, want something that does", shown.Name)
		}
	}
}

// The story holds, and the guide ticks what it shows as it happens.
func TestStory(t *testing.T) {
	t.Parallel()
	stage, err := demo.Start(t.Context(), demo.Options{Log: slog.New(slog.DiscardHandler), AnyPort: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Stop() //nolint:errcheck // a test
	ticks := map[string]string{
		"bind":              "bind",
		"document":          "arrive",
		"sync":              "sync",
		"refresh-unchanged": "refresh",
		"unbind":            "unbind",
	}

	err = stage.Tell(t.Context(), func(s demo.Step) {
		all, err := stage.Tasks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range all {
			if task.Name == ticks[s.Name] && !task.Done {
				t.Errorf("after %s the guide has not ticked %s, want it done", s.Name, task.Name)
			}
		}
		delete(ticks, s.Name)
	})
	if err != nil || len(ticks) > 0 {
		t.Errorf("the story: got %v, and not told are %v; want all of it", err, ticks)
	}
}
