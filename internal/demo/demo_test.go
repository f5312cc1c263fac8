package demo_test

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
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
	addresses := regexp.MustCompile(`(?m)^  (?:Guide|Connector|Nuxeo|Frame\.io|Mail) +(http\S+)`).FindAllStringSubmatch(said, -1)
	if len(addresses) != 5 || strings.Count(said, "bin/program ") != 6 {
		t.Errorf("the demo says %s", said)
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
			t.Errorf("%s answers %s %s", a[1], resp.Status, resp.Header.Get("Content-Type"))
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
	ticks := map[string]string{"bind": "bind", "document": "arrive", "sync": "sync", "refresh-unchanged": "refresh", "unbind": "unbind"}
	err = stage.Tell(t.Context(), func(s demo.Step) {
		all, err := stage.Tasks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range all {
			if task.Name == ticks[s.Name] && !task.Done {
				t.Errorf("after %s the guide has not ticked %s", s.Name, task.Name)
			}
		}
		delete(ticks, s.Name)
	})
	if err != nil || len(ticks) > 0 {
		t.Errorf("%v; not told: %v", err, ticks)
	}
}
