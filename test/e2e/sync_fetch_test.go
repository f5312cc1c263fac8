package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func plain(q *foldersync.Request) { q.Fetch = foldersync.Metadata }

// shows is a property of a document.
func shows(d nuxeosim.DocView, name string) string {
	s, _ := d.Properties[name].(string)
	return s
}

// Documents without content tell of their asset, show its picture, and follow it.
func TestMetadataOnly(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day := b.Frameio.AddFolder(b.Root, "Day")
	cut := add(b, day, "Cut.mov", content('a', 500))
	b.Frameio.AddComment(cut, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	one, two := add(b, b.Root, "Mix 1.wav", content('b', 600)), add(b, b.Root, "Mix 2.wav", content('c', 700))
	b.Frameio.Stack(one, two)
	m := mirrored(b, plain)
	m.is(map[string][]byte{"/Day": nil, "/Day/Cut": nil, "/Mix 2": nil})
	d := m.at(m.Folder, "Cut")
	poster, _ := d.Properties["frameio:poster"].(nuxeosim.BlobView)
	if d.Content != nil || shows(d, "frameio:viewUrl") == "" || shows(d, "frameio:resolution") == "" ||
		poster.Length == 0 || !strings.HasPrefix(poster.MimeType, "image/") {
		t.Errorf("the document has the content %v and shows %v, want none, with an address, a resolution and a picture",
			d.Content, d.Properties)
	}

	if !says(b, d.UID, "Too long.")() {
		t.Error("the comment is not there")
	}

	if s := m.get(); s.Last.Created != 2 || s.Assets != 2 || s.CommentsDone != 2 || s.CommentsWaiting != 0 ||
		s.Troubled != 0 {
		t.Errorf("the synchronization is %+v after %+v; want 2 assets created, 2 comments done and none waiting, no "+
			"trouble", s, s.Last)
	}

	if calls := b.Frameio.Calls("files.show"); calls != 1 { // for the frame rate of the commented one
		t.Errorf("%d files were looked at, want 1", calls)
	}

	b.Frameio.SetStatus(cut, "Approved")
	b.Frameio.Move(cut, b.Root)
	if r := m.refresh(false); r.Updated != 1 || r.Created != 0 || r.Moved != 1 {
		t.Errorf("the run is %+v, want 1 updated, 1 moved and none created", r)
	}

	if now := m.at(m.Folder, "Cut"); shows(now, "frameio:status") != "Approved" || now.UID != d.UID ||
		now.ParentUID != m.Folder || len(b.Nuxeo.Versions(d.UID)) != 0 {
		t.Errorf("the moved document is %+v with %d versions, want %s below %s, Approved, without versions", now,
			len(b.Nuxeo.Versions(d.UID)), d.UID, m.Folder)
	}

	m.settled(map[string][]byte{"/Day": nil, "/Cut": nil, "/Mix 2": nil})
}

// A picture that never comes holds up neither the others nor itself: it is asked for again.
func TestAPictureThatNeverComes(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) {
		c.Transfer.Idle, c.Frameio.CallTimeout = limit, limit
	}))

	add(b, b.Root, "One.mov", content('a', 500))
	add(b, b.Root, "Two.mov", content('b', 600))
	b.Frameio.Faults().Add(faults.Rule{Path: "/thumbnail$", Latency: time.Hour, Times: 1})
	m := mirrored(b, plain)
	b.Settle()
	for _, title := range []string{"One", "Two"} {
		if d := m.at(m.Folder, title); d.Properties["frameio:poster"] == nil {
			t.Errorf("%q has no picture, want one", title)
		}
	}
}

// A file that is put on a stack keeps its document without content.
func TestMetadataOnlyOfWhatIsStacked(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	first := add(b, b.Root, "Cut.mov", content('a', 500))
	m := mirrored(b, plain)
	uid := m.at(m.Folder, "Cut").UID
	second := add(b, b.Root, "Cut 2.mov", content('b', 600))
	b.Frameio.Stack(first, second)
	m.refresh(true)
	m.settled(map[string][]byte{"/Cut 2": nil})
	if d := m.at(m.Folder, "Cut 2"); d.UID != uid || shows(d, "frameio:fileId") != second {
		t.Errorf("the document is %+v, want %s, which tells of the file %s", d, uid, second)
	}
}

