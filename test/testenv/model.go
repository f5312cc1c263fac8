package testenv

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// Want is what the folder must hold: documents by their path below it.
type Want map[string]WantDocument

// WantDocument is one linked document. Versions are contents, oldest first, nil for one
// that holds the content;
// Comments are the words of each, in any order.
type WantDocument struct {
	Content  []byte
	Versions [][]byte
	Comments []string
}

// Check compares everything that publishing must keep true with the model: one
// document per asset with its content, versions, comments, facet and link; no
// upload left behind; no link held by anybody.
func (b *Bed) Check(want Want) {
	b.T.Helper()
	got, empty := b.tree(b.Folder, "")
	for _, path := range empty {
		b.T.Errorf("the folder %q is empty", path)
	}

	for path, w := range want {
		docs := got[path]
		if len(docs) != 1 {
			b.T.Errorf("%d documents %q", len(docs), path)
			continue
		}
		b.checkDocument(path, docs[0], w)
	}

	for path := range got {
		if _, wanted := want[path]; !wanted {
			b.T.Errorf("there is a document %q too many", path)
		}
	}

	if n := b.Nuxeo.Batches(); n > b.MayLeave {
		b.T.Errorf("%d upload batches are left", n)
	}

	b.checkLinks(len(want))
}

// Tree lists what is in the bound folder, without folders and trash, by paths of
// titles.
func (s *Systems) Tree() map[string][]nuxeosim.DocView {
	docs, _ := s.tree(s.Folder, "")
	return docs
}

func (s *Systems) tree(folder, path string) (out map[string][]nuxeosim.DocView, empty []string) {
	out = map[string][]nuxeosim.DocView{}
	for _, d := range s.Nuxeo.Children(folder) {
		if d.IsTrashed {
			continue
		}

		if d.Type != "Folder" {
			out[path+d.Title] = append(out[path+d.Title], d)
			continue
		}

		below, none := s.tree(d.UID, path+d.Title+"/")
		empty = append(empty, none...)
		if len(below) == 0 {
			empty = append(empty, path+d.Title)
		}

		for p, list := range below {
			out[p] = append(out[p], list...)
		}
	}

	return out, empty
}

func (b *Bed) checkDocument(path string, d nuxeosim.DocView, w WantDocument) {
	b.T.Helper()
	b.checkContent(path, d, w.Content)
	versions := b.Nuxeo.Versions(d.UID)
	if w.Versions == nil {
		w.Versions = [][]byte{w.Content}
	}

	if len(versions) != len(w.Versions) {
		b.T.Errorf("%q has %d versions, not %d", path, len(versions), len(w.Versions))
	} else {
		for i, v := range versions {
			b.checkContent(fmt.Sprintf("%s version %d", path, i+1), v, w.Versions[i])
		}
	}

	var comments []string
	for _, c := range b.Nuxeo.Comments(d.UID) {
		comments = append(comments, Words(c))
	}

	slices.Sort(comments)
	wanted := slices.Sorted(slices.Values(w.Comments))
	if !slices.Equal(comments, wanted) {
		b.T.Errorf("%q has the comments %q, not %q", path, comments, wanted)
	}

	if d.LockOwner != "" {
		b.T.Errorf("%q is locked by %s", path, d.LockOwner)
	}

	if !slices.Contains(d.Facets, "FrameioAsset") || d.Properties["frameio:documentUid"] != d.UID ||
		d.Properties["frameio:digest"] != MD5(w.Content) {
		b.T.Errorf("%q: facets %v, of %v with digest %v", path, d.Facets, d.Properties["frameio:documentUid"],
			d.Properties["frameio:digest"])
	}

	var file, digest string
	err := b.App.DB.Reader.QueryRowContext(b.T.Context(), `SELECT file_id, digest FROM links
		WHERE document_uid = $1`, d.UID).Scan(&file, &digest)
	if err != nil || digest != MD5(w.Content) || d.Properties["frameio:fileId"] != file {
		b.T.Errorf("%q: its link tells file %s with %s: %v", path, file, digest, err)
	}
}

// Words are those of a comment: as they were written on Frame.io for one of ours, or
// else the text in Nuxeo.
func Words(c nuxeosim.CommentView) string {
	var kept struct {
		Words *string `json:"words"`
	}
	if c.Origin == "frameio" && json.Unmarshal([]byte(c.Entity), &kept) == nil && kept.Words != nil {
		return *kept.Words
	}
	return c.Text
}

func (b *Bed) checkContent(path string, d nuxeosim.DocView, want []byte) {
	b.T.Helper()
	if got := b.Content(d.UID); !bytes.Equal(got, want) {
		b.T.Errorf("%q holds %d bytes %.20q, not %d bytes %.20q", path, len(got), got, len(want), want)
	}
}

// Content reads what a document or version holds; nil when there is nothing.
func (s *Systems) Content(uid string) []byte {
	s.T.Helper()
	r, err := s.Nuxeo.OpenBlob(uid, "")
	if err != nil {
		return nil
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		s.T.Error(err)
	}

	return got
}

// MD5 is the digest of a content, as Nuxeo tells it.
func MD5(content []byte) string {
	s := md5.Sum(content)
	return hex.EncodeToString(s[:])
}

// checkLinks makes sure that there are as many links as documents and that
// nobody holds one.
func (b *Bed) checkLinks(n int) {
	b.T.Helper()
	var links, held int
	err := b.App.DB.Reader.QueryRowContext(b.T.Context(), `SELECT COUNT(*), COUNT(NULLIF(holder, '')) FROM links
		WHERE document_uid IS NOT NULL`).Scan(&links, &held)
	if err != nil || links != n || held != 0 {
		b.T.Errorf("%d links for %d documents, %d of them held: %v", links, n, held, err)
	}
}

// Mails makes sure that so many mails went out; each person's mails are their own. A mail
// that was sent twice with the same Message-ID is one.
func (b *Bed) Mails(n int) {
	b.T.Helper()
	got := map[string]bool{}
	for _, m := range b.Mail.Messages() {
		got[m.MessageID] = true
	}
	if len(got) != n {
		b.T.Errorf("%d mails instead of %d: %v", len(got), n, subjects(b))
	}
}

func subjects(b *Bed) []string {
	var out []string
	for _, m := range b.Mail.Messages() {
		out = append(out, m.Subject)
	}
	return out
}

// AllDone makes sure that nothing failed.
func (b *Bed) AllDone() {
	b.T.Helper()
	for _, v := range b.Settle() {
		if v.State != "done" {
			b.T.Errorf("%s %s: %s at %q: %s %s", v.Kind, v.Title, v.State, v.Step, v.Message, v.Remedy)
		}
	}
}

// CheckBound checks that every action is in our records and works, and that the
// folder shows the binding.
func (b *Bed) CheckBound(name string, workspaces ...string) {
	b.T.Helper()
	list, _, err := b.App.Binding.List(b.T.Context(), Viewer, b.Folder, "", 0)
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
			[]string{b.Add(root, "works.mov", []byte("x"))})
		if err != nil || res.Title != "Success" {
			b.T.Errorf("running the action answers %+v, %v; want Success", res, err)
		}
	}

	if d, _ := b.Nuxeo.Doc(b.Folder); len(d.Properties["frameiobinding:bindings"].([]any)) != 1 {
		b.T.Errorf("the folder shows the bindings %v, want one", d.Properties["frameiobinding:bindings"])
	}

	b.Settle()
}
