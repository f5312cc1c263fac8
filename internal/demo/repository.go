package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// repository is Nuxeo as the story looks at it and as a person of it works in it,
// simulated or real.
type repository interface {
	Doc(uidOrPath string) (nuxeosim.DocView, bool)
	Children(uidOrPath string) []nuxeosim.DocView
	Versions(uid string) []nuxeosim.DocView
	Comments(uid string) []nuxeosim.CommentView
	OpenBlob(uid, xpath string) (io.ReadCloser, error)
	MkDoc(path, typ string, properties map[string]any) (uid string)
	Edit(login, uidOrPath string, properties map[string]any) error
}

// server is a real Nuxeo by its REST interface, as an administrator. What fails is kept,
// and told by err: the story looks at it after each step.
type server struct {
	ctx    context.Context
	nx     *nuxeo.Client
	as     func(login string) *nuxeo.Client
	failed error
}

func (s *server) err() error {
	err := s.failed
	s.failed = nil
	return err
}

func (s *server) note(err error) bool {
	s.failed = errors.Join(s.failed, err)
	return err != nil
}

var everything = nuxeo.Fetch{Schemas: []string{"*"}, Lock: true}

func (s *server) get(ref string) (*nuxeo.Document, error) {
	if strings.HasPrefix(ref, "/") {
		return s.nx.GetByPath(s.ctx, ref, everything)
	}
	return s.nx.Get(s.ctx, ref, everything)
}

// Doc is nuxeosim.Server's.
func (s *server) Doc(ref string) (nuxeosim.DocView, bool) {
	d, err := s.get(ref)
	if nuxeo.NotFound(err) || s.note(err) {
		return nuxeosim.DocView{}, false
	}
	return viewOf(d), true
}

// Children is nuxeosim.Server's.
func (s *server) Children(ref string) (all []nuxeosim.DocView) {
	parent, err := s.get(ref)
	if s.note(err) {
		return nil
	}

	where := "ecm:parentId = " + nuxeo.Quote(parent.UID) +
		" AND ecm:mixinType != 'HiddenInNavigation' AND ecm:isVersion = 0 AND ecm:isTrashed = 0"
	for d, err := range s.nx.Query(s.ctx, where, "", everything) {
		if s.note(err) {
			return nil
		}
		all = append(all, viewOf(d))
	}

	return all
}

// Versions is nuxeosim.Server's.
func (s *server) Versions(uid string) (all []nuxeosim.DocView) {
	list, err := s.nx.Versions(s.ctx, uid, everything)
	s.note(err)
	for _, d := range list {
		all = append(all, viewOf(d))
	}
	return all
}

// Comments is nuxeosim.Server's: comments, annotations and replies.
func (s *server) Comments(uid string) []nuxeosim.CommentView {
	var all []nuxeosim.CommentView
	seen := map[string]bool{}
	add := func(list []nuxeo.Comment, annotation bool) {
		for _, c := range list {
			if seen[c.ID] {
				continue
			}
			seen[c.ID] = true
			all = append(all, nuxeosim.CommentView{
				ID: c.ID, ParentID: c.ParentID, EntityID: c.EntityID, Origin: c.Origin, Entity: c.Entity, Text: c.Text,
				Author: c.Author, XPath: c.XPath, Annotation: annotation, Created: c.Created,
			})
		}
	}

	// Annotations have an address of their own; replies are comments on comments.
	drawn, err := s.nx.LatestAnnotations(s.ctx, uid, 1000)
	s.note(err)
	add(drawn.List, true)
	said := s.commentsOn(uid)
	add(said, false)
	for _, c := range append(said, drawn.List...) {
		add(s.commentsOn(c.ID), false)
	}

	return all
}

