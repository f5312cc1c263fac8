package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// stopTime is how long open requests may take at the end.
const stopTime = 10 * time.Second

// Serve listens and works until ctx ends, then stops gracefully: first no new
// requests and an answer to each open one, then the items come to a checkpoint.
// What only administrators may see is served on admin, which is nil where there is
// no admin-listen.
func (a *App) Serve(ctx context.Context, public, admin net.Listener) error {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	servers := map[net.Listener]*http.Server{public: a.server(a.handler)}
	servers[public].RegisterOnShutdown(a.endStreams)
	if admin != nil {
		servers[admin] = a.server(a.inside)
	}

	// The servers and the workers run until they are asked to end, or one of them fails.
	ended := make(chan error, len(servers)+1)
	for l, server := range servers {
		go func() { ended <- server.Serve(l) }()
	}
	go func() { ended <- a.Run(working) }()
	left := cap(ended)
	var failed error
	select {
	case <-ctx.Done():
	case err := <-ended: // one of them failed
		left, failed = left-1, serious(err)
	}

	// First the servers, then the workers: what was accepted is on disk.
	errs := []error{failed, stop(servers)}
	cancel()
	for range left {
		errs = append(errs, serious(<-ended))
	}

	return errors.Join(errs...)
}

// server answers with h within the bounds that everybody gets.
func (a *App) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(a.world.Log.Handler(), slog.LevelDebug),
	}
}

// stop ends all servers at once, each with an answer to its open requests.
func stop(servers map[net.Listener]*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	ended := make(chan error, len(servers))
	for _, server := range servers {
		go func() { ended <- server.Shutdown(ctx) }()
	}

	var errs []error
	for range servers {
		errs = append(errs, <-ended)
	}

	return errors.Join(errs...)
}

// serious drops the errors that only say that we stopped.
func serious(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Handler is the connector's face, for tests that bring their own listener.
func (a *App) Handler() http.Handler { return a.handler }

// AdminHandler is what is served at admin-listen; nil without.
func (a *App) AdminHandler() http.Handler { return a.inside }
