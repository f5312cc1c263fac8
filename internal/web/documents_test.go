package web_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func (f *face) document(session, uid string) api.DocumentDetail {
	f.T.Helper()
	got, err := f.as(session).GetDocument(f.T.Context(), uid)
	if err != nil {
		f.T.Fatalf("document %s: %v", uid, err)
	}
	return *got
}

// asked counts the calls of a remote system that something costs.
func (f *face) asked(do func()) (nuxeo, frameio int) {
	nuxeo, frameio = len(f.Nuxeo.Requests()), len(f.Frameio.Requests())
	do()
	return len(f.Nuxeo.Requests()) - nuxeo, len(f.Frameio.Requests()) - frameio
}

func TestDocumentsOfAFolder(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	var want []string
	for i := range 5 {
		name := fmt.Sprintf("Cut %d.mov", i)
		f.Published(f.Josh, f.file(name, 100+i))
		want = append([]string{name}, want...)
	}

	f.Nuxeo.MkDoc(videos+"/other", "File", map[string]any{"dc:title": "Another"})
	copied := f.Nuxeo.MkDoc(videos+"/copied", "File", map[string]any{"dc:title": "Copied"})
	if err := f.Nuxeo.AddFacet(copied, "FrameioAsset"); err != nil {
		t.Fatal(err)
	}

	if err := f.Nuxeo.SetProps(copied, map[string]any{
		"frameio:documentUid": "another",
		"frameio:fileName":    "Copied.mov",
	}); err != nil {
		t.Fatal(err)
	}

	client := f.as(f.SignIn("julia"))
	var got []string
	cursor := (*string)(nil)
	for range 10 {
		page, err := client.ListDocuments(t.Context(), f.Folder,
			&api.ListDocumentsParams{Cursor: cursor, Limit: ptr(2)})
		if err != nil {
			t.Fatal(err)
		}

		for _, d := range page.Documents {
			got = append(got, *d.FileName)
			if d.Version == "" || *d.MediaType != "video/quicktime" || *d.Size < 100 || d.Modified.IsZero() ||
				d.Type != "File" {
				t.Errorf("the document is %s, want a File with a version, a day, and at least 100 bytes of "+
					"video/quicktime", shown(d))
			}
		}

		if cursor = page.Next; cursor == nil {
			break
		}
	}

	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the documents are %v, want %v", got, want)
	}

	for _, cursor := range []string{"x", "-1-2", "1-501", "99999999-5"} {
		f.get("/api/v1/folders/"+f.Folder+"/documents?cursor="+cursor, f.SignIn("josh")).refused(t,
			http.StatusBadRequest, "invalid")
	}

	session := f.SignIn("josh")
	if n, m := f.asked(func() { f.get("/api/v1/folders/"+f.Folder+"/documents", session) }); n != 1 || m != 0 {
		t.Errorf("a page costs %d calls to Nuxeo and %d to Frame.io, want 1 and none", n, m)
	}
}

// stacked publishes two versions of an asset, with comments on both, and returns
// the document and the files.
func (f *face) stacked() (uid, one, two string) {
	f.T.Helper()
	f.Bind("Publish")
	add := func(name string, size int) string {
		return f.Frameio.AddFile(f.Root, name, frameiosim.Bytes(make([]byte, size)), frameiosim.WithCreator(f.Josh),
			frameiosim.WithMedia(frameiosim.Media{FPS: 25, Duration: 10, Width: 1920, Height: 1080, Codec: "h264"}))
	}

	one = add("Cut.mov", 1000)
	f.Frameio.AddComment(one, frameiosim.CommentSpec{Text: "old remark", OwnerID: f.Julia, Timestamp: ptr(int64(5))})
	f.Published(f.Josh, one)
	two = add("Cut 2.mov", 2000)
	f.Frameio.AddComment(two, frameiosim.CommentSpec{
		Text:      "late",
		OwnerID:   f.Josh,
		Timestamp: ptr(int64(125)),
		Duration:  ptr(int64(25)),
		Completed: true,
	})

	early := f.Frameio.AddComment(two, frameiosim.CommentSpec{
		Text:       "<b>early</b>",
		Timestamp:  ptr(int64(0)),
		Annotation: `[{"tool":"rect"}]`,
	})

	f.Frameio.AddComment(two, frameiosim.CommentSpec{Text: "all of it", OwnerID: f.Julia})
	f.Frameio.AddComment(two, frameiosim.CommentSpec{Text: "an answer", OwnerID: f.Josh, ParentID: early})
	f.Published(f.Josh, f.Frameio.Stack(one, two))
	return f.Only().UID, one, two
}

