package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// slowEvery is how often a class of calls is told of: a system that is slow is so for every call.
const slowEvery = time.Minute

// slow tells the log of calls that took long, by their classes alone.
type slow struct {
	log  *slog.Logger
	from time.Duration // 0: of none
	now  func() time.Time

	mu   sync.Mutex
	told map[string]*since
}

// since is what was not told of a class since its last line.
type since struct {
	at      time.Time
	more    int
	longest time.Duration
}

// TellSlow has the log tell of calls to Nuxeo and Frame.io that take longer to be answered than from; 0: of none.
// Call it before the first call.
func (m *Metrics) TellSlow(log *slog.Logger, from time.Duration, now func() time.Time) {
	m.slow = &slow{log: log, from: from, now: now, told: map[string]*since{}}
}

// uploads are calls that last as long as their bytes take.
const uploads = "POST upload"

func (s *slow) took(ctx context.Context, system, class string, status int, took time.Duration) {
	if s == nil || s.from <= 0 || took < s.from || system == Files || system == Nuxeo && class == uploads {
		return
	}

	// One line a minute for each class, with how many there were besides.
	s.mu.Lock()
	key := system + " " + class
	last := s.told[key]
	if last != nil && s.now().Before(last.at.Add(slowEvery)) {
		last.more, last.longest = last.more+1, max(last.longest, took)
		s.mu.Unlock()
		return
	}

	args := []any{"system", system, "class", class, "status", status, "took", took.Round(time.Millisecond)}
	if last != nil && last.more > 0 {
		args = append(args, "untold", last.more, "longest", last.longest.Round(time.Millisecond))
	}

	s.told[key] = &since{at: s.now()}
	s.mu.Unlock()
	s.log.WarnContext(ctx, "a call took long", args...)
}
