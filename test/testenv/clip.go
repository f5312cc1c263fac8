package testenv

import (
	"bytes"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Proxy is the rendition that a Clip has.
const Proxy = "MP4 480p"

// Clip makes a video in the folder, with a master and the rendition that Nuxeo
// has made of it.
func (b *Bed) Clip(name string, master, proxy []byte) string {
	b.T.Helper()
	folder, _ := b.Nuxeo.Doc(b.Folder)
	uid := b.Nuxeo.MkDoc(folder.Path+"/"+name, "Video", map[string]any{
		"dc:title": name, "file:content": nuxeosim.Blob{Name: name + ".mov", MimeType: "video/quicktime", Data: master},
	})

	ctx := b.T.Context()
	nx := b.App.Nuxeo.As(nuxeo.Basic("Administrator", "Administrator"))
	batch, err := nx.NewBatch(ctx)
	if err != nil {
		b.T.Fatal(err)
	}

	chunk := nuxeo.Chunk{
		Name:     name + "-480.mp4",
		MimeType: "video/mp4",
		Size:     int64(len(proxy)),
		Length:   int64(len(proxy)),
		Count:    1,
	}

	if err := nx.Upload(ctx, batch, chunk, bytes.NewReader(proxy)); err != nil {
		b.T.Fatal(err)
	}

	list := []any{map[string]any{"name": Proxy, "content": nuxeo.Uploading(batch)}}
	if err := nx.Update(ctx, uid, "", map[string]any{"vid:transcodedVideos": list},
		nuxeo.WriteOptions{Source: "frameio-metadata"}); err != nil {
		b.T.Fatal(err)
	}

	return uid
}