// commentsOn are the comments on a document, or the replies to a comment.
func (s *server) commentsOn(id string) (all []nuxeo.Comment) {
	for c, err := range s.nx.Comments(s.ctx, id) {
		if s.note(err); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// OpenBlob is nuxeosim.Server's.
func (s *server) OpenBlob(uid, xpath string) (io.ReadCloser, error) {
	if xpath == "" {
		xpath = "file:content"
	}
	resp, err := s.nx.OpenBlob(s.ctx, uid, xpath, nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// MkDoc makes a document below a folder that is there, as the one that dc:creator names,
// else as the administrator.
func (s *server) MkDoc(at, typ string, properties map[string]any) string {
	nx := s.nx
	values := map[string]any{}

	// Who made it cannot be set, so it is made as that person.
	for name, v := range properties {
		if name == "dc:creator" {
			nx = s.as(v.(string))
			continue
		}
		ready, err := s.uploaded(nx, v)
		if s.note(err) {
			return ""
		}
		values[name] = ready
	}

	if values["dc:title"] == nil {
		values["dc:title"] = path.Base(at)
	}

	parent, err := s.get(path.Dir(at))
	if s.note(err) {
		return ""
	}

	d, err := nx.Create(s.ctx, parent.UID, nuxeo.NewDocument{Name: path.Base(at), Type: typ, Properties: values},
		nuxeo.WriteOptions{Source: "frameio-metadata"})
	if s.note(err) {
		return ""
	}

	return d.UID
}

// Edit writes as a person, as Web UI does.
func (s *server) Edit(login, ref string, properties map[string]any) error {
	d, err := s.get(ref)
	if err != nil {
		return err
	}

	values := map[string]any{}
	for name, v := range properties {
		if values[name], err = s.uploaded(s.as(login), v); err != nil {
			return err
		}
	}

	return s.as(login).Update(s.ctx, d.UID, "", values, nuxeo.WriteOptions{})
}

// uploaded replaces blobs in a value by uploads.
func (s *server) uploaded(nx *nuxeo.Client, v any) (any, error) {
	switch v := v.(type) {
	case nuxeosim.Blob:
		batch, err := nx.NewBatch(s.ctx)
		if err != nil {
			return nil, err
		}
		size := int64(len(v.Data))
		chunk := nuxeo.Chunk{Name: v.Name, MimeType: v.MimeType, Size: size, Length: size, Count: 1}
		return nuxeo.Uploading(batch), nx.Upload(s.ctx, batch, chunk, bytes.NewReader(v.Data))
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = s.uploaded(nx, v[i]); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := map[string]any{}
		for name, e := range v {
			var err error
			if out[name], err = s.uploaded(nx, e); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// viewOf is a document as the story sees it. Numbers are float64.
func viewOf(d *nuxeo.Document) nuxeosim.DocView {
	v := nuxeosim.DocView{
		UID: d.UID, Path: d.Path, Type: d.Type, Title: d.Title, Facets: d.Facets, Properties: map[string]any{},
		LockOwner:    d.LockOwner,
		VersionLabel: strings.TrimSuffix(d.VersionLabel, "+"), IsCheckedOut: d.IsCheckedOut, IsVersion: d.IsVersion,
		IsTrashed:   d.IsTrashed,
		State:       d.State,
		ChangeToken: d.ChangeToken, LastContributor: d.Text("dc:lastContributor"), ParentUID: d.ParentRef,
	}

	// As the simulated Nuxeo has them, where empty ones are not there.
	for name, raw := range d.Properties {
		var value any
		if json.Unmarshal(raw, &value) == nil && value != nil {
			v.Properties[name] = value
		}
	}

	if b := d.Blob("file:content"); b != nil {
		v.Content = &nuxeosim.BlobView{Name: b.Name, MimeType: b.MimeType, Length: b.Length, Digest: b.Digest}
	}

	return v
}

// written are the writes of the connector to Nuxeo, by mail excepted.
type written struct {
	next http.RoundTripper
	add  func(string)
}

// RoundTrip is http.RoundTripper's.
func (w written) RoundTrip(r *http.Request) (*http.Response, error) {
	if !nuxeosim.Reads(r) && !strings.Contains(r.URL.Path, "Document.Mail") {
		w.add(fmt.Sprintf("%s %s", r.Method, r.URL.Path))
	}
	return w.next.RoundTrip(r)
}
