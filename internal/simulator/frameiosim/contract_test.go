package frameiosim

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/contract"
)

// TestContract walks over the whole API and holds every answer against the
// published contract.
func TestContract(t *testing.T) {
	t.Parallel()
	c, err := contract.FromEnv()
	if errors.Is(err, contract.ErrUnset) {
		t.Skip(err)
	}

	if err != nil {
		t.Fatal(err)
	}

	var bad atomic.Bool // requests are wrong on purpose
	w := setup(t, func(o *Options) {
		o.PartSize = 4
		o.Wrap = func(next http.Handler) http.Handler {
			return c.Middleware(next, func(v string) {
				if !bad.Load() || strings.HasPrefix(v, contract.InAnswer) {
					t.Error("got a violation of the contract, want none: " + v)
				}
			})
		}
	})

	walkSpaces(w)
	walkTree(w)
	walkFile(w)
	walkComments(w)
	walkMetadata(w)
	walkActions(w)
	walkMore(w)
	walkAudit(w)
	bad.Store(true)
	walkErrors(w)
	covered, total, missing := c.Covered()
	t.Logf("%d of %d operations covered; not: %s", covered, total, strings.Join(missing, " "))
	if want := len(apiRoutes()); covered != want {
		t.Errorf("%d operations covered, want all %d that the server has", covered, want)
	}
}

func walkSpaces(w *world) {
	w.sim.Invite(w.project, w.stranger)
	w.get("/v4/me").want(200)
	w.get("/v4/accounts?sort=display_name_desc&include_total_count=true").want(200)
	w.as(w.stranger).get("/v4/accounts").want(200)
	for _, path := range []string{
		"/workspaces?include=creator&sort=name_asc", "/workspaces/" + w.workspace + "?include=creator",
		"/workspaces/" + w.workspace + "/projects?include=owner", "/projects?sort=created_at_desc",
		"/projects/" + w.project + "?include=owner",
		"/users?sort=role_asc", "/workspaces/" + w.workspace + "/users", "/projects/" + w.project + "/users",
		"/folders/" + w.root + "/users",
	} {
		w.get(w.acc + path).want(200)
	}

	w.as(w.stranger).get(w.acc + "/invited_projects").want(200)
	made := w.call("POST", w.acc+"/workspaces/"+w.workspace+"/projects", wrap("name", "New")).want(201).data()
	w.call("PATCH", w.acc+"/projects/"+made["id"].(string), wrap("name", "Newer")).want(200)
	w.call("DELETE", w.acc+"/projects/"+made["id"].(string), nil).want(204)
}

const everything = "?include=creator,project,metadata,media_links.original," +
	"media_links.thumbnail,media_links.thumbnail_high_quality," +
	"media_links.video_h264_180,media_links.high_quality,media_links.efficient,media_links.scrub_sheet"

func walkTree(w *world) {
	folder := w.call("POST", w.acc+"/folders/"+w.root+"/folders", wrap("name", "Dailies")).want(201).
		data()["id"].(string)
	a := w.sim.AddFile(w.root, "a.mov", Bytes([]byte("aaaa")), WithMedia(Media{
		FPS:      23.976,
		Duration: 12.5,
		Width:    1920,
		Height:   1080,
		Codec:    "prores",
	}), WithStatus("Approved"))

	b := w.sim.AddFile(w.root, "b.pdf", Bytes([]byte("b")), NotUploadedYet())
	w.sim.AddFile(w.root, "c.bin", Bytes([]byte("c")))
	stack := w.call("POST", w.acc+"/folders/"+w.root+"/version_stacks", wrap("file_ids", []string{a, b})).want(201).
		data()["id"].(string)
	for _, path := range []string{
		"/folders/" + w.root + "?include=creator,project", "/folders/" + w.root + "/children" + everything +
			"&type=file,folder,version_stack&page_size=500&include_total_count=true",
		"/folders/" + w.root + "/folders?page_size=500&include=creator", "/folders/" + w.root + "/files" + everything,
		"/folders/" + w.root + "/files?sort=file_size_desc",
		"/folders/" + w.root + "/version_stacks" + everything, "/version_stacks/" + stack + everything,
		"/version_stacks/" + stack + "/children" + everything,
		"/folders/" + w.root + "/children?page_size=1",
	} {
		w.get(w.acc + path).want(200)
	}

	w.call("PATCH", w.acc+"/version_stacks/"+stack+"/move", wrap("parent_id", folder)).want(200)
	w.call("PATCH", w.acc+"/folders/"+folder, wrap("name", "Rushes")).want(200)
	other := w.sim.AddFolder(w.root, "Other")
	w.call("PATCH", w.acc+"/folders/"+folder+"/move", wrap("parent_id", other)).want(200)
	w.call("DELETE", w.acc+"/folders/"+folder, nil).want(204)
}

