package nuxeo_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

var all = nuxeo.Fetch{Schemas: []string{"*"}, Lock: true}

// upload puts content into a batch in pieces of so many bytes.
func (w *world) upload(name, content string, size int) string {
	w.Helper()
	batch, err := w.NewBatch(w.Context())
	w.must(err)
	count := (len(content) + size - 1) / size
	for i := range count {
		part := content[i*size : min(len(content), (i+1)*size)]
		k := nuxeo.Chunk{
			Name:     name,
			MimeType: "text/plain",
			Size:     int64(len(content)),
			Index:    i,
			Count:    count,
			Length:   int64(len(part)),
		}
		w.must(w.Upload(w.Context(), batch, k, io.LimitReader(strings.NewReader(part), int64(len(part)))))
	}

	return batch
}

func (w *world) create(name, content string, o nuxeo.WriteOptions) *nuxeo.Document {
	w.Helper()
	d, err := w.Create(w.Context(), w.folder, nuxeo.NewDocument{Name: name, Type: "File", Properties: map[string]any{
		"dc:title": name, "file:content": nuxeo.Uploading(w.upload(name, content, 4)),
	}}, o)
	w.must(err)
	return d
}

func TestUploadInChunks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	name := "Ünï\r\nX-Evil: 1 🎬.mov"
	d := w.create(name, "0123456789", nuxeo.WriteOptions{})
	b := d.Blob("file:content")
	if b == nil || b.Length != 10 || b.DigestAlgorithm != "MD5" || b.Digest != "781e5e245d69b566979b86e28d23f2c7" {
		t.Fatalf("the content is %+v, want 10 bytes with their MD5", b)
	}

	r, err := w.sim.OpenBlob(d.UID, "")
	w.must(err)
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "0123456789" {
		t.Errorf("the stored bytes are %q, %v; want 0123456789", got, err)
	}
}

func TestHostileTypeIsNotSent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	batch, err := w.NewBatch(t.Context())
	w.must(err)
	k := nuxeo.Chunk{Name: "f", MimeType: "text/plain\r\nX-Evil: 1", Size: 1, Count: 1, Length: 1}
	w.must(w.Upload(t.Context(), batch, k, strings.NewReader("x")))
	s, err := w.Uploaded(t.Context(), batch)
	if err != nil || !s.Complete || s.Name != "f" {
		t.Errorf("uploaded is %+v, %v; want f, complete", s, err)
	}
}

func TestUploadStateIsTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	batch, err := w.NewBatch(t.Context())
	w.must(err)
	if _, err := w.Uploaded(t.Context(), batch); !nuxeo.NotFound(err) {
		t.Errorf("what is uploaded of nothing: got %v, want not found", err)
	}

	for _, i := range []int{2, 0} {
		k := nuxeo.Chunk{Name: "f", MimeType: "text/plain", Size: 3, Index: i, Count: 3, Length: 1}
		w.must(w.Upload(t.Context(), batch, k, strings.NewReader("x")))
	}

	s, err := w.Uploaded(t.Context(), batch)
	w.must(err)
	slices.Sort(s.Chunks)
	if s.Complete || s.Count != 3 || !slices.Equal(s.Chunks, []int{0, 2}) {
		t.Errorf("uploaded is %+v, want the chunks 0 and 2 of 3, not complete", s)
	}

	w.must(w.DropBatch(t.Context(), batch))
	if _, err := w.Uploaded(t.Context(), batch); !nuxeo.NotFound(err) {
		t.Errorf("what is uploaded of a batch that is gone: got %v, want not found", err)
	}
}

func TestCreateIsOncePerKey(t *testing.T) {
	t.Parallel()
	w := setup(t)
	n := nuxeo.NewDocument{Name: "f", Type: "File", Properties: map[string]any{"dc:title": "f"}}
	w.sim.Faults().Add(faults.Rule{Method: http.MethodPost, Path: "/id/", Lost: true, Times: 1})
	o := nuxeo.WriteOptions{IdempotencyKey: "k", Source: "frameio", Timeout: time.Minute}
	if _, err := w.Create(t.Context(), w.folder, n, o); nuxeo.StatusOf(err) != 0 || err == nil {
		t.Fatalf("the answer that was lost: got %v, want an error without a status", err)
	}

	one, err := w.Create(t.Context(), w.folder, n, o)
	for nuxeo.StatusOf(err) == http.StatusConflict { // for a moment the key is still in progress
		one, err = w.Create(t.Context(), w.folder, n, o)
	}

	w.must(err)
	if list := w.sim.Children(folder); len(list) != 1 || list[0].UID != one.UID {
		t.Errorf("the documents are %+v, want only %s", list, one.UID)
	}
}

