package ingest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/transfer"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A chunks is a set of chunks of an upload, by index.
type chunks map[int]bool

// A batch sends parts to a Nuxeo upload batch. Nuxeo refuses a chunk that it has, so that none is
// sent again before Nuxeo was asked for it: after an unclear answer, and after a restart.
type batch struct {
	nuxeo *nuxeo.Client
	id    string
	file  *File

	mu        sync.Mutex
	uncertain chunks // sent, and perhaps received
	lost      bool
}

// Put sends one part as a chunk. If Nuxeo has it already, its bytes are only read for the
// checksums.
func (b *batch) Put(ctx context.Context, p transfer.Part, body io.Reader) error {
	// Ask for a chunk that may have arrived.
	if b.isUncertain(p.Index) {
		present, err := b.has(ctx, p)
		if err != nil {
			return err
		}
		if present {
			return drainPart(body)
		}
	}

	// From here on, the chunk may have arrived, whatever happens.
	b.setUncertain(p.Index, true)
	name, mediaType, size := b.file.bytes()
	err := b.nuxeo.Upload(ctx, b.id, nuxeo.Chunk{
		Name: SafeName(name), MimeType: mediaType, Size: size,
		Index: p.Index, Count: p.Count, Length: p.Length,
	}, body)
	if err == nil {
		b.setUncertain(p.Index, false)
		return nil
	}

	// Ask again after an unclear answer.
	b.noteError(err)
	if isUnclear(err) && ctx.Err() == nil {
		if present, askErr := b.has(ctx, p); askErr == nil && present {
			return drainPart(body)
		}
	}

	return err
}

// has asks Nuxeo whether it has a part.
func (b *batch) has(ctx context.Context, p transfer.Part) (bool, error) {
	state, err := b.nuxeo.Uploaded(ctx, b.id)
	switch {
	case nuxeo.NotFound(err): // nothing of the file arrived, or the batch is gone
		return false, nil
	case err != nil:
		return false, err
	case p.Count == 1:
		return state.Complete && state.Size == p.Length, nil
	}

	return state.Has(p.Index), nil
}

// isUnclear reports whether a chunk may have arrived although its upload failed.
func isUnclear(err error) bool {
	status := nuxeo.StatusOf(err)
	return status == 0 || status >= http.StatusInternalServerError
}

// drainPart reads the rest of a part whose bytes are not needed.
func drainPart(body io.Reader) error {
	if _, err := io.Copy(io.Discard, body); err != nil {
		return fmt.Errorf("reading a part that Nuxeo has: %w", err)
	}
	return nil
}

// noteError records that the batch is lost, as opposed to the file on Frame.io.
func (b *batch) noteError(err error) {
	if !nuxeo.NotFound(err) && nuxeo.StatusOf(err) != http.StatusGone {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lost = true
}

func (b *batch) isLost() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}

func (b *batch) isUncertain(index int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.uncertain[index]
}

func (b *batch) setUncertain(index int, uncertain bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.uncertain == nil {
		b.uncertain = chunks{}
	}
	b.uncertain[index] = uncertain
}
