package frameiosim

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	partsMax    = 10_000
	inMemoryMax = 8 << 20 // larger uploads go to disk
	uploadMax   = 5_000_000_000_000
)

// upload is a file whose parts are on their way. The parts may come in any
// order, at once and repeatedly; the file is complete when each came once.
type upload struct {
	sizes  []int64
	sink   uploadSink
	mu     sync.Mutex
	done   []bool
	left   int
	closed bool
}

type uploadSink interface {
	io.WriterAt
	Content
	close() error
}

func partSizes(size, about int64) []int64 {
	n := min(max(1, (size+about-1)/about), partsMax)
	sizes := make([]int64, n)
	for i := range sizes {
		sizes[i] = size / n
		if int64(i) < size%n {
			sizes[i]++
		}
	}

	return sizes
}

func (s *Server) newUpload(id string, size int64) (*upload, error) {
	sink, err := s.newSink(id, size)
	if err != nil {
		return nil, err
	}
	sizes := partSizes(size, s.opt.PartSize)
	return &upload{sizes: sizes, sink: sink, done: make([]bool, len(sizes)), left: len(sizes)}, nil
}

func (s *Server) newSink(id string, size int64) (uploadSink, error) {
	if s.opt.DiscardUploads {
		return discardSink{zeros(size)}, nil
	}

	if size <= inMemoryMax {
		return &memorySink{b: make([]byte, size)}, nil
	}

	dir, err := s.uploadDir()
	if err != nil {
		return nil, err
	}

	f, err := os.CreateTemp(dir, id+"-*")
	if err != nil {
		return nil, err
	}

	return &diskSink{File: f, size: size}, nil
}

func (u *upload) offset(part int) (off int64) {
	for _, size := range u.sizes[:part] {
		off += size
	}
	return off
}

// finish marks a part and reports whether it was the last one missing.
func (u *upload) finish(part int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.done[part] {
		return false
	}
	u.done[part] = true
	u.left--
	return u.left == 0
}

func (u *upload) close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return nil
	}
	u.closed = true
	return u.sink.close()
}

type memorySink struct {
	mu sync.RWMutex
	b  []byte
}

func (m *memorySink) Size() int64 { return int64(len(m.b)) }

func (m *memorySink) WriteAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return copy(m.b[off:], p), nil
}

func (m *memorySink) ReadAt(p []byte, off int64) (int, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if off >= int64(len(m.b)) {
		return 0, io.EOF
	}

	n := copy(p, m.b[off:])
	if n < len(p) {
		return n, io.EOF
	}

	return n, nil
}

func (m *memorySink) close() error { return nil }

type diskSink struct {
	*os.File
	size int64
}

func (d *diskSink) Size() int64 { return d.size }

func (d *diskSink) close() error {
	if err := d.File.Close(); err != nil {
		return err
	}
	return os.Remove(d.File.Name())
}

type discardSink struct{ zeros }

func (discardSink) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (discardSink) close() error                           { return nil }

// partPath is where one part of a file is PUT.
func partPath(fileID string, part int) string {
	return fmt.Sprintf("/upload/parts/%s/part_%d", fileID, part+1)
}

func (s *Server) uploadURLs(n *node) []uploadURL {
	urls := make([]uploadURL, len(n.file.upload.sizes))
	now := s.signTime()
	for i, size := range n.file.upload.sizes {
		urls[i] = uploadURL{
			Size: size,
			URL:  s.url + s.signer.uploadURL(partPath(n.id, i), n.file.mediaType, size, now, s.opt.UploadTTL),
		}
	}

	return urls
}

// signTime is the clock of the hosts that sign.
func (s *Server) signTime() time.Time { return s.now().Add(s.opt.ClockSkew) }

func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	if err := s.putPart(w, r); err != nil {
		err.write(w)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (s *Server) putPart(w http.ResponseWriter, r *http.Request) *hostError {
	if r.Method != http.MethodPut {
		return &hostError{
			Code:    "MethodNotAllowed",
			Message: "The specified method is not allowed against this resource.",
			status:  http.StatusMethodNotAllowed,
		}
	}

	if r.ContentLength < 0 {
		return &hostError{
			Code:    "MissingContentLength",
			Message: "You must provide the Content-Length HTTP header.",
			status:  http.StatusLengthRequired,
		}
	}

	if err := s.signer.checkUpload(r, r.ContentLength, s.signTime()); err != nil {
		return err
	}

	n, part := s.findPart(r.URL.Path)
	if n == nil {
		return &hostError{
			Code:    "NoSuchBucket",
			Message: "The specified bucket does not exist",
			status:  http.StatusNotFound,
		}
	}

	etag, err := s.receive(r.Body, n.file.upload, part)
	if err != nil {
		return &hostError{
			Code:    "IncompleteBody",
			Message: "You did not provide the number of bytes specified by the Content-Length HTTP header.",
			status:  http.StatusBadRequest,
		}
	}

	w.Header().Set("ETag", `"`+etag+`"`)
	s.finishPart(n, part)
	return nil
}

func (s *Server) findPart(path string) (*node, int) {
	words := strings.Split(strings.TrimPrefix(path, "/upload/parts/"), "/")
	if len(words) != 2 {
		return nil, 0
	}

	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.nodes[words[0]]
	part, err := strconv.Atoi(strings.TrimPrefix(words[1], "part_"))
	if n == nil || n.deleted || n.file == nil || n.file.upload == nil || err != nil || part < 1 ||
		part > len(n.file.upload.sizes) {
		return nil, 0
	}

	return n, part - 1
}

// receive writes a part to its place and gives its ETag.
func (s *Server) receive(body io.Reader, u *upload, part int) (string, error) {
	var out io.Writer = io.NewOffsetWriter(u.sink, u.offset(part))
	sum := md5.New()
	if !s.opt.OpaqueETags {
		out = io.MultiWriter(out, sum)
	}

	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	n, err := io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{body}, *buf)
	if err == nil && n != u.sizes[part] {
		err = io.ErrUnexpectedEOF
	}

	if s.opt.OpaqueETags {
		return s.signer.sum("etag", strconv.Itoa(part))[:32] + "-1", err
	}

	return hex.EncodeToString(sum.Sum(nil)), err
}

func (s *Server) finishPart(n *node, part int) {
	last := n.file.upload.finish(part)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.file.firstPart.IsZero() {
		n.file.firstPart = s.now()
	}

	if last {
		n.file.content = n.file.upload.sink
		n.file.completed = s.now()
		n.updated = s.tick()
		n.project.workspace.account.used += n.file.size
		s.arrived(n)
	}
}
