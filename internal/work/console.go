package work

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"riverqueue.com/riverui"
)

// Console returns a handler that shows the jobs of the library, to be mounted at a prefix. The
// caller must let only administrators through, and only GET: the console can cancel, retry and
// delete jobs, which would leave our items behind. It polls the database from the first request on,
// until Close.
func (q *River) Console(prefix string) (http.Handler, error) {
	h, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(q.client, nil), Logger: q.log, Prefix: prefix, JobListHideArgsByDefault: true,
	})
	if err != nil {
		return nil, fmt.Errorf("the console of the job queue: %w", err)
	}

	// The console ends with the queue, and starts only when it is first looked at.
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