func said(list []api.Comment) (out []string) {
	for _, c := range list {
		line := string(c.Origin) + " " + c.Author + ": " + c.Text
		if c.Timecode != nil {
			line += " @" + *c.Timecode
		}
		for _, r := range said(c.Replies) {
			line += " [" + r + "]"
		}
		out = append(out, line)
	}
	return out
}

func TestDocumentWithVersionsAndComments(t *testing.T) {
	t.Parallel()
	f := open(t)
	uid, one, two := f.stacked()
	josh := f.SignIn("josh")
	d := f.document(josh, uid)
	if a := d.Asset; a == nil || a.FileName != "Cut 2.mov" || a.File != two || *a.Resolution != "1920 x 1080" ||
		*a.FrameRate != 25 || *a.Duration != 10 ||
		*a.Frames != 250 || *a.Codec != "h264" || *a.Size != 2000 || *a.Uploader != "Josh Editor" || a.ViewUrl == "" ||
		*a.PublishedBy != "josh" {
		t.Errorf("the asset is %s, want Cut 2.mov with all that Frame.io tells of it", shown(d.Asset))
	}

	if len(d.Versions) < 2 || !d.Versions[0].Current || d.Versions[0].Uid != uid || *d.Versions[0].File != two ||
		d.Versions[1].Current {
		t.Errorf("the versions are %s, want at least 2, the current one with %s first", shown(d.Versions), two)
	}

	if len(d.Versions) != 3 || d.Versions[0].Label != "0.2" || d.Versions[1].Label != "0.2" ||
		*d.Versions[1].File != two || *d.Versions[1].FileName != "Cut 2.mov" {
		t.Errorf("the document is at %s and its newest version %s, want both at 0.2 with the second cut",
			d.Versions[0].Label, shown(d.Versions[1]))
	}

	if last := d.Versions[len(d.Versions)-1]; *last.File != one || *last.FileName != "Cut.mov" || last.Label != "0.1" {
		t.Errorf("the oldest version is %s, want 0.1 with Cut.mov, %s", shown(last), one)
	}

	if d.Folder != f.Folder || d.Ancestors[len(d.Ancestors)-1].Uid != f.Folder || d.NuxeoUrl != f.NuxeoURL+
		"/ui/#!/doc/"+uid || d.CommentsMore {
		t.Errorf("the document is in %s below %s, shown at %s, more comments %v; want %s, its address in Nuxeo, and "+
			"no more", d.Folder, shown(d.Ancestors), d.NuxeoUrl, d.CommentsMore, f.Folder)
	}

	want := []string{
		"frameio Julia Reviewer: all of it",
		"frameio external reviewer: <b>early</b> @00:00:00:00 [frameio Josh Editor: an answer]",
		"frameio Josh Editor: late @00:00:05:00 – 00:00:05:24",
		"frameio Julia Reviewer: old remark @00:00:00:05",
	}

	if got := said(d.Comments); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the comments are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	if c := d.Comments[1]; *c.Drawing != `[{"tool":"rect"}]` || *c.Frame != 0 || *c.File != two || c.Resolved {
		t.Errorf("the second comment is %s, want a rectangle at frame 0 of %s, not resolved", shown(c), two)
	}

	if c := d.Comments[2]; !c.Resolved || *c.DurationFrames != 25 || *c.Frame != 125 {
		t.Errorf("the third comment is %s, want 25 frames from 125, resolved", shown(c))
	}

	if n, m := f.asked(func() { f.document(josh, uid) }); n != 4 || m != 0 {
		t.Errorf("it costs %d calls to Nuxeo and %d to Frame.io, want 4 and none", n, m)
	}
}

