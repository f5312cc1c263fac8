package web

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
	if resp, err := josh.ListAuditWithResponse(ctx, nil); err != nil || resp.StatusCode() != http.StatusForbidden {
		t.Errorf("josh reads the audit: %v %v", resp.Status(), err)
	}

	made := f.Bind("Publish")
	must(t, func(r *api.PauseResponse) bool {
		return r.JSON200 != nil
	})(admin.PauseWithResponse(ctx, api.PauseJSONRequestBody{}))

	must(t, func(r *api.ResumeResponse) bool { return r.JSON200 != nil })(admin.ResumeWithResponse(ctx))
	must(t, func(r *api.UnbindResponse) bool { return r.JSON202 != nil })(josh.UnbindWithResponse(ctx, made.ID, nil))
	must(t, func(r *api.DisconnectResponse) bool {
		return r.StatusCode() == http.StatusNoContent
	})(josh.DisconnectWithResponse(ctx))

	must(t, func(r *api.RevokeResponse) bool { return r.JSON200 != nil })(admin.RevokeWithResponse(ctx, "julia"))
	must(t, func(r *api.LiftResponse) bool {
		return r.StatusCode() == http.StatusNoContent
	})(admin.LiftWithResponse(ctx, "julia", api.LiftJSONRequestBody{}))

	must(t, func(r *api.DeleteProviderResponse) bool {
		return r.StatusCode() == http.StatusNoContent
	})(admin.DeleteProviderWithResponse(ctx))

	for range 3 {
		if resp, err := admin.SignInWithResponse(ctx, api.SignInJSONRequestBody{NuxeoToken: "made up"}); err != nil ||
			resp.StatusCode() != http.StatusUnauthorized {
			t.Errorf("a made-up token: %v %v", resp.Status(), err)
		}
	}

	f.Restart() // what was counted is written at the end

	list := must(t, func(r *api.ListAuditResponse) bool {
		return r.JSON200 != nil
	})(admin.ListAuditWithResponse(ctx, nil)).JSON200.Entries

	var got []string
	for _, e := range list {
		line := strings.Join([]string{deref(e.Who), e.What, deref(e.About)}, " ")
		got = append(got, line)
		if strings.HasPrefix(line, "Administrator") && e.What != "signed-in" && deref(e.Address) != "127.0.0.1" {
			t.Errorf("%s comes from %q", line, deref(e.Address))
		}
	}

	for _, want := range []string{
		"Administrator provider-changed frameio", "Administrator lifted julia", "Administrator revoked julia",
		"josh disconnected ",
		"josh unbound " + made.FolderPath, "Administrator resumed ", "Administrator paused ",
		"josh bound " + made.FolderPath, "josh signed-in ", " sign-in-failed ",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not in the audit:\n%s", want, strings.Join(got, "\n"))
		}
	}

	found := must(t, func(r *api.VerifyAuditResponse) bool {
		return r.JSON200 != nil
	})(admin.VerifyAuditWithResponse(ctx)).JSON200
	if found.Entries < len(list) || len(found.Problems) > 0 {
		t.Errorf("%+v", found)
	}
}
