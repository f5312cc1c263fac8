package media

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

var schemas = []string{"frameio", "file", "video", "picture"}

// playable are the types that browsers play or show natively, and none that could be
// a page.
var playable = []string{
	"video/mp4", "video/webm", "video/ogg", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/x-wav",
	"audio/webm", "audio/flac", "audio/aac",
	"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf",
}

// The names of what a document has, as addresses of ours hold them. Video and
// view come with a number.
const (
	content   = "content"
	video     = "video"
	view      = "view"
	thumbnail = "thumbnail"
)

// fromNuxeo shows what Nuxeo has: of the version that holds the file, when the
// document holds another by now.
func (s *Service) fromNuxeo(ctx context.Context, w wanted, m Media) (Media, error) {
	doc, err := holder(ctx, w)
	if err != nil {
		return m, err
	}

	if doc == nil {
		m.Why += " No version in Nuxeo holds this file."
		return m, nil
	}

	// What kind it is, if Frame.io did not say.
	m.Of = doc.UID
	if b := doc.Blob("file:content"); b != nil && m.Kind == Nothing {
		m.Kind = kindOf(b.MimeType)
	}

	if m.Kind == Nothing {
		m.Why = "The document holds no file."
		return m, nil
	}

	if m.PosterTicket == "" {
		m.Poster = thumbnail
	}

	// What can be played, or else looked at.
	m.Source, m.Stream = SourceNuxeo, found(doc)
	switch {
	case m.Stream == "":
		m.Source = SourcePoster
		m.Why = strings.TrimSpace(m.Why + " Nuxeo has nothing of it that browsers can play.")
	case m.Kind == Audio || m.Kind == Document:
		m.Why = "" // Frame.io makes no other of these
	}

	return m, nil
}

// mostVersions is how many versions are looked through: the newest.
const mostVersions = 100

// holder is the document, or the version of it that holds the file; nil when
// there is none.
func holder(ctx context.Context, w wanted) (*nuxeo.Document, error) {
	if w.file == "" || w.file == w.link.FileID {
		return w.doc, nil
	}

	// A version says which file it was made of.
	docs, err := w.nx.LatestVersions(ctx, w.doc.UID, mostVersions, nuxeo.Fetch{Schemas: schemas})
	if err != nil {
		return nil, err
	}

	docs = append([]*nuxeo.Document{w.doc}, docs...)
	held := ingest.MetadataSource(docs)
	for _, d := range docs {
		if told := held[d.UID]; told != nil && told.Text(schema.FileID) == w.file {
			return d, nil
		}
	}

	return nil, nil
}

// found names the best that a document has for browsers; empty when it has
// nothing.
func found(doc *nuxeo.Document) string {
	// A rendition that Nuxeo has made for playing,
	if i := slices.IndexFunc(held(doc, "vid:transcodedVideos"), plays); i >= 0 {
		return fmt.Sprintf("%s-%d", video, i)
	}

	// the file itself, if browsers can play it,
	if b := doc.Blob("file:content"); b != nil && plays(piece{Content: b}) {
		return content
	}

	// or the largest picture.
	views := held(doc, "picture:views")
	for _, title := range []string{"FullHD", "OriginalJpeg", "Large", "Medium", "Small"} {
		if i := slices.IndexFunc(views, func(p piece) bool { return p.Title == title && plays(p) }); i >= 0 {
			return fmt.Sprintf("%s-%d", view, i)
		}
	}

	return ""
}

// piece is an entry of a list of things that Nuxeo made of a file.
type piece struct {
	Title   string      `json:"title"`
	Content *nuxeo.Blob `json:"content"`
}

func plays(p piece) bool { return p.Content != nil && slices.Contains(playable, p.Content.MimeType) }

// Shown reports whether files of a type are shown: others could be a page that runs
// scripts, whatever they call themselves.
func Shown(mimeType string) bool { return slices.Contains(playable, mimeType) }

func held(doc *nuxeo.Document, property string) []piece {
	var list []piece
	_ = json.Unmarshal(doc.Properties[property], &list) // absent from most documents
	return list
}

var numbered = regexp.MustCompile(`^(video|view)-([0-9]{1,3})$`)

// xpath is where something of a document is in it; empty when it is the thumbnail, which
// is in no property. ok is false when there is no such name.
func xpath(name string) (path string, ok bool) {
	switch name {
	case content:
		return "file:content", true
	case thumbnail:
		return "", true
	}

	m := numbered.FindStringSubmatch(name)
	if m == nil {
		return "", false
	}

	list := map[string]string{video: "vid:transcodedVideos", view: "picture:views"}[m[1]]
	return list + "/" + m[2] + "/content", true
}

// Path is where something of a document is below Nuxeo's address, for a page of Nuxeo;
// empty when there is no such name.
func Path(uid, name string) string {
	switch path, ok := xpath(name); {
	case !ok:
		return ""
	case path == "":
		return nuxeo.ThumbnailPath(uid)
	default:
		return nuxeo.BlobPath(uid, path)
	}
}

// Stream begins to read something of a document, as the person. done must be
// called when the answer is read or left.
func (s *Service) Stream(
	ctx context.Context, login, uid, name string, header http.Header,
) (resp *http.Response, done func(), err error) {
	path, ok := xpath(name)
	if !ok {
		return nil, nil, noDocument()
	}

	nx, err := s.People.Nuxeo(ctx, login)
	if err != nil {
		return nil, nil, err
	}

	// A stream holds one of the few connections to Nuxeo for as long as a person watches.
	leave, err := s.Streams.acquire(ctx)
	if err != nil {
		return nil, nil, err
	}

	if path == "" {
		resp, err = nx.Open(ctx, nuxeo.ThumbnailPath(uid), header)
	} else {
		resp, err = nx.OpenBlob(ctx, uid, path, header)
	}

	if err != nil {
		leave()
		return nil, nil, refusal(err)
	}

	return resp, func() { _ = resp.Body.Close(); leave() }, nil
}

func refusal(err error) error {
	switch nuxeo.StatusOf(err) {
	case http.StatusNotFound, http.StatusForbidden:
		return noDocument()
	}
	return err
}
