package nuxeo

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// chunk sends one of several chunks of file 0 and tells the status.
func (s *Scene) chunk(p *Person, batch string, index, count int, text string, size int) int {
	return s.part(p, batch, map[string]string{
		"X-Upload-Type": "chunked", "X-Upload-Chunk-Index": strconv.Itoa(index),
		"X-Upload-Chunk-Count": strconv.Itoa(count),
		"X-File-Name":          "x.bin", "X-File-Size": strconv.Itoa(size),
	}, text).Status
}

func (s *Scene) part(p *Person, batch string, header map[string]string, text string) *Answer {
	header["Content-Type"] = "application/octet-stream"
	return s.Raw(p, request{method: "POST", path: "api/v1/upload/" + batch + "/0", header: header, body: text})
}

func (s *Scene) newBatch(p *Person) string {
	batch, err := p.NewBatch(s.Context())
	s.Must(err)
	return batch
}

var uploadCases = []Case{
	{
		Name: "batch-lives-until-dropped", Uses: []string{"NewBatch", "DropBatch", "Uploaded"},
		Source: "[M] recorded upload",
		What:   "A new batch is 201, empty it is 204; a file that is not there, and a batch that was dropped, are 404.",
		Why:    "404 means to begin anew.",
		Helps:  "Have the nodes of Nuxeo share their transient store, and keep uploads for hours (nuxeo.conf).",
		Try: func(s *Scene) {
			w := s.Writer()
			batch := s.newBatch(w)
			s.Want("empty", s.Raw(w, request{method: "GET", path: "api/v1/upload/" + batch}).Status, 204)
			_, err := w.Uploaded(s.Context(), batch)
			s.status("no file", err, 404)
			s.Must(w.DropBatch(s.Context(), batch))
			s.status("dropped again", w.DropBatch(s.Context(), batch), 404)
			s.status("upload into it",
				w.Upload(s.Context(), batch, nuxeo.Chunk{Name: "x", Size: 1, Count: 1, Length: 1},
					strings.NewReader("x")), 404)
		},
	},
	{
		Name: "chunks-in-any-order", Uses: []string{"Upload", "Uploaded"}, Source: "[M] §15.15",
		What:  "Chunks come in any order: 202 while some are missing, 201 with the last; GET tells which are there.",
		Why:   "Uploads are parallel and resume by what is there.",
		Helps: "Have the nodes of Nuxeo share their transient store. Set transfer-streams to 1 until they do.",
		Try: func(s *Scene) {
			w := s.Writer()
			batch := s.newBatch(w)
			s.Want("chunk 2", s.chunk(w, batch, 2, 3, "cc", 6), 202)
			s.Want("chunk 0", s.chunk(w, batch, 0, 3, "aa", 6), 202)
			state, err := w.Uploaded(s.Context(), batch)
			s.Must(err)
			s.Want("complete", state.Complete, false)
			s.Want("there", []bool{state.Has(0), state.Has(1), state.Has(2)}, []bool{true, false, true})
			s.Want("count", state.Count, 3)
			s.Want("chunk 1", s.chunk(w, batch, 1, 3, "bb", 6), 201)
			state, err = w.Uploaded(s.Context(), batch)
			s.Must(err)
			s.Want("complete", state.Complete, true)
			s.Want("size", state.Size, int64(6))
			d := s.made(w, s.Folder(), "doc", "File", m{"file:content": nuxeo.Uploading(batch)})
			s.holding("joined", s.get(w, d.UID), "aabbcc")
		},
	},
	{
		Name: "chunk-again-is-500", Uses: []string{"Upload"}, Source: "[M] §15.3",
		What:  "A chunk that is there already, and an index beyond the count, are 500.",
		Why:   "After an unclear answer the server is asked what it has.",
		Helps: "Have the nodes of Nuxeo share their transient store, or uploads go to one node.",
		Try: func(s *Scene) {
			w := s.Writer()
			batch := s.newBatch(w)
			s.Want("first", s.chunk(w, batch, 0, 2, "aa", 4), 202)
			s.Want("again", s.chunk(w, batch, 0, 2, "aa", 4), 500)
			s.Want("beyond", s.chunk(w, batch, 2, 2, "aa", 4), 500)
		},
	},
	{
		Name: "chunk-headers-are-numbers", Uses: []string{"Upload"}, Source: "[M] recorded upload",
		What: "A chunk without its numbers is 400; a file index that is no number is 400.",
		Why:  "No repeat helps.",
		Try: func(s *Scene) {
			w := s.Writer()
			batch := s.newBatch(w)
			a := s.part(w, batch, map[string]string{
				"X-Upload-Type":        "chunked",
				"X-Upload-Chunk-Index": "0",
				"X-Upload-Chunk-Count": "many",
				"X-File-Size":          "1",
			}, "x")

			s.Want("a count that is no number", a.Status, 400)
			a = s.Raw(w, request{
				method: "POST",
				path:   "api/v1/upload/" + batch + "/x",
				body:   "x",
				header: map[string]string{"Content-Type": "application/octet-stream"},
			})

			s.Want("an index that is no number", a.Status, 400)
		},
	},
	{
		Name: "file-name-is-form-encoded", Uses: []string{"Upload"}, Source: "[M] §15.13",
		What: "X-File-Name is decoded as a form: a plus becomes a blank, %2B a plus.",
		Why:  "Names must be escaped in full.",
		Try: func(s *Scene) {
			for sent, want := range map[string]string{
				"a+b.mov":      "a b.mov",
				"a%2Bb%25.mov": "a+b%.mov",
				"%C3%A9.mov":   "é.mov",
			} {
				batch := s.newBatch(s.Writer())
				s.part(s.Writer(), batch, map[string]string{"X-File-Name": sent}, "x")
				state, err := s.Writer().Uploaded(s.Context(), batch)
				s.Must(err)
				s.Want(sent, state.Name, want)
			}
		},
	},
	{
		Name: "client-escapes-names", Uses: []string{"Upload"}, Source: "[M] §15.13",
		What: "A name as the client sends it arrives as it was.",
		Why:  "Files keep their names.",
		Try: func(s *Scene) {
			w := s.Writer()
			for _, name := range []string{"a+b & c.mov", "100 %.mov", "Ünï — 日本.mov", `q"uote'.mov`} {
				d := s.made(w, s.Folder(), "doc", "File", m{"file:content": nuxeo.Uploading(s.batch(w, name, "x"))})
				b := s.get(w, d.UID).Blob("file:content")
				s.True(b != nil && b.Name == name, "%q arrives: %+v", name, b)
			}
		},
	},
	{
		Name: "batch-belongs-to-nobody", Uses: []string{"Uploaded"}, Admin: true, Source: "[M] recorded upload",
		What: "Anybody who knows a batch may look at it and use it.",
		Why:  "What the connector uploaded another credential of it can attach.",
		Try: func(s *Scene) {
			batch := s.batch(s.Ann(), "x.bin", "x")
			_, err := s.Bob().Uploaded(s.Context(), batch)
			s.status("bob looks", err, 0)
			d := s.made(s.Bob(), s.Folder(), "doc", "File", m{"file:content": nuxeo.Uploading(batch)})
			s.holding("bob uses it", s.get(s.Bob(), d.UID), "x")
		},
	},
	{
		Name: "type-of-octet-stream-is-guessed", Uses: []string{"Upload"}, Source: "[M] §15.21",
		What: "A file without a type, or of application/octet-stream, gets the type of its name; another type is kept.",
		Why:  "The type decides what Nuxeo makes of a file.",
		Try: func(s *Scene) {
			w := s.Writer()
			for kind, want := range map[string]string{
				"application/octet-stream": "text/plain",
				"application/x-case":       "application/x-case",
			} {
				batch := s.newBatch(w)
				s.part(w, batch, map[string]string{"X-File-Name": "notes.txt", "X-File-Type": kind}, "x")
				d := s.made(w, s.Folder(), "doc", "File", m{"file:content": nuxeo.Uploading(batch)})
				if b := s.get(w, d.UID).Blob("file:content"); b != nil {
					s.Want("type sent as "+kind, b.MimeType, want)
				}
			}
		},
	},
}

