package web

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/loglevel"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// How long the log may have another level: unless it is said, and at most.
const (
	levelFor     = 15 * time.Minute
	levelForMost = 24 * time.Hour
)

// GetLogLevel tells what the node that answers logs.
func (s rest) GetLogLevel(
	ctx context.Context, _ api.GetLogLevelRequestObject,
) (api.GetLogLevelResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}
	if s.Level == nil {
		return nil, fixedLevel()
	}
	return api.GetLogLevel200JSONResponse(s.levelJSON(s.Level.State())), nil
}

// SetLogLevel gives the log of the node that answers another level for a while.
func (s rest) SetLogLevel(
	ctx context.Context, q api.SetLogLevelRequestObject,
) (api.SetLogLevelResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}

	if s.Level == nil {
		return nil, fixedLevel()
	}

	level, known := levels[q.Body.Level]
	if !known {
		return nil, fault.Field("level", "Use debug, info, warn or error.", "There is no log level %q.", q.Body.Level)
	}

	how := levelFor
	if n := q.Body.ForSeconds; n != nil {
		how = time.Duration(*n) * time.Second
	}

	if how <= 0 || how > levelForMost {
		return nil, fault.Field("for_seconds", "Give at most 24h; log-level sets it for good.",
			"The log cannot have another level for %s.", plain.Duration(how))
	}

	// The log tells of it while it still can.
	detail := string(q.Body.Level)
	if level != s.Level.State().Configured {
		detail += " for " + plain.Duration(how)
	}

	entry := audit.Entry{What: audit.LogLevelChanged, About: s.Set.Node, Detail: detail}
	if err := s.Audit.Write(ctx, entry); err != nil {
		return nil, err
	}

	return api.SetLogLevel200JSONResponse(s.levelJSON(s.Level.Set(level, how))), nil
}

var levels = map[api.LogLevelName]slog.Level{
	api.Debug: slog.LevelDebug, api.Info: slog.LevelInfo, api.Warn: slog.LevelWarn, api.Error: slog.LevelError,
}

func fixedLevel() error {
	return fault.New(fault.Refused, "The log of this process has one level.").
		With("Start it with another log-level.")
}

func (s *Server) levelJSON(st loglevel.State) api.LogLevel {
	name := func(l slog.Level) api.LogLevelName { return api.LogLevelName(strings.ToLower(l.String())) }
	return api.LogLevel{
		Node: s.Set.Node, Level: name(st.Level), Configured: name(st.Configured), Until: moment(st.Until),
	}
}
