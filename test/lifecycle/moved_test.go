package lifecycle

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// asked is the status and the text of an address of the connector.
func asked(t *testing.T, address string) (int, string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}

	return resp.StatusCode, string(body)
}

// A database that comes up under another public address does nothing until somebody
// says that it has moved.
func TestADatabaseElsewhereIsHeld(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := add(b, "film.mov", "first")
	home := b.Config.PublicURL

	b.Stop()
	b.Config.PublicURL = "http://copy.example:8090"
	b.Start()
	for _, path := range []string{"/readyz", "/", "/administration", "/signin", "/api/v1/about", "/api/v1/items"} {
		status, text := asked(t, home+path)
		if status != http.StatusServiceUnavailable || !strings.Contains(text, home) ||
			!strings.Contains(text, "http://copy.example:8090") {
			t.Errorf("%s at another address answers %d %s, want 503 and both addresses in it", path, status, text)
		}
	}

	if status, _ := asked(t, home+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz answers %d, want 200", status)
	}

	b.Frameio.ExpireAccess(b.Josh)
	refreshed := b.Frameio.TokenRefreshes()
	josh, err := b.App.Identity.Frameio(t.Context(), "josh")
	if err != nil {
		t.Fatal(err)
	}

	if _, err := josh.Me(t.Context()); !fault.Is(err, fault.NotReady) {
		t.Errorf("acting for josh: got %v, want not ready, since no token is renewed", err)
	}

	b.Run(b.Josh, file) // it is taken, and waits
	if list, _, err := b.App.Engine.Items(t.Context(), testenv.Viewer, work.Filter{Kind: "publish"}); err != nil ||
		len(list) != 1 || list[0].Generation != 1 {
		t.Errorf("the items that publish: %+v, %v; want one that is not begun", list, err)
	}

	if nodes, err := b.App.Engine.Nodes(t.Context()); err != nil || len(nodes) != 0 {
		t.Errorf("the nodes that work: %+v, %v; want none", nodes, err)
	}

	if n := b.Frameio.TokenRefreshes(); n != refreshed {
		t.Errorf("%d tokens were renewed, want none", n-refreshed)
	}

	if err := b.App.Home.Adopt(t.Context(), b.App.Audit); err != nil {
		t.Fatal(err)
	}

	if status, text := asked(t, home+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz answers %d %s, want 200", status, text)
	}

	b.AllDone()
	b.Check(one("first"))
}
