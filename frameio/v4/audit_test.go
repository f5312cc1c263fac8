package v4_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

func TestAuditLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	elsewhere := w.sim.AddWorkspace(w.account, "Other")
	_, other := w.sim.AddProject(elsewhere, "Other")
	w.sim.AddFolder(other, "not ours")
	for i := range 150 {
		w.sim.AddFolder(w.root, strconv.Itoa(i))
	}

	file := w.sim.AddFile(w.root, "a.mov", w.sim.Pattern(1, 10), frameiosim.NotUploadedYet())
	seen, last := 0, time.Now().Add(time.Hour)
	for e, err := range w.AuditLog(t.Context(), w.account, w.workspace, time.Now()) {
		if err != nil {
			t.Fatal(err)
		}

		if seen == 0 && (e.Type != "asset_created" || e.Resource != file || e.ResourceKind != "asset" ||
			e.Project != w.film) {
			t.Errorf("the newest entry is %+v, want asset_created of the asset %s in %s", e, file, w.film)
		}

		if e.Workspace != w.workspace || !e.At.Before(last) {
			t.Errorf("%+v comes after %s, want entries of %s, the newest first", e, last, w.workspace)
		}

		seen, last = seen+1, e.At
	}

	if calls := w.sim.Calls("auditlog.index"); seen != 151 || calls != 2 {
		t.Errorf("%d events by %d calls, want 151 by 2", seen, calls)
	}

	for range w.AuditLog(t.Context(), w.account, w.workspace, time.Now()) {
		break // asks for no second page
	}

	if calls := w.sim.Calls("auditlog.index"); calls != 3 {
		t.Errorf("%d calls, want 3", calls)
	}
}

func TestAuditLogIsNotForEverybody(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *frameiosim.Options) { o.AuditRefused = true })
	for _, err := range w.AuditLog(t.Context(), w.account, w.workspace, time.Now()) {
		if v4.StatusOf(err) != http.StatusForbidden {
			t.Errorf("reading the log that is refused: got %v, want 403", err)
		}
	}
}
