// Package media finds something to play or show of a document: Frame.io's own
// proxy, else what Nuxeo has, else a still.
//
// It owns the table tickets. Invariants: the document is read as the person,
// and Frame.io is asked as the person, when that person wants to look; a
// signed address never leaves but as the answer to a ticket, which is random,
// opens once and for a minute, and is known to the database by its digest only;
// an address leads only where files of Frame.io may come from. Used, ended and
// unknown tickets look alike. What Nuxeo has passes through us in small pieces,
// few streams at once, since Nuxeo's connections are few. It leaves to web how
// an answer looks.
package media

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// People is what media needs of identity.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
}

// Vault seals addresses.
type Vault interface {
	Seal(sealContext, secret string) []byte
	Open(sealContext string, sealed []byte) (string, error)
}

var _ Vault = (*identity.Vault)(nil)

// Service finds media.
type Service struct {
	DB     *store.DB
	People People
	Vault  Vault
	Now    func() time.Time
	// Allowed says why an address of Frame.io's may not be given to a browser.
	Allowed func(address string) error
	// Streams bounds how much of Nuxeo's content passes at once.
	Streams *StreamLimit
}

// Kind is how something is shown.
type Kind string

// The kinds.
const (
	Video    Kind = "video"
	Audio    Kind = "audio"
	Image    Kind = "image"
	Document Kind = "document"
	Nothing  Kind = "none"
)

// Where it comes from.
const (
	SourceFrameio = "frameio"
	SourceNuxeo   = "nuxeo"
	SourcePoster  = "poster" // there is only a still
	SourceNone    = "none"
)

// Media is what there is to see. Ticket and PosterTicket open something of
// Frame.io's; Stream and PosterStream name something of the document Of in Nuxeo.
type Media struct {
	Kind                 Kind
	Source               string
	Of                   string
	Ticket, Stream       string
	PosterTicket, Poster string
	// Why says why there is nothing better; empty when it is the best.
	Why string
}

func noDocument() error {
	return fault.New(fault.NotFound, "There is no such document, or you may not see it.").
		With("Look at the folder it was in.")
}

// A wanted is what a person wants to look at.
type wanted struct {
	login, file string
	nx          *nuxeo.Client
	doc         *nuxeo.Document
	link        link.Link // without an id when the document has none
}

// Open finds something to show of a document, or of one of the Frame.io files
// that belong to it.
func (s *Service) Open(ctx context.Context, login, uid, file string) (Media, error) {
	w, err := s.want(ctx, login, uid, file)
	if err != nil {
		return Media{}, err
	}

	// Frame.io has proxies made for the purpose.
	m, err := s.fromFrameio(ctx, w)
	if err == nil && m.Source == SourceFrameio && m.PosterTicket == "" {
		m.Of, m.Poster = w.doc.UID, thumbnail
	}

	if err != nil || m.Source == SourceFrameio {
		return m, err
	}

	// Otherwise there may be something in Nuxeo.
	return s.fromNuxeo(ctx, w, m)
}

// OpenInNuxeo is Open for browsers that could not play what Frame.io has.
func (s *Service) OpenInNuxeo(ctx context.Context, login, uid, file string) (Media, error) {
	w, err := s.want(ctx, login, uid, file)
	if err != nil {
		return Media{}, err
	}
	return s.fromNuxeo(ctx, w, Media{
		Kind: kindOf(w.doc.Text(schema.MediaType)), Source: SourceNone,
		Why: "Frame.io's player version does not play in this browser.",
	})
}

func (s *Service) want(ctx context.Context, login, uid, file string) (w wanted, err error) {
	w.login, w.file = login, file
	if w.nx, err = s.People.Nuxeo(ctx, login); err != nil {
		return w, err
	}

	// Nothing is shown of a document that the person may not read,
	w.doc, err = w.nx.Get(ctx, uid, nuxeo.Fetch{Schemas: schemas})
	if nuxeo.NotFound(err) || nuxeo.StatusOf(err) == http.StatusForbidden {
		return w, noDocument()
	}

	if err != nil {
		return w, err
	}

	// nor of a file that does not belong to it.
	w.link, err = link.OfDocument(ctx, s.DB, w.doc.UID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return w, err
	}

	if w.file == "" {
		w.file = w.link.FileID
		return w, nil
	}

	if has, err := w.link.HasFile(ctx, s.DB, w.file); err != nil || !has {
		return w, errors.Join(err, noDocument())
	}

	return w, nil
}

// fromFrameio asks for a proxy as the person. Where there is none to be had, Why
// says so.
func (s *Service) fromFrameio(ctx context.Context, w wanted) (Media, error) {
	m := Media{Kind: kindOf(w.doc.Text(schema.MediaType)), Source: SourceNone}
	if w.file == "" {
		return m, nil // it never was on Frame.io
	}

	// Any failure leaves the rest to Nuxeo, with a word on why.
	fio, err := s.People.Frameio(ctx, w.login)
	var f frameio.File
	if err == nil {
		f, err = fio.Proxies(ctx, w.link.Account, w.file)
	}

	if err != nil {
		m.Why = why(err)
		return m, nil
	}

	if f.MediaType != "" {
		m.Kind = kindOf(f.MediaType)
	}

	return s.tickets(ctx, m, f)
}

// why is the reason in a sentence. Whatever went wrong on Frame.io, there may be
// something in Nuxeo.
func why(err error) string {
	var e *v4.Error
	switch {
	case fault.Is(err, fault.NotConnected):
		return "You have not connected Frame.io, so its own player version cannot be shown."
	case v4.NotFound(err):
		return "The file is no longer on Frame.io, or you may not see it there."
	case errors.As(err, &e) && e.Code == http.StatusForbidden:
		return "You may not see this file on Frame.io."
	}

	return "Frame.io does not answer at the moment: " + fault.From(err).Message
}

// tickets makes what Frame.io has openable.
func (s *Service) tickets(ctx context.Context, m Media, f frameio.File) (Media, error) {
	// The best that plays without delay comes first.
	p := f.Proxies
	best := map[Kind][]string{
		Video: {p.Efficient, p.HighQuality, p.Small},
		Image: {p.HighQuality, p.Efficient, p.LargeThumbnail},
	}

	// An address is given to a browser only if it leads where it should.
	address, still := first(best[m.Kind]...), first(p.LargeThumbnail, p.Thumbnail)
	for _, a := range []string{address, still} {
		if err := s.permitted(a); err != nil {
			m.Why = fault.From(err).Message
			return m, nil
		}
	}

	var err error
	if m.PosterTicket, err = s.ticket(ctx, still); err != nil || address == "" {
		m.Why = "Frame.io has nothing to play of this file, or not yet."
		return m, err
	}

	m.Source = SourceFrameio
	m.Ticket, err = s.ticket(ctx, address)
	return m, err
}

func (s *Service) permitted(address string) error {
	if address == "" {
		return nil
	}
	return s.Allowed(address)
}

func first(list ...string) string {
	for _, a := range list {
		if a != "" {
			return a
		}
	}
	return ""
}

func kindOf(mediaType string) Kind {
	group, _, _ := strings.Cut(mediaType, "/")
	switch {
	case mediaType == "":
		return Nothing
	case group == "video" || mediaType == "application/mxf" || mediaType == "application/gxf":
		return Video
	case group == "audio":
		return Audio
	case group == "image":
		return Image
	}

	return Document
}
