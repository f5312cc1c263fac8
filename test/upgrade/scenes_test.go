package upgrade

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// scene is something that people have a program do. Once a fixture of it is there, it
// must set the same things under the same names for ever.
type scene struct {
	name   string
	direct bool // Nuxeo keeps its files in a store that Frame.io may fetch from
	// prepare sets it, and returns the deed and what must hold in the end.
	prepare func(st *stage) (deed, check func())
}

var scenes = []scene{
	{name: "bind", prepare: bind},
	{name: "unbind", prepare: unbind},
	{name: "create", prepare: create},
	{name: "update", prepare: update},
	{name: "folder", prepare: folder},
	{name: "push", prepare: pushNew},
	{name: "push-version", prepare: pushVersion},
	{name: "push-fetch", prepare: pushNew, direct: true},
	{name: "push-cancel", prepare: pushCancel},
	{name: "return", prepare: pushBack},
	{name: "sync", prepare: syncNew},
	{name: "sync-changes", prepare: syncChanges},
	{name: "sync-plain", prepare: syncPlain},
	{name: "sync-check", prepare: syncCheck},
}

func (st *stage) file(parent, name, data string, more ...frameiosim.FileOption) string {
	more = append(more, frameiosim.WithCreator(st.Josh))
	return st.name("file "+name, st.Frameio.AddFile(parent, name, frameiosim.Bytes([]byte(data)), more...))
}

func (st *stage) folder(parent, name string) string {
	return st.name("folder "+name, st.Frameio.AddFolder(parent, name))
}

func (st *stage) remark(file, words string) {
	at := int64(5)
	remark := frameiosim.CommentSpec{Text: words, OwnerID: st.Julia, Timestamp: &at}
	st.name("remark "+words, st.Frameio.AddComment(file, remark))
}

// document makes one in the folder that josh has made.
func (st *stage) document(name, data string) string {
	folder, _ := st.Nuxeo.Doc(st.Folder)
	properties := map[string]any{"dc:creator": "josh", "file:content": movie(name, data)}
	return st.Nuxeo.MkDoc(folder.Path+"/"+name, "File", properties)
}

func movie(name, data string) nuxeosim.Blob {
	return nuxeosim.Blob{Name: name + ".mov", MimeType: "video/quicktime", Data: []byte(data)}
}

// publishing offers assets to the only action. In the end there is what is wanted, and
// one mail more; published once more, nothing is added.
func (st *stage) publishing(want testenv.Want, assets ...string) (deed, check func()) {
	mails := st.mails()
	return func() { st.Offer(st.Josh, "once", assets...) }, func() {
		st.T.Helper()
		st.AllDone()
		st.Check(st.asWritten(want))
		st.Mails(mails + 1)
		st.Run(st.Josh, assets...)
		st.AllDone()
		st.Check(st.asWritten(want))
	}
}

// asWritten is what is wanted, with the comments as an older program wrote them: author
// and time stood above the words, which stood nowhere else.
func (st *stage) asWritten(want testenv.Want) testenv.Want {
	out, tree := testenv.Want{}, st.Tree()
	for path, w := range want {
		w.Comments = slices.Clone(w.Comments)
		for _, d := range tree[path] {
			for _, c := range st.Nuxeo.Comments(d.UID) {
				if _, words, found := strings.Cut(c.Text, "\n"); found && testenv.Words(c) == c.Text {
					if i := slices.Index(w.Comments, words); i >= 0 {
						w.Comments[i] = c.Text
					}
				}
			}
		}

		out[path] = w
	}

	return out
}

// mails is how many went out, those that went twice counted once.
func (st *stage) mails() int {
	all := map[string]bool{}
	for _, m := range st.Mail.Messages() {
		all[m.MessageID] = true
	}
	return len(all)
}

func create(st *stage) (deed, check func()) {
	st.Bind("Publish")
	media := frameiosim.WithMedia(frameiosim.Media{FPS: 25, Duration: 4, Width: 1920, Height: 1080, Codec: "ProRes"})
	file := st.file(st.Root, "Teaser.mov", "the first cut", media)
	st.remark(file, "too dark")
	return st.publishing(testenv.Want{
		"Teaser": {Content: []byte("the first cut"), Comments: []string{"too dark"}},
	}, file)
}

func update(st *stage) (deed, check func()) {
	st.Bind("Publish")
	one, two := "the first cut", "the second cut"
	first := st.file(st.Root, "Teaser.mov", one)
	st.remark(first, "too dark")
	st.Published(st.Josh, first)
	st.remark(first, "still too dark")
	second := st.file(st.Root, "Teaser 2.mov", two)
	st.remark(second, "too bright")
	stack := st.name("stack", st.Frameio.Stack(first, second))
	return st.publishing(testenv.Want{"Teaser": {
		Content: []byte(two), Versions: [][]byte{[]byte(one), []byte(two)},
		Comments: []string{"too dark", "still too dark", "too bright"},
	}}, stack)
}

