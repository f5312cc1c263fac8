package app

import (
	"context"
	"log/slog"
)

// quiet lets the job library speak of warnings only: what it does is ours to
// tell.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(louder{log.Handler()}) }

type louder struct{ slog.Handler }

func (l louder) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && l.Handler.Enabled(ctx, level)
}

func (l louder) WithAttrs(attrs []slog.Attr) slog.Handler { return louder{l.Handler.WithAttrs(attrs)} }

func (l louder) WithGroup(name string) slog.Handler { return louder{l.Handler.WithGroup(name)} }
