package nuxeosim

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"
)

// batch is an open upload. It is guarded by Server.mu.
type batch struct {
	id, handler string
	uploads     map[int]*upload
	used        time.Time
}

// upload is one file of a batch.
type upload struct {
	name, mime string
	size       int64
	chunked    bool
	count      int
	chunks     map[int]segment
	// sum is the digest of chunks 0 to summed-1; nil when a chunk came out of order.
	sum    hash.Hash
	summed int
	// taken says that a blob uses the files of the chunks.
	taken bool
}

func (u *upload) complete() bool { return len(u.chunks) == u.count }

// arrival is a chunk while it streams in.
type arrival struct {
	index, count int
	chunked      bool
	total        int64 // X-File-Size
	length       int64 // Content-Length
	name, mime   string
}

// batch finds an open batch and keeps it alive; expired ones go first.
func (s *Server) batch(id string) *batch {
	now := s.opt.Now()
	for _, b := range s.batches {
		if now.Sub(b.used) > s.opt.BatchTTL {
			s.dropBatch(b.id)
		}
	}

	b := s.batches[id]
	if b != nil {
		b.used = now
	}

	return b
}

func (s *Server) newBatch(handler string) *batch {
	b := &batch{id: "batchId-" + s.opt.NewID(), handler: handler, uploads: map[int]*upload{}, used: s.opt.Now()}
	s.batches[b.id] = b
	return b
}

func (s *Server) dropBatch(id string) {
	if b := s.batches[id]; b != nil {
		for _, u := range b.uploads {
			s.dropUpload(u)
		}
		delete(s.batches, id)
	}
}

func (s *Server) dropUpload(u *upload) {
	if !u.taken {
		for _, c := range u.chunks {
			s.files.drop(c.path)
		}
	}
}

// Batches is the number of open upload batches.
func (s *Server) Batches() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.batches)
}

// BatchIDs are the open upload batches.
func (s *Server) BatchIDs() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.batches))
}

// FilledBatches is the number of open upload batches that hold something.
func (s *Server) FilledBatches() (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, b := range s.batches {
		if len(b.uploads) > 0 {
			n++
		}
	}
	return n
}

// ExpireBatches drops all open batches, as the transient store's collector does
// when their time is over.
func (s *Server) ExpireBatches() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.batches {
		s.dropBatch(id)
	}
}

// receive streams a chunk to its file without holding the repository, then
// enters it. The batch may be gone by then.
func (s *Server) receive(id string, file int, a arrival, body io.Reader) (*upload, error) {
	sum, offset, found := s.prepare(id, file, a)
	if !found {
		return nil, errEmpty404
	}

	seg, err := s.store(body, sum, offset)
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.batches[id]
	if b == nil {
		s.files.drop(seg.path)
		return nil, failure(410, "Batch with id: %s has been cancelled", id)
	}

	b.used = s.opt.Now()
	if err := b.refuses(file, a); err != nil {
		s.files.drop(seg.path)
		return nil, err
	}

	return s.enterChunk(b, file, a, seg, sum), nil
}

// refuses is why a chunk is not taken: one that is there stays as it is, whoever sends
// it again gets 500 (BatchFileEntry.java, addChunk).
func (b *batch) refuses(file int, a arrival) error {
	u := b.uploads[file]
	if u == nil || !a.chunked {
		return nil
	}

	if _, there := u.chunks[a.index]; there {
		return failure(http.StatusInternalServerError,
			"Cannot add chunk with index %d to file entry %s_%d as it already exists.", a.index, b.id, file)
	}

	if a.index < 0 || a.index >= u.count {
		return failure(http.StatusInternalServerError,
			"Cannot add chunk with index %d to file entry %s_%d as chunk count is %d.", a.index, b.id, file, u.count)
	}

	return nil
}

