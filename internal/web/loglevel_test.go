package web_test

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/loglevel"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// An administrator has the node that answers log more for a while; the audit tells who did.
func TestLogLevelForAWhile(t *testing.T) {
	t.Parallel()
	clock, log := new(testenv.Clock), new(journal)
	f := open(t, testenv.World(func(w *app.World) {
		w.Now = clock.Now
		w.Level = loglevel.New(slog.LevelInfo, clock.Now)
		w.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: w.Level}))
		w.Node = "node-one"
	}))
	ctx, session := t.Context(), f.SignIn("Administrator")
	admin := f.as(session)
	chatty := func() bool {
		before := strings.Count(log.String(), "level=DEBUG")
		f.get("/api/v1/about", "")
		return strings.Count(log.String(), "level=DEBUG") > before
	}

	got := answered(admin.GetLogLevel(ctx))(t)
	if got.Node != "node-one" || got.Level != api.Info || got.Configured != api.Info || got.Until != nil || chatty() {
		t.Errorf("the level at first: got %s, want info, as configured, on node-one", shown(got))
	}

	got = answered(admin.SetLogLevel(ctx, api.SetLogLevelJSONRequestBody{Level: api.Debug}))(t)
	if got.Level != api.Debug || got.Until == nil || got.Until.Sub(clock.Now()).Round(time.Minute) != 15*time.Minute {
		t.Errorf("debug: got %s, want it for a quarter of an hour", shown(got))
	}

	if !chatty() {
		t.Errorf("the log at debug: got no line of a request, want one:\n%s", log)
	}

	clock.Move(16 * time.Minute)
	if got := answered(admin.GetLogLevel(ctx))(t); got.Level != api.Info || got.Until != nil || chatty() {
		t.Errorf("after a quarter of an hour: got %s, want info again", shown(got))
	}

	for _, body := range []string{
		`{"level":"loud"}`, `{"level":"debug","for_seconds":0}`, `{}`,
		`{"level":"debug","for_seconds":86401}`,
	} {
		f.send(request{method: http.MethodPut, path: "/api/v1/log-level", body: body, session: session}).
			refused(t, http.StatusBadRequest, "invalid")
	}

	entries := answered(admin.ListAudit(ctx, &api.ListAuditParams{What: ptr("log-level-changed")}))(t).Entries
	if !slices.ContainsFunc(entries, func(e api.AuditEntry) bool {
		return *e.Who == "Administrator" && *e.About == "node-one" && *e.Detail == "debug for 15m"
	}) || len(entries) != 1 {
		t.Errorf("the audit: got %s, want that Administrator set node-one to debug, and nothing of what was refused",
			shown(entries))
	}
}

func TestALogWithOneLevel(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.get("/api/v1/log-level", f.SignIn("Administrator")).refused(t, http.StatusUnprocessableEntity, "refused")
}