var attachCases = []Case{
	{
		Name: "batch-is-gone-after-use", Uses: []string{"Create", "Uploaded"}, Source: "[M] §15.15",
		What:  "A batch is gone after a write has used it; with X-Batch-No-Drop it stays.",
		Why:   "A repeat would attach nothing, without a word.",
		Helps: "Nothing is to be set.",
		Try: func(s *Scene) {
			w := s.Writer()
			batch := s.batch(w, "x.bin", "x")
			s.made(w, s.Folder(), "doc", "File", m{"file:content": nuxeo.Uploading(batch)})
			_, err := w.Uploaded(s.Context(), batch)
			s.status("used", err, 404)
			batch = s.batch(w, "x.bin", "x")
			d := s.file(w, "doc")
			s.update(w, d.UID, m{"file:content": nuxeo.Uploading(batch)}, nuxeo.WriteOptions{KeepBatch: true})
			_, err = w.Uploaded(s.Context(), batch)
			s.status("kept", err, 0)
			s.Must(w.DropBatch(s.Context(), batch))
		},
	},
	{
		Name: "unknown-batch-is-ignored", Uses: []string{"Update", "Create"}, Source: "[M] §15.15",
		What: "An unknown batch in a write is ignored: the answer is a success and the content is as it was.",
		Why:  "A success must be checked by reading the content.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "one")
			s.update(w, d.UID, m{
				"file:content":   nuxeo.Uploading("batchId-no-such"),
				"dc:description": "x",
			}, nuxeo.WriteOptions{})
			s.holding("document", s.get(w, d.UID), "one")
			s.Want("description", s.get(w, d.UID).Text("dc:description"), "x")
			fresh := s.made(w, s.Folder(), "fresh", "File", m{"file:content": nuxeo.Uploading("batchId-no-such")})
			s.Want("content of a new one", content(s.get(w, fresh.UID)), "")
		},
	},
	{
		Name: "incomplete-file-is-ignored", Uses: []string{"Update"}, Source: "[M] §15.15",
		What: "A file that lacks chunks is no content: the answer is a success.",
		Why:  "The length must be compared.",
		Try: func(s *Scene) {
			w := s.Writer()
			batch := s.newBatch(w)
			s.chunk(w, batch, 0, 2, "aa", 4)
			d := s.file(w, "doc")
			s.Want("status", s.put(w, d.UID, m{"file:content": nuxeo.Uploading(batch)}, nil).Status, 200)
			s.Want("content", content(s.get(w, d.UID)), "")
		},
	},
	{
		Name: "refused-write-uses-up-the-batch", Uses: []string{"Update", "Uploaded"}, Admin: true,
		Source: "[M] §15.25",
		What:   "A write that is refused with 403 uses the batch up, unless X-Batch-No-Drop was sent.",
		Why:    "The header is always sent, and the content looked at afterwards.",
		Try: func(s *Scene) {
			d := s.file(s.Ann(), "doc")
			_, err := s.Ann().Lock(s.Context(), d.UID)
			s.Must(err)
			for keep, want := range map[bool]int{false: 404, true: 0} {
				batch := s.batch(s.Bob(), "x.bin", "x")
				err := s.Bob().Update(s.Context(), d.UID, "", m{"file:content": nuxeo.Uploading(batch)},
					nuxeo.WriteOptions{KeepBatch: keep})
				s.status("write on a locked document", err, 403)
				_, err = s.Bob().Uploaded(s.Context(), batch)
				s.status("batch kept: "+strconv.FormatBool(keep), err, want)
			}
		},
	},
	{
		Name: "same-content-again-is-no-change", Uses: []string{"Update"}, Source: "[M] §15.14",
		What: "Content of the same digest again, with the source of new content, makes no further version.",
		Why:  "A repeated step must not count versions up.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			for range 2 {
				s.update(w, d.UID, m{"file:content": nuxeo.Uploading(s.batch(w, "x.bin", "same"))},
					nuxeo.WriteOptions{Source: sourceContent})
			}
			s.Kind("versions after the same content twice: %v", s.labels(w, d.UID))
			s.holding("document", s.get(w, d.UID), "same")
		},
	},
	{
		Name: "null-clears-content", Uses: []string{"Update"}, Source: "[S] §2.4",
		What: "A null takes the content away.",
		Why:  "Nothing of ours sends it by accident.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", "one")
			s.update(s.Writer(), d.UID, m{"file:content": nil}, nuxeo.WriteOptions{})
			s.Want("content", content(s.get(s.Writer(), d.UID)), "")
		},
	},
}

