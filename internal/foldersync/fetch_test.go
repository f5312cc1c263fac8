package foldersync_test

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
	cut := b.Add(day, "Cut.mov", testenv.Bytes('a', 500))
	b.Frameio.AddComment(cut, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	one, two := b.Add(b.Root, "Mix 1.wav", testenv.Bytes('b', 600)), b.Add(b.Root, "Mix 2.wav", testenv.Bytes('c', 700))
	b.Frameio.Stack(one, two)
	m := b.Mirrored(plain)
	m.Is(map[string][]byte{"/Day": nil, "/Day/Cut": nil, "/Mix 2": nil})
	d := m.At(m.Folder, "Cut")
	poster, _ := d.Properties["frameio:poster"].(nuxeosim.BlobView)
	if d.Content != nil || shows(d, "frameio:viewUrl") == "" || shows(d, "frameio:resolution") == "" ||
		poster.Length == 0 || !strings.HasPrefix(poster.MimeType, "image/") {
		t.Errorf("the document has the content %v and shows %v, want none, with an address, a resolution and a picture",
			d.Content, d.Properties)
	}

	if !b.Says(d.UID, "Too long.")() {
		t.Error("the comments: got no \"Too long.\", want it")
	}

	if s := m.Get(); s.Last.Created != 2 || s.Assets != 2 || s.CommentsDone != 2 || s.CommentsWaiting != 0 ||
		s.Troubled != 0 {
		t.Errorf("the synchronization is %+v after %+v; want 2 assets created, 2 comments done and none waiting, no "+
			"trouble", s, s.Last)
	}

	if calls := b.Frameio.Calls("files.show"); calls != 1 { // for the frame rate of the commented one
		t.Errorf("%d files were looked at, want 1", calls)
	}

	b.Frameio.SetStatus(cut, "Approved")
	b.Frameio.Move(cut, b.Root)
	if r := m.Refresh(false); r.Updated != 1 || r.Created != 0 || r.Moved != 1 {
		t.Errorf("the run is %+v, want 1 updated, 1 moved and none created", r)
	}

	if now := m.At(m.Folder, "Cut"); shows(now, "frameio:status") != "Approved" || now.UID != d.UID ||
		now.ParentUID != m.Folder || len(b.Nuxeo.Versions(d.UID)) != 0 {
		t.Errorf("the moved document is %+v with %d versions, want %s below %s, Approved, without versions", now,
			len(b.Nuxeo.Versions(d.UID)), d.UID, m.Folder)
	}

	m.Settled(map[string][]byte{"/Day": nil, "/Cut": nil, "/Mix 2": nil})
}

// A picture that never comes holds up neither the others nor itself: it is asked for again.
func TestAPictureThatNeverComes(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) {
		c.Transfer.Idle, c.Frameio.CallTimeout = 4*time.Second, 4*time.Second
	}))

	b.Add(b.Root, "One.mov", testenv.Bytes('a', 500))
	b.Add(b.Root, "Two.mov", testenv.Bytes('b', 600))
	b.Frameio.Faults().Add(faults.Rule{Path: "/thumbnail$", Latency: time.Hour, Times: 1})
	m := b.Mirrored(plain)
	b.Settle()
	for _, title := range []string{"One", "Two"} {
		if d := m.At(m.Folder, title); d.Properties["frameio:poster"] == nil {
			t.Errorf("%q has no picture, want one", title)
		}
	}
}

// A file that is put on a stack keeps its document without content.
func TestMetadataOnlyOfWhatIsStacked(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	first := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
	m := b.Mirrored(plain)
	uid := m.At(m.Folder, "Cut").UID
	second := b.Add(b.Root, "Cut 2.mov", testenv.Bytes('b', 600))
	b.Frameio.Stack(first, second)
	m.Refresh(true)
	m.Settled(map[string][]byte{"/Cut 2": nil})
	if d := m.At(m.Folder, "Cut 2"); d.UID != uid || shows(d, "frameio:fileId") != second {
		t.Errorf("the document is %+v, want %s, which tells of the file %s", d, uid, second)
	}
}

