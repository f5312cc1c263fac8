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

// digestAlgorithm is Nuxeo's default. With another one only sizes are compared.
const digestAlgorithm = "MD5"

// A checkpoint is what the transfer row keeps between slices.
type checkpoint struct {
	File  string         `json:"file"`
	ETag  string         `json:"etag"`
	State transfer.State `json:"state"`
}

// transfer copies the bytes from Nuxeo to Frame.io, in the parts that Frame.io asked for, and
// continues where an earlier slice or process stopped.
func (r *run) transfer(ctx context.Context) (work.Next, error) {
	// Where to send them, and how far are we?
	parts, err := r.parts(ctx)
	if err != nil {
		return work.Next{}, err
	}

	if parts == nil {
		return r.restart(ctx, "The addresses of the parts are not known any more.", "Push again.")
	}

	cp, err := r.loadCheckpoint(ctx)
	if err != nil {
		return work.Next{}, err
	}

	// Copy until the slice is over. Checkpoints store the state.
	src := &blob{nx: r.nx.Over(r.Blobs), document: r.p.Document, piece: r.st.Piece, etag: cp.ETag}
	dst := &sink{http: r.Parts, parts: parts, mediaType: r.st.MediaType}
	_, digest, err := transfer.Run(ctx, planOf(parts), cp.State, src, dst, r.options(src, cp))
	switch {
	case errors.Is(err, transfer.ErrSlice):
		return work.Next{Step: stepTransfer, After: time.Millisecond}, nil
	case errors.Is(err, transfer.ErrChanged):
		return r.restart(ctx, "The file changed in Nuxeo while it was read.",
			"Push it again when nobody is working on it.")
	case err != nil && dst.isExpired():
		return r.restart(ctx, "The addresses for the upload had ended before all was sent.", r.tooSlow())
	case err != nil:
		return work.Next{}, err
	}

	return r.verifyDigest(ctx, string(digest))
}

// tooSlow says which bandwidth a file of this size would have needed.
func (r *run) tooSlow() string {
	lasted := max(r.t.Now().Sub(r.st.Began), time.Second)
	rate := float64(r.st.Piece.Length) / lasted.Seconds()
	return fmt.Sprintf("The addresses lasted %s, in which %d bytes need at least %.1f MB/s to Frame.io: use a faster "+
		"connection, or push a rendition.",
		lasted.Round(time.Second), r.st.Piece.Length, max(rate/1e6, 0.1))
}

// verifyDigest checks that what was read is what Nuxeo says it holds.
func (r *run) verifyDigest(ctx context.Context, digest string) (work.Next, error) {
	b := r.st.Piece.Blob
	if digest != "" && b.DigestAlgorithm == digestAlgorithm && b.Digest != "" && b.Digest != digest {
		return r.restart(ctx, "What was read from Nuxeo is not what it says it holds.",
			"Push again; if it stays, have the storage of Nuxeo looked at.")
	}
	return r.afterParts(), nil
}

// parts returns the addresses, or nil if there are none.
func (r *run) parts(ctx context.Context) (parts []frameio.UploadPart, err error) {
	var sealed []byte
	if err := r.DB.Reader.QueryRowContext(ctx, `SELECT upload FROM pushes
		WHERE id = $1`, r.p.ID).Scan(&sealed); err != nil || len(sealed) == 0 {
		return nil, err
	}

	text, err := r.Vault.Open(vaultContext(r.p.ID), sealed)
	if err != nil {
		return nil, err
	}

	err = json.Unmarshal([]byte(text), &parts)
	return parts, err
}

func (r *run) loadCheckpoint(ctx context.Context) (checkpoint, error) {
	cp := checkpoint{}
	t, err := r.t.Transfer(ctx)
	if err == nil && t.State != "" {
		err = json.Unmarshal([]byte(t.State), &cp)
	}

	if cp.File != r.st.File {
		cp = checkpoint{File: r.st.File}
	}

	return cp, err
}

func planOf(parts []frameio.UploadPart) transfer.Plan {
	sizes := make([]int64, len(parts))
	for i, p := range parts {
		sizes[i] = p.Size
	}
	return transfer.PlanOf(sizes)
}

func (r *run) options(src *blob, cp checkpoint) transfer.Options {
	o := transfer.Options{
		Streams: r.Set.Streams, Idle: r.Set.Idle, Tries: 4, Until: r.t.SliceEnds(), Permanent: fault.Permanent,
		Pause: transfer.Backoff,
		Checkpoint: func(ctx context.Context, st transfer.State, p transfer.Progress) error {
			cp.State, cp.ETag = st, src.tag()
			b, err := json.Marshal(cp)
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

// A blob reads a file of Nuxeo by ranges. Nuxeo may redirect to its storage, where the client sends
// no credential.
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

// Open requests a range and accepts exactly that, of the file that was begun with.
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

	if err := b.checkResponse(resp, off, n); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}

	return resp.Body, nil
}

// checkResponse checks that a response is the range that was requested, of the same file as before.
func (b *blob) checkResponse(resp *http.Response, off, n int64) error {
	// Is it the range?
	size := b.piece.Length
	want := fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, size)
	complete := resp.StatusCode == http.StatusOK && off == 0 && n == size && resp.ContentLength == n &&
		b.matchesDigest(resp)
	if got := resp.Header.Get("Content-Range"); !complete &&
		(resp.StatusCode != http.StatusPartialContent || got != want) {
		return fmt.Errorf("an answer %d with the range %.60q instead of %q: %w", resp.StatusCode, got, want,
			transfer.ErrChanged)
	}

	// Is it the same file?
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

// matchesDigest reports whether the entity tag of a response is the digest of the blob, as far as
// that is known.
func (b *blob) matchesDigest(resp *http.Response) bool {
	tag := strings.Trim(resp.Header.Get("ETag"), `"`)
	same, ok := nuxeo.SameDigest(tag, b.piece.Digest)
	return b.piece.Digest == "" || same || !ok && nuxeo.IsDigest(tag)
}

// A sink sends parts to the addresses that Frame.io returned.
type sink struct {
	http      *http.Client
	parts     []frameio.UploadPart
	mediaType string

	mu      sync.Mutex
	expired bool
}

// Put sends one part. If the server refuses it permanently, the addresses have expired: they cannot
// be renewed.
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
		s.expired = true
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

func (s *sink) isExpired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expired
}
