package e2e

import (
	"bytes"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// pushing is a deed that begins a push, and what holds afterwards: the document is
// on Frame.io once, with its bytes, and locked for it.
func pushing(b *testenv.Bed, uid string, data []byte, among int) (deed, check func()) {
	offer := func() bool {
		_, err := b.App.Push.Accept(b.T.Context(), "josh", b.PushRequest(uid))
		return err == nil || fault.Is(err, fault.Conflict)
	}

	accepted, mails := false, len(b.Mail.Messages())
	return func() { accepted = offer() }, func() {
		b.T.Helper()
		if !accepted {
			offer()
		}

		b.AllDone()
		page, err := b.App.Push.List(b.T.Context(), testenv.Viewer, push.Filter{Document: uid})
		found := page.List
		if err != nil || len(found) != 1 {
			b.T.Fatalf("%d pushes of the document, %v; want 1", len(found), err)
		}

		p := found[0]
		if p.State != push.Open || p.Lock != push.Ours || b.LockOwner(uid) != "josh" {
			b.T.Errorf("the push is %s with the lock %s, the document locked by %q; want open, ours and josh", p.State,
				p.Lock, b.LockOwner(uid))
		}

		left := b.Assets("file")
		if len(left) != among || !bytes.Equal(b.Uploaded(p.File), data) {
			b.T.Errorf("%d files on Frame.io, %v; want %d, and the pushed one with its content", len(left), left, among)
		}

		doc, _ := b.Nuxeo.Doc(uid)
		if doc.Properties["frameio:fileId"] != p.File || !slices.Contains(doc.Facets, "FrameioAsset") {
			b.T.Errorf("the document tells of %v with the facets %v, want %s and FrameioAsset",
				doc.Properties["frameio:fileId"], doc.Facets, p.File)
		}

		if n := len(b.Mail.Messages()) - mails; n < 1 || n > 2 {
			b.T.Errorf("%d mails, want 1 or 2", n)
		}
	}
}

func scenePush(b *testenv.Bed) (deed, check func()) {
	b.Bind("Publish")
	data := testenv.Bytes('p', 3000)
	folder, _ := b.Nuxeo.Doc(b.Folder)
	uid := b.Nuxeo.MkDoc(folder.Path+"/Teaser", "File", map[string]any{ // by somebody else, who wrote last
		"dc:source": "a tape", "file:content": nuxeosim.Blob{
			Name:     "Teaser.mov",
			MimeType: "video/quicktime", Data: data,
		},
	})

	deed, whole := pushing(b, uid, data, 1)
	return deed, func() {
		whole()
		if doc, _ := b.Nuxeo.Doc(uid); doc.Properties["dc:source"] != "a tape" || len(b.Nuxeo.Versions(uid)) != 0 {
			b.T.Errorf("the document has the source %q and %d versions, want a tape and none",
				doc.Properties["dc:source"], len(b.Nuxeo.Versions(uid)))
		}
	}
}

func scenePushVersion(b *testenv.Bed) (deed, check func()) {
	b.Bind("Publish")
	file := b.Add(b.Root, "Teaser.mov", testenv.Bytes('a', 500))
	b.Published(b.Josh, file)
	uid, data := b.Only().UID, testenv.Bytes('b', 700)
	if err := b.Nuxeo.Edit("josh", uid, map[string]any{
		"file:content": nuxeosim.Blob{Name: "Teaser.mov", MimeType: "video/quicktime", Data: data},
	}); err != nil {
		b.T.Fatal(err)
	}

	deed, whole := pushing(b, uid, data, 2)
	return deed, func() {
		whole()
		stacks := b.Assets("version_stack")
		if len(stacks) != 1 || len(b.Members(stacks[0].ID)) != 2 || b.Members(stacks[0].ID)[0] != file {
			b.T.Errorf("the stacks are %v, want one of two files that begins with %s", stacks, file)
		}
	}
}

// sceneReturn publishes what was pushed: one version, no byte, no lock.
func sceneReturn(b *testenv.Bed) (deed, check func()) {
	b.Bind("Publish")
	data := testenv.Bytes('r', 900)
	uid := b.Kept("Teaser", data)
	p := b.Pushed(uid).Pushes[0]
	accepted := false
	offer := func() { accepted = b.Offer(b.Julia, "back", p.File).OK() }
	return offer, func() {
		if !accepted {
			offer()
		}

		b.AllDone()
		after := b.OnePush(p.ID)
		if after.State != push.Returned || after.Lock != push.Free || b.LockOwner(uid) != "" {
			b.T.Errorf("the push is %s with the lock %s, the document locked by %q; want returned, free and nobody",
				after.State, after.Lock, b.LockOwner(uid))
		}

		if n := len(b.Nuxeo.Versions(uid)); n != 1 || !bytes.Equal(b.Content(uid), data) || len(b.Documents()) != 1 {
			b.T.Errorf("%d versions and %d documents, want 1 and 1 with the content that came back", n,
				len(b.Documents()))
		}
	}
}

// sceneReaction publishes what was pushed, and Nuxeo reacts to that once.
func sceneReaction(b *testenv.Bed) (deed, check func()) {
	const after = "javascript.after"
	b.Nuxeo.AddChain(after, func(nuxeosim.ChainCall) error { return nil })
	b.Config.On.Returned = after
	b.Restart()
	deed, whole := sceneReturn(b)
	return deed, func() {
		whole()
		ran := b.Nuxeo.Ran()
		if len(ran) != 1 || ran[0].Params["event"] != "returned" {
			b.T.Errorf("Nuxeo ran the chain %d times: %v; want once, for the return", len(ran), ran)
		}
	}
}

// sceneCancel cancels a push while its bytes are on their way.
func sceneCancel(b *testenv.Bed) (deed, check func()) {
	b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('c', 900))
	b.Before("/upload/parts/", b.CancelPushes)
	return func() { _, _ = b.App.Push.Accept(b.T.Context(), "josh", b.PushRequest(uid)) }, func() {
		b.Settle()
		page, _ := b.App.Push.List(b.T.Context(), testenv.Viewer, push.Filter{Document: uid})
		found := page.List
		if len(found) == 0 { // nothing was promised
			b.Untouched(uid)
			return
		}

		if p := found[0]; p.State == push.Open { // it was faster
			if b.LockOwner(uid) != "josh" || !bytes.Equal(b.Uploaded(p.File), testenv.Bytes('c', 900)) {
				b.T.Errorf("the push is open and the document locked by %q, want josh, and the pushed content on "+
					"Frame.io", b.LockOwner(uid))
			}
			return
		}

		b.Untouched(uid)
	}
}
