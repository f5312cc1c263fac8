package nuxeosim

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// wide is the size of the buffers that bytes are copied with.
const wide = 1 << 20

var buffers = sync.Pool{New: func() any { b := make([]byte, wide); return &b }}

// blob is a stored file. It is never changed.
type blob struct {
	name, mime, digest string
	length             int64
	data               source
}

// source is where the bytes of a blob come from; nil when they were discarded.
type source interface {
	open() (readerAtCloser, error)
}

type readerAtCloser interface {
	io.ReaderAt
	io.Closer
}

// Blob is a blob for [Server.MkDoc]. Content makes one of any size without
// memory; its digest is computed at once unless Digest is given.
type Blob struct {
	Name, MimeType string
	Data           []byte
	Content        *pattern.Content
	Digest         string
}

var errDiscarded = errors.New("the bytes of this blob were discarded")

// newHash returns the digest algorithm of the blob provider; nil for none.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "MD5":
		return md5.New()
	case "SHA-1":
		return sha1.New()
	case "SHA-256":
		return sha256.New()
	case "SHA-512":
		return sha512.New()
	}
	return nil
}

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

func (b Blob) stored(algorithm string) (*blob, error) {
	out := &blob{name: b.Name, mime: b.MimeType, digest: b.Digest, length: int64(len(b.Data)), data: memory(b.Data)}
	if b.Content != nil {
		out.length, out.data = b.Content.Size(), drawn{b.Content}
	}
	if out.mime == "" {
		out.mime = "application/octet-stream"
	}
	return out, out.computeDigest(algorithm)
}

// computeDigest reads the blob unless its digest is known.
func (b *blob) computeDigest(algorithm string) error {
	h := newHash(algorithm)
	if b.digest != "" || h == nil || b.data == nil {
		return nil
	}

	r, err := b.open()
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := copyWide(h, r); err != nil {
		return err
	}

	b.digest = hexOf(h)
	return nil
}

// open reads the blob; the reader seeks.
func (b *blob) open() (*blobReader, error) {
	if b.data == nil {
		return nil, errDiscarded
	}
	r, err := b.data.open()
	if err != nil {
		return nil, err
	}
	return &blobReader{SectionReader: io.NewSectionReader(r, 0, b.length), close: r.Close}, nil
}

type blobReader struct {
	*io.SectionReader
	close func() error
}

// Close frees the file below.
func (r *blobReader) Close() error { return r.close() }

// copyWide copies with a large buffer, whatever shortcuts either side offers:
// theirs use 32 KiB.
func copyWide(w io.Writer, r io.Reader) (int64, error) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	var total int64
	for {
		n, err := r.Read(*buf)
		total += int64(n)
		if n > 0 {
			if _, err := w.Write((*buf)[:n]); err != nil {
				return total, err
			}
		}

		if errors.Is(err, io.EOF) {
			return total, nil
		}

		if err != nil {
			return total, err
		}
	}
}

// ReadFrom makes [net/http.ServeContent] copy with large buffers.
func (w *statusWriter) ReadFrom(r io.Reader) (int64, error) { return copyWide(w.ResponseWriter, r) }

type memory []byte

func (m memory) open() (readerAtCloser, error) { return nopCloser{bytes.NewReader(m)}, nil }

type drawn struct{ *pattern.Content }

func (d drawn) open() (readerAtCloser, error) { return nopCloser{d.Content}, nil }

type nopCloser struct{ io.ReaderAt }

// Close does nothing.
func (nopCloser) Close() error { return nil }

// segment is a chunk in a file.
type segment struct {
	path string
	size int64
}

// chain is a blob whose chunks stay the files they arrived in: joining them by
// copying would only cost the disk of whoever runs this.
type chain []segment

func (c chain) open() (readerAtCloser, error) { return &chainReader{chain: c, current: -1}, nil }

// chainReader reads across segments with one file open at a time.
type chainReader struct {
	chain   chain
	mu      sync.Mutex
	current int
	file    *os.File
}

// ReadAt reads across the segments.
func (r *chainReader) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for i, seg := range r.chain {
		if off >= seg.size {
			off -= seg.size
			continue
		}
		m, err := r.read(i, p[n:n+int(min(int64(len(p)-n), seg.size-off))], off)
		n, off = n+m, 0
		if err != nil || n == len(p) {
			return n, err
		}
	}

	return n, io.EOF
}

func (r *chainReader) read(i int, p []byte, off int64) (int, error) {
	if r.current != i {
		if err := r.Close(); err != nil {
			return 0, err
		}
		f, err := os.Open(r.chain[i].path)
		if err != nil {
			return 0, err
		}
		r.file, r.current = f, i
	}

	n, err := r.file.ReadAt(p, off)
	if n == len(p) {
		err = nil
	}

	return n, err
}

// Close closes the open segment.
func (r *chainReader) Close() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file, r.current = nil, -1
	return f.Close()
}

// fileStore is the directory of chunks.
type fileStore struct {
	dir     string
	discard bool
}

func newFileStore(opt Options) (*fileStore, error) {
	if opt.DiscardBlobs {
		return &fileStore{discard: true}, nil
	}
	dir, err := os.MkdirTemp(opt.DataDir, "nuxeosim-")
	return &fileStore{dir: dir}, err
}

func (f *fileStore) close() error {
	if f.discard {
		return nil
	}
	return os.RemoveAll(f.dir)
}

// create opens a file for a chunk; nil when bytes are discarded.
func (f *fileStore) create() (*os.File, error) {
	if f.discard {
		return nil, nil
	}
	return os.Create(filepath.Join(f.dir, newUUID()))
}

// drop removes the file of a chunk that nobody needs any more.
func (f *fileStore) drop(path string) {
	if path != "" {
		_ = os.Remove(path) // Close removes what stays behind
	}
}
