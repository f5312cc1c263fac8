package e2e

import (
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
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
	{name: "edit-binding", prepare: sceneEditBinding, commits: 5},
	{name: "create", prepare: sceneCreate, commits: 4},
	{name: "update", prepare: sceneUpdate, commits: 7},
	{name: "folder", prepare: sceneFolder, commits: 17},
	{name: "push", prepare: scenePush, commits: 4},
	{name: "push-version", prepare: scenePushVersion, commits: 7},
	{name: "return", prepare: sceneReturn, commits: 4},
	{name: "reaction", prepare: sceneReaction, commits: 9},
	{name: "copy-removed", prepare: sceneCopyRemoved, commits: 3},
	{name: "copy-moved", prepare: sceneCopyMoved, commits: 5},
	{name: "copy-back", prepare: sceneCopyBack, commits: 2},
	{name: "cancel", prepare: sceneCancel, commits: 4},
	{name: "sync", prepare: sceneSync, commits: 19},
	{name: "sync-changes", prepare: sceneSyncChanges, commits: 29},
	{name: "sync-plain", prepare: sceneSyncPlain, commits: 29},
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
	data := testenv.Bytes('a', 5000)
	file := b.Add(b.Root, "Teaser.mov", data)
	words := b.Remark(file, "dark")
	return publishing(b, 1, testenv.Want{"Teaser": {Content: data, Comments: words}}, file)
}

func sceneUpdate(b *testenv.Bed) (deed, check func()) {
	b.Bind("Publish")
	one, two := testenv.Bytes('1', 4000), testenv.Bytes('2', 5000)
	first := b.Add(b.Root, "Teaser.mov", one)
	words := b.Remark(first, "first")
	b.Published(b.Josh, first)
	stack := b.Frameio.Stack(first, b.Add(b.Root, "Teaser v2.mov", two))
	head := b.Frameio.AddFile(stack, "Teaser v3.mov", frameiosim.Bytes(testenv.Bytes('3', 6000)))
	words = append(words, b.Remark(head, "third")...)
	return publishing(b, 2, testenv.Want{"Teaser": {
		Content: testenv.Bytes('3', 6000), Versions: [][]byte{one, testenv.Bytes('3', 6000)}, Comments: words,
	}}, stack)
}

func sceneFolder(b *testenv.Bed) (deed, check func()) {
	b.Bind("Publish")
	day := b.Frameio.AddFolder(b.Root, "Day")
	cam := b.Frameio.AddFolder(day, "Cam")
	b.Add(day, "one.mov", testenv.Bytes('1', 1000))
	two := b.Add(cam, "two.mov", testenv.Bytes('2', 2000))
	b.Frameio.AddComment(two, frameiosim.CommentSpec{Text: "cut", OwnerID: b.Julia})
	return publishing(b, 1, testenv.Want{
		"Day/one":     {Content: testenv.Bytes('1', 1000)},
		"Day/Cam/two": {Content: testenv.Bytes('2', 2000), Comments: []string{"cut"}},
	}, day)
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
		b.CheckBound("Publish", b.Workspace, second)
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
		b.CheckBound("Other", b.Workspace)
		b.AllDone()
	}
}

// sceneEditBinding renames a binding, adds a team and removes one.
func sceneEditBinding(b *testenv.Bed) (deed, check func()) {
	second, third := b.Frameio.AddWorkspace(b.Account, "Zebra"), b.Frameio.AddWorkspace(b.Account, "Yak")
	made, item, err := b.App.Binding.Bind(b.T.Context(), "josh", binding.Request{
		Folder: b.Folder, ActionName: "Publish", Workspaces: []string{b.Workspace, second},
	})
	if err != nil {
		b.T.Fatal(err)
	}

	b.Await(item)
	done := false
	edit := func() {
		name := "Send"
		_, err := b.App.Binding.Edit(b.T.Context(), work.Viewer{Login: "josh"}, made.ID, binding.Change{
			Version: 1, ActionName: &name, Workspaces: []string{b.Workspace, third},
		})
		done = err == nil
	}

	return edit, func() {
		b.T.Helper()
		if !done {
			edit()
			b.Settle()
		}
		b.CheckBound("Send", b.Workspace, third)
		if n := len(b.Frameio.Actions(second)); n != 0 {
			b.T.Errorf("%d custom actions in the team that was removed, want none", n)
		}
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
