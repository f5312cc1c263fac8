// Package assetview shows a person what a document got from Frame.io: the facts
// of its asset, its versions with the file that each holds, and what was said.
//
// It owns nothing. Invariants: the document is read as the person first, and
// what one may not see answers like what is not there; the comments of Frame.io
// come from our own rows (review's) and need no remote call; those that people
// wrote in Nuxeo come from there, in a number of calls that is bounded however
// many there are. It leaves to media what can be played.
package assetview

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Service shows documents.
type Service struct {
	DB    *store.DB
	Nuxeo func(ctx context.Context, login string) (*nuxeo.Client, error)
}

// A Detail is a single document.
type Detail struct {
	*nuxeo.Document        // with the breadcrumb
	Asset           *Asset // nil when it is not linked
	Versions        []Version
	Comments        []Comment
	// More says that there are more comments than are listed.
	More bool
}

// Asset is what Frame.io told of the document's asset.
type Asset struct {
	FileName, File, MediaType, Uploader string
	Uploaded                            time.Time
	Codec, Resolution, Status, ViewURL  string
	FrameRate, Duration                 float64
	Size, Frames                        int64
	Published                           time.Time
	PublishedBy                         string
	Fields                              []Field
}

// A Field is one of metadata on Frame.io, with its value as text.
type Field struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Version is the document as it is, which is the first, or a version of it.
type Version struct {
	UID, Label, File, FileName, Status string
	Created                            time.Time
	Current                            bool
}

// mostVersions bounds what is listed of them: the newest.
const mostVersions = 100

var schemas = []string{"dublincore", "frameio", "file"}

// Get reads a document, as the person.
func (s *Service) Get(ctx context.Context, login, uid string) (Detail, error) {
	nx, err := s.Nuxeo(ctx, login)
	if err != nil {
		return Detail{}, err
	}

	doc, err := nx.Get(ctx, uid, nuxeo.Fetch{Schemas: schemas, Enrichers: []string{"breadcrumb"}, Lock: true})
	if err != nil {
		return Detail{}, Gone(err)
	}

	// Around the document: its asset, its versions, and what was said about it.
	d := Detail{Document: doc, Asset: assetOf(doc)}
	if d.Versions, err = versions(ctx, nx, doc); err != nil {
		return Detail{}, err
	}

	d.Comments, d.More, err = s.comments(ctx, nx, d)
	return d, err
}

// Gone makes what one may not see look like what is not there.
func Gone(err error) error {
	if nuxeo.NotFound(err) || nuxeo.StatusOf(err) == http.StatusForbidden {
		return fault.New(fault.NotFound, "There is no such document, or you may not see it.").
			With("Look at the folder it was in.")
	}
	return err
}

func assetOf(doc *nuxeo.Document) *Asset {
	if doc == nil || !ingest.HasOwnFacet(doc) {
		return nil
	}

	var fields []Field
	doc.Value(schema.Fields, &fields)
	text := func(name string) string { return doc.Text("frameio:" + name) }
	return &Asset{
		FileName: text("fileName"), File: text("fileId"), MediaType: text("mediaType"), Uploader: text("uploader"),
		Uploaded: doc.Time(schema.UploadDate), Codec: text("codec"), Resolution: text("resolution"),
		Status:  text("status"),
		ViewURL: text("viewUrl"), FrameRate: doc.Float(schema.FrameRate), Duration: doc.Float(schema.Duration),
		Size: doc.Int(schema.FileSize), Frames: doc.Int(schema.Frames),
		Published: doc.Time(schema.LastPublished), PublishedBy: text("publishedBy"),
		Fields: fields,
	}
}

// versions are the document itself and its versions, newest first.
func versions(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document) ([]Version, error) {
	docs := []*nuxeo.Document{doc}
	if !doc.IsVersion {
		list, err := nx.LatestVersions(ctx, doc.UID, mostVersions, nuxeo.Fetch{Schemas: schemas, Lock: true})
		if err != nil {
			return nil, err
		}
		docs = append(docs, list...)
	}

	// A version may show the metadata of another one: find whose it is.
	held := ingest.MetadataSource(docs)
	var all []Version
	for _, d := range docs {
		all = append(all, version(d, held[d.UID]))
	}

	all[0].Current = true
	return all, nil
}

func version(doc, told *nuxeo.Document) Version {
	v := Version{UID: doc.UID, Label: doc.VersionLabel, Created: doc.Time("dc:modified")}
	if a := assetOf(told); a != nil {
		v.File, v.FileName, v.Status = a.File, a.FileName, a.Status
	}
	return v
}

// linkOf is the document's link; false when it has none.
func (s *Service) linkOf(ctx context.Context, doc *nuxeo.Document) (link.Link, bool, error) {
	l, err := link.OfDocument(ctx, s.DB, doc.UID)
	if errors.Is(err, sql.ErrNoRows) {
		return l, false, nil
	}
	return l, err == nil, err
}
