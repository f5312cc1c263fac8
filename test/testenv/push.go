package testenv

import (
	"io"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// ByAddress lets Frame.io fetch what is pushed from the store behind Nuxeo.
func ByAddress(c *app.Config) { c.Push.ByAddress, c.Nuxeo.BlobHosts = true, []string{"127.0.0.1"} }

// Fetched is a bed in which Frame.io may fetch what is pushed, and does.
func Fetched() Option {
	return func(o *options) {
		o.nuxeo.DirectDownload, o.frameio.PartSize, o.config = true, 1000, ByAddress
	}
}

// Kept makes a document with a file in the bound folder.
func (b *Bed) Kept(name string, data []byte) string {
	b.T.Helper()
	doc, _ := b.Nuxeo.Doc(b.Folder)
	return b.Nuxeo.MkDoc(doc.Path+"/"+name, "File", map[string]any{
		"dc:creator": "josh", "file:content": nuxeosim.Blob{
			Name:     name + ".mov",
			MimeType: "video/quicktime", Data: data,
		},
	})
}

// PushRequest asks for documents to be pushed into the project.
func (b *Bed) PushRequest(documents ...string) push.Request {
	return push.Request{Documents: documents, Workspace: b.Workspace, Project: b.Project, Folder: b.Root}
}

// Pushed pushes as josh and waits until all of it has ended.
func (b *Bed) Pushed(documents ...string) push.Accepted {
	b.T.Helper()
	return b.PushedAs("josh", b.PushRequest(documents...))
}

// PushedAs is Pushed for somebody else, or another request.
func (b *Bed) PushedAs(login string, r push.Request) push.Accepted {
	b.T.Helper()
	out, err := b.App.Push.Accept(b.T.Context(), login, r)
	if err != nil {
		b.T.Fatal(err)
	}

	b.Settle()
	for i, p := range out.Pushes {
		out.Pushes[i] = b.OnePush(p.ID)
	}

	return out
}

// OnePush is a push as it is now.
func (b *Bed) OnePush(id string) push.Push {
	b.T.Helper()
	p, err := b.App.Push.Get(b.T.Context(), Viewer, id)
	if err != nil {
		b.T.Fatal(err)
	}
	return p
}

// Uploaded reads what was uploaded as a file of Frame.io.
func (b *Bed) Uploaded(file string) []byte {
	b.T.Helper()
	c := b.Frameio.Uploaded(file)
	if c == nil {
		return nil
	}

	data, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil {
		b.T.Fatal(err)
	}

	return data
}

// LockOwner is who has locked a document.
func (b *Bed) LockOwner(uid string) string {
	doc, _ := b.Nuxeo.Doc(uid)
	return doc.LockOwner
}

// Assets are all of a kind that Frame.io has, those in stacks too.
func (b *Bed) Assets(kind string) (out []frameiosim.StateAsset) {
	for _, account := range b.Frameio.State().Accounts {
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

// Members are the files of a stack, oldest first.
func (b *Bed) Members(stack string) (out []string) {
	for _, a := range b.Assets("file") {
		if a.ParentID == stack {
			out = append(out, a.ID)
		}
	}
	return out
}

// Untouched wants that nothing of a push is left.
func (b *Bed) Untouched(uid string) {
	b.T.Helper()
	doc, _ := b.Nuxeo.Doc(uid)
	if doc.LockOwner != "" || len(b.Nuxeo.Versions(uid)) != 0 {
		b.T.Errorf("the document is locked by %q and has %d versions, want nobody and none", doc.LockOwner,
			len(b.Nuxeo.Versions(uid)))
	}

	for _, f := range doc.Facets {
		if f == "FrameioAsset" {
			b.T.Error("the facet is left")
		}
	}

	if left := b.Assets("file"); len(left) != 0 {
		b.T.Errorf("%d files are left on Frame.io, want none", len(left))
	}
}

// CancelPushes cancels all that have not ended.
func (b *Bed) CancelPushes() {
	list, _, _ := b.App.Engine.Items(b.T.Context(), Viewer, work.Filter{Kind: push.KindPush})
	for _, v := range list {
		_ = b.App.Engine.Cancel(b.T.Context(), Viewer, v.ID) // it may have ended
	}
}
