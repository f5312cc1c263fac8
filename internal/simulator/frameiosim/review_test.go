package frameiosim

import (
	"strings"
	"testing"
)

func TestCommentTimestamps(t *testing.T) {
	t.Parallel()
	w := setup(t)
	file := w.file("a.mp4", WithMedia(Media{FPS: 25}))
	id := w.sim.AddComment(file, CommentSpec{
		Text:      "here",
		OwnerID:   w.member,
		Timestamp: ptr(int64(51)),
		Duration:  ptr(int64(5)),
	})

	at := w.acc + "/comments/" + id
	if got := w.get(at).want(200).data(); got["timestamp"] != 51.0 || got["duration"] != 5.0 {
		t.Errorf("the comment is %v, want it at frame 51 for 5", got)
	}

	if got := w.get(at + "?timestamp_as_timecode=true").want(200).data()["timestamp"]; got != "00:00:02:01" {
		t.Errorf("the timecode is %v, want 00:00:02:01", got)
	}

	w.call("PATCH", at, wrap("timestamp", "00:00:01:00")).want(200)
	if got := w.get(at).want(200).data()["timestamp"]; got != 25.0 {
		t.Errorf("set by timecode it is at %v, want 25", got)
	}

	w.call("PATCH", at, wrap("timestamp", "soon")).want(422)
}

func TestCommentFrameBase(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.CommentFrameBase = 1 })
	file := w.file("a.mp4")
	list := w.acc + "/files/" + file + "/comments"
	made := w.call("POST", list, wrap("text", "first frame", "timestamp", 1)).want(201).data()
	if made["timestamp"] != 1.0 || *w.sim.Comments(file)[0].Timestamp != 0 {
		t.Errorf("the timestamp %v is frame %d, want 1 and 0", made["timestamp"], *w.sim.Comments(file)[0].Timestamp)
	}

	w.call("POST", list, wrap("text", "before the first", "timestamp", 0)).want(422)
}

func TestTimecode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		frame int64
		fps   float64
		want  string
	}{
		{0, 24, "00:00:00:00"},
		{86399, 23.976, "00:59:59:23"},
		{11974, 29.97, "00:06:39;16"},
		{1799, 29.97, "00:00:59;29"},
		{1800, 29.97, "00:01:00;02"},
		{17982, 29.97, "00:10:00;00"},
		{3600, 59.94, "00:01:00;04"},
		{107892, 29.97, "01:00:00;00"},
		{1800, 30, "00:01:00:00"},
	} {
		if got := timecode(c.frame, c.fps); got != c.want {
			t.Errorf("frame %d at %v: %s, want %s", c.frame, c.fps, got, c.want)
		}
		if back, ok := frameOf(c.want, c.fps); !ok || back != c.frame {
			t.Errorf("%s at %v: frame %d %v, want %d", c.want, c.fps, back, ok, c.frame)
		}
	}
}

func TestGuestsAndReplies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	file := w.file("a.mp4")
	guest := w.sim.AddComment(file, CommentSpec{Text: "guest"})
	reply := w.sim.AddComment(file, CommentSpec{Text: "answer", OwnerID: w.member, ParentID: guest})
	list := w.acc + "/files/" + file + "/comments"
	plain := w.get(list).want(200).items()
	if _, has := plain[0]["owner"]; has || len(plain) != 1 || plain[0]["replies"] != nil {
		t.Errorf("the comments are %v, want one, without owner and replies since they were not asked for", plain)
	}

	full := w.get(list + "?include=owner,replies").want(200).items()[0]
	if owner, has := full["owner"]; !has || owner != nil {
		t.Errorf("the guest's comment is %v, want an owner that is null", full)
	}

	replies := full["replies"].([]any)
	if len(replies) != 1 || replies[0].(map[string]any)["id"] != reply {
		t.Errorf("the replies are %v, want only %s", replies, reply)
	}

	w.sim.DeleteComment(guest)
	w.get(w.acc + "/comments/" + reply).want(404)
}

