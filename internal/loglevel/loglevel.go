// Package loglevel holds the least level that a process logs, which can be another one for a while.
//
// It owns the level of one process, in memory. Invariants: what was asked for ends by itself, so that
// nobody has to remember to end it; a restart begins with the configured level. It leaves to others who may change
// it, and where that is told.
package loglevel

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// Level is the least level that is logged. It is a slog.Leveler.
type Level struct {
	configured slog.Level
	now        func() time.Time
	other      atomic.Pointer[other]
}

// other is a level for a while.
type other struct {
	level slog.Level
	until time.Time
}

// State is how a Level is at the moment.
type State struct {
	Level, Configured slog.Level
	Until             time.Time // zero: until it is changed
}

// New makes a level that is the configured one.
func New(configured slog.Level, now func() time.Time) *Level {
	return &Level{configured: configured, now: now}
}

// Level returns the least level that is logged now.
func (l *Level) Level() slog.Level { return l.State().Level }

// State tells the level and how long it stays.
func (l *Level) State() State {
	o := l.other.Load()
	if o == nil || !l.now().Before(o.until) {
		return State{Level: l.configured, Configured: l.configured}
	}
	return State{Level: o.level, Configured: l.configured, Until: o.until}
}

// Set makes it another level for a while, or, if it is the configured one, that from now on.
func (l *Level) Set(level slog.Level, how time.Duration) State {
	if level == l.configured {
		l.other.Store(nil)
	} else {
		l.other.Store(&other{level, l.now().Add(how)})
	}
	return l.State()
}