func walkFile(w *world) {
	up := w.call("POST", w.acc+"/folders/"+w.root+"/files/local_upload", wrap("name", "new.mp4", "file_size", 10)).
		want(201).data()
	file := w.acc + "/files/" + up["id"].(string)
	w.get(file + "/status").want(200)
	w.get(file + everything).want(200)
	w.sim.FinishUpload(up["id"].(string))
	w.get(file + "/status").want(200)
	w.get(file + everything).want(200)
	w.call("PATCH", file, wrap("name", "newer.mp4")).want(200)
	w.call("PATCH", file+"/move", wrap("parent_id", w.sim.AddFolder(w.root, "In"))).want(200)
	w.call("DELETE", file, nil).want(204)
	far := w.call("POST", w.acc+"/folders/"+w.root+"/files/remote_upload",
		wrap("name", "far.mp4", "source_url", w.web.URL+"/nowhere")).want(202).data()
	w.get(w.acc + "/files/" + far["id"].(string) + "/status").want(200)
}

func walkComments(w *world) {
	file := w.sim.AddFile(w.root, "talk.mp4", Bytes([]byte("x")))
	guest := w.sim.AddComment(file, CommentSpec{
		Text:       "from outside",
		Timestamp:  ptr(int64(3)),
		Annotation: `[{"tool":"blob"}]`,
		Completed:  true,
	})

	w.sim.AddComment(file, CommentSpec{Text: "reply", OwnerID: w.member, ParentID: guest})
	list := w.acc + "/files/" + file + "/comments"
	made := w.call("POST", list, wrap("text", "see this", "timestamp", 5, "duration", 2, "page", 1, "annotation", "[]",
		"anchor", object{"x": 0.5, "y": 0.5},
		"completed", true, "links", []object{{"start_index": 0, "end_index": 3, "url": "https://example.com"}})).
		want(201).data()["id"].(string)
	w.get(list + "?include=owner,replies&sort=created_at_asc").want(200)
	w.get(list + "?timestamp_as_timecode=true").want(200)
	w.get(w.acc + "/comments/" + guest + "?include=owner,replies").want(200)
	w.call("PATCH", w.acc+"/comments/"+made+"?timestamp_as_timecode=true",
		wrap("completed", false, "text", "that", "timestamp", "00:00:01:02")).want(200)
	w.call("DELETE", w.acc+"/comments/"+made, nil).want(204)
}

func walkMetadata(w *world) {
	file := w.sim.AddFile(w.root, "m.mp4", Bytes([]byte("x")), WithMedia(Media{FPS: 25}))
	fields := w.acc + "/metadata/field_definitions"
	w.call("POST", fields, object{"data": object{"name": "Scene", "field_type": "text"}}).want(201)
	options := object{"options": []object{{"display_name": "Warm"}, {"display_name": "Cold"}}}
	mood := w.call("POST", fields, object{
		"data": object{"name": "Mood", "field_type": "select", "field_configuration": options},
	}).want(201).data()

	w.sim.AddField(w.account, "Ready", "toggle")
	w.get(fields + "?include=creator&sort=name_asc").want(200)
	warm := mood["field_configuration"].(map[string]any)["options"].([]any)[0].(map[string]any)["id"]
	w.call("PATCH", w.acc+"/projects/"+w.project+"/metadata/values",
		wrap("file_ids", []string{file}, "values",
			[]object{{"field_definition_id": mood["id"], "value": []any{warm}}})).want(204)
	w.get(w.acc + "/files/" + file + "/metadata").want(200)
	w.get(w.acc + "/files/" + file + "/metadata?show_null=true").want(200)
}

