package transfer

import (
	"context"
	"io"
	"sync"
	"time"
)

const (
	// bufferSize is wide because every copy below it costs system calls.
	bufferSize = 1 << 20
	// aheadBuffers bounds what is read but not sent; as much again may wait for
	// its digest.
	aheadBuffers = 4
)

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// chunk is a filled buffer; err, when set, ends the stream.
type chunk struct {
	buf *[]byte
	n   int
	err error
}

// readAhead reads the source from one part's start to the file's end into a few
// buffers, so that the source is busy while the sink answers.
type readAhead struct {
	r      *run
	next   int64 // offset that the next chunk begins at
	chunks chan chunk
	rest   chunk // what a part left of a chunk
	from   int   // where the rest begins
	cancel context.CancelFunc
	mu     sync.Mutex
}

func newReadAhead(r *run) *readAhead { return &readAhead{r: r, next: -1} }

// open makes the stream stand at off.
func (a *readAhead) open(ctx context.Context, off int64) {
	if a.chunks != nil && a.next == off {
		return
	}

	a.close()
	ctx, cancel := context.WithCancel(ctx)
	a.mu.Lock()
	a.cancel = cancel
	a.mu.Unlock()
	a.next, a.chunks = off, make(chan chunk, aheadBuffers)
	body := &resuming{ctx: ctx, src: a.r.src, off: off, left: a.r.plan.Size - off, permanent: a.r.o.Permanent}
	go fill(ctx, body, a.chunks)
}

// fill reads until the end, an error, or cancellation.
func fill(ctx context.Context, body *resuming, out chan<- chunk) {
	defer close(out)
	defer body.Close()
	for {
		// Small reads are gathered, so that what follows is done in wide steps.
		buf := buffers.Get().(*[]byte)
		n, err := readFor(body, *buf, holdBack)
		select {
		case out <- chunk{buf: buf, n: n, err: err}:
		case <-ctx.Done():
			buffers.Put(buf)
			return
		}

		if err != nil {
			return
		}
	}
}

// holdBack is how long bytes of a slow source are gathered: a sink that gets
// nothing for long gives up, and so does the watchdog.
const holdBack = 500 * time.Millisecond

// readFor fills buf, or as much of it as comes within a time.
func readFor(r io.Reader, buf []byte, limit time.Duration) (n int, err error) {
	start := time.Now()
	for n < len(buf) && err == nil && (n == 0 || time.Since(start) < limit) {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

// interrupt ends the reading, for the watchdog.
func (a *readAhead) interrupt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cancel != nil {
		a.cancel()
	}
}

// close ends the reading and gives the buffers back.
func (a *readAhead) close() {
	a.interrupt()
	if a.chunks != nil {
		for c := range a.chunks {
			buffers.Put(c.buf)
		}
	}

	if a.rest.buf != nil {
		buffers.Put(a.rest.buf)
	}

	a.chunks, a.rest, a.from, a.next = nil, chunk{}, 0, -1
}

// part is the body of one part; d gets its bytes on the way.
func (a *readAhead) part(ctx context.Context, p Part, d *digester) *partBody {
	a.open(ctx, p.Offset)
	return &partBody{a: a, left: p.Length, digest: d}
}

// partBody gives one part's bytes to the sink and, beside it, to the digest.
type partBody struct {
	mu     sync.Mutex // a transport may still read when the sink has given up
	a      *readAhead
	left   int64
	digest *digester
	ended  bool
}

func (b *partBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == 0 || b.ended {
		return 0, io.EOF
	}

	if err := b.load(); err != nil {
		return 0, err
	}

	// The bytes are only lent to the digester; the buffer is freed behind them.
	a := b.a
	n := copy(p[:min(int64(len(p)), b.left)], (*a.rest.buf)[a.from:a.rest.n])
	b.digest.queue <- segment{bytes: (*a.rest.buf)[a.from : a.from+n]}
	a.from, a.next, b.left = a.from+n, a.next+int64(n), b.left-int64(n)
	return n, nil
}

// WriteTo writes what is left of the part as it lies in the buffers, without a copy in between. It
// holds the body, so that no buffer is given back that is still being written: whoever makes the
// body fail ends the connection first.
func (b *partBody) WriteTo(w io.Writer) (total int64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.left > 0 && !b.ended {
		if err := b.load(); err != nil {
			return total, err
		}

		// The bytes are lent to the digester and to the connection at once.
		a := b.a
		bytes := (*a.rest.buf)[a.from:a.rest.n]
		bytes = bytes[:min(int64(len(bytes)), b.left)]
		b.digest.queue <- segment{bytes: bytes}
		n, err := w.Write(bytes)
		total += int64(n)
		a.from, a.next, b.left = a.from+len(bytes), a.next+int64(len(bytes)), b.left-int64(len(bytes))
		if err != nil {
			return total, err
		}
	}

	return total, nil
}

// load makes sure that there is a byte in the rest.
func (b *partBody) load() error {
	a := b.a
	for a.from >= a.rest.n {
		if a.rest.err != nil && a.rest.err != io.EOF {
			return a.rest.err
		}

		// This chunk is read to its end, and its buffer may go.
		if a.rest.buf != nil {
			b.digest.queue <- segment{free: a.rest.buf}
		}

		// Take the next one.
		a.rest, a.from = chunk{}, 0
		c, ok := <-a.chunks
		if !ok {
			return &shortError{want: b.left}
		}

		a.rest = c
		if c.n == 0 && c.err == io.EOF {
			return &shortError{want: b.left}
		}
	}

	return nil
}

// fail ends the body after the sink has given up, and the reading with it, so
// that nobody waits for bytes that are not wanted any more.
func (b *partBody) fail() {
	b.a.interrupt()
	b.mu.Lock()
	b.ended = true
	b.mu.Unlock()
}