func TestUpdateNeedsTheNewestToken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	d := w.create("f", "one", nuxeo.WriteOptions{})
	w.must(w.Update(t.Context(), d.UID, d.ChangeToken, map[string]any{"dc:title": "two"}, nuxeo.WriteOptions{}))
	err := w.Update(t.Context(), d.UID, d.ChangeToken, map[string]any{"dc:title": "three"}, nuxeo.WriteOptions{})
	if nuxeo.StatusOf(err) != http.StatusConflict {
		t.Errorf("an update with an old token: got %v, want 409", err)
	}

	w.must(w.Update(t.Context(), d.UID, "", map[string]any{"dc:title": "four"}, nuxeo.WriteOptions{}))
	if d, err = w.Get(t.Context(), d.UID, all); err != nil || d.Text("dc:title") != "four" ||
		d.Text("dc:nothing") != "" {
		t.Errorf("an update without a token gave %+v, %v; want the title four", d, err)
	}
}

func TestLockAndRightsAreTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	d := w.create("f", "one", nuxeo.WriteOptions{})
	w.must(w.sim.Lock(d.UID, "julia"))
	d, err := w.GetByPath(t.Context(), folder+"/f", nuxeo.Fetch{
		Schemas:   []string{"dublincore"},
		Enrichers: []string{"permissions"},
		Lock:      true,
	})
	if err != nil || d.LockOwner != "julia" || !slices.Contains(d.Permissions(), "Read") ||
		d.Blob("file:content") != nil {
		t.Errorf("the document is %+v, %v; want it locked by julia, readable, without content", d, err)
	}

	if _, err := w.Get(t.Context(), "no-such-id", all); !nuxeo.NotFound(err) {
		t.Errorf("a document that is not there: got %v, want not found", err)
	}
}

func TestVersionsAndRestore(t *testing.T) {
	t.Parallel()
	w := setup(t)
	d := w.create("f", "one", nuxeo.WriteOptions{})
	v, err := w.CheckIn(t.Context(), d.UID)
	w.must(err)
	w.must(w.Update(t.Context(), d.UID, "", map[string]any{"file:content": nuxeo.Uploading(w.upload("f", "two!", 9))},
		nuxeo.WriteOptions{}))
	_, err = w.CheckIn(t.Context(), d.UID)
	w.must(err)
	list, err := w.Versions(t.Context(), d.UID, all)
	w.must(err)
	if len(list) < 2 || list[0].Blob("file:content").Length != 3 || list[len(list)-1].Blob("file:content").Length != 4 {
		t.Fatalf("%d versions, want at least 2, with 3 bytes in the first and 4 in the last", len(list))
	}

	w.must(w.RestoreVersion(t.Context(), list[0].UID))
	if d, err = w.Get(t.Context(), d.UID, all); err != nil || d.Blob("file:content").Length != 3 {
		t.Errorf("restored from %s it is %+v, %v; want 3 bytes", v.UID, d, err)
	}

	w.must(w.Delete(t.Context(), d.UID))
	if _, err := w.Get(t.Context(), d.UID, all); !nuxeo.NotFound(err) {
		t.Errorf("the deleted document: got %v, want not found", err)
	}
}

func TestQueryFollowsAllPages(t *testing.T) {
	t.Parallel()
	for _, unknown := range []bool{false, true} {
		w := setup(t, func(o *nuxeosim.Options) { o.UnknownCount, o.MaxPageSize = unknown, 40 })
		for i := range 101 {
			w.sim.MkDoc(fmt.Sprintf("%s/doc-%03d", folder, i), "File", map[string]any{"dc:title": "x"})
		}

		seen := map[string]bool{}
		for d, err := range w.Query(t.Context(), "ecm:primaryType = 'File' AND dc:title = 'x'", "", nuxeo.Fetch{}) {
			w.must(err)
			seen[d.UID] = true
		}

		if len(seen) != 101 {
			t.Errorf("count unknown %v: %d documents, want 101", unknown, len(seen))
		}
	}
}

func TestQuoteFindsExactlyTheText(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *nuxeosim.Options) { o.Untrue = &nuxeosim.Untruths{AllCharacters: true} })
	for i, title := range []string{`it's`, `back\slash`, `'' OR 1=1 --`, `\'`, `tr\`, "ünï 🎬", `%`, `"`} {
		uid := w.sim.MkDoc(fmt.Sprintf("%s/doc-%d", folder, i), "File", map[string]any{"dc:title": title})
		n := 0
		for d, err := range w.Query(t.Context(), "dc:title = "+nuxeo.Quote(title), "", nuxeo.Fetch{}) {
			w.must(err)
			if n++; d.UID != uid {
				t.Errorf("%q finds %s, want only the document of this title", title, d.Path)
			}
		}

		if n != 1 {
			t.Errorf("%q finds %d documents, want 1", title, n)
		}
	}
}

