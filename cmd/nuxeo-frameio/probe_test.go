package main

import (
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/conformance"
	cases "github.com/nuxeo-frameio/nuxeo-frameio/test/conformance/nuxeo"
)

// A server that differs is warned of with what helps; what kind of server it is, is said.
func TestFindingsOfAProbe(t *testing.T) {
	t.Parallel()
	r := conformance.Result{
		Name:    "ranges",
		What:    "Ranges come.",
		Why:     "Transfers go on.",
		Helps:   "Set it.",
		Outcome: conformance.Differs,
		Notes:   []string{"200"},
	}

	want := doctor.Finding{
		Name:   "ranges",
		Mark:   doctor.Warning,
		Detail: "not so: Ranges come. What came: 200. Transfers go on.",
		Remedy: "Set it.",
	}

	if got := finding(r); got != want {
		t.Errorf("a case that differs is %+v, want %+v", got, want)
	}

	r.Outcome, r.Notes, r.Kinds = conformance.Holds, nil, []string{"one", "two"}
	if got := finding(r); got.Mark != doctor.OK || got.Remedy != "" || got.Detail != "Ranges come. Here: one; two." {
		t.Errorf("a case that holds is %+v, want it ok, with the kinds of server", got)
	}

	r.Outcome, r.Notes = conformance.NotTried, []string{"no time"}
	if got := finding(r); got.Mark != doctor.Skipped || got.Detail != "no time" {
		t.Errorf("a case that was not tried is %+v, want it skipped, with the reason", got)
	}
}

// What is tried touches nobody else.
func TestProbesNeedNobody(t *testing.T) {
	t.Parallel()
	all := cases.Probes()
	if len(all) < 20 {
		t.Errorf("there are %d probes, want at least 20", len(all))
	}

	for _, k := range all {
		if k.Admin || strings.Contains(k.Name, "password") {
			t.Errorf("the probe %s needs an administrator, or tries passwords; want neither", k.Name)
		}
	}
}
