package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

func TestWhatARefreshWouldDo(t *testing.T) {
	t.Parallel()
	keeping, replacing := api.Sync{Conflicts: api.SyncConflictsNuxeo}, api.Sync{Conflicts: api.SyncConflictsFrameio}
	for _, c := range []struct {
		sync       api.Sync
		sign, what string
		failed     bool
		want       string
	}{
		{keeping, "+", "not in Nuxeo", false, "create"},
		{keeping, "+", "still being uploaded to Frame.io", false, "waiting"},
		{keeping, "*", "empty on Frame.io", false, "waiting"},
		{keeping, "-", "not on Frame.io", false, "gone"},
		{keeping, "!", "locked by julia", true, "failed"},
		{keeping, "!", "both changed", false, "conflict"},
		{keeping, "*", "changed on Frame.io", false, "update"},
		{keeping, "*", "changed on Frame.io, renamed in Nuxeo", false, "update"},
		{keeping, "*", "changed on Frame.io, changed in Nuxeo", false, "conflict"},
		{replacing, "*", "changed on Frame.io, changed in Nuxeo", false, "update"},
		{keeping, "*", "renamed on Frame.io", false, "move"},
		{keeping, "*", "renamed on Frame.io, moved on Frame.io", false, "move"},
		{keeping, "*", "renamed on Frame.io, changed on Frame.io", false, "update"},
		{keeping, "*", "moved on Frame.io, changed in Nuxeo", false, "move"},
		{keeping, "*", "missing in Nuxeo", false, "left"},
		{keeping, "*", "changed in Nuxeo", false, "left"},
	} {
		if got := fateOf(c.sync, api.SyncDifference{Sign: api.SyncDifferenceSign(c.sign), What: c.what}, c.failed); got != c.want {
			t.Errorf("%s %s is %s, not %s", c.sign, c.what, got, c.want)
		}
	}
}

func TestAPlanIsShown(t *testing.T) {
	t.Parallel()
	var all []api.SyncDifference
	for i := range 12 {
		all = append(all, api.SyncDifference{Sign: "+", Name: fmt.Sprintf("%d.mov", i), What: "not in Nuxeo"})
	}
	all = append(all, api.SyncDifference{Sign: "-", Kind: "folder", Name: "Old", What: "not on Frame.io"}, api.SyncDifference{Sign: "*", Name: "mine", What: "changed in Nuxeo"})
	s := api.Sync{Gone: api.SyncGoneTrash, Last: &api.SyncRun{}}
	p := sorted(s, all, nil)
	for every, want := range map[bool]string{false: "  … and 2 more; --all shows them.\n1 gone on Frame.io; their documents go into the trash:\n  - Old/\n", true: "  + 11.mov\n1 gone"} {
		var out strings.Builder
		if err := (&syncPlan{All: every}).show(&terminal{out: &out}, s, p); err != nil || !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "12 to be brought") {
			t.Errorf("%v: %s", err, out.String())
		}
	}
	if p.work() != 13 {
		t.Errorf("%d", p.work())
	}
}
