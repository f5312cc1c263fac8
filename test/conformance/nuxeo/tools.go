package nuxeo

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// all is to read everything that a document has.
var all = nuxeo.Fetch{Schemas: []string{"*"}, Lock: true}

// m is an object in JSON.
type m = map[string]any

// Folder is the folder of the case, which is made when it is first asked for.
func (s *Scene) Folder() string {
	if s.folder == "" {
		s.folder = s.made(s.self, s.home.UID, s.name, "Folder", nil).UID
	}
	return s.folder
}

// made makes a document.
func (s *Scene) made(p *Person, parent, name, typ string, props m) *nuxeo.Document {
	if props == nil {
		props = m{"dc:title": name}
	}
	d, err := p.Create(s.Context(), parent, nuxeo.NewDocument{Name: name, Type: typ, Properties: props},
		nuxeo.WriteOptions{})
	s.Must(err)
	return d
}

// file makes a document of type File without content, in the case's folder.
func (s *Scene) file(p *Person, name string) *nuxeo.Document {
	return s.made(p, s.Folder(), name, "File", nil)
}

// filled makes a document of type File with a content, in the case's folder.
func (s *Scene) filled(p *Person, name, content string) *nuxeo.Document {
	return s.made(p, s.Folder(), name, "File", m{
		"dc:title":     name,
		"file:content": nuxeo.Uploading(s.batch(p, name+".bin", content)),
	})
}

// batch uploads a file whole.
func (s *Scene) batch(p *Person, name, content string) string {
	batch, err := p.NewBatch(s.Context())
	s.Must(err)
	n := int64(len(content))
	s.Must(p.Upload(s.Context(), batch, nuxeo.Chunk{
		Name:     name,
		MimeType: "application/x-case",
		Size:     n,
		Count:    1,
		Length:   n,
	}, strings.NewReader(content)))

	return batch
}

// get reads a document with everything.
func (s *Scene) get(p *Person, uid string) *nuxeo.Document {
	d, err := p.Get(s.Context(), uid, all)
	s.Must(err)
	return d
}

// put writes properties and nothing else.
func (s *Scene) put(p *Person, uid string, props m, header map[string]string) *Answer {
	return s.Raw(p, request{
		method: "PUT",
		path:   "api/v1/id/" + uid,
		json:   m{"entity-type": "document", "properties": props},
		header: header,
	})
}

// update writes properties; it must succeed.
func (s *Scene) update(p *Person, uid string, props m, o nuxeo.WriteOptions) {
	s.Must(p.Update(s.Context(), uid, "", props, o))
}

// checkIn makes a version of a document.
func (s *Scene) checkIn(p *Person, uid string) {
	_, err := p.CheckIn(s.Context(), uid)
	s.Must(err)
}

// last is the newest version of a document, which must have one.
func (s *Scene) last(p *Person, uid string) *nuxeo.Document {
	v, err := p.LastVersion(s.Context(), uid, all)
	s.Must(err)
	if v == nil {
		s.Stop("there is no version")
	}
	return v
}

// labels are the labels of a document's versions, oldest first.
func (s *Scene) labels(p *Person, uid string) []string {
	list, err := p.Versions(s.Context(), uid, nuxeo.Fetch{Lock: true})
	s.Must(err)
	labels := []string{}
	for _, v := range list {
		labels = append(labels, v.VersionLabel)
	}
	return labels
}

// op runs an operation and tells what came.
func (s *Scene) op(p *Person, name, uid string, params m) *Answer {
	body := m{"params": params, "context": m{}}
	if params == nil {
		body["params"] = m{}
	}
	if uid != "" {
		body["input"] = "doc:" + uid
	}
	return s.Raw(p, request{method: "POST", path: "api/v1/automation/" + name, json: body})
}

// status notes when an error does not have the status, 0 for none.
func (s *Scene) status(what string, err error, want int) {
	if got := nuxeo.StatusOf(err); got != want || want == 0 && err != nil {
		s.Differ("%s: %v, want status %d", what, err, want)
	}
}

// content is the digest and length of a document's file, empty when there is none.
func content(d *nuxeo.Document) string {
	b := d.Blob("file:content")
	if b == nil {
		return ""
	}
	return fmt.Sprintf("%d %s", b.Length, b.Digest)
}

// remove deletes a document: that is 409 while work in the background writes to it.
func (s *Scene) remove(p *Person, uid string) {
	var err error
	if !s.Soon(func() bool { err = p.Delete(s.Context(), uid); return nuxeo.StatusOf(err) != http.StatusConflict }) {
		s.Stop("deletion met other writes again and again: %v", err)
	}
	s.Must(err)
}

// holding is what content is of a document that holds a text, as a server digests with
// MD5. Others are only asked for the length.
func (s *Scene) holding(what string, d *nuxeo.Document, want string) {
	b := d.Blob("file:content")
	if b == nil {
		s.Differ("%s: there is no content", what)
		return
	}

	s.Want(what+": length", b.Length, int64(len(want)))
	if b.DigestAlgorithm == "MD5" {
		sum := md5.Sum([]byte(want))
		s.Want(what+": digest", b.Digest, hex.EncodeToString(sum[:]))
	}
}
