// Package pattern makes file contents of any size without storing them.
//
// It serves both simulators and the benchmarks: Frame.io's stand-in serves
// such a file, Nuxeo's stand-in can check what arrives byte by byte, and
// neither needs disk or memory for it. The bytes at an offset depend on
// nothing but the seed and the offset. It knows nothing of HTTP.
package pattern

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
)

const (
	block     = 1 << 20
	stampSize = 8 // bytes of a block that say which one it is
)

// Content is a file of Size bytes whose content follows from Seed.
type Content struct {
	size int64
	seed uint64
	base []byte
}

// New describes a file of size bytes; equal seeds give equal bytes.
func New(seed uint64, size int64) *Content {
	base := make([]byte, min(block, max(0, size)))
	rng := rand.NewChaCha8(seedKey(seed))
	_, _ = rng.Read(base) // ChaCha8 never fails
	return &Content{size: size, seed: seed, base: base}
}

func seedKey(seed uint64) (key [32]byte) {
	binary.LittleEndian.PutUint64(key[:], seed)
	return key
}

// Size is the length in bytes.
func (c *Content) Size() int64 { return c.size }

// ReadAt fills p from offset off, as io.ReaderAt asks. Block n of the file is
// the base block with its first eight bytes replaced by n, so that a block out
// of place is noticed.
func (c *Content) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off < c.size {
		m := c.chunk(p[n:], off)
		n += m
		off += int64(m)
	}

	if n < len(p) {
		return n, io.EOF
	}

	return n, nil
}

func (c *Content) chunk(p []byte, off int64) int {
	number, within := off/block, off%block
	limit := min(int64(len(p)), block-within, c.size-off)
	p = p[:limit]
	copy(p, c.base[within:])
	var stamp [stampSize]byte
	binary.LittleEndian.PutUint64(stamp[:], uint64(number))
	if within < stampSize {
		copy(p, stamp[within:])
	}

	return len(p)
}

// Matches reports whether p is what the file holds at off. It compares in place, without making
// those bytes.
func (c *Content) Matches(p []byte, off int64) bool {
	if off+int64(len(p)) > c.size {
		return false
	}

	for len(p) > 0 {
		number, within := off/block, off%block
		n := min(int64(len(p)), block-within)
		stamped := max(0, min(n, stampSize-within))
		stamp := binary.LittleEndian.AppendUint64(nil, uint64(number))
		if stamped > 0 && !bytes.Equal(p[:stamped], stamp[within:within+stamped]) ||
			!bytes.Equal(p[stamped:n], c.base[within+stamped:within+n]) {
			return false
		}
		p, off = p[n:], off+n
	}

	return true
}

// headSize is how much of a block is copied to be stamped.
const headSize = 64 << 10

// WriteRange writes n bytes from off, most of them from where they lie.
func (c *Content) WriteRange(w io.Writer, off, n int64) error {
	if off < 0 || off+n > c.size {
		return io.ErrUnexpectedEOF
	}

	head := make([]byte, headSize)
	for n > 0 {
		within := off % block
		some := c.base[within:min(within+n, block)]
		if within < stampSize {
			some = head[:c.chunk(head[:min(n, headSize)], off)]
		}

		if _, err := w.Write(some); err != nil {
			return err
		}
		off, n = off+int64(len(some)), n-int64(len(some))
	}

	return nil
}

// Reader reads n bytes from off.
func (c *Content) Reader(off, n int64) io.Reader {
	return io.NewSectionReader(c, off, n)
}
