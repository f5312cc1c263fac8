package web_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// withJobs is a connector on the job library, as in production.
var withJobs = testenv.World(func(w *app.World) {
	w.Queue = func(db *store.DB) work.Queue {
		q, err := work.NewRiver(db, "console", 4, time.Hour, slog.New(slog.DiscardHandler))
		if err != nil {
			panic(err)
		}
		return q
	}
})

const console = "/administration/jobs/console"

var assets = regexp.MustCompile(`(?:src|href)="([^"]+)"`)

func TestConsoleShowsJobsToAdministrators(t *testing.T) {
	t.Parallel()
	f := open(t, withJobs)
	f.Bind("Publish")
	f.Published(f.Josh, f.file("Cut.mov", 100))
	admin, josh := f.SignIn("Administrator"), f.SignIn("josh")
	get := func(path, cookie string) answer {
		return f.send(request{method: http.MethodGet, path: console + path, cookie: cookie})
	}

	page := get("/", admin)
	if page.status != http.StatusOK || !strings.Contains(page.header.Get("Content-Security-Policy"),
		"script-src 'self'; style-src 'self';") ||
		strings.Contains(page.header.Get("Content-Security-Policy"), "unsafe") {
		t.Fatalf("the console answers %d %v, want 200 and a policy that allows scripts and styles of ours only",
			page.status, page.header)
	}

	for _, m := range assets.FindAllStringSubmatch(page.body, -1) {
		if a := f.send(request{method: http.MethodGet, path: m[1], cookie: admin}); a.status != http.StatusOK {
			t.Errorf("%s: answered with %d, want 200", m[1], a.status)
		}
		if a := f.send(request{method: http.MethodGet, path: m[1], cookie: josh}); a.status != http.StatusForbidden {
			t.Errorf("%s by josh: answered with %d, want 403", m[1], a.status)
		}
	}

	var jobs struct {
		Data []struct {
			ID    int64
			State string
		}
	}

	// the library marks jobs as done later
	for deadline := time.Now().Add(2 * time.Minute); len(jobs.Data) == 0; time.Sleep(10 * time.Millisecond) {
		list := get("/api/jobs?limit=20&state=completed", admin)
		if err := json.Unmarshal([]byte(list.body), &jobs); err != nil || time.Now().After(deadline) {
			t.Fatalf("no job is shown as completed: %d %s, %v; want one within two minutes", list.status, list.body,
				err)
		}
	}

	for _, path := range []string{
		"/api/states", "/api/queues", "/api/features",
		"/api/jobs/" + fmt.Sprint(jobs.Data[0].ID),
	} {
		if a := get(path, admin); a.status != http.StatusOK {
			t.Errorf("%s: answered with %d %s, want 200", path, a.status, a.body)
		}
	}

	for _, path := range []string{"/", "/api/jobs", "/api/jobs/" + fmt.Sprint(jobs.Data[0].ID), "/robots.txt"} {
		for who, cookie := range map[string]string{"nobody": "", "josh": josh} {
			if a := get(path, cookie); a.status != http.StatusUnauthorized && a.status != http.StatusForbidden {
				t.Errorf("%s by %s: answered with %d, want 401 or 403", path, who, a.status)
			}
		}
		if a := f.get(console+path, admin); a.status != http.StatusForbidden {
			t.Errorf("%s by a program: answered with %d, want 403", path, a.status)
		}
	}

	if a := get("/", ""); !strings.Contains(a.body, `href="/signin?return=%2Fadministration%2Fjobs%2Fconsole%2F"`) {
		t.Errorf("who is not signed in is not led there, want a link to the sign-in: %s", a.body)
	}

	if a := f.send(request{
		method: http.MethodGet,
		path:   "/oauth/frameio/callback?code=hidden&state=x",
	}); strings.Contains(a.body, "hidden") {
		t.Errorf("a page of a sign-in repeats its code, want nothing of it: %s", a.body)
	}

	f.onlyShows(admin, fmt.Sprint(jobs.Data[0].ID))
}

// onlyShows tries everything that the console could do.
func (f *face) onlyShows(admin, id string) {
	f.T.Helper()
	own := http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {f.Config.PublicURL}}
	for _, path := range []string{
		"/api/jobs/cancel", "/api/jobs/delete", "/api/jobs/retry",
		"/api/queues/default/pause", "/api/queues/default/resume", "/api/queues/default",
	} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, "get"} {
			a := f.send(request{
				method: method,
				path:   console + path,
				cookie: admin,
				header: own,
				body:   `{"ids":["` + id + `"],"id":"` + id + `"}`,
			})
			if a.status < 400 {
				f.T.Errorf("%s %s: answered with %d %s, want it refused", method, path, a.status, a.body)
			}
		}
	}

	if a := f.send(request{
		method: http.MethodGet,
		path:   console + "/api/jobs/" + id,
		cookie: admin,
	}); a.status != http.StatusOK {
		f.T.Errorf("looking at the job afterwards: answered with %d, want 200", a.status)
	}
}