func (f *face) nuxeoAs(login string) *nuxeo.Client { return f.App.Nuxeo.As(nuxeo.Basic(login, login)) }

func TestCommentsThatPeopleWroteInNuxeo(t *testing.T) {
	t.Parallel()
	f := open(t)
	uid, _, _ := f.stacked()
	write := func(login, on, text string) string {
		k, err := f.nuxeoAs(login).CreateComment(t.Context(), on, nuxeo.Comment{Text: text}, "")
		if err != nil {
			t.Fatal(err)
		}
		return k.ID
	}

	first := write("julia", uid, "<script>mine</script>")
	write("josh", write("josh", first, "answered"), "and again")
	for _, k := range f.Nuxeo.Comments(uid) {
		if strings.HasSuffix(k.Text, "all of it") {
			write("josh", k.ID, "seen")
		}
		if strings.HasSuffix(k.Text, "&lt;b&gt;early&lt;/b&gt;") { // with a drawing, which is another kind
			write("julia", k.ID, "where?")
		}
	}

	got := said(f.document(f.SignIn("josh"), uid).Comments)
	if len(got) != 5 || got[0] != "frameio Julia Reviewer: all of it [nuxeo josh: seen]" ||
		!strings.HasSuffix(got[1], "[frameio Josh Editor: an answer] [nuxeo julia: where?]") ||
		got[4] != "nuxeo julia: <script>mine</script> [nuxeo josh: answered [nuxeo josh: and again]]" {
		t.Errorf("the comments are\n%s\nwant 5, with the answers of both sides below them", strings.Join(got, "\n"))
	}
}

func TestCommentsAreBounded(t *testing.T) {
	t.Parallel()
	f := open(t)
	uid := f.Nuxeo.MkDoc(videos+"/plain", "File", map[string]any{"dc:title": "Plain"})
	for i := range 60 {
		k, err := f.nuxeoAs("josh").CreateComment(t.Context(), uid, nuxeo.Comment{Text: fmt.Sprint("remark ", i)}, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.nuxeoAs("josh").CreateComment(t.Context(), k.ID, nuxeo.Comment{Text: "answer"}, ""); err != nil {
			t.Fatal(err)
		}
	}

	josh := f.SignIn("josh")
	var d api.DocumentDetail
	if n, _ := f.asked(func() { d = f.document(josh, uid) }); n > 54 {
		t.Errorf("it costs %d calls, want at most 54", n)
	}

	if len(d.Comments) != 60 || !d.CommentsMore || d.Asset != nil {
		t.Errorf("%d comments, more: %v, the asset %s; want 60, more and none", len(d.Comments), d.CommentsMore,
			shown(d.Asset))
	}
}

// A version has no link, and what Nuxeo keeps of its comments is shown, as it was
// written on Frame.io. What people wrote in Nuxeo is shown as they read it there.
func TestCommentsOfAVersion(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	file := f.Frameio.AddFile(f.Root, "Cut.mov", f.Frameio.Pattern(1, 1000))
	words := "Cut to <TITLE> & 🎬\n👩\u200d👧 = {{7}}"
	one := f.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "first", OwnerID: f.Julia})
	f.Frameio.EditComment(one, words)
	f.Frameio.CompleteComment(f.Frameio.AddComment(file,
		frameiosim.CommentSpec{Text: "drawn", Annotation: `[{"tool":"rect"}]`, Timestamp: new(int64)}), true)
	f.Published(f.Josh, file)
	uid := f.Only().UID

	mine, err := f.nuxeoAs("julia").CreateComment(t.Context(), uid, nuxeo.Comment{Text: "mine = {{1}} & <b>🎬"}, "")
	if err != nil {
		t.Fatal(err)
	}

	later := nuxeo.Comment{
		ID:       mine.ID,
		Text:     mine.Text + "!",
		Created:  mine.Created,
		Modified: mine.Created.Add(time.Hour),
	}

	for range 2 {
		if _, err := f.nuxeoAs("josh").CreateComment(t.Context(), mine.ID, nuxeo.Comment{Text: "seen"},
			""); err != nil {
			t.Fatal(err)
		}
	}

	if err := f.nuxeoAs("julia").UpdateComment(t.Context(), uid, later); err != nil {
		t.Fatal(err)
	}

	josh := f.SignIn("josh")
	if err := f.nuxeoAs("josh").Operation(t.Context(), "Document.CheckOut", uid, nil, nil, nuxeo.WriteOptions{},
		nil); err != nil {
		t.Fatal(err)
	}

	if err := f.nuxeoAs("josh").Operation(t.Context(), "Document.CheckIn", uid, map[string]any{"version": "minor"}, nil,
		nuxeo.WriteOptions{}, nil); err != nil {
		t.Fatal(err)
	}

	versions := f.Nuxeo.Versions(uid)
	live, version := f.document(josh, uid), f.document(josh, versions[len(versions)-1].UID)
	want := []string{
		"frameio Julia Reviewer: " + words, "frameio external reviewer: drawn @frame 0",
		"nuxeo julia: mine = {{1}} & <b>🎬! [nuxeo josh: seen] [nuxeo josh: seen]",
	}

	for what, d := range map[string]api.DocumentDetail{"the document": live, "its version": version} {
		if got := said(d.Comments); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s shows\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
			continue
		}

		c := d.Comments
		if !c[0].Edited || c[1].Edited || !c[2].Edited || c[2].Replies[0].Edited {
			t.Errorf("%s calls edited: %v %v %v, and the reply %v; want true false true, and false", what, c[0].Edited,
				c[1].Edited, c[2].Edited, c[2].Replies[0].Edited)
		}

		if !c[1].Resolved || *c[1].Drawing != `[{"tool":"rect"}]` || *c[1].Frame != 0 || *c[1].File != file {
			t.Errorf("%s shows the drawing as %s, want a rectangle at frame 0 of %s, resolved", what, shown(c[1]), file)
		}
	}
}