func walkActions(w *world) {
	list := w.acc + "/workspaces/" + w.workspace + "/actions"
	id := w.call("POST", list, wrap("name", "Publish", "description", "to Nuxeo", "event", "publish", "url",
		"https://example.com/a", "timeout", 5)).want(201).data()["id"].(string)
	w.get(list + "?include=creator").want(200)
	w.get(w.acc + "/actions/" + id + "?include=creator").want(200)
	w.call("PATCH", w.acc+"/actions/"+id, wrap("active", false)).want(200)
	w.call("DELETE", w.acc+"/actions/"+id, nil).want(204)
}

func walkMore(w *world) {
	ws := w.call("POST", w.acc+"/workspaces", wrap("name", "More")).want(201).data()["id"].(string)
	w.call("PATCH", w.acc+"/workspaces/"+ws, wrap("name", "Most")).want(200)
	list := w.acc + "/workspaces/" + ws + "/webhooks"
	hook := w.call("POST", list, wrap("name", "Hook", "url", "https://example.com/h", "events",
		[]string{"file.ready"})).want(201).data()["id"].(string)
	w.get(list + "?include=creator").want(200)
	w.get(w.acc + "/webhooks/" + hook + "?include=creator").want(200)
	w.call("PATCH", w.acc+"/webhooks/"+hook, wrap("active", false)).want(200)
	w.call("DELETE", w.acc+"/webhooks/"+hook, nil).want(204)
	w.call("DELETE", w.acc+"/workspaces/"+ws, nil).want(204)
	w.call("POST", w.acc+"/files/"+w.file("copied.mp4", Watermarked())+"/copy?copy_metadata=true",
		wrap("parent_id", w.root)).want(200)
	w.call("DELETE", w.acc+"/metadata/field_definitions/"+w.sim.AddField(w.account, "Gone", "text"), nil).want(204)
	w.get(w.acc + "/folders/" + w.root + "/files" + everything).want(200)
}

func walkAudit(w *world) {
	day := time.Now().UTC().Format(time.DateOnly)
	for _, query := range []string{
		"", "?include=user&page_size=100&include_total_count=true", "?filters[from_date]=" + day +
			"&filters[to_date]=" + day,
		"?filters[event_type]=comment_created&filters[workspace_id]=" + w.workspace, "?filters[project_id]=" +
			w.project + "&filters[resource_id]=" + w.root,
		"?filters[resource_type]=comment&filters[user_id]=" + w.owner,
	} {
		w.audit(query).want(200)
	}
}

func walkErrors(w *world) {
	nobody := *w
	nobody.token = ""
	nobody.get("/v4/me").want(401)
	unknown := "00000000-0000-4000-8000-000000000000"
	w.get(w.acc + "/folders/" + unknown).want(404)
	w.get("/v4/nothing").want(404)
	w.get(w.acc + "/audit_logs").want(400)
	w.audit("?filters[from_date]=yesterday").want(422)
	w.as(w.content).audit("").want(403)
	w.get(w.acc + "/folders/" + w.root + "/children?page_size=501").want(422)
	w.get(w.acc + "/folders/" + w.root + "/children?after=junk").want(400)
	w.call("POST", w.acc+"/folders/"+w.root+"/folders", wrap("nom", "x")).want(422)
	w.as(w.member).call("POST", w.acc+"/workspaces/"+w.workspace+"/actions", wrap("name", "a")).want(403)
}
