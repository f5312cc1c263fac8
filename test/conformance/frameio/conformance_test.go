package frameio_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/conformance"
	conf "github.com/nuxeo-frameio/nuxeo-frameio/test/conformance/frameio"
)

const fetched = "fetched from elsewhere"

// simulated is a world in a simulated Frame.io.
func simulated(t *testing.T, opt frameiosim.Options, manages bool) *conf.World {
	t.Helper()
	sim, err := frameiosim.New(opt)
	if err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(sim)
	t.Cleanup(func() { server.Close(); _ = sim.Close() })
	sim.SetURL(server.URL)
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, fetched)
	}))

	t.Cleanup(source.Close)
	owner := sim.AddPerson("Olga Owner", "olga@example.org")
	account := sim.AddAccount("Studio", owner)
	project, _ := sim.AddProject(sim.AddWorkspace(account, "Features"), "Film")
	w, err := conf.Prepare(t.Context(), conf.Setup{
		URL: server.URL, Token: sim.AccessToken(owner), Account: account, ProjectID: project, Prefix: "c0ffee",
		Source: source.URL + "/x.txt", SourceText: fetched, Manages: manages,
	})
	if err != nil {
		t.Fatal(err)
	}

	return w
}

func TestSimulatorHolds(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]frameiosim.Options{
		"as documented": {}, "full links": {NextLinkFull: true}, "bare options": {SelectAsBareIDs: true},
		"first frame is 1": {CommentFrameBase: 1}, "numbers as text": {MetadataAsText: true},
		"no audit log": {AuditRefused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := simulated(t, opt, true)
			results := w.Run(t.Context(), conf.Cases(), nil)
			for _, r := range results {
				if r.Outcome != conformance.Holds {
					t.Errorf("%s: %s: got %s, want holds\n\t%s", r.Name, r.What, r.Outcome,
						strings.Join(r.Notes, "\n\t"))
				}
			}

			if err := w.Close(t.Context()); err != nil {
				t.Errorf("what was made is not removed: %v", err)
			}

			if left, err := conf.Left(t.Context(), w.Setup); err != nil || len(left) != 0 {
				t.Errorf("left %v, %v, want nothing", left, err)
			}
		})
	}
}

func TestWithoutTheRightToManage(t *testing.T) {
	t.Parallel()
	w := simulated(t, frameiosim.Options{}, false)
	cases := conf.Cases()
	for i, r := range w.Run(t.Context(), cases, nil) {
		if tried := r.Outcome != conformance.NotTried; tried == cases[i].Admin {
			t.Errorf("%s: got %s, want it tried: %t", r.Name, r.Outcome, !cases[i].Admin)
		}
	}
}

// TestMethodsAreNamed sees that each method of the client which makes a call is named by
// a case, and that cases name nothing else.
func TestMethodsAreNamed(t *testing.T) {
	t.Parallel()
	calls, err := conformance.Calls("../../../frameio/v4", "Client")
	if err != nil {
		t.Fatal(err)
	}

	named, seen := map[string]bool{}, map[string]bool{}
	for _, k := range conf.Cases() {
		if seen[k.Name] || k.What == "" || k.Why == "" || k.Source == "" || len(k.Uses) == 0 {
			t.Errorf("case %s: got it twice or with an empty field, want it once and complete", k.Name)
		}
		seen[k.Name] = true
		for _, use := range k.Uses {
			named[use] = true
			if !slices.Contains(calls, use) {
				t.Errorf("case %s: got %s, want the name of a call", k.Name, use)
			}
		}
	}

	for _, call := range calls {
		if !named[call] {
			t.Errorf("the cases that name %s: got none, want one", call)
		}
	}

	if len(seen) < 50 || len(calls) < 30 {
		t.Errorf("%d cases for %d methods, want at least 50 for 30", len(seen), len(calls))
	}
}
