package nuxeosim

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// system is who seeding acts as.
var system = &principal{login: "Administrator", admin: true}

// DocView is a document as tests see it.
type DocView struct {
	UID, Path, Type, Title string
	Facets                 []string
	// Properties hold string, int64, float64, bool, time.Time, BlobView,
	// map[string]any or []any; what is absent is not there.
	Properties      map[string]any
	LockOwner       string
	State           string // of the life cycle
	VersionLabel    string
	IsCheckedOut    bool
	IsVersion       bool
	IsTrashed       bool
	ChangeToken     string
	LastContributor string
	ParentUID       string
	Content         *BlobView // of file:content
}

// BlobView describes a blob.
type BlobView struct {
	Name, MimeType string
	Length         int64
	Digest         string
}

// CommentView is a comment or annotation as tests see it.
type CommentView struct {
	ID, ParentID             string
	EntityID, Origin, Entity string
	Text, Author, XPath      string
	Annotation               bool
	Created                  time.Time
}

// MkDoc makes a document at a path, as the administrator, with its missing
// parents as folders. Properties may hold [Blob]. If there is something at the
// path already, its properties are written. It panics when asked for what
// cannot be, since that is the test's mistake.
func (s *Server) MkDoc(at, typ string, props map[string]any) (uid string) {
	ready, err := s.storedBlobs(props)
	if err != nil {
		panic(err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.mkDoc(at, typ, ready)
	if err != nil {
		panic(fmt.Errorf("MkDoc(%q, %q): %w", at, typ, err))
	}

	return n.id
}

func (s *Server) mkDoc(at, typ string, props map[string]any) (*node, error) {
	if n := s.repo.resolve(at); n != nil {
		values, err := s.values(n, props)
		s.write(n, values, true)
		return n, err
	}

	parent := s.repo.resolve(path.Dir(at))
	if parent == nil {
		var err error
		if parent, err = s.mkDoc(path.Dir(at), "Folder", nil); err != nil {
			return nil, err
		}
	}

	return s.seedChild(parent, path.Base(at), typ, props)
}

// seedChild is like createDocument but takes the name as it is.
func (s *Server) seedChild(parent *node, name, typ string, props map[string]any) (*node, error) {
	if s.repo.types.types[typ] == nil {
		return nil, errors.New("unknown type")
	}

	n := &node{id: s.opt.NewID(), typ: typ, props: map[string]any{}, checkedOut: true}
	values, err := s.values(n, props)
	if err != nil {
		return nil, err
	}

	for key := range props {
		if sch, f := s.repo.types.lookup(key); f == nil || !s.repo.hasSchema(n, sch.name) {
			return nil, fmt.Errorf("no property %s", key)
		}
	}

	maps.Copy(n.props, values)
	if n.props["dc:title"] == nil {
		n.props["dc:title"] = name
	}

	creator := n.text("dc:creator")
	s.stampCreation(system, n)
	if creator != "" {
		n.props["dc:creator"], n.props["dc:lastContributor"], n.props["dc:contributors"] = creator,
			creator, []any{creator}
	}

	s.repo.attach(n, parent, name)
	s.repo.add(n)
	s.event(system, "documentCreated", n, "")
	return n, nil
}

// storedBlobs replaces Blob values, in lists and groups too; digests are computed
// here, not under the lock.
func (s *Server) storedBlobs(props map[string]any) (map[string]any, error) {
	out := maps.Clone(props)
	for key, v := range out {
		stored, err := s.storedBlob(v)
		if err != nil {
			return nil, err
		}
		out[key] = stored
	}

	return out, nil
}

func (s *Server) storedBlob(v any) (any, error) {
	switch v := v.(type) {
	case Blob:
		return v.stored(s.opt.DigestAlgorithm)
	case map[string]any:
		return s.storedBlobs(v)
	case []any:
		out := slices.Clone(v)
		for i := range out {
			stored, err := s.storedBlob(out[i])
			if err != nil {
				return nil, err
			}
			out[i] = stored
		}
		return out, nil
	}
	return v, nil
}

// SetProps writes properties without versioning, as background work does.
func (s *Server) SetProps(uidOrPath string, props map[string]any) error {
	return s.put(system, uidOrPath, change{props: props, silent: true})
}

// Redigest makes the digests of all blobs anew by another algorithm, as a store does that
// goes over to one, or makes them later.
func (s *Server) Redigest(algorithm string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opt.DigestAlgorithm = algorithm
	for _, n := range s.repo.byID {
		for _, value := range n.props {
			b, is := value.(*blob)
			if !is {
				continue
			}
			b.digest = ""
			if err := b.computeDigest(algorithm); err != nil {
				return err
			}
		}
	}

	return nil
}

// Edit writes properties as a person who works in Nuxeo does, with contributors,
// versions and change token, and fails while another has locked the document. A value may
// be a Blob.
func (s *Server) Edit(login, uidOrPath string, props map[string]any) error {
	if err := s.on(uidOrPath, func(n *node) error {
		if n.lock != nil && n.lock.owner != login {
			return fmt.Errorf("%s is locked by %s", n.path(), n.lock.owner)
		}
		return nil
	}); err != nil {
		return err
	}
	return s.put(&principal{login: login}, uidOrPath, change{props: props})
}

func (s *Server) put(p *principal, uidOrPath string, ch change) (err error) {
	if ch.props, err = s.storedBlobs(ch.props); err != nil {
		return err
	}
	return s.on(uidOrPath, func(n *node) error { return s.updateDocument(p, n, ch) })
}

// on runs a step on a document under the lock.
func (s *Server) on(ref string, step func(*node) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.repo.resolve(ref)
	if n == nil {
		return fmt.Errorf("no document %s", ref)
	}
	return step(n)
}

// Doc looks at a document.
func (s *Server) Doc(uidOrPath string) (DocView, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.repo.resolve(uidOrPath)
	if n == nil {
		return DocView{}, false
	}
	return s.view(n), true
}

func (s *Server) view(n *node) DocView {
	v := DocView{
		UID: n.id, Path: n.path(), Type: n.typ, Title: n.title(), Facets: slices.Clone(s.repo.facets(n)),
		Properties:   map[string]any{},
		VersionLabel: n.versionLabel(), IsCheckedOut: n.checkedOut && !n.isVersion(), IsVersion: n.isVersion(),
		IsTrashed:   n.trashed,
		State:       n.lifeCycle(),
		ChangeToken: n.changeToken(), LastContributor: n.text("dc:lastContributor"),
	}

	for key, value := range n.props {
		v.Properties[key] = shown(value)
	}

	if n.lock != nil {
		v.LockOwner = n.lock.owner
	}

	if n.parent != nil {
		v.ParentUID = n.parent.id
	}

	if b, is := n.props["file:content"].(*blob); is {
		view := b.view()
		v.Content = &view
	}

	return v
}

func (b *blob) view() BlobView {
	return BlobView{Name: b.name, MimeType: b.mime, Length: b.length, Digest: b.digest}
}

// shown replaces blobs by their description, in a copy.
func shown(v any) any {
	switch v := v.(type) {
	case *blob:
		return v.view()
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = shown(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k := range v {
			out[k] = shown(v[k])
		}
		return out
	}
	return v
}

// Children looks at what is in a folder, in order of creation, without what is
// hidden.
func (s *Server) Children(uidOrPath string) []DocView {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.repo.resolve(uidOrPath)
	if n == nil {
		return nil
	}

	var out []DocView
	for _, c := range n.children {
		if !s.repo.hidden(c) {
			out = append(out, s.view(c))
		}
	}

	return out
}

// Versions looks at the versions of a document, oldest first.
func (s *Server) Versions(uid string) []DocView {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.repo.resolve(uid)
	if n == nil {
		return nil
	}

	var out []DocView
	for _, v := range n.versions {
		out = append(out, s.view(v))
	}

	return out
}

// Comments looks at all comments and annotations of a document, replies
// included, oldest first.
func (s *Server) Comments(uid string) []CommentView {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.repo.resolve(uid)
	if n == nil {
		return nil
	}

	list := thread(n)
	slices.SortFunc(list, func(a, b *node) int { return a.seq - b.seq })
	var out []CommentView
	for _, c := range list {
		out = append(out, CommentView{
			ID: c.id, ParentID: c.text("comment:parentId"), EntityID: c.text("externalEntity:entityId"),
			Origin: c.text("externalEntity:origin"), Entity: c.text("externalEntity:entity"),
			Text:   c.text("comment:text"),
			Author: c.text("comment:author"), XPath: c.text("annotation:xpath"), Annotation: c.typ == "Annotation",
			Created: c.created(),
		})
	}

	return out
}

// OpenBlob reads a blob of a document; xpath is "file:content" if empty.
func (s *Server) OpenBlob(uid, xpath string) (io.ReadCloser, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.repo.resolve(uid)
	if n == nil {
		return nil, fmt.Errorf("no document %s", uid)
	}

	if xpath == "" {
		xpath = "file:content"
	}

	b := s.blobAt(n, xpath)
	if b == nil {
		return nil, fmt.Errorf("no blob at %s of %s", xpath, uid)
	}

	return b.open()
}

// Lock locks a document for somebody, whoever holds it now.
func (s *Server) Lock(uid, owner string) error {
	return s.on(uid, func(n *node) error {
		n.lock = nil
		return s.lockDocument(&principal{login: owner}, n)
	})
}

// Unlock takes the lock away.
func (s *Server) Unlock(uid string) error {
	return s.on(uid, func(n *node) error { return s.unlockDocument(system, n) })
}

// Trash puts a document and what is below it into the trash.
func (s *Server) Trash(uid string) error {
	return s.on(uid, func(n *node) error { s.setTrashed(system, n, true); return nil })
}

// Untrash takes it out again.
func (s *Server) Untrash(uid string) error {
	return s.on(uid, func(n *node) error { s.setTrashed(system, n, false); return nil })
}

// Remove deletes a document for good.
func (s *Server) Remove(uid string) error {
	return s.on(uid, func(n *node) error { s.removeDocument(system, n); return nil })
}

// Move puts a document below another folder; an empty name keeps its own.
func (s *Server) Move(uid, target, name string) error {
	return s.on(uid, func(n *node) error {
		to := s.repo.resolve(target)
		if to == nil {
			return fmt.Errorf("no document %s", target)
		}
		return s.moveDocument(system, n, to, name)
	})
}

// AddFacet adds a facet to a document.
func (s *Server) AddFacet(uid, facet string) error {
	return s.on(uid, func(n *node) error {
		if _, found := s.types.facets[facet]; !found {
			return fmt.Errorf("no such facet: %s", facet)
		}
		if !s.repo.hasFacet(n, facet) {
			n.extra = append(slices.Clone(n.extra), facet)
			s.repo.generation++
		}
		return nil
	})
}

// CheckIn makes a version: "MAJOR", "MINOR" or "NONE".
func (s *Server) CheckIn(uid, option string) (version string, err error) {
	err = s.on(uid, func(n *node) error {
		version = s.checkIn(system, n, strings.ToUpper(option), "").id
		return nil
	})
	return version, err
}

// Audit lists the events of a document, oldest first.
func (s *Server) Audit(uid string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []string
	for _, e := range s.audit {
		if e.docID == uid {
			out = append(out, e.event)
		}
	}

	return out
}