// Rows of an older version do not tell how a comment is shown, which is read from what
// Nuxeo keeps until the next run says so. That writes nothing to Nuxeo.
func TestCommentsOfAnOlderVersionAreShownAfterTheNextRun(t *testing.T) {
	t.Parallel()
	f := open(t)
	uid, _, two := f.stacked()
	josh := f.SignIn("josh")
	before := said(f.document(josh, uid).Comments)
	if err := f.App.DB.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE imported_comments SET shown = ''`)
		return err
	}); err != nil {
		t.Fatal(err)
	}

	if got := said(f.document(josh, uid).Comments); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("from what Nuxeo keeps it shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
	}

	begin := len(f.Nuxeo.Requests())
	f.Published(f.Josh, two)
	for _, r := range f.Nuxeo.Requests()[begin:] {
		if strings.Contains(r.Path, "@comment") || strings.Contains(r.Path, "@annotation") {
			t.Errorf("Nuxeo is asked %s %s, want nothing of comments", r.Method, r.Path)
		}
	}

	if got := said(f.document(josh, uid).Comments); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("it shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
	}
}

// The facet of a copy tells of another document.
func TestCopiedDocumentHasNoAsset(t *testing.T) {
	t.Parallel()
	f := open(t)
	uid := f.Nuxeo.MkDoc(videos+"/copied", "File", map[string]any{
		"dc:title":     "Copied",
		"file:content": nuxeosim.Blob{Name: "a.mp4", MimeType: "video/mp4", Data: []byte("x")},
	})

	if err := f.Nuxeo.AddFacet(uid, "FrameioAsset"); err != nil {
		t.Fatal(err)
	}

	if err := f.Nuxeo.SetProps(uid, map[string]any{
		"frameio:documentUid": "another",
		"frameio:fileId":      "x",
		"frameio:fileName":    "Cut.mov",
	}); err != nil {
		t.Fatal(err)
	}

	if d := f.document(f.SignIn("josh"), uid); d.Asset != nil || d.Versions[0].File != nil {
		t.Errorf("the asset is %s, and the versions %s; want none, and no file of theirs", shown(d.Asset),
			shown(d.Versions))
	}
}
