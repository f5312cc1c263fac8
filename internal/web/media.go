package web

import (
	"io"
	"mime"
	"net/http"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/media"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func (s *Server) media(mux *http.ServeMux) {
	mux.Handle("GET /media/{ticket}", s.handler(s.redeem))
	mux.Handle("GET /media/nuxeo/{uid}/{name}", s.handler(s.stream))
}

// redeem redirects the bearer of a ticket to what it opens. The ticket is all that
// is asked for: an element that plays shows nothing else.
func (s *Server) redeem(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet { // a look must not use it up
		return fault.New(fault.NotFound, "There is nothing to show here, or not any more.")
	}

	address, err := s.Media.Redeem(r.Context(), r.PathValue("ticket"))
	if err != nil {
		return err
	}

	w.Header().Set("Location", address) // without a body that would repeat it
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// asked are the headers that go on to Nuxeo, told those that come back.
var (
	asked = []string{"Range", "If-Range", "If-None-Match"}
	told  = []string{"Content-Length", "Content-Range", "Accept-Ranges", "Etag", "Last-Modified"}
)

// stream passes on what Nuxeo has, as the person who asks.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) error {
	who, err := whoIs(r.Context())
	if err != nil {
		return err
	}

	// Browsers ask for ranges, and for what has changed.
	header := http.Header{}
	for _, name := range asked {
		if v := r.Header.Get(name); v != "" {
			header.Set(name, v)
		}
	}

	resp, done, err := s.Media.Stream(r.Context(), who.Login, r.PathValue("uid"), r.PathValue("name"), header)
	if nuxeo.StatusOf(err) == http.StatusRequestedRangeNotSatisfiable {
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return nil
	}

	if err != nil {
		return err
	}
	defer done()
	return s.passOn(w, r, resp)
}

// passOn sends an answer of Nuxeo's on, as nothing but what it is said to be: a
// uploaded file must not become a page of ours.
func (s *Server) passOn(w http.ResponseWriter, r *http.Request, resp *http.Response) error {
	h := w.Header()
	if resp.StatusCode != http.StatusNotModified {
		is, ok := harmless(resp.Header.Get("Content-Type"))
		if !ok {
			return fault.New(fault.NotFound, "This kind of file is not shown here.").With("Look at it in Nuxeo.")
		}
		h.Set("Content-Type", is)
	}

	// Whatever the file holds, it runs nothing and leads nowhere.
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Disposition", "inline")
	h.Set("Cache-Control", "private, no-cache")
	for _, name := range told {
		if v := resp.Header.Get(name); v != "" {
			h.Set(name, v)
		}
	}

	// Who watches may stop at any time.
	w.WriteHeader(resp.StatusCode)
	if err := trickle(w, resp.Body); err != nil {
		s.Log.DebugContext(r.Context(), "a stream was left", "error", err)
	}

	return nil
}

// harmless is a type that is shown, without its parameters.
func harmless(contentType string) (string, bool) {
	is, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", false
	}
	return is, media.Shown(is)
}

// stall is how long a client may read nothing of a stream; after a pause it requests again
// the rest.
const stall = 30 * time.Second

var pieces = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// trickle copies in pieces, as slowly as they are taken.
func trickle(w http.ResponseWriter, from io.Reader) error {
	piece := pieces.Get().(*[]byte)
	defer pieces.Put(piece)
	out := http.NewResponseController(w)
	defer func() { _ = out.SetWriteDeadline(time.Time{}) }() // the connection may serve on
	for {
		// A listener that takes nothing for a while is cut off.
		n, err := from.Read(*piece)
		_ = out.SetWriteDeadline(time.Now().Add(stall))
		if _, err := w.Write((*piece)[:n]); err != nil {
			return err
		}

		if err == io.EOF {
			return nil
		}

		if err != nil {
			return err
		}
	}
}
