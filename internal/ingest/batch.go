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

// chunks are chunks of an upload by index.
type chunks map[int]bool

// batch puts parts into a Nuxeo upload batch. Nuxeo refuses a chunk that it has, so
// none is sent again before Nuxeo was asked: after an answer that was not clear, and
// after a restart.
type batch struct {
	nuxeo *nuxeo.Client
	id    string
	file  *File

	mu     sync.Mutex
	unsure chunks // sent, and perhaps there
	lost   bool
}

// Put sends one part as a chunk, unless Nuxeo has it already: then its bytes are read
// for the sums only.
func (b *batch) Put(ctx context.Context, p transfer.Part, body io.Reader) error {
	if b.isUnsure(p.Index) {
		there, err := b.has(ctx, p)
		if err != nil {
			return err
		}
		if there {
			return drainPart(body)
		}
	}

	// Whatever happens from here on, the chunk may be there.
	b.setUnsure(p.Index, true)
	name, mediaType, size := b.file.bytes()
	err := b.nuxeo.Upload(ctx, b.id, nuxeo.Chunk{
		Name: SafeName(name), MimeType: mediaType, Size: size,
		Index: p.Index, Count: p.Count, Length: p.Length,
	}, body)
	if err == nil {
		b.setUnsure(p.Index, false)
		return nil
	}

	b.note(err)
	if unclear(err) && ctx.Err() == nil {
		if there, askErr := b.has(ctx, p); askErr == nil && there {
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

// unclear reports whether a chunk may be there although its upload failed.
func unclear(err error) bool {
	status := nuxeo.StatusOf(err)
	return status == 0 || status >= http.StatusInternalServerError
}

// drainPart reads what is left of a part whose bytes need not go anywhere.
func drainPart(body io.Reader) error {
	if _, err := io.Copy(io.Discard, body); err != nil {
		return fmt.Errorf("reading a part that Nuxeo has: %w", err)
	}
	return nil
}

// note remembers that the batch is gone, as against the file on Frame.io.
func (b *batch) note(err error) {
	if !nuxeo.NotFound(err) && nuxeo.StatusOf(err) != http.StatusGone {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lost = true
}

func (b *batch) gone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}

func (b *batch) isUnsure(index int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unsure[index]
}

func (b *batch) setUnsure(index int, unsure bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.unsure == nil {
		b.unsure = chunks{}
	}
	b.unsure[index] = unsure
}