// prepare returns a copy of the running digest if this chunk is the next in
// order, and the place of the chunk in the file.
func (s *Server) prepare(id string, file int, a arrival) (sum hash.Hash, offset int64, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.batch(id)
	if b == nil {
		return nil, 0, false
	}

	u := b.uploads[file]
	switch {
	case u == nil && a.index == 0:
		sum = newHash(s.opt.DigestAlgorithm)
	case u != nil && u.sum != nil && u.summed == a.index:
		sum = clone(u.sum)
	}

	return sum, a.offset(u), true
}

// offset is index times the size of chunk 0. Until that one is here all but the
// last chunk tell by their own length, the last by what is left.
func (a arrival) offset(u *upload) int64 {
	if u != nil {
		if first, here := u.chunks[0]; here {
			return int64(a.index) * first.size
		}
	}

	if a.index > 0 && a.index == a.count-1 {
		return a.total - a.length
	}

	return int64(a.index) * a.length
}

func clone(h hash.Hash) hash.Hash {
	if c, can := h.(hash.Cloner); can {
		if copied, err := c.Clone(); err == nil {
			return copied
		}
	}
	return nil
}

// store writes the body to a file, into the digest and past the check.
func (s *Server) store(body io.Reader, sum hash.Hash, offset int64) (segment, error) {
	f, err := s.files.create()
	if err != nil {
		return segment{}, err
	}

	w := sink{server: s, file: f, sum: sum, offset: offset}
	n, err := copyWide(&w, body)
	seg := segment{size: n}
	if f != nil {
		seg.path = f.Name()
		err = errors.Join(err, f.Close())
	}

	if err != nil {
		s.files.drop(seg.path)
	}

	return seg, err
}

// sink is where the bytes of a chunk go.
type sink struct {
	server *Server
	file   *os.File
	sum    hash.Hash
	offset int64
}

// Write checks, sums and stores.
func (w *sink) Write(p []byte) (int, error) {
	if err := w.server.verify(p, w.offset); err != nil {
		return 0, err
	}

	w.offset += int64(len(p))
	if w.sum != nil {
		_, _ = w.sum.Write(p) // a hash never fails
	}

	if w.file == nil {
		return len(p), nil
	}

	return w.file.Write(p)
}

func (s *Server) verify(p []byte, offset int64) error {
	if s.opt.Verify == nil {
		return nil
	}

	if !s.opt.Verify.Matches(p, offset) {
		s.mismatch.Add(1)
		return fmt.Errorf("the bytes at %d are not what was expected", offset)
	}

	return nil
}

// Mismatches counts chunks that were not what [Options.Verify] holds.
func (s *Server) Mismatches() int64 { return s.mismatch.Load() }

// enterChunk notes a stored chunk. What the first chunk of a file says of name,
// type and count stays.
func (s *Server) enterChunk(b *batch, file int, a arrival, seg segment, sum hash.Hash) *upload {
	u := b.uploads[file]
	if u == nil || !a.chunked {
		if u != nil {
			s.dropUpload(u)
		}
		u = &upload{
			name:    a.name,
			mime:    a.mime,
			size:    a.total,
			chunked: a.chunked,
			count:   a.count,
			chunks:  map[int]segment{},
		}
		if !a.chunked {
			u.size = seg.size
		}
		b.uploads[file] = u
	}

	u.chunks[a.index] = seg
	if sum != nil && u.summed == a.index {
		u.sum, u.summed = sum, u.summed+1
	}

	return u
}

// joined is a complete upload as a blob. Reading out-of-order chunks for their
// digest happens in join, outside the lock.
func (u *upload) joined(s *Server) *blob {
	u.taken = true
	b := &blob{name: u.name, mime: u.mime}
	var segs chain
	for _, i := range slices.Sorted(maps.Keys(u.chunks)) {
		segs = append(segs, u.chunks[i])
		b.length += u.chunks[i].size
	}

	switch {
	case !s.files.discard:
		b.data = segs
	case s.opt.Verify != nil:
		b.data = drawn{s.opt.Verify}
	}

	if u.sum != nil && u.summed == u.count {
		b.digest = hexOf(u.sum)
	}

	return b
}
