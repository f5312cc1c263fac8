package push

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/transfer"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// digestAlgorithm is Nuxeo's default; of another one only sizes are compared.
const digestAlgorithm = "MD5"

// saved is what the transfer row keeps between slices.
type saved struct {
	File  string         `json:"file"`
	ETag  string         `json:"etag"`
	State transfer.State `json:"state"`
}

// transfer moves the bytes from Nuxeo to Frame.io, in the parts that it stated,
// and goes on where an earlier slice or process stopped.
func (r *run) transfer(ctx context.Context) (work.Next, error) {
	parts, err := r.parts(ctx)
	if err != nil {
		return work.Next{}, err
	}

	if parts == nil {
		return r.restart(ctx, "The addresses of the parts are not known any more.", "Push again.")
	}

	kept, err := r.kept(ctx)
	if err != nil {
		return work.Next{}, err
	}

	src := &blob{nx: r.nx.Over(r.Blobs), document: r.p.Document, piece: r.st.Piece, etag: kept.ETag}
	dst := &sink{http: r.Parts, parts: parts, mediaType: r.st.MediaType}
	// the last checkpoint has stored the state
	_, digest, err := transfer.Run(ctx, planOf(parts), kept.State, src, dst, r.options(src, kept))
	switch {
	case errors.Is(err, transfer.ErrSlice):
		return work.Next{Step: stepTransfer, After: time.Millisecond}, nil
	case errors.Is(err, transfer.ErrChanged):
		return r.restart(ctx, "The file changed in Nuxeo while it was read.",
			"Push it again when nobody is working on it.")
	case err != nil && dst.ended():
		return r.restart(ctx, "The addresses for the upload had ended before all was sent.", r.tooSlow())
	case err != nil:
		return work.Next{}, err
	}

	return r.compared(ctx, string(digest))
}

// tooSlow names the bandwidth that a file of this size would have needed.
func (r *run) tooSlow() string {
	lasted := max(r.t.Now().Sub(r.st.Began), time.Second)
	rate := float64(r.st.Piece.Length) / lasted.Seconds()
	return fmt.Sprintf("The addresses lasted %s, in which %d bytes need at least %.1f MB/s to Frame.io: use a faster "+
		"connection, or push a rendition.",
		lasted.Round(time.Second), r.st.Piece.Length, max(rate/1e6, 0.1))
}

// compared makes sure that what was read is what Nuxeo says it holds.
func (r *run) compared(ctx context.Context, digest string) (work.Next, error) {
	b := r.st.Piece.Blob
	if digest != "" && b.DigestAlgorithm == digestAlgorithm && b.Digest != "" && b.Digest != digest {
		return r.restart(ctx, "What was read from Nuxeo is not what it says it holds.",
			"Push again; if it stays, have the storage of Nuxeo looked at.")
	}
	return r.allSent(), nil
}

// parts opens the addresses; nil when there are none.
func (r *run) parts(ctx context.Context) (parts []frameio.UploadPart, err error) {
	var sealed []byte
	if err := r.DB.Reader.QueryRowContext(ctx, `SELECT upload FROM pushes
		WHERE id = $1`, r.p.ID).Scan(&sealed); err != nil || len(sealed) == 0 {
		return nil, err
	}

	text, err := r.Vault.Open(place(r.p.ID), sealed)
	if err != nil {
		return nil, err
	}

	return parts, json.Unmarshal([]byte(text), &parts)
}

func (r *run) kept(ctx context.Context) (saved, error) {
	kept := saved{}
	t, err := r.t.Transfer(ctx)
	if err == nil && t.State != "" {
		err = json.Unmarshal([]byte(t.State), &kept)
	}

	if kept.File != r.st.File {
		kept = saved{File: r.st.File}
	}

	return kept, err
}

func planOf(parts []frameio.UploadPart) transfer.Plan {
	sizes := make([]int64, len(parts))
	for i, p := range parts {
		sizes[i] = p.Size
	}
	return transfer.PlanOf(sizes)
}

