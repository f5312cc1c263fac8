package frameiosim

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/clip"
)

// Renditions, as media_links names them.
const (
	RenditionOriginal    = "original"
	RenditionHighQuality = "high_quality"
	RenditionEfficient   = "efficient"
	RenditionVideo180    = "video_h264_180"
	RenditionThumbnail   = "thumbnail"
	RenditionThumbnailHQ = "thumbnail_high_quality"
	RenditionScrubSheet  = "scrub_sheet"
)

var renditions = []string{
	RenditionOriginal, RenditionHighQuality, RenditionEfficient, RenditionVideo180,
	RenditionThumbnail, RenditionThumbnailHQ, RenditionScrubSheet,
}

// includeLinks adds the media links that inc names. A rendition that does not
// exist (yet) is null; an original without the right to it fails the request.
func (s *Server) includeLinks(a *asset, n *node, inc map[string]bool) error {
	for _, name := range renditions {
		if !inc["media_links."+name] {
			continue
		}
		if name == RenditionOriginal && n.file.noOriginal {
			return forbidden("You do not have permission to download this file")
		}
		if a.MediaLinks == nil {
			a.MediaLinks = object{}
		}
		a.MediaLinks[name] = s.mediaLink(n, name)
	}
	return nil
}

func (s *Server) mediaLink(n *node, name string) any {
	if name == RenditionOriginal && n.file.watermark {
		return nil
	}

	if name == RenditionOriginal {
		return object{"download_url": s.link(n, name, true), "inline_url": s.link(n, name, false)}
	}

	if !s.rendered(n.file, name) {
		return nil
	}

	return object{"download_url": s.link(n, name, true), "url": s.link(n, name, false)}
}

func (s *Server) rendered(f *fileInfo, name string) bool {
	if f.renditions[name] != nil {
		return s.present(f)
	}

	if s.status(f) != "transcoded" {
		return false
	}

	if name == RenditionVideo180 || name == RenditionScrubSheet {
		return f.isVideo()
	}

	return f.isVideo() || strings.HasPrefix(f.mediaType, "image/") || f.mediaType == "application/pdf"
}

func (s *Server) link(n *node, rendition string, download bool) string {
	disposition := "inline"
	if download {
		disposition = mime.FormatMediaType("attachment", map[string]string{"filename": n.name})
	}
	where := "/assets/" + n.id + "/" + rendition
	return s.url + s.signer.downloadURL(where, disposition, s.signTime().Add(s.opt.LinkTTL))
}

// blob is what one link leads to.
type blob struct {
	content         Content
	etag, mediaType string
	modified        string
	streamed        bool // has no length and no ranges
}

func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	if err := s.signer.checkDownload(r, s.signTime()); err != nil {
		err.write(w)
		return
	}

	b, ok := s.findBlob(r.URL.Path)
	if !ok {
		denied("AccessDenied", "Access Denied").write(w) // S3 says so of what is not there
		return
	}

	if err := b.serve(w, r); err != nil {
		s.opt.Logger.Debug("download broken off", "path", r.URL.Path, "error", err)
	}
}

func (s *Server) findBlob(p string) (blob, bool) {
	id, rendition := path.Split(strings.TrimPrefix(p, "/assets/"))
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.nodes[strings.TrimSuffix(id, "/")]
	if n == nil || n.deleted || n.file == nil || !s.present(n.file) {
		return blob{}, false
	}

	h := fnv.New128a()
	_, _ = fmt.Fprintf(h, "%s/%s/%d", n.id, rendition, n.file.version) // a hash never fails
	b := blob{etag: fmt.Sprintf("%q", fmt.Sprintf("%x", h.Sum(nil))), modified: n.updated.UTC().Format(http.TimeFormat)}
	b.content, b.mediaType = s.rendition(n, rendition)
	b.streamed = n.file.watermark
	return b, b.content != nil
}

