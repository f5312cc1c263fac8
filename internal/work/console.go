package work

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"riverqueue.com/riverui"
)

// Console shows the jobs of the library, to be mounted at a prefix. Whoever
// mounts it lets administrators through only, and GET only: it can cancel, retry
// and delete, which would leave our items behind. It asks the database by itself
// from the first request on, until Close.
func (q *River) Console(prefix string) (http.Handler, error) {
	h, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(q.client, nil), Logger: q.log, Prefix: prefix, JobListHideArgsByDefault: true,
	})
	if err != nil {
		return nil, fmt.Errorf("the console of the job queue: %w", err)
	}

	ctx, stop := context.WithCancel(context.Background())
	done := q.done
	q.done = func() { stop(); done() }
	start := sync.OnceValue(func() error { return h.Start(ctx) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := start(); err != nil {
			http.Error(w, "The console does not start.", http.StatusInternalServerError)
			return
		}
		h.ServeHTTP(w, r)
	}), nil
}