// A document that was put into the trash in Nuxeo comes again when its asset changes.
func TestMetadataOnlyComesAgain(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
	m := b.Mirrored(plain)
	if err := b.Nuxeo.Trash(m.At(m.Folder, "Cut").UID); err != nil {
		t.Fatal(err)
	}

	b.Frameio.SetStatus(file, "Approved")
	m.Refresh(false)
	m.Settled(map[string][]byte{"/Cut": nil})
	if shows(m.At(m.Folder, "Cut"), "frameio:status") != "Approved" {
		t.Errorf("the status: got %q, want Approved", shows(m.At(m.Folder, "Cut"), "frameio:status"))
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	small := testenv.Bytes('p', 90)
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 900), frameiosim.WithRendition(frameiosim.RenditionEfficient,
		frameiosim.Bytes(small)))
	m := b.Mirrored(func(q *foldersync.Request) { q.Fetch = foldersync.Proxy })
	m.Is(map[string][]byte{"/Cut": small})
	d := m.At(m.Folder, "Cut")
	if d.Content.Name != "Cut.mp4" || d.Content.MimeType != "video/mp4" || shows(d, "frameio:rendition") != "proxy" ||
		shows(d, "frameio:fileName") != "Cut.mov" {
		t.Errorf("the document holds %+v and tells %v, want Cut.mp4, a video/mp4, as the proxy of Cut.mov", d.Content,
			d.Properties)
	}

	next := testenv.Bytes('q', 80)
	b.Frameio.Stack(file, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('b', 800),
		frameiosim.WithRendition(frameiosim.RenditionEfficient, frameiosim.Bytes(next))))
	m.Settled(map[string][]byte{"/Cut 2": next})
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
		files = append(files, b.Add(b.Root, "Cut "+string('1'+rune(i))+".mov", testenv.Bytes(c, 500+i)))
	}

	b.Frameio.AddComment(files[0], frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	stack := b.Frameio.Stack(files...)
	m := b.Mirrored(func(q *foldersync.Request) { q.Earlier = true })
	m.Is(map[string][]byte{"/Cut 3": testenv.Bytes('c', 502)})
	uid := m.At(m.Folder, "Cut 3").UID
	b.CheckVersions(uid, testenv.Bytes('a', 500), testenv.Bytes('b', 501), testenv.Bytes('c', 502))
	if r := m.Get().Last; r.Created != 1 || r.Updated != 0 || r.Failed != 0 {
		t.Errorf("the first run is %+v, want 1 created, none updated or failed", r)
	}

	for i, c := range []byte("de") { // two more since the last run
		b.Frameio.Move(b.Add(b.Root, "Cut "+string('4'+rune(i))+".mov", testenv.Bytes(c, 600+i)), stack)
	}

	m.Settled(map[string][]byte{"/Cut 5": testenv.Bytes('e', 601)})
	b.CheckVersions(uid, testenv.Bytes('a', 500), testenv.Bytes('b', 501), testenv.Bytes('c', 502),
		testenv.Bytes('d', 600), testenv.Bytes('e', 601))
}

// What people made of a document and what Frame.io has are both kept.
func TestBothAreKept(t *testing.T) {
	t.Parallel()
	for by, title := range map[string]string{"policy": "Cut (changed in Nuxeo)", "hand": "Cut (changed in Nuxeo)"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			file, mine := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500)), testenv.Bytes('x', 900)
			m := b.Mirrored(func(q *foldersync.Request) {
				if by == "policy" {
					q.Conflicts = foldersync.KeepBoth
				}
			})

			uid := m.At(m.Folder, "Cut").UID
			if err := b.Nuxeo.Edit("josh", uid, map[string]any{
				"file:content": nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: mine},
			}); err != nil {
				t.Fatal(err)
			}

			b.Frameio.Stack(file, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('n', 700)))
			m.Refresh(false)
			if by == "hand" {
				page, err := b.App.Sync.Troubles(t.Context(), testenv.Viewer, m.ID, "", 10)
				if err != nil || len(page.List) != 1 {
					t.Fatalf("the troubles are %v, %v; want one", page.List, err)
				}
				if _, err := b.App.Sync.ResolveConflict(t.Context(), testenv.Viewer, m.ID, page.List[0].Key,
					foldersync.KeepBoth); err != nil {
					t.Fatal(err)
				}
				b.Settle()
			}

			m.Settled(map[string][]byte{"/" + title: mine, "/Cut 2": testenv.Bytes('n', 700)})
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

	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 900), frameiosim.NotUploadedYet())
	b.Frameio.FinishUpload(file)
	q := b.SyncRequest()
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
	m := &testenv.Mirror{Bed: b, ID: s.ID}
	if s := m.Get(); s.Last.State != foldersync.Done || s.Last.Failed != 1 || s.Troubled != 1 {
		t.Errorf("the synchronization is %+v after %+v, want a run that is done, with 1 failed, and 1 in trouble", s,
			s.Last)
	}
}
