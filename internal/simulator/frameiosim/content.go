package frameiosim

import (
	"bytes"
	"io"
	"math"
	"os"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// Content is the bytes of a file. ReadAt follows io.ReaderAt and is called
// concurrently. A pattern.Content is one.
type Content interface {
	Size() int64
	ReadAt(p []byte, off int64) (int, error)
}

// Bytes is content in memory.
func Bytes(b []byte) Content { return bytes.NewReader(b) }

// FileContent is content on disk. The file is opened for each transfer, so
// that many contents cost no descriptors; it must not change meanwhile.
func FileContent(path string) (Content, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &diskContent{path: path, size: info.Size()}, nil
}

type diskContent struct {
	path string
	size int64
}

func (d *diskContent) Size() int64 { return d.size }

func (d *diskContent) ReadAt(p []byte, off int64) (int, error) {
	f, err := os.Open(d.path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	return f.ReadAt(p, off)
}

// zeros stands for bytes that were counted and thrown away.
type zeros int64

func (z zeros) Size() int64 { return int64(z) }

func (z zeros) ReadAt(p []byte, off int64) (int, error) {
	n := min(int64(len(p)), max(0, int64(z)-off))
	clear(p[:n])
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// Pattern is generated content as pattern.New makes it, but contents of equal
// seed share their memory: a hundred thousand of them cost nothing.
func (s *Server) Pattern(seed uint64, size int64) Content {
	s.patternMu.Lock()
	defer s.patternMu.Unlock()
	whole := s.patterns[seed]
	if whole == nil {
		whole = pattern.New(seed, math.MaxInt64)
		s.patterns[seed] = whole
	}
	return &prefix{whole, size}
}

// prefix is the beginning of endless content.
type prefix struct {
	whole *pattern.Content
	size  int64
}

func (p *prefix) Size() int64 { return p.size }

func (p *prefix) ReadAt(b []byte, off int64) (int, error) {
	n := min(int64(len(b)), max(0, p.size-off))
	if m, err := p.whole.ReadAt(b[:n], off); err != nil {
		return m, err
	}
	if n < int64(len(b)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

const copySize = 1 << 20

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, copySize); return &b }}

// send writes n bytes of c from off to w with few, large writes.
func send(w io.Writer, c Content, off, n int64) error {
	if p, ok := c.(*pattern.Content); ok {
		return p.WriteRange(w, off, n)
	}

	var source io.ReaderAt = c
	if d, ok := c.(*diskContent); ok && n > 0 {
		f, err := os.Open(d.path)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // only read
		source = f
	}

	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	for end := off + n; off < end; {
		p := (*buf)[:min(copySize, end-off)]
		if m, err := source.ReadAt(p, off); m < len(p) {
			return err
		}
		if _, err := w.Write(p); err != nil {
			return err
		}
		off += int64(len(p))
	}

	return nil
}