// A document that was put into the trash in Nuxeo comes again when its asset changes.
func TestMetadataOnlyComesAgain(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := add(b, b.Root, "Cut.mov", content('a', 500))
	m := mirrored(b, plain)
	if err := b.Nuxeo.Trash(m.at(m.Folder, "Cut").UID); err != nil {
		t.Fatal(err)
	}

	b.Frameio.SetStatus(file, "Approved")
	m.refresh(false)
	m.settled(map[string][]byte{"/Cut": nil})
	if shows(m.at(m.Folder, "Cut"), "frameio:status") != "Approved" {
		t.Error("it does not show the status")
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	small := content('p', 90)
	file := add(b, b.Root, "Cut.mov", content('a', 900), frameiosim.WithRendition(frameiosim.RenditionEfficient,
		frameiosim.Bytes(small)))
	m := mirrored(b, func(q *foldersync.Request) { q.Fetch = foldersync.Proxy })
	m.is(map[string][]byte{"/Cut": small})
	d := m.at(m.Folder, "Cut")
	if d.Content.Name != "Cut.mp4" || d.Content.MimeType != "video/mp4" || shows(d, "frameio:rendition") != "proxy" ||
		shows(d, "frameio:fileName") != "Cut.mov" {
		t.Errorf("the document holds %+v and tells %v, want Cut.mp4, a video/mp4, as the proxy of Cut.mov", d.Content,
			d.Properties)
	}

	next := content('q', 80)
	b.Frameio.Stack(file, add(b, b.Root, "Cut 2.mov", content('b', 800),
		frameiosim.WithRendition(frameiosim.RenditionEfficient, frameiosim.Bytes(next))))
	m.settled(map[string][]byte{"/Cut 2": next})
	if v := b.Nuxeo.Versions(d.UID); len(v) != 2 {
		t.Errorf("%d versions, want 2", len(v))
	}
}

// The files below a stack's head become versions, each with what was said about it.
func TestEarlierVersions(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	var files []string
	for i, c := range []byte("abc") {
		files = append(files, add(b, b.Root, "Cut "+string('1'+rune(i))+".mov", content(c, 500+i)))
	}

	b.Frameio.AddComment(files[0], frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	stack := b.Frameio.Stack(files...)
	m := mirrored(b, func(q *foldersync.Request) { q.Earlier = true })
	m.is(map[string][]byte{"/Cut 3": content('c', 502)})
	uid := m.at(m.Folder, "Cut 3").UID
	versionsHold(b, uid, content('a', 500), content('b', 501), content('c', 502))
	if r := m.get().Last; r.Created != 1 || r.Updated != 0 || r.Failed != 0 {
		t.Errorf("the first run is %+v, want 1 created, none updated or failed", r)
	}

	for i, c := range []byte("de") { // two more since the last run
		b.Frameio.Move(add(b, b.Root, "Cut "+string('4'+rune(i))+".mov", content(c, 600+i)), stack)
	}

	m.settled(map[string][]byte{"/Cut 5": content('e', 601)})
	versionsHold(b, uid, content('a', 500), content('b', 501), content('c', 502), content('d', 600), content('e', 601))
}

// versionsHold compares the contents of a document's versions, oldest first.
func versionsHold(b *testenv.Bed, uid string, want ...[]byte) {
	b.T.Helper()
	versions := b.Nuxeo.Versions(uid)
	if len(versions) != len(want) {
		b.T.Fatalf("the document has %d versions, want %d", len(versions), len(want))
	}

	for i, v := range versions {
		if v.Content == nil || v.Content.Digest != md5of(want[i]) {
			b.T.Errorf("version %s holds %+v, want the digest %s", v.VersionLabel, v.Content, md5of(want[i]))
		}
	}
}

// What people made of a document and what Frame.io has are both kept.
func TestBothAreKept(t *testing.T) {
	t.Parallel()
	for by, title := range map[string]string{"policy": "Cut (changed in Nuxeo)", "hand": "Cut (changed in Nuxeo)"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			file, mine := add(b, b.Root, "Cut.mov", content('a', 500)), content('x', 900)
			m := mirrored(b, func(q *foldersync.Request) {
				if by == "policy" {
					q.Conflicts = foldersync.KeepBoth
				}
			})

			uid := m.at(m.Folder, "Cut").UID
			if err := b.Nuxeo.Edit("josh", uid, map[string]any{
				"file:content": nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: mine},
			}); err != nil {
				t.Fatal(err)
			}

			b.Frameio.Stack(file, add(b, b.Root, "Cut 2.mov", content('n', 700)))
			m.refresh(false)
			if by == "hand" {
				page, err := b.App.Sync.Troubles(t.Context(), testenv.Viewer, m.id, "", 10)
				if err != nil || len(page.List) != 1 {
					t.Fatalf("the troubles are %v, %v; want one", page.List, err)
				}
				if _, err := b.App.Sync.ResolveConflict(t.Context(), testenv.Viewer, m.id, page.List[0].Key,
					foldersync.KeepBoth); err != nil {
					t.Fatal(err)
				}
				b.Settle()
			}

			m.settled(map[string][]byte{"/" + title: mine, "/Cut 2": content('n', 700)})
			d, _ := b.Nuxeo.Doc(uid)
			if d.Title != title || shows(d, "frameio:fileId") != "" || shows(d, "dc:source") != "" {
				t.Errorf("what people made is %+v, want it titled %s, with nothing that tells of a file", d, title)
			}
		})
	}
}

// A proxy that Frame.io is still making holds a run up for a while only.
func TestAProxyIsWaitedForForAWhile(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock), testenv.Frameio(func(o *frameiosim.Options) {
		o.TranscodeDelay = time.Hour
	}))

	file := add(b, b.Root, "Cut.mov", content('a', 900), frameiosim.NotUploadedYet())
	b.Frameio.FinishUpload(file)
	q := syncRequest(b)
	q.Fetch = foldersync.Proxy
	s, err := b.App.Sync.Add(t.Context(), "josh", q)
	if err != nil {
		t.Fatal(err)
	}

	v := b.Until(func(v work.View) bool { return v.Title == "Cut.mov" && v.Code == "not_ready" })
	if !strings.Contains(v.Message, "made the proxy") {
		t.Errorf("the item waits for %q, want that Frame.io has made the proxy", v.Message)
	}

	clock.Move(11 * time.Minute)
	b.Settle()
	m := &mirror{b, s.ID}
	if s := m.get(); s.Last.State != foldersync.Done || s.Last.Failed != 1 || s.Troubled != 1 {
		t.Errorf("the synchronization is %+v after %+v, want a run that is done, with 1 failed, and 1 in trouble", s,
			s.Last)
	}
}
