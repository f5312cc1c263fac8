// Package memnet is a network in memory, for simulated worlds: listeners,
// dialers and connections with latency, bandwidth, deadlines and faults.
//
// It owns the bytes on their way. Invariants: it blocks on nothing but
// condition variables and timers, so that time in a testing/synctest bubble
// moves on; buffers are bounded, so that a reader that does not read stops its
// writer; bytes arrive in order, or the connection ends. Which connection
// suffers from what is the caller's choice, by a Fault in the context of the
// dial. It leaves out names, routes and packets.
package memnet

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// Net is one network. The zero value has no listeners and no latency.
type Net struct {
	// Latency is how long a byte takes from one end to the other.
	Latency time.Duration

	mu        sync.Mutex
	listeners map[string]*listener
	last      int
}

// Fault is what befalls one connection. The zero value is none. Offsets count
// from 1: a reset at 1 comes instead of the first byte.
type Fault struct {
	Refuse bool          // nobody listens
	Delay  time.Duration // added to the network's latency
	Rate   int64         // bytes a second, each way; 0 is unlimited
	// ResetOut breaks the connection at this byte from the dialer, ResetIn at
	// this byte to the dialer; both ends notice.
	ResetOut, ResetIn int64
	// CloseIn ends the stream to the dialer before this byte as if it had been
	// closed properly.
	CloseIn int64
	// MuteOut and MuteIn swallow everything from this byte on, and nobody
	// notices.
	MuteOut, MuteIn int64
}

type faultKey struct{}

// With makes the next dial in the context suffer from f.
func With(ctx context.Context, f Fault) context.Context { return context.WithValue(ctx, faultKey{}, f) }

// Listen takes a free address on the loopback, where no proxy is looked for.
func (n *Net) Listen() (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	l := &listener{
		net:     n,
		address: address(fmt.Sprintf("127.0.0.1:%d", 1000+n.last)),
		queue:   make(chan net.Conn, backlog),
		closed:  make(chan struct{}),
	}
	if n.listeners == nil {
		n.listeners = map[string]*listener{}
	}

	n.listeners[l.address.String()] = l
	return l, nil
}

// backlog is how many connections wait to be accepted.
const backlog = 128

// Dial connects to a listener of this network.
func (n *Net) Dial(ctx context.Context, _, to string) (net.Conn, error) {
	f, _ := ctx.Value(faultKey{}).(Fault)
	n.mu.Lock()
	l := n.listeners[to]
	n.mu.Unlock()
	select {
	case <-time.After(n.Latency + f.Delay):
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
	}

	if l == nil || f.Refuse {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: address(to), Err: errRefused}
	}

	here, there := n.pair(address(to), f)
	select {
	case l.queue <- there:
		return here, nil
	case <-l.closed:
	case <-ctx.Done():
	}

	_ = here.Close() // never was a connection
	return nil, &net.OpError{Op: "dial", Net: network, Addr: address(to), Err: errRefused}
}

const network = "mem"

type address string

// Network is net.Addr's.
func (a address) Network() string { return network }

func (a address) String() string { return string(a) }

type listener struct {
	net     *Net
	address address
	queue   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

// Accept is net.Listener's.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Addr is net.Listener's.
func (l *listener) Addr() net.Addr { return l.address }

// Close refuses what waits and whoever comes after.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.net.mu.Lock()
		delete(l.net.listeners, l.address.String())
		l.net.mu.Unlock()
		close(l.closed)
		for {
			select {
			case c := <-l.queue:
				_ = c.Close() // refused
			default:
				return
			}
		}
	})
	return nil
}
