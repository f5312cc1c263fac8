package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// What is done over the REST interface is in the audit, with who did it and from where.
func TestAuditOfTheRESTInterface(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	josh, admin := f.as(f.SignIn("josh")), f.as(f.SignIn("Administrator"))
	if _, err := josh.ListAudit(ctx, nil); api.StatusOf(err) != http.StatusForbidden {
		t.Errorf("josh reads the audit log: got %v, want 403", err)
	}

	made := f.Bind("Publish")
	answered(admin.Pause(ctx, api.PauseJSONRequestBody{}))(t)

	answered(admin.Resume(ctx))(t)
	answered(josh.Unbind(ctx, made.ID, nil))(t)
	accepted(t, josh.Disconnect(ctx))

	answered(admin.Revoke(ctx, "julia"))(t)
	accepted(t, admin.Lift(ctx, "julia", api.LiftJSONRequestBody{}))

	accepted(t, admin.DeleteProvider(ctx))

	for range 3 {
		_, err := admin.SignIn(ctx, api.SignInJSONRequestBody{NuxeoToken: "made up"})
		if api.StatusOf(err) != http.StatusUnauthorized {
			t.Errorf("signing in with a made-up token: got %v, want 401", err)
		}
	}

	f.Restart() // what was counted is written at the end

	list := answered(admin.ListAudit(ctx, nil))(t).Entries

	var got []string
	for _, e := range list {
		line := strings.Join([]string{deref(e.Who), e.What, deref(e.About)}, " ")
		got = append(got, line)
		if strings.HasPrefix(line, "Administrator") && e.What != "signed-in" && deref(e.Address) != "127.0.0.1" {
			t.Errorf("%s comes from %q, want 127.0.0.1", line, deref(e.Address))
		}
	}

	for _, want := range []string{
		"Administrator provider-changed frameio", "Administrator lifted julia", "Administrator revoked julia",
		"josh disconnected ",
		"josh unbound " + made.FolderPath, "Administrator resumed ", "Administrator paused ",
		"josh bound " + made.FolderPath, "josh signed-in ", " sign-in-failed ",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not in the audit log, want it there:\n%s", want, strings.Join(got, "\n"))
		}
	}

	found := answered(admin.VerifyAudit(ctx))(t)
	if found.Entries < len(list) || len(found.Problems) > 0 {
		t.Errorf("the verification finds %s, want at least %d entries and no problems", shown(found), len(list))
	}
}