// open reads a file by the client, with a range or none, and tells status and text.
func (s *Scene) open(p *Person, uid, xpath, span string) (int, string, http.Header) {
	header := http.Header{}
	if span != "" {
		header.Set("Range", span)
	}

	resp, err := p.OpenBlob(s.Context(), uid, xpath, header)
	s.Must(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	s.Must(err)
	return resp.StatusCode, string(b), resp.Header
}

const alphabet = "abcdefghijklmnopqrstuvwxyz"

var blobCases = []Case{
	{
		Name: "file-is-read", Uses: []string{"OpenBlob"}, Source: "[M] recorded blobs",
		What: "nxfile gives the file with its digest as ETag, type and length; the last segment may be any name.",
		Why:  "Files are pushed from there.",
		Helps: "Name the host that Nuxeo sends on to in nuxeo-blob-hosts; have the proxy before Nuxeo pass the " +
			"header Range on.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", alphabet)
			status, text, h := s.open(s.Writer(), d.UID, "file:content", "")
			s.Want("status", status, 200)
			s.Want("text", text, alphabet)
			if h.Get("ETag") == "" {
				s.Kind("files without ETag")
			} else {
				s.Want("ETag", strings.Trim(h.Get("ETag"), `"`), s.get(s.Writer(), d.UID).Blob("file:content").Digest)
			}

			sent, err := s.Writer().SentOn(s.Context(), nuxeo.BlobPath(d.UID, "file:content"))
			s.Must(err)
			s.Kind("direct download: %t", sent != "")
		},
	},
	{
		Name: "where-files-are-sent-on", Uses: []string{"SentOn"}, Source: "[S] §2.4",
		What:  "A file is answered with itself, or with 302 to where the server keeps its files.",
		Why:   "Frame.io can fetch from there what others cannot reach otherwise.",
		Helps: "Name the host that Nuxeo sends on to in nuxeo-blob-hosts.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", alphabet)
			to, err := s.Writer().SentOn(s.Context(), nuxeo.BlobPath(d.UID, "file:content"))
			s.Must(err)
			s.True(to == "" || strings.HasPrefix(to, "http"), "an address or none: %q", to)
		},
	},
	{
		Name: "range-is-206", Uses: []string{"OpenBlob"}, Source: "[M] §15.4",
		What: "A range of nxfile is 206 with Content-Range and that part, also when it goes on to the end.",
		Why:  "A broken download resumes.",
		Helps: "Have the proxy before Nuxeo pass the header Range on; without ranges no transfer goes on where it " +
			"was cut off.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", alphabet)
			for span, want := range map[string]string{"bytes=2-4": "cde", "bytes=24-": "yz"} {
				status, text, h := s.open(s.Writer(), d.UID, "file:content", span)
				s.Want("status", status, 206)
				s.Want(span, text, want)
				s.True(strings.HasSuffix(h.Get("Content-Range"), "/26"), "Content-Range %q", h.Get("Content-Range"))
			}
		},
	},
	{
		Name: "range-of-the-interface-is-200", Uses: []string{"OpenBlob"}, Source: "[M] §15.4",
		What: "@blob answers a range with 200, Content-Range and the part, and one beyond the end with 200 and the " +
			"whole file.",
		Why: "The status does not tell: Content-Range does.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", alphabet)
			path := "api/v1/id/" + d.UID + "/@blob/file:content"
			a := s.Raw(s.Writer(), request{
				method: "GET",
				path:   path,
				header: map[string]string{"Range": "bytes=2-4"},
				follow: true,
			})

			s.True(a.Status == 200 || a.Status == 206, "status %d", a.Status)
			s.Kind("a range of @blob: %d", a.Status)
			s.Want("part", a.Body, "cde")
			s.True(a.Header.Get("Content-Range") != "", "there is a Content-Range")
			a = s.Raw(s.Writer(), request{
				method: "GET",
				path:   path,
				header: map[string]string{"Range": "bytes=99-"},
				follow: true,
			})

			s.True(a.Status == 200 && a.Body == alphabet || a.Status == 416, "beyond the end: %d %q", a.Status, a.Body)
		},
	},
	{
		Name: "unchanged-file-is-304", Uses: []string{"OpenBlob"}, Source: "[S] §2.4",
		What: "If-None-Match with the digest is 304.",
		Why:  "Thumbnails are asked for again and again.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", alphabet)
			_, _, h := s.open(s.Writer(), d.UID, "file:content", "")
			if h.Get("ETag") == "" {
				s.NotTried("files have no ETag here")
			}

			a := s.Raw(s.Writer(), request{
				method: "GET",
				path:   nuxeo.BlobPath(d.UID, "file:content"),
				header: map[string]string{"If-None-Match": h.Get("ETag")},
				follow: true,
			})

			s.Want("status", a.Status, 304)
		},
	},
	{
		Name: "no-content-is-no-file", Uses: []string{"OpenBlob"}, Source: "[M] §15.21",
		What: "nxfile of a document without content is 404; a property that is not there is 500 by the interface.",
		Why:  "Neither is tried again.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			_, err := s.Writer().OpenBlob(s.Context(), d.UID, "file:content", nil)
			s.status("no content", err, 404)
			s.Want("wrong property",
				s.Raw(s.Writer(), request{method: "GET", path: "api/v1/id/" + d.UID + "/@blob/nope:nope"}).Status, 500)
		},
	},
	{
		Name: "unknown-rendition-is-500", Uses: []string{"Open"}, Source: "[M] §15.21",
		What: "A rendition that is not there is 500.",
		Why:  "A missing thumbnail is no failure of the server.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", "x")
			_, err := s.Writer().Open(s.Context(), "api/v1/id/"+d.UID+"/@rendition/nope", nil)
			s.status("unknown rendition", err, 500)
		},
	},
	{
		Name: "thumbnail-of-any-document", Uses: []string{"Open"}, Source: "[S] thumbnail rendition",
		What: "The rendition thumbnail of a document is a picture or is not there.",
		Why:  "Dialogs show it, and an icon otherwise.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", "x")
			resp, err := s.Writer().Open(s.Context(), nuxeo.ThumbnailPath(d.UID), nil)
			if err != nil {
				s.Kind("thumbnail of a file that has none: %d", nuxeo.StatusOf(err))
				return
			}
			defer resp.Body.Close()
			s.True(strings.HasPrefix(resp.Header.Get("Content-Type"), "image/"), "content type %q",
				resp.Header.Get("Content-Type"))
			s.Kind("thumbnail of a file that has none: %s", resp.Header.Get("Content-Type"))
		},
	},
	{
		Name: "reading-ends-with-the-context", Uses: []string{"OpenBlob"}, Source: "net/http",
		What: "A download that is given up leaves nothing behind.",
		Why:  "Pushes are cancelled.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", strings.Repeat(alphabet, 1000))
			ctx, cancel := context.WithCancel(s.Context())
			resp, err := s.Writer().OpenBlob(ctx, d.UID, "file:content", nil)
			s.Must(err)
			cancel()
			_ = resp.Body.Close() // whatever is left of it
			status, _, _ := s.open(s.Writer(), d.UID, "file:content", "")
			s.Want("status of the next", status, 200)
		},
	},
}
