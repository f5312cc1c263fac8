package frameiosim

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// audit asks for the audit log.
func (w *world) audit(query string) *reply {
	w.t.Helper()
	req, err := http.NewRequest(http.MethodGet, w.web.URL+w.acc+"/audit_logs"+
		strings.NewReplacer("[", "%5B", "]", "%5D").Replace(query), nil)
	if err != nil {
		w.t.Fatal(err)
	}

	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("api-version", "4.0")
	return w.do(req)
}

// read gives "event resource" of what the log has, newest first.
func (r *reply) read() (out []string) {
	for _, e := range r.want(200).items() {
		out = append(out, fmt.Sprintf("%v %v", e["event_type"], e["resource_id"]))
	}
	return out
}

func TestTheAuditLogTellsWhatPeopleDid(t *testing.T) {
	t.Parallel()
	w := setup(t)
	folder := w.sim.AddFolder(w.root, "In")
	a := w.sim.AddFile(w.root, "a.mov", Bytes([]byte("a")))
	b := w.sim.AddFile(w.root, "b.mov", Bytes([]byte("b")))
	w.sim.Rename(a, "c.mov")
	w.sim.Move(a, folder)
	w.sim.Move(a, w.root)
	stack := w.sim.Stack(a, b)
	w.sim.Move(a, folder)
	w.sim.SetStatus(b, "Approved")
	w.sim.AddField(w.account, "Scene", "text")
	w.sim.SetMetadata(a, "Scene", "1")
	w.sim.SetMetadata(a, "Scene", "2")
	k := w.sim.AddComment(b, CommentSpec{Text: "hm"})
	w.sim.EditComment(k, "hm!")
	w.sim.CompleteComment(k, true)
	w.sim.CompleteComment(k, false)
	w.sim.DeleteComment(k)
	w.sim.Delete(a)
	want := []string{
		"asset_deleted " + a, "comment_deleted " + k, "comment_uncompleted " + k, "comment_completed " + k,
		"comment_updated " + k, "comment_created " + k,
		"metadata_value_updated " + a, "asset_metadata_created " + a, "asset_status_changed " + b, "asset_moved " + a,
		"assets_unversioned " + stack,
		"asset_versioned " + b, "asset_versioned " + a, "asset_moved " + a, "asset_moved " + a, "asset_updated " + a,
		"file_uploaded " + b, "asset_created " + b, "file_uploaded " + a, "asset_created " + a,
		"asset_created " + folder,
	}

	if got := w.audit("").read(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	if got := w.audit("?filters[event_type]=asset_moved&filters[resource_id]=" + a).read(); len(got) != 3 {
		t.Errorf("what happened to the moved file is told as %v, want 3 lines", got)
	}
}

func TestTheAuditLogInPages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 5 {
		w.sim.AddFolder(w.root, fmt.Sprint(i))
	}

	all := w.audit("").read()
	first := w.audit("?page_size=2&include_total_count=true")
	got := first.read()
	if first.JSON["total_count"] != 5.0 {
		t.Errorf("the total is %v, want 5", first.JSON["total_count"])
	}

	w.sim.AddFolder(w.root, "between") // shifts nothing
	for r := first; ; {
		next, _ := r.JSON["links"].(map[string]any)["next"].(string)
		if next == "" {
			break
		}
		u, err := url.Parse(next)
		if err != nil {
			t.Fatal(err)
		}
		r = w.audit("?page_size=2&after=" + u.Query().Get("after"))
		got = append(got, r.read()...)
	}

	if strings.Join(got, " ") != strings.Join(all, " ") {
		t.Errorf("%v, want %v", got, all)
	}
}

func TestWhoReadsTheAuditLog(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use, func(o *Options) {
		o.AuditDelay = func(n int) time.Duration { return time.Duration(n) * time.Minute }
	})

	w.sim.AddFolder(w.root, "a")
	if got := w.audit("").read(); len(got) != 0 {
		t.Errorf("the log at once: got %v, want nothing yet", got)
	}

	c.Add(61 * time.Second)
	if got := w.audit("").read(); len(got) != 1 {
		t.Errorf("the log after a minute: got %v, want one entry", got)
	}

	if got := w.audit("?filters[to_date]=" + c.Now().AddDate(0, 0, -1).Format(time.DateOnly)).read(); len(got) != 0 {
		t.Errorf("the log of another day: got %v, want nothing", got)
	}

	w.as(w.member).audit("").want(403)
	refusing := setup(t, func(o *Options) { o.AuditRefused = true })
	refusing.audit("").want(403)
}
