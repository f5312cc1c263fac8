package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

func TestWhatARefreshWouldDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sign string
		acts []api.SyncAct
		want string
	}{
		{"+", []api.SyncAct{api.SyncActCreate}, "create"},
		{"+", []api.SyncAct{api.SyncActReturn, api.SyncActMove}, "create"},
		{"*", []api.SyncAct{api.SyncActWait}, "waiting"},
		{"-", []api.SyncAct{api.SyncActGone}, "gone"},
		{"!", []api.SyncAct{api.SyncActUpdate}, "failed"},
		{"!", []api.SyncAct{api.SyncActCreate}, "failed"},
		{"!", []api.SyncAct{api.SyncActConflict}, "conflict"},
		{"*", []api.SyncAct{api.SyncActConflict}, "conflict"},
		{"*", []api.SyncAct{api.SyncActPart}, "part"},
		{"*", []api.SyncAct{api.SyncActUpdate, api.SyncActRename}, "update"},
		{"*", []api.SyncAct{api.SyncActRename, api.SyncActMove}, "move"},
		{"*", []api.SyncAct{api.SyncActLeft}, "left"},
	} {
		if got := groupOf(api.SyncDifference{Sign: api.SyncDifferenceSign(c.sign), Acts: c.acts}); got != c.want {
			t.Errorf("%s %v is %s, want %s", c.sign, c.acts, got, c.want)
		}
	}
}

func TestAPlanIsShown(t *testing.T) {
	t.Parallel()
	var all []api.SyncDifference
	for i := range 12 {
		all = append(all, api.SyncDifference{
			Sign: "+",
			Name: fmt.Sprintf("%d.mov", i),
			What: "not in Nuxeo",
			Acts: []api.SyncAct{api.SyncActCreate},
		})
	}

	all = append(all, api.SyncDifference{
		Sign: "-",
		Kind: "folder",
		Name: "Old",
		What: "not on Frame.io",
		Acts: []api.SyncAct{api.SyncActGone},
	}, api.SyncDifference{Sign: "*", Name: "mine", What: "changed in Nuxeo", Acts: []api.SyncAct{api.SyncActLeft}})

	s := api.Sync{Gone: api.SyncGoneTrash, Last: &api.SyncRun{}}
	p := sorted(s, all)
	for every, want := range map[bool]string{
		false: "  … and 2 more; --all shows them.\n1 gone on Frame.io; their documents go into the trash:\n  - Old/\n",
		true:  "  + 11.mov\n1 gone",
	} {
		var out strings.Builder
		if err := (&syncPlan{All: every}).show(&terminal{out: &out}, s, p); err != nil ||
			!strings.Contains(out.String(), want) || !strings.Contains(out.String(), "12 to be brought") {
			t.Errorf("the plan in full %v: %v, %s; want %q and 12 to be brought", every, err, out.String(), want)
		}
	}

	if p.work() != 13 {
		t.Errorf("%d pieces of work, want 13", p.work())
	}
}
