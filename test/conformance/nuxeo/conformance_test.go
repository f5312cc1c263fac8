package nuxeo_test

import (
	"bytes"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/conformance"
	conf "github.com/nuxeo-frameio/nuxeo-frameio/test/conformance/nuxeo"
)

const secret = "conformance-conformance-conformance-conformance-conformance-12345"

// pack builds the package once.
var pack = sync.OnceValues(func() ([]byte, error) {
	var zip bytes.Buffer
	err := addon.Build(&zip, "1.0.0")
	return zip.Bytes(), err
})

// simulated is a world on a simulated server with the package.
func simulated(t *testing.T, opt nuxeosim.Options, login string) *conf.World {
	t.Helper()
	opt.JWTSecret = secret
	sim, err := nuxeosim.New(opt)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = sim.Close() })
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	sim.SetURL(server.URL + "/nuxeo")
	if login != "Administrator" {
		sim.SetACL("/default-domain/workspaces", login, "ReadWrite", true)
	}

	zip, err := pack()
	if err != nil {
		t.Fatal(err)
	}

	if err := sim.InstallPackage(zip); err != nil {
		t.Fatal(err)
	}

	w, err := conf.Prepare(t.Context(), conf.Setup{
		URL:       server.URL + "/nuxeo",
		Login:     login,
		Password:  login,
		Prefix:    "c0ffee",
		JWTSecret: secret,
	})
	if err != nil {
		t.Fatal(err)
	}

	return w
}

func report(t *testing.T, r conformance.Result) {
	t.Helper()
	t.Errorf("%s: %s: got %s, want holds\n\t%s", r.Name, r.What, r.Outcome, strings.Join(r.Notes, "\n\t"))
}

func TestSimulatorHolds(t *testing.T) {
	t.Parallel()
	w := simulated(t, nuxeosim.Options{}, "Administrator")
	results := w.Run(t.Context(), conf.Cases(), nil)
	for _, r := range results {
		if r.Outcome != conformance.Holds {
			report(t, r)
		}
	}

	if len(results) < 100 {
		t.Errorf("%d cases, want at least 100", len(results))
	}

	if err := w.Close(t.Context()); err != nil {
		t.Errorf("what was made is not removed: %v", err)
	}
}

// others are servers that are different and as real.
var others = map[string]nuxeosim.Options{
	"index":           {IndexLag: time.Second / 2},
	"direct-download": {DirectDownload: true},
	"sql":             {FacetDataStays: true},
	"2021":            {LTS: "2021"},
	"2025":            {LTS: "2025"},
	"no-digests":      {DigestAlgorithm: "none"},
	"files-for-pages": {FilesForBrowsers: true},
}

// elsewhere are the cases that do not hold on one of the others, which is what they are
// about.
var elsewhere = map[string][]string{
	"files-for-pages": {"file-is-read", "range-is-206", "unchanged-file-is-304", "no-content-is-no-file"},
}

func TestOthersHold(t *testing.T) {
	t.Parallel()
	for name, opt := range others {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := simulated(t, opt, "Administrator")
			for _, r := range w.Run(t.Context(), quick(), nil) {
				if r.Outcome == conformance.Differs && !slices.Contains(elsewhere[name], r.Name) {
					report(t, r)
				}
			}
		})
	}
}

// quick are the cases that wait for nothing.
func quick() []conf.Case {
	return slices.DeleteFunc(conf.Cases(), func(k conf.Case) bool {
		return strings.HasPrefix(k.Name, "facet-of-an-empty") || strings.HasPrefix(k.Name, "facet-after") ||
			strings.HasPrefix(k.Name, "background")
	})
}

func TestWithoutAdministrator(t *testing.T) {
	t.Parallel()
	w := simulated(t, nuxeosim.Options{}, "josh")
	count := map[conformance.Outcome]int{}
	cases := quick()
	for i, r := range w.Run(t.Context(), cases, nil) {
		count[r.Outcome]++
		want := conformance.Holds
		if cases[i].Admin {
			want = conformance.NotTried
		}
		if r.Outcome != want {
			report(t, r)
		}
	}

	if count[conformance.NotTried] == 0 || count[conformance.Holds] < 80 {
		t.Errorf("got %v, want some not tried and at least 80 that hold", count)
	}
}

