// Package gate lets a bounded number in at once, the most urgent first.
//
// It owns one mechanism, which jobs, calls to Nuxeo and streams to viewers share: places, classes
// that wait for them, and what each class leaves to the others. Invariants: no more are in than the
// limit says when one is let in; who waits is let in in the order of classes, and within a class in
// the order in which they came; a place is given back once, however often leave is called. It
// leaves to its users what the classes are, and what a person is told when a gate is full.
package gate

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// A Class is one kind of those who come to a gate. Without numbers it may take all places.
type Class struct {
	// Most returns how many of the class may be in at once, of limit places; nil is all of them.
	Most func(limit int) int
	// Spare is how many places have to stay free when one of the class is let in.
	Spare int
	// Waiting is how many of the class may wait; zero is any number.
	Waiting int
}

// ErrFull says that as many of a class wait as may.
var ErrFull = errors.New("too many are waiting")

// A Gate is what a bounded number may pass at once.
type Gate struct {
	limit func() int

	mu      sync.Mutex
	in      int
	classes []line
}

// line is a class at a gate.
type line struct {
	Class
	in      int
	waiting []chan struct{}
}

// New returns a gate. limit is how many may be in, and may change at any time; those who wait hear
// of it when somebody comes or leaves. The classes are in the order of their urgency.
func New(limit func() int, classes ...Class) *Gate {
	g := &Gate{limit: limit}
	for _, c := range classes {
		g.classes = append(g.classes, line{Class: c})
	}
	return g
}

// Enter waits until one of a class, by its index, is let in. leave gives the place back. It fails
// with ErrFull, or with ctx's error.
func (g *Gate) Enter(ctx context.Context, class int) (leave func(), err error) {
	turn, err := g.queue(class)
	if err != nil {
		return nil, err
	}

	// Wait for the turn, and give it back if the caller has left.
	leave = sync.OnceFunc(func() { g.leave(class) })
	select {
	case <-turn:
		return leave, nil
	case <-ctx.Done():
	}

	if !g.giveUp(class, turn) { // its turn came at the same moment
		leave()
	}

	return nil, ctx.Err()
}

// queue adds one to its class's line.
func (g *Gate) queue(class int) (turn chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := &g.classes[class]
	if l.Waiting > 0 && len(l.waiting) >= l.Waiting {
		return nil, ErrFull
	}

	turn = make(chan struct{})
	l.waiting = append(l.waiting, turn)
	g.admit()
	return turn, nil
}

// giveUp takes one out of its line, and reports whether it still stood there.
func (g *Gate) giveUp(class int, turn chan struct{}) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := &g.classes[class]
	i := slices.Index(l.waiting, turn)
	if i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
	return i >= 0
}

func (g *Gate) leave(class int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in--
	g.classes[class].in--
	g.admit()
}

// admit lets in all that may be in now.
func (g *Gate) admit() {
	limit := g.limit()
	for i := range g.classes {
		for l := &g.classes[i]; len(l.waiting) > 0 && g.in < limit-l.Spare && l.in < l.most(limit); {
			close(l.waiting[0])
			l.waiting = l.waiting[1:]
			g.in++
			l.in++
		}
	}
}

func (l *line) most(limit int) int {
	if l.Most == nil {
		return limit
	}
	return l.Most(limit)
}
