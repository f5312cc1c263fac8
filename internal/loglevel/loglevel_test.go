package loglevel_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/loglevel"
)

// A level for a while is in force at once, for what logs already, and ends by itself.
func TestALevelForAWhile(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	var text strings.Builder
	level := loglevel.New(slog.LevelInfo, func() time.Time { return now })
	log := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: level})).With("of", "before")
	said := func() bool {
		text.Reset()
		log.Debug("something")
		return text.Len() > 0
	}

	for _, c := range []struct {
		what string
		do   func()
		want bool
	}{
		{"as configured", func() {}, false},
		{"debug for a minute", func() { level.Set(slog.LevelDebug, time.Minute) }, true},
		{"a second before its end", func() { now = now.Add(59 * time.Second) }, true},
		{"at its end", func() { now = now.Add(time.Second) }, false},
		{"debug again", func() { level.Set(slog.LevelDebug, time.Hour) }, true},
		{"the configured one again", func() { level.Set(slog.LevelInfo, time.Hour) }, false},
	} {
		c.do()
		if got := said(); got != c.want {
			t.Errorf("%s: a line at debug is logged: %v, want %v", c.what, got, c.want)
		}
	}

	got := level.Set(slog.LevelError, time.Hour)
	want := loglevel.State{Level: slog.LevelError, Configured: slog.LevelInfo, Until: now.Add(time.Hour)}
	if got != want {
		t.Errorf("error for an hour: got %+v, want %+v", got, want)
	}

	if got, want := level.Set(slog.LevelInfo, time.Hour), (loglevel.State{}); got != want {
		t.Errorf("the configured level, given: got %+v, want it without an end", got)
	}
}