// untruths name, for each switch, a case that must not hold with it.
var untruths = map[string]string{
	"TokenMovesAlways":          "change-token-moves-with-tokens-only",
	"UnknownConfigurationIs404": "unknown-configuration-is-204",
	"KeysAtOnce":                "",
	"CommentsAsWritten":         "",
	"AllCharacters":             "characters-are-removed",
	"PlusInNames":               "file-name-is-form-encoded",
	"TypesAsSent":               "type-of-octet-stream-is-guessed",
	"CommentPages":              "annotations-are-listed-whole",
	"CommentsStrangers":         "annotation-by-entity",
	"NobodySubscribed":          "",
	"FacetsAreWrites":           "facet-leaves-versions-alone",
	"AudienceWithoutSite":       "jwt-audience-is-below-site",
	"OldAccessLives":            "oauth-refresh-ends-the-old-tokens",
	"RefusalsAsJSON":            "wrong-password-is-401",
	"PlainStatuses":             "unknown-operation-is-405",
	"BareMessages":              "operation-on-nothing-is-404",
	"TrashAtOnce":               "untrash-brings-what-is-above",
	"TrashKeepsNames":           "trash-renames",
	"CleanNames":                "name-with-a-slash",
	"OrderOfCreation":           "",
	"CountedChildren":           "",
	"TokensLikePasswords":       "file-with-a-bad-token",
	"MailForAll":                "mail-is-for-administrators",
}

// TestUntruthsAreFound sees that each switch of the simulator makes its case differ, or
// at least that the case tells another kind of server.
func TestUntruthsAreFound(t *testing.T) {
	t.Parallel()
	for i := range reflect.TypeFor[nuxeosim.Untruths]().NumField() {
		field := reflect.TypeFor[nuxeosim.Untruths]().Field(i).Name
		name, known := untruths[field]
		if !known {
			t.Errorf("the cases named for the switch %s: got none, want one", field)
		}

		if name == "" {
			continue // servers may do either
		}

		t.Run(field, func(t *testing.T) {
			t.Parallel()
			var u nuxeosim.Untruths
			reflect.ValueOf(&u).Elem().FieldByName(field).SetBool(true)
			w := simulated(t, nuxeosim.Options{Untrue: &u}, "Administrator")
			w.Patience = time.Second / 2
			cases := slices.DeleteFunc(conf.Cases(), func(k conf.Case) bool { return k.Name != name })
			for _, r := range w.Run(t.Context(), cases, nil) {
				if r.Outcome != conformance.Differs {
					t.Errorf("%s with %s: got %s, want differs", name, field, r.Outcome)
				}
			}
		})
	}
}

// TestMethodsAreNamed sees that each method of the client which makes a call is named by
// a case, and that cases name nothing else.
func TestMethodsAreNamed(t *testing.T) {
	t.Parallel()
	calls, err := conformance.Calls("../../../nuxeo", "Client")
	if err != nil {
		t.Fatal(err)
	}

	if len(calls) < 40 {
		t.Errorf("the client has %d methods that call, want at least 40: %v", len(calls), calls)
	}

	named, names := map[string]bool{}, map[string]bool{}
	for _, k := range conf.Cases() {
		if names[k.Name] || k.What == "" || k.Why == "" || k.Source == "" || len(k.Uses) == 0 {
			t.Errorf("case %s: got it twice or with an empty field, want it once and complete", k.Name)
		}
		names[k.Name] = true
		for _, use := range k.Uses {
			named[use] = true
			if !strings.Contains(use, "/") && !slices.Contains(calls, use) {
				t.Errorf("case %s: got %s, want the name of a call", k.Name, use)
			}
		}
	}

	for _, call := range calls {
		if !named[call] {
			t.Errorf("the cases that name %s: got none, want one", call)
		}
	}
}
