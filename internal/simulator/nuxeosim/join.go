package nuxeosim

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// join makes the blob of an upload and takes the time that takes. Nil means
// there is no such batch or file, or that the file is not complete.
func (s *Server) join(id string, file int, limit time.Duration) (*blob, error) {
	b, chunked := s.claim(id, file)
	if b == nil {
		return nil, nil
	}

	if chunked {
		if err := s.spend(b.length, limit); err != nil {
			return nil, err
		}
	}

	if s.files.discard {
		return b, nil
	}

	return b, b.computeDigest(s.opt.DigestAlgorithm)
}

// spend waits as long as joining takes, or until the transaction's time is over.
// The server goes on even if the client has gone, as a servlet does.
func (s *Server) spend(length int64, limit time.Duration) error {
	takes := time.Duration(float64(s.opt.AttachPerGiB) * float64(length) / (1 << 30))
	if limit > 0 && takes > limit {
		time.Sleep(limit)
		return failure(http.StatusInternalServerError, "Transaction timed out after %v", limit)
	}
	time.Sleep(takes)
	return nil
}

// transactionLimit is the server's, or what the client asks for.
func (c *call) transactionLimit() time.Duration {
	limit := c.s.opt.TransactionTimeout
	if n, err := strconv.Atoi(c.r.Header.Get("Nuxeo-Transaction-Timeout")); err == nil && n > 0 && limit > 0 {
		limit = time.Duration(n) * time.Second
	}
	return limit
}

// claim turns a complete upload into a blob; its files are the blob's from now
// on.
func (s *Server) claim(id string, file int) (b *blob, chunked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := s.batch(id)
	if batch == nil {
		return nil, false
	}

	u := batch.uploads[file]
	if u == nil || !u.complete() {
		return nil, false
	}

	b = u.joined(s)
	if s.damage > 0 {
		s.damage--
		b.spoil()
	}

	return b, u.chunked
}

// DamageUploads makes the next n uploads that are attached differ from what was
// sent in their first byte, as a failing disk or a wrong join would. Size stays,
// the digest is that of the damaged bytes.
func (s *Server) DamageUploads(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damage = n
}

func (b *blob) spoil() {
	if _, kept := b.data.(chain); kept {
		b.data, b.digest = spoiled{b.data}, "" // join sums it again
		return
	}

	if b.digest != "" { // discarded bytes cannot be summed again
		b.digest = strings.Repeat("0", len(b.digest))
	}

	if b.data != nil {
		b.data = spoiled{b.data}
	}
}

// spoiled is a source whose first byte is inverted.
type spoiled struct{ source }

func (s spoiled) open() (readerAtCloser, error) {
	r, err := s.source.open()
	return spoiledReader{r}, err
}

type spoiledReader struct{ readerAtCloser }

// ReadAt inverts the first byte.
func (r spoiledReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.readerAtCloser.ReadAt(p, off)
	if off == 0 && n > 0 {
		p[0] ^= 0xff
	}
	return n, err
}
