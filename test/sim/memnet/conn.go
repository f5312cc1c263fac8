package memnet

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

var (
	errRefused = syscall.ECONNREFUSED
	errReset   = syscall.ECONNRESET
	errPipe    = syscall.EPIPE
)

// window is how many bytes may be on their way in one direction.
const window = 256 << 10

// stream is one direction of a connection.
type stream struct {
	mu    sync.Mutex
	moved *sync.Cond

	latency time.Duration
	rate    int64
	reset   int64 // offsets from 1, 0 for never
	end     int64
	mute    int64

	packets []packet
	held    int       // bytes in packets
	offset  int64     // bytes that were ever written
	busy    time.Time // until when the line is taken
	ended   bool      // the writer has closed
	cut     bool      // a fault closed for it
	broken  error     // for both
	left    bool      // the reader has closed
	other   *stream   // breaks with this one
	rd, wd  deadline
}

// packet is bytes that arrive at a time.
type packet struct {
	at    time.Time
	bytes []byte
}

func newStream(latency time.Duration, rate int64) *stream {
	s := &stream{latency: latency, rate: rate}
	s.moved = sync.NewCond(&s.mu)
	return s
}

// deadline wakes whoever waits when its time has come.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d deadline) over() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (s *stream) setDeadline(d *deadline, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}

	d.at = at
	if !at.IsZero() {
		d.timer = time.AfterFunc(max(0, time.Until(at)), s.wake)
	}

	s.moved.Broadcast()
}

func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved.Broadcast()
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		for s.held >= window && s.writable() == nil {
			s.moved.Wait()
		}

		if err := s.writable(); err != nil {
			return n, err
		}

		k := min(len(p), window-s.held, 32<<10)
		s.send(p[:k])
		if s.broken != nil {
			return n, s.broken
		}

		n, p = n+k, p[k:]
	}

	return n, nil
}

func (s *stream) writable() error {
	switch {
	case s.broken != nil:
		return s.broken
	case s.ended:
		return net.ErrClosed
	case s.left:
		return errPipe
	case s.wd.over():
		return os.ErrDeadlineExceeded
	}
	return nil
}

// send puts bytes on the line, as far as faults let it.
func (s *stream) send(p []byte) {
	from := s.offset
	s.offset += int64(len(p))
	if cut := s.reset; cut > 0 && s.offset >= cut {
		s.line(p[:cut-1-from])
		s.breakOff(errReset)
		return
	}

	if cut := s.end; cut > 0 && s.offset >= cut {
		s.line(p[:max(0, cut-1-from)])
		s.ended, s.cut, s.mute = true, true, 1
		s.moved.Broadcast()
		return
	}

	if cut := s.mute; cut > 0 && s.offset >= cut {
		p = p[:max(0, cut-1-from)]
	}

	s.line(p)
}

func (s *stream) line(p []byte) {
	if len(p) == 0 {
		return
	}

	now := time.Now()
	if s.busy.Before(now) {
		s.busy = now
	}

	if s.rate > 0 {
		s.busy = s.busy.Add(time.Duration(float64(len(p)) / float64(s.rate) * float64(time.Second)))
	}

	s.packets = append(s.packets, packet{at: s.busy.Add(s.latency), bytes: append([]byte(nil), p...)})
	s.held += len(p)
	s.moved.Broadcast()
}

// breakOff ends both directions; what is on its way is lost. The caller holds mu.
func (s *stream) breakOff(err error) {
	s.broken = err
	s.moved.Broadcast()
	if o := s.other; o != nil {
		s.other = nil
		go func() { // the other end's lock is not taken under this one
			o.mu.Lock()
			defer o.mu.Unlock()
			o.other = nil
			o.broken = err
			o.moved.Broadcast()
		}()
	}
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if done, err := s.unreadable(); done {
			return 0, err
		}

		if len(s.packets) > 0 {
			wait := time.Until(s.packets[0].at)
			if wait <= 0 {
				return s.take(p), nil
			}
			time.AfterFunc(wait, s.wake)
		}

		s.moved.Wait()
	}
}

func (s *stream) unreadable() (bool, error) {
	switch {
	case s.left:
		return true, net.ErrClosed
	case s.broken != nil:
		return true, s.broken
	case s.rd.over():
		return true, os.ErrDeadlineExceeded
	case s.ended && len(s.packets) == 0 && !s.silenced():
		return true, io.EOF
	}
	return false, nil
}

// silenced: even the end of the stream was swallowed.
func (s *stream) silenced() bool { return s.mute > 0 && s.offset >= s.mute && !s.cut }

func (s *stream) take(p []byte) int {
	head := &s.packets[0]
	n := copy(p, head.bytes)
	head.bytes = head.bytes[n:]
	if len(head.bytes) == 0 {
		s.packets = s.packets[1:]
	}

	s.held -= n
	s.moved.Broadcast()
	return n
}

func (s *stream) endWriting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.moved.Broadcast()
}

func (s *stream) endReading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = true
	s.packets, s.held = nil, 0
	s.moved.Broadcast()
}

// conn is one end of a connection.
type conn struct {
	in, out       *stream
	local, remote address
	once          sync.Once
}

func (n *Net) pair(to address, f Fault) (here, there *conn) {
	out, in := newStream(n.Latency+f.Delay, f.Rate), newStream(n.Latency+f.Delay, f.Rate)
	out.other, in.other = in, out
	out.reset, out.mute = f.ResetOut, f.MuteOut
	in.reset, in.end, in.mute = f.ResetIn, f.CloseIn, f.MuteIn
	from := address("127.0.0.1:9")
	return &conn{in: in, out: out, local: from, remote: to}, &conn{in: out, out: in, local: to, remote: from}
}

// Read is net.Conn's.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.told("read", err)
}

// Write is net.Conn's.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.told("write", err)
}

func (c *conn) told(op string, err error) error {
	if err == nil || err == io.EOF || errors.Is(err, net.ErrClosed) {
		return err
	}
	return &net.OpError{Op: op, Net: network, Addr: c.remote, Err: err}
}

// Close ends both directions.
func (c *conn) Close() error {
	c.once.Do(func() {
		c.out.endWriting()
		c.in.endReading()
	})
	return nil
}

// LocalAddr is net.Conn's.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is net.Conn's.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline is net.Conn's.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline is net.Conn's.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.rd, t)
	return nil
}

// SetWriteDeadline is net.Conn's.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.wd, t)
	return nil
}