func folder(st *stage) (deed, check func()) {
	st.Bind("Publish")
	day := st.folder(st.Root, "Day")
	cam := st.folder(day, "Cam")
	st.file(day, "one.mov", "one")
	st.remark(st.file(cam, "two.mov", "two"), "cut")
	return st.publishing(testenv.Want{
		"Day/one": {Content: []byte("one")}, "Day/Cam/two": {Content: []byte("two"), Comments: []string{"cut"}},
	}, day)
}

func bind(st *stage) (deed, check func()) {
	second := st.name("workspace Zebra", st.Frameio.AddWorkspace(st.Account, "Zebra"))
	return func() {
			_, _, err := st.App.Binding.Bind(st.T.Context(), "josh", binding.Request{
				Folder: st.Folder, ActionName: "Publish", Workspaces: []string{st.Workspace, second},
			})
			if err != nil {
				st.T.Fatal(err)
			}
		}, func() {
			st.T.Helper()
			st.AllDone()
			st.bound("Publish", st.Workspace, second)
		}
}

func unbind(st *stage) (deed, check func()) {
	made := st.Bind("Publish")
	st.Bind("Other")
	return func() {
			if _, err := st.App.Binding.Unbind(st.T.Context(), testenv.Viewer, made.ID, ""); err != nil {
				st.T.Fatal(err)
			}
		}, func() {
			st.T.Helper()
			st.AllDone()
			st.bound("Other", st.Workspace)
		}
}

// bound checks that there is one binding, on Frame.io, in the records and on the folder,
// and that its actions work.
func (st *stage) bound(name string, workspaces ...string) {
	st.T.Helper()
	list, _, err := st.App.Binding.List(st.T.Context(), testenv.Viewer, st.Folder, "", 0)
	if err != nil || len(list) != 1 || list[0].ActionName != name || len(list[0].Actions) != len(workspaces) {
		st.T.Fatalf("the bindings are %+v, %v; want one of the name %q with %d actions", list, err, name,
			len(workspaces))
	}

	for _, w := range workspaces {
		actions := st.Frameio.Actions(w)
		if len(actions) != 1 || actions[0].Name != name {
			st.T.Fatalf("the actions on Frame.io are %+v, want one of the name %q", actions, name)
		}
		_, root := st.Frameio.AddProject(w, "Another")
		file := st.file(root, "works.mov", "it works in "+w)
		res, err := st.Frameio.RunAction(st.T.Context(), actions[0].ID, st.Josh, []string{file})
		if err != nil || res.Title != "Success" {
			st.T.Errorf("the action answers %+v, %v; want success", res, err)
		}
	}

	if d, _ := st.Nuxeo.Doc(st.Folder); len(d.Properties["frameiobinding:bindings"].([]any)) != 1 {
		st.T.Errorf("the folder shows %v, want one binding", d.Properties["frameiobinding:bindings"])
	}

	st.AllDone()
}

// pushing pushes a document. In the end it is on Frame.io once, among as many files as
// are given, and locked for it; one mail more tells so.
func (st *stage) pushing(uid, data string, among int) (deed, check func()) {
	mails := st.mails()
	return func() { st.push(uid) }, func() {
		st.T.Helper()
		st.AllDone()
		p := st.pushOf(uid)
		doc, _ := st.Nuxeo.Doc(uid)
		if p.State != push.Open || p.Lock != push.Ours || doc.LockOwner != "josh" {
			st.T.Errorf("the push is %s with the lock %s, and the document is locked by %q; want %s, %s, josh",
				p.State, p.Lock, doc.LockOwner, push.Open, push.Ours)
		}

		if all := st.assets("file"); len(all) != among {
			st.T.Errorf("there are %d files on Frame.io, want %d: %v", len(all), among, all)
		}

		if got := st.uploaded(p.File); got != data {
			st.T.Errorf("the file on Frame.io holds %q, want %q", got, data)
		}

		if doc.Properties["frameio:fileId"] != p.File || !slices.Contains(doc.Facets, "FrameioAsset") {
			st.T.Errorf("the document tells of %v with %v, want %s", doc.Properties["frameio:fileId"],
				doc.Facets, p.File)
		}

		st.Mails(mails + 1)
	}
}

func (st *stage) push(uid string) {
	st.T.Helper()
	r := push.Request{Documents: []string{uid}, Workspace: st.Workspace, Project: st.Project, Folder: st.Root}
	if _, err := st.App.Push.Accept(st.T.Context(), "josh", r); err != nil {
		st.T.Fatal(err)
	}
}

func (st *stage) pushOf(uid string) push.Push {
	st.T.Helper()
	page, err := st.App.Push.List(st.T.Context(), testenv.Viewer, push.Filter{Document: uid})
	found := page.List
	if err != nil || len(found) != 1 {
		st.T.Fatalf("there are %d pushes of the document, %v; want one", len(found), err)
	}
	return found[0]
}

