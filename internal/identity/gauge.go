package identity

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Gauges count the Frame.io sign-ins there are.
type Gauges struct {
	Usable  int // with an access token that is good still
	Expired int // to be renewed when they are used next
	Lost    int // the person must connect again
}

// Gauges counts.
func (s *Service) Gauges(ctx context.Context) (g Gauges, err error) {
	err = s.db.Reader.QueryRowContext(ctx, `SELECT
			COUNT(CASE WHEN lost = '' AND expires > $1 THEN 1 END),
			COUNT(CASE WHEN lost = '' AND expires <= $1 THEN 1 END),
			COUNT(CASE WHEN lost <> '' THEN 1 END)
		FROM credentials WHERE provider = $2`, store.Millis(s.now()), ProviderName).Scan(&g.Usable, &g.Expired, &g.Lost)
	return g, err
}
