package frameiosim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

func (w *world) post(path string, body any) map[string]any {
	w.t.Helper()
	return w.call("POST", "/_sim/"+path, body).want(200).JSON
}

func TestAdminSeeds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	folder := w.post("folders", object{"parent_id": w.root, "name": "In"})["id"].(string)
	a := w.post("files", object{
		"folder_id": folder,
		"name":      "a.mp4",
		"size":      1000,
		"seed":      4,
		"fps":       25,
		"status":    "Approved",
	})["id"].(string)

	b := w.post("files", object{"folder_id": folder, "name": "b.mp4", "size": 10})["id"].(string)
	if got := w.fetch(w.original(a)).want(200).Raw; len(got) != 1000 || !pattern.New(4, 1000).Matches(got, 0) {
		t.Errorf("the original has %d bytes or others, want the 1000 of the pattern", len(got))
	}

	comment := w.post("comment", object{"file_id": a, "text": "guest", "timestamp": 3})["id"]
	if got := w.sim.Comments(a); len(got) != 1 || got[0].ID != comment || w.sim.Status(a) != "Approved" {
		t.Errorf("the comments are %+v and the status %s, want %v and Approved", got, w.sim.Status(a), comment)
	}

	stack := w.post("stack", object{"file_ids": []string{a, b}})["id"].(string)
	w.post("rename", object{"id": b, "name": "c.mp4"})
	w.post("status", object{"file_id": b, "option": "In Progress"})
	w.get(w.acc + "/version_stacks/" + stack).want(200)
	w.post("delete", object{"id": stack})
	w.get(w.acc + "/files/" + b).want(404)
}

func TestAdminRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for path, body := range map[string]any{
		"rename": object{"id": "x", "name": "y"}, "stack": object{"ids": 1},
		"status":     object{"file_id": w.file("a"), "option": "No"},
		"run-action": object{"action_name": "none"}, "faults": "nonsense",
	} {
		if r := w.call("POST", "/_sim/"+path, body).want(400); r.JSON["error"] == "" {
			t.Errorf("%s: answered with %s, want an error", path, r.Raw)
		}
	}
}

func TestAdminFaults(t *testing.T) {
	t.Parallel()
	w := setup(t)
	req, _ := http.NewRequest("POST", w.web.URL+"/_sim/faults",
		bytes.NewReader([]byte("GET /v4/me status=503 times=1\n/v4/accounts reset")))
	w.do(req).want(200)
	w.get("/v4/me").want(503)
	w.get("/v4/me").want(200)
	w.call("DELETE", "/_sim/faults", nil).want(200)
	w.get("/v4/accounts").want(200)
	if got := w.sim.Requests(); len(got) != 3 || got[0].Status != 503 || w.sim.Calls("users.show") != 2 {
		t.Errorf("the journal is %+v, want 3 calls, the first answered with 503", got)
	}
}

func TestAdminRunsActions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rc := newReceiver(t, says(`{"title":"Hello"}`))
	id, secret := w.action(rc.url)
	r := w.post("run-action", object{
		"action_name": "Publish",
		"workspace":   w.workspace,
		"email":       "MIA@example.com",
		"resources":   []string{w.file("a")},
	})
	if r["title"] != "Hello" || r["status"] != 200.0 || rc.payload(t, 0)["user"].(map[string]any)["id"] != w.member {
		t.Errorf("the action answers %v, want 200 with Hello, and that it was run by %s", r, w.member)
	}

	var views []ActionView
	if err := json.Unmarshal(w.get("/_sim/actions?workspace="+w.workspace).want(200).Raw, &views); err != nil ||
		len(views) != 1 || views[0].ID != id || views[0].Secret != secret {
		t.Errorf("the actions are %+v, %v; want one, %s with its secret", views, err, id)
	}
}

func TestAdminState(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.file("a.mp4", NotUploadedYet())
	var state State
	if err := json.Unmarshal(w.get("/_sim/state").want(200).Raw, &state); err != nil {
		t.Fatal(err)
	}

	p := state.Accounts[0].Workspaces[0].Projects[0]
	if len(state.People) != 4 || state.Accounts[0].Roles[w.content] != RoleContentAdmin || p.RootFolderID != w.root ||
		p.Assets[0].Status != "created" {
		t.Errorf("the state is %+v, want 4 people, their roles, and a tree from %s with an asset that is created",
			state, w.root)
	}
}

func TestAdminExpires(t *testing.T) {
	t.Parallel()
	w := setup(t)
	link := w.original(w.file("a.mp4"))
	w.post("expire", object{"links": true, "person_id": w.owner})
	w.fetch(link).want(403)
	w.get("/v4/me").want(401)
}