// assets are all of a kind that Frame.io has, those in stacks too.
func (st *stage) assets(kind string) (out []frameiosim.StateAsset) {
	for _, account := range st.Frameio.State().Accounts {
		for _, w := range account.Workspaces {
			for _, p := range w.Projects {
				for _, a := range p.Assets {
					if a.Type == kind {
						out = append(out, a)
					}
				}
			}
		}
	}
	return out
}

func (st *stage) uploaded(file string) string {
	st.T.Helper()
	if file == "" {
		return "" // nobody recorded one
	}

	c := st.Frameio.Uploaded(file)
	if c == nil {
		return ""
	}

	var out strings.Builder
	if _, err := io.Copy(&out, io.NewSectionReader(c, 0, c.Size())); err != nil {
		st.T.Fatal(err)
	}

	return out.String()
}

func pushNew(st *stage) (deed, check func()) {
	st.Bind("Publish")
	return st.pushing(st.document("Teaser", "a master"), "a master", 1)
}

// pushVersion pushes a document whose asset is on Frame.io already.
func pushVersion(st *stage) (deed, check func()) {
	st.Bind("Publish")
	file := st.file(st.Root, "Teaser.mov", "the first cut")
	st.Published(st.Josh, file)
	uid := st.Only().UID
	if err := st.Nuxeo.Edit("josh", uid, map[string]any{"file:content": movie("Teaser", "a master")}); err != nil {
		st.T.Fatal(err)
	}

	deed, whole := st.pushing(uid, "a master", 2)
	return deed, func() {
		st.T.Helper()
		whole()
		stacks := st.assets("version_stack")
		if len(stacks) != 1 {
			st.T.Fatalf("there are %d stacks, want one", len(stacks))
		}

		in := slices.DeleteFunc(st.assets("file"), func(a frameiosim.StateAsset) bool {
			return a.ParentID != stacks[0].ID
		})
		if len(in) != 2 || in[0].ID != file {
			st.T.Errorf("on the stack is %v, want what was pushed above %s", in, file)
		}
	}
}

// pushCancel cancels a push while its bytes are on their way. A program that is stopped
// before is not told: then the push arrives.
func pushCancel(st *stage) (deed, check func()) {
	st.Bind("Publish")
	uid := st.document("Teaser", "a master")
	asked := false
	st.Frameio.Faults().Add(faults.Rule{Path: "/upload/parts/", Times: 1, Hook: func(*http.Request) {
		if asked {
			return
		}
		asked = true
		list, _, _ := st.App.Engine.Items(st.T.Context(), testenv.Viewer, work.Filter{Kind: push.KindPush})
		for _, v := range list {
			_ = st.App.Engine.Cancel(st.T.Context(), testenv.Viewer, v.ID) // it may have ended
		}
	}})

	return func() { st.push(uid) }, func() {
		st.T.Helper()
		st.Settle()
		doc, _ := st.Nuxeo.Doc(uid)
		p := st.pushOf(uid)
		if p.State == push.Open {
			if doc.LockOwner != "josh" || st.uploaded(p.File) != "a master" {
				st.T.Errorf("the push is open, the document locked by %q, and on Frame.io is %q; want josh and "+
					"the master",
					doc.LockOwner, st.uploaded(p.File))
			}
			return
		}

		if left := st.assets("file"); doc.LockOwner != "" || len(left) != 0 {
			st.T.Errorf("the push is %s, the document locked by %q, and on Frame.io is %v; want nobody and nothing",
				p.State, doc.LockOwner, left)
		}
	}
}

// pushBack publishes what was pushed: one version, no byte, no lock.
func pushBack(st *stage) (deed, check func()) {
	st.Bind("Publish")
	uid := st.document("Teaser", "a master")
	st.push(uid)
	st.Settle()
	p := st.pushOf(uid)
	st.name("push", p.ID)
	st.name("pushed file", p.File)
	return func() { st.Offer(st.Julia, "back", p.File) }, func() {
		st.T.Helper()
		st.AllDone()
		after := st.pushOf(uid)
		doc, _ := st.Nuxeo.Doc(uid)
		if after.State != push.Returned || after.Lock != push.Free || doc.LockOwner != "" {
			st.T.Errorf("the push is %s with the lock %s, and the document is locked by %q; want %s, %s, nobody",
				after.State, after.Lock, doc.LockOwner, push.Returned, push.Free)
		}

		// Programs until migration 9 had a version made by an operation that makes none, and
		// took it for made; what they then noted as returned has none.
		n := 1
		if slices.ContainsFunc(st.called, func(to string) bool {
			return strings.HasSuffix(to, "/Document.CreateVersion")
		}) {
			n = 0
		}

		versions := st.Nuxeo.Versions(uid)
		if len(versions) != n || !bytes.Equal(st.Content(uid), []byte("a master")) || len(st.Documents()) != 1 {
			st.T.Errorf("there are %d versions of %d documents, and it holds %q; want %d of one, and the master",
				len(versions), len(st.Documents()), st.Content(uid), n)
		}
	}
}