func TestCommentWrites(t *testing.T) {
	t.Parallel()
	w := setup(t)
	file := w.file("a.pdf")
	list := w.acc + "/files/" + file + "/comments"
	made := w.call("POST", list, wrap("text", "see it", "page", 2, "annotation", `[{"tool":"freehand"}]`, "links",
		[]object{{"start_index": 4, "end_index": 6, "url": "https://example.com"}})).want(201).data()
	link := made["links"].([]any)[0].(map[string]any)
	if made["annotation"] != `[{"tool":"freehand"}]` || made["page"] != 2.0 || link["text"] != "it" ||
		made["text_edited_at"] != nil {
		t.Errorf("the comment is %v, want its drawing, page 2, the link at \"it\", and not edited", made)
	}

	at := w.acc + "/comments/" + made["id"].(string)
	done := w.call("PATCH", at, wrap("completed", true)).want(200).data()
	if done["completed_at"] == nil || done["completer_id"] != w.owner || done["text"] != "see it" {
		t.Errorf("completed it is %v, want when and by %s, and the text as it was", done, w.owner)
	}

	back := w.call("PATCH", at, wrap("completed", false, "page", nil, "text", "new")).want(200).data()
	if back["completed_at"] != nil || back["page"] != nil || back["text_edited_at"] == nil {
		t.Errorf("opened again it is %v, want neither completed nor on a page, and edited", back)
	}

	w.as(w.member).call("PATCH", at, wrap("text", "mine now")).want(403)
	w.as(w.member).call("DELETE", at, nil).want(403)
	w.call("DELETE", at, nil).want(204)
	w.get(at).want(404)
}

func TestCommentRules(t *testing.T) {
	t.Parallel()
	w := setup(t)
	list := w.acc + "/files/" + w.file("a.mp4") + "/comments"
	for _, body := range []object{
		wrap(), wrap("text", ""), wrap("text", strings.Repeat("x", 40_001)), wrap("text", "x", "duration", 3),
		wrap("text", "x", "timestamp", -1),
		wrap("text", "x", "parent_id", "y"), wrap("text", "x", "timestamp", 1.5),
		wrap("text", "x", "annotation", []int{1}),
	} {
		w.call("POST", list, body).want(422)
	}

	w.get(list + "?sort=owner_asc").want(422)
	if got := w.get(list).want(200).items(); len(got) != 0 {
		t.Errorf("the comments left behind are %v, want none", got)
	}
}

func TestCommentSort(t *testing.T) {
	t.Parallel()
	w := setup(t)
	file := w.file("a.mp4")
	for _, owner := range []string{w.owner, w.member, w.content} {
		w.sim.AddComment(file, CommentSpec{Text: owner, OwnerID: owner})
	}

	list := w.acc + "/files/" + file + "/comments?include=owner&sort="
	for sort, want := range map[string]string{
		"created_at_desc": w.content + " " + w.member + " " + w.owner, "owner_asc": w.content + " " +
			w.member + " " + w.owner,
		"created_at_asc": w.owner + " " + w.member + " " + w.content,
	} {
		if got := w.get(list + sort).want(200).column("text"); got != want {
			t.Errorf("%s: %s, want %s", sort, got, want)
		}
	}
}

// values gives the value and the type of each field of a file, by name.
func (w *world) values(file string) (values, kinds map[string]any) {
	w.t.Helper()
	values, kinds = map[string]any{}, map[string]any{}
	for _, m := range w.get(w.acc + "/files/" + file + "/metadata").want(200).data()["metadata"].([]any) {
		f := m.(map[string]any)
		name := f["field_definition_name"].(string)
		values[name], kinds[name] = f["value"], f["field_type"]
	}
	return values, kinds
}

