package identity

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

const (
	// believed is how long a person counts as an administrator without Nuxeo
	// being asked again.
	believed = time.Minute
	// confirmTime is how long Nuxeo may take to say so.
	confirmTime = 5 * time.Second
)

// confirmed remembers when Nuxeo was last asked about an administrator.
type confirmed struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// due reports whether to ask now, and notes that it is done: others go on with
// what is known.
func (c *confirmed) due(login string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.last[login]) < believed {
		return false
	}

	if c.last == nil {
		c.last = map[string]time.Time{}
	}

	c.last[login] = now
	return true
}

// confirm asks Nuxeo whether an administrator is one still. While Nuxeo does
// not answer, what it said last holds.
func (s *Service) confirm(ctx context.Context, p Person) (Person, error) {
	if !p.Admin || !s.confirmed.due(p.Login, s.now()) {
		return p, nil
	}

	// Only a clear answer changes what they may do.
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	u, err := s.ask(ctx, p.Login)
	switch status := nuxeo.StatusOf(err); {
	case err == nil:
		return s.remember(ctx, u)
	case fault.Is(err, fault.NeedsOwner), status == http.StatusUnauthorized, status == http.StatusForbidden:
		return s.remember(ctx, nuxeo.User{Login: p.Login, Name: p.Name, Email: p.Email})
	}

	return p, nil
}

func (s *Service) ask(ctx context.Context, login string) (nuxeo.User, error) {
	nx, err := s.Nuxeo(ctx, login)
	if err != nil {
		return nuxeo.User{}, err
	}
	return nx.Me(ctx)
}