// rendition gives the bytes behind a link, and under which type they are sent. What
// nobody gave is the original where browsers show it, else a clip or a picture with the
// name on it.
func (s *Server) rendition(n *node, name string) (Content, string) {
	f, video := n.file, n.file.isVideo() && slices.Contains(moving, name)
	switch given := f.renditions[name]; {
	case name == RenditionOriginal:
		return f.content, f.mediaType
	case given != nil && video:
		return given, "video/mp4"
	case given != nil:
		return given, cmp.Or(clip.Shows(given), "image/png")
	case f.content == nil:
		return nil, ""
	case video:
		if kind := clip.Plays(f.content); kind != "" {
			return f.content, kind
		}
		return Bytes(clip.Video(n.name, f.media.FPS, f.media.Duration)), "video/mp4"
	}

	if kind := clip.Shows(f.content); kind != "" {
		return f.content, kind // small enough to be its own preview
	}

	if s.opt.Still != nil {
		if still := s.opt.Still(f.content); still != nil {
			return Bytes(still), cmp.Or(clip.Shows(Bytes(still)), "image/png")
		}
	}

	return Bytes(clip.Still(n.name)), "image/png"
}

// moving are the renditions that play, of a video.
var moving = []string{RenditionHighQuality, RenditionEfficient, RenditionVideo180}

var errRange = errors.New("range not satisfiable")

func (b blob) serve(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("ETag", b.etag)
	h.Set("Last-Modified", b.modified)
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", b.mediaType)
	h.Set("Content-Disposition", r.URL.Query().Get("response-content-disposition"))
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		(&hostError{
			Code:    "MethodNotAllowed",
			Message: "This distribution does not allow the HTTP request method.",
			status:  http.StatusForbidden,
		}).write(w)
		return nil
	}

	if match := r.Header.Get("If-Match"); match != "" && match != "*" && match != b.etag {
		(&hostError{
			Code:    "PreconditionFailed",
			Message: "At least one of the pre-conditions you specified did not hold",
			status:  http.StatusPreconditionFailed,
		}).write(w)
		return nil
	}

	if r.Header.Get("If-None-Match") == b.etag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}

	if b.streamed {
		h.Del("Accept-Ranges")
		return b.stream(w, r)
	}

	return b.serveRange(w, r)
}

func (b blob) stream(w http.ResponseWriter, r *http.Request) error {
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	if err := http.NewResponseController(w).Flush(); err != nil { // so that no length is computed
		return err
	}
	return send(w, b.content, 0, b.content.Size())
}

func (b blob) serveRange(w http.ResponseWriter, r *http.Request) error {
	size, status := b.content.Size(), http.StatusOK
	off, n, ranged, err := b.wanted(r)
	if err != nil {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		(&hostError{
			Code:    "InvalidRange",
			Message: "The requested range is not satisfiable",
			status:  http.StatusRequestedRangeNotSatisfiable,
		}).write(w)
		return nil
	}

	if ranged {
		status = http.StatusPartialContent
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, size))
	}

	w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}

	return send(w, b.content, off, n)
}

// wanted reads the Range header: one range, or else the whole. If-Range
// with another ETag or date asks for the whole.
func (b blob) wanted(r *http.Request) (off, n int64, ranged bool, err error) {
	size := b.content.Size()
	spec, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	if cond := r.Header.Get("If-Range"); cond != "" && cond != b.etag && cond != b.modified {
		ok = false
	}

	first, last, dash := strings.Cut(spec, "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return 0, size, false, nil
	}

	from, errFrom := strconv.ParseInt(first, 10, 64)
	to, errTo := strconv.ParseInt(last, 10, 64)
	switch {
	case first == "" && errTo == nil: // the last so many bytes
		from, to = max(0, size-to), size-1
	case errFrom != nil || last != "" && errTo != nil:
		return 0, size, false, nil
	case last == "" || to >= size:
		to = size - 1
	}

	if from >= size || to < from {
		return 0, 0, false, errRange
	}

	return from, to - from + 1, true, nil
}