func TestQueryEndsAtAnError(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.Faults().Add(faults.Rule{Path: "/Repository.Query", Status: http.StatusServiceUnavailable})
	n := 0
	for _, err := range w.Query(t.Context(), "ecm:isVersion = 0", "", nuxeo.Fetch{}) {
		if n++; err == nil || n > 1 {
			t.Fatalf("a query that fails gave %d entries, %v; want 1 with an error", n, err)
		}
	}
}

func TestCommentsFollowAllPages(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *nuxeosim.Options) { o.MaxPageSize = 30 })
	d := w.create("f", "one", nuxeo.WriteOptions{})
	for i := range 70 {
		_, err := w.CreateComment(t.Context(), d.UID, nuxeo.Comment{
			Text:     fmt.Sprint(i),
			EntityID: fmt.Sprint("e/", i),
			Origin:   "o",
			Entity:   "{}",
		}, "")
		w.must(err)
	}

	var list []nuxeo.Comment
	for k, err := range w.Comments(t.Context(), d.UID) {
		w.must(err)
		list = append(list, k)
	}

	if len(list) != 70 || list[0].Text != "69" || list[0].Author != "josh" || list[0].Origin != "o" ||
		list[0].Created.IsZero() {
		t.Fatalf("%d comments came, want 70: %+v", len(list), list)
	}

	one, err := w.CommentByEntity(t.Context(), d.UID, "e/7")
	if err != nil || one.Text != "7" {
		t.Errorf("the comment is %+v, %v; want the text 7", one, err)
	}
}

func TestWhatTheServerIs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	about, err := w.About(t.Context())
	if err != nil || about.Version == "" {
		t.Errorf("what Nuxeo is: %+v, %v; want a version", about, err)
	}

	typ, err := w.Type(t.Context(), "File")
	if err != nil || !typ.CanHoldFile() {
		t.Errorf("the type is %+v, %v; want one that can hold a file", typ, err)
	}

	if typ, err = w.Type(t.Context(), "Folder"); err != nil || typ.CanHoldFile() {
		t.Errorf("the type is %+v, %v; want one that can't hold a file", typ, err)
	}

	if _, err := w.Type(t.Context(), "Nothing"); !nuxeo.NotFound(err) {
		t.Errorf("a type that is not there: got %v, want not found", err)
	}

	for name, want := range map[string]bool{"dublincore": true, "frameio": false} {
		if got, err := w.HasSchema(t.Context(), name); err != nil || got != want {
			t.Errorf("the schema %s: got %v, %v; want %v", name, got, err, want)
		}
	}

	if has, err := w.HasFacet(t.Context(), "Folderish"); err != nil || !has {
		t.Errorf("the facet Folderish: got %v, %v; want it there", has, err)
	}
}

func TestFacets(t *testing.T) {
	t.Parallel()
	w := setup(t)
	d := w.create("f", "one", nuxeo.WriteOptions{})
	for name, change := range map[bool]func() error{
		true:  func() error { return w.AddFacet(t.Context(), d.UID, "Orderable", "frameio-metadata") },
		false: func() error { return w.RemoveFacet(t.Context(), d.UID, "Orderable", "frameio-metadata") },
	} {
		w.must(w.AddFacet(t.Context(), d.UID, "Orderable", "frameio-metadata"))
		w.must(change())
		if d, err := w.Get(t.Context(), d.UID, all); err != nil || d.Has("Orderable") != name {
			t.Errorf("the facets are %v, %v; want Orderable among them: %v", d.Facets, err, name)
		}
	}

	for _, r := range w.sim.Requests() {
		if strings.Contains(r.Path, "Facet") && r.Source != "frameio-metadata" {
			t.Errorf("%s came without its source, want frameio-metadata", r.Path)
		}
	}
}

func TestOAuthClients(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := w.As(nuxeo.Basic("Administrator", "Administrator"))
	k := nuxeo.OAuthClient{
		ID:           "connector",
		Name:         "Connector",
		RedirectURIs: []string{"https://c.example/cb"},
		AutoGrant:    true,
		Enabled:      true,
	}

	if err := w.SaveOAuthClient(t.Context(), k, false); nuxeo.StatusOf(err) != http.StatusForbidden {
		t.Errorf("saving a client without the right to: got %v, want 403", err)
	}

	w.must(root.SaveOAuthClient(t.Context(), k, false))
	k.Name = "Renamed"
	w.must(root.SaveOAuthClient(t.Context(), k, true))
	got, err := root.OAuthClient(t.Context(), "connector")
	if err != nil || got.Name != "Renamed" || !got.AutoGrant || !slices.Equal(got.RedirectURIs, k.RedirectURIs) {
		t.Errorf("the client is %+v, %v; want Renamed, granted by itself, with %v", got, err, k.RedirectURIs)
	}

	if _, err := root.OAuthClient(t.Context(), "nobody"); !nuxeo.NotFound(err) {
		t.Errorf("a client that is not there: got %v, want not found", err)
	}
}
