package e2e

import (
	"bytes"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// scene is something that people do, with all that must be true when it is over,
// whatever went wrong in between.
type scene struct {
	name string
	// prepare sets the stage and returns the deed and what holds after it.
	prepare func(b *testenv.Bed) (deed func(), check func())
	// commits is every which commit the sweep over them tries; 0: none.
	commits int
}

var scenes = []scene{
	{name: "bind", prepare: sceneBind, commits: 3},
	{name: "unbind", prepare: sceneUnbind, commits: 3},
	{name: "create", prepare: sceneCreate, commits: 4},
	{name: "update", prepare: sceneUpdate, commits: 4},
	{name: "folder", prepare: sceneFolder, commits: 13},
	{name: "push", prepare: scenePush, commits: 4},
	{name: "push-version", prepare: scenePushVersion, commits: 5},
	{name: "return", prepare: sceneReturn, commits: 4},
	{name: "cancel", prepare: sceneCancel, commits: 4},
	{name: "sync", prepare: sceneSync, commits: 14},
	{name: "sync-changes", prepare: sceneSyncChanges, commits: 19},
	{name: "sync-plain", prepare: sceneSyncPlain, commits: 19},
}

func content(c byte, n int) []byte { return bytes.Repeat([]byte{c}, n) }

func add(b *testenv.Bed, parent, name string, data []byte, opts ...frameiosim.FileOption) string {
	return b.Frameio.AddFile(parent, name, frameiosim.Bytes(data), append([]frameiosim.FileOption{
		frameiosim.WithMedia(frameiosim.Media{FPS: 25, Duration: 4, Width: 1920, Height: 1080, Codec: "ProRes"}),
		frameiosim.WithCreator(b.Josh),
	}, opts...)...)
}

// remark adds a comment with a reply, and a drawing.
func remark(b *testenv.Bed, file, words string) []string {
	c := b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: words, OwnerID: b.Julia, Timestamp: ptr(5)})
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: words + " answered", OwnerID: b.Josh, ParentID: c})
	b.Frameio.AddComment(file, frameiosim.CommentSpec{
		Text:       words + " drawn",
		OwnerID:    b.Julia,
		Annotation: `[{"tool":"rect"}]`,
	})
	return []string{words, words + " answered", words + " drawn"}
}

// publishing is a deed that goes on until the interaction is accepted, and a
// check that ends by doing it once more: the action works and adds nothing.
func publishing(b *testenv.Bed, mails int, want testenv.Want, assets ...string) (deed, check func()) {
	accepted := false
	offer := func() { accepted = b.Offer(b.Josh, "once", assets...).OK() }
	return offer, func() {
		b.T.Helper()
		if !accepted { // nothing was promised: the person tries again
			offer()
			b.Settle()
		}

		b.AllDone()
		b.Check(want)
		b.Mails(mails)
		b.Run(b.Josh, assets...)
		b.AllDone()
		b.Check(want)
		b.Mails(mails + 1)
	}
}

func sceneCreate(b *testenv.Bed) (deed, check func()) {
	b.Bind("Publish")
	data := content('a', 5000)
	file := add(b, b.Root, "Teaser.mov", data)
	words := remark(b, file, "dark")
	return publishing(b, 1, testenv.Want{"Teaser": {Content: data, Comments: words}}, file)
}

func sceneUpdate(b *testenv.Bed) (deed, check func()) {
	b.Bind("Publish")
	one, two := content('1', 4000), content('2', 5000)
	first := add(b, b.Root, "Teaser.mov", one)
	words := remark(b, first, "first")
	b.Published(b.Josh, first)
	stack := b.Frameio.Stack(first, add(b, b.Root, "Teaser v2.mov", two))
	head := b.Frameio.AddFile(stack, "Teaser v3.mov", frameiosim.Bytes(content('3', 6000)))
	words = append(words, remark(b, head, "third")...)
	return publishing(b, 2, testenv.Want{"Teaser": {
		Content: content('3', 6000), Versions: [][]byte{one, content('3', 6000)}, Comments: words,
	}}, stack)
}

func sceneFolder(b *testenv.Bed) (deed, check func()) {
	b.Bind("Publish")
	day := b.Frameio.AddFolder(b.Root, "Day")
	cam := b.Frameio.AddFolder(day, "Cam")
	add(b, day, "one.mov", content('1', 1000))
	two := add(b, cam, "two.mov", content('2', 2000))
	b.Frameio.AddComment(two, frameiosim.CommentSpec{Text: "cut", OwnerID: b.Julia})
	return publishing(b, 1, testenv.Want{
		"Day/one":     {Content: content('1', 1000)},
		"Day/Cam/two": {Content: content('2', 2000), Comments: []string{"cut"}},
	}, day)
}

// bound checks that every action is in our records and works, and that the
// folder shows the binding.
func bound(b *testenv.Bed, name string, workspaces ...string) {
	b.T.Helper()
	list, _, err := b.App.Binding.List(b.T.Context(), testenv.Viewer, b.Folder, "", 0)
	if err != nil || len(list) != 1 || list[0].ActionName != name || len(list[0].Actions) != len(workspaces) {
		b.T.Fatalf("the bindings are %+v, %v; want one, %s, in %d workspaces", list, err, name, len(workspaces))
	}

	for _, w := range workspaces {
		actions := b.Frameio.Actions(w)
		if len(actions) != 1 || actions[0].Name != name {
			b.T.Fatalf("the actions are %+v, want one, named %s", actions, name)
		}
		_, root := b.Frameio.AddProject(w, "Another")
		res, err := b.Frameio.RunAction(b.T.Context(), actions[0].ID, b.Josh,
			[]string{add(b, root, "works.mov", []byte("x"))})
		if err != nil || res.Title != "Success" {
			b.T.Errorf("running the action answers %+v, %v; want Success", res, err)
		}
	}

	if d, _ := b.Nuxeo.Doc(b.Folder); len(d.Properties["frameiobinding:bindings"].([]any)) != 1 {
		b.T.Errorf("the folder shows the bindings %v, want one", d.Properties["frameiobinding:bindings"])
	}

	b.Settle()
}

func sceneBind(b *testenv.Bed) (deed, check func()) {
	second := b.Frameio.AddWorkspace(b.Account, "Zebra")
	var item string
	bind := func() {
		_, id, err := b.App.Binding.Bind(b.T.Context(), "josh", binding.Request{
			Folder:     b.Folder,
			ActionName: "Publish",
			Workspaces: []string{b.Workspace, second},
		})
		if err == nil {
			item = id
		}
	}

	return bind, func() {
		b.T.Helper()
		if item == "" {
			bind()
			b.Settle()
		}
		bound(b, "Publish", b.Workspace, second)
		b.AllDone()
	}
}

func sceneUnbind(b *testenv.Bed) (deed, check func()) {
	made := b.Bind("Publish")
	b.Bind("Other")
	done := false
	unbind := func() {
		_, err := b.App.Binding.Unbind(b.T.Context(), testenv.Viewer, made.ID, "")
		done = err == nil
	}

	return unbind, func() {
		b.T.Helper()
		if !done {
			unbind()
			b.Settle()
		}
		bound(b, "Other", b.Workspace)
		b.AllDone()
	}
}

// rehearse does a scene without mishap and counts what can go wrong in it.
func rehearse(t *testing.T, s scene) (writes []string, commits int) {
	b := testenv.New(t, testenv.OneByOne())
	deed, check := s.prepare(b)
	b.Watch()
	deed()
	b.Settle()
	writes, commits = b.Writes(), b.Commits()
	check()
	return writes, commits
}