func TestMediaFacts(t *testing.T) {
	t.Parallel()
	media := WithMedia(Media{FPS: 23.976, Duration: 12.5, Width: 1920, Height: 1080, Codec: "prores"})
	w := setup(t)
	got, _ := w.values(w.file("a.mov", media))
	if got[FieldFrameRate] != 23.976 || got[FieldDuration] != 12.5 || got[FieldWidth] != 1920.0 ||
		got[FieldCodec] != "prores" || got["Status"] != nil {
		t.Errorf("the facts are %v, want 23.976 frames for 12.5 s, 1920 wide, prores, and no status", got)
	}

	w = setup(t, func(o *Options) {
		o.MetadataAsText = true
		o.FieldNames = map[string]string{FieldFrameRate: "Images par seconde"}
	})

	got, kinds := w.values(w.file("a.mov", media))
	if got["Images par seconde"] != "23.976" || kinds["Images par seconde"] != "text" || got[FieldWidth] != "1920" {
		t.Errorf("as text they are %v of the types %v, want 23.976 and 1920 as text", got, kinds)
	}
}

func (w *world) fieldNamed(name string) map[string]any {
	w.t.Helper()
	for _, f := range w.get(w.acc + "/metadata/field_definitions").want(200).items() {
		if f["name"] == name {
			return f
		}
	}
	w.t.Fatalf("there is no field %s, want one", name)
	return nil
}

func optionID(f map[string]any, name string) any {
	for _, o := range f["field_configuration"].(map[string]any)["options"].([]any) {
		if o.(map[string]any)["display_name"] == name {
			return o.(map[string]any)["id"]
		}
	}
	return nil
}

func (w *world) setStatus(field map[string]any, value any, files ...string) *reply {
	w.t.Helper()
	return w.call("PATCH", w.acc+"/projects/"+w.project+"/metadata/values",
		wrap("file_ids", files, "values", []object{{"field_definition_id": field["id"], "value": value}}))
}

func TestApprovalStatus(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.StatusField = "État"; o.StatusOptions = []string{"À revoir", "Validé"} })
	a, b := w.file("a.mov", WithStatus("À revoir")), w.file("b.mov")
	field := w.fieldNamed("État")
	w.setStatus(field, []any{optionID(field, "Validé")}, a, b).want(204)
	if w.sim.Status(a) != "Validé" || w.sim.Status(b) != "Validé" {
		t.Errorf("the statuses are %q and %q, want Validé for both", w.sim.Status(a), w.sim.Status(b))
	}

	got, _ := w.values(a)
	if shown := got["État"].([]any)[0].(map[string]any); shown["display_name"] != "Validé" ||
		shown["id"] != optionID(field, "Validé") {
		t.Errorf("the status is shown as %v, want Validé with its id", shown)
	}

	w.setStatus(field, []any{}, a).want(204)
	if w.sim.Status(a) != "" {
		t.Errorf("the cleared status is %q, want none", w.sim.Status(a))
	}
}

func TestBulkUpdateRules(t *testing.T) {
	t.Parallel()
	w := setup(t)
	file, field := w.file("a.mov"), w.fieldNamed("Status")
	if r := w.setStatus(field, "Approved", file).want(422); r.detail() !=
		"A List of UUID is expected for select field type" {
		t.Errorf("the refusal says %q, want that a list of UUIDs is expected", r.detail())
	}

	w.setStatus(field, []any{"Approved"}, file).want(422)
	w.setStatus(w.fieldNamed(FieldFrameRate), 30, file).want(422)
	w.setStatus(field, []any{}).want(422)
	w.setStatus(field, []any{}, make([]string, 101)...).want(422)
	w.setStatus(field, []any{}, "nowhere").want(404)
	w.call("POST", w.acc+"/projects/"+w.project+"/metadata/values", wrap()).want(404)
}

func TestCustomFields(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.SelectAsBareIDs = true })
	w.sim.AddField(w.account, "Mood", "select_multi", "warm", "cold")
	w.sim.AddField(w.account, "Scene", "number")
	file, mood := w.file("a.mov"), w.fieldNamed("Mood")
	w.sim.SetMetadata(file, "Scene", 12.0)
	w.sim.SetMetadata(file, "Mood", []string{optionID(mood, "cold").(string)})
	if got, _ := w.values(file); got["Scene"] != 12.0 || got["Mood"].([]any)[0] != optionID(mood, "cold") {
		t.Errorf("the values are %v, want 12 and cold", got)
	}

	w.as(w.member).call("POST", w.acc+"/metadata/field_definitions", wrap("name", "x", "field_type", "text")).want(403)
}