func (r *run) options(src *blob, kept saved) transfer.Options {
	o := transfer.Options{
		Streams: r.Set.Streams, Idle: r.Set.Idle, Tries: 4, Until: r.t.SliceEnds(), Permanent: fault.Permanent,
		Pause: transfer.Backoff,
		Checkpoint: func(ctx context.Context, st transfer.State, p transfer.Progress) error {
			kept.State, kept.ETag = st, src.tag()
			b, err := json.Marshal(kept)
			if err != nil {
				return err
			}

			return r.t.Progress(ctx, work.Transfer{
				Name:  r.st.Name,
				Size:  r.st.Piece.Length,
				Done:  p.Done,
				Sent:  p.Sent,
				Rate:  p.Rate,
				Quiet: p.Quiet,
				State: string(b),
			})
		},
		Again: func(ctx context.Context, err error) error {
			return r.t.Note(ctx, "part again", "%s", fault.From(err).Message)
		},
	}
	if r.Set.Verify == "digest" {
		o.Hash = func() hash.Hash { return md5.New() }
	}

	return o
}

// blob reads a file of Nuxeo by ranges. Nuxeo may send on to where it keeps its
// files; the client takes no credential there.
type blob struct {
	nx       *nuxeo.Client
	document string
	piece    Piece

	mu   sync.Mutex // held for a moment only: checkpoints read the tag
	etag string
}

func (b *blob) tag() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.etag
}

// Open asks for a range and accepts exactly that, of the file that was begun with.
func (b *blob) Open(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	resp, err := b.nx.OpenBlob(ctx, b.document, b.piece.XPath,
		http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", off, off+n-1)}})
	switch nuxeo.StatusOf(err) {
	case http.StatusRequestedRangeNotSatisfiable:
		return nil, fmt.Errorf("no such range: %w", transfer.ErrChanged)
	case http.StatusNotFound:
		return nil, fault.New(fault.Gone, "The file is not in Nuxeo any more.").With("Push again.").Because(err)
	}

	if err != nil {
		return nil, err
	}

	if err := b.fits(resp, off, n); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}

	return resp.Body, nil
}

func (b *blob) fits(resp *http.Response, off, n int64) error {
	size := b.piece.Length
	want := fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, size)
	whole := resp.StatusCode == http.StatusOK && off == 0 && n == size && resp.ContentLength == n && b.isTagged(resp)
	if got := resp.Header.Get("Content-Range"); !whole &&
		(resp.StatusCode != http.StatusPartialContent || got != want) {
		return fmt.Errorf("an answer %d with the range %.60q instead of %q: %w", resp.StatusCode, got, want,
			transfer.ErrChanged)
	}

	tag := resp.Header.Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") {
		return nil
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	if b.etag == "" {
		b.etag = tag
	}

	if b.etag != tag {
		return fmt.Errorf("another entity tag: %w", transfer.ErrChanged)
	}

	return nil
}

// isTagged reports whether the entity tag of an answer is the blob's, as far as Nuxeo
// has told a digest.
func (b *blob) isTagged(resp *http.Response) bool {
	tag := strings.Trim(resp.Header.Get("ETag"), `"`)
	same, known := nuxeo.SameDigest(tag, b.piece.Digest)
	return b.piece.Digest == "" || same || !known && nuxeo.IsDigest(tag)
}

// sink puts parts to the addresses that Frame.io stated.
type sink struct {
	http      *http.Client
	parts     []frameio.UploadPart
	mediaType string

	mu   sync.Mutex
	over bool
}

// Put sends one part. What its host refuses for good ends the addresses: they
// cannot be renewed.
func (s *sink) Put(ctx context.Context, p transfer.Part, body io.Reader) error {
	err := v4.PutPart(ctx, s.http, s.parts[p.Index], s.mediaType, body)
	var refused *v4.PutError
	if !errors.As(err, &refused) {
		return err
	}

	switch code := refused.Code; {
	case code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusGone,
		code == http.StatusUnauthorized:
		s.mu.Lock()
		s.over = true
		s.mu.Unlock()
		return fault.New(fault.Refused, "The file server of Frame.io does not take the part any more (%d).", code)
	case code == 0:
		var why *fault.Error
		if errors.As(refused.Err, &why) { // of our own network, or of what is read
			return err
		}
		return fault.New(fault.Unavailable, "The file server of Frame.io cannot be reached.").Because(refused)
	}

	return fault.New(fault.Unavailable, "The file server of Frame.io does not take a part at the moment (%d).",
		refused.Code)
}

func (s *sink) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}
