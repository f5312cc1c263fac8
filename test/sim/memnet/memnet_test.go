package memnet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// serve answers with so many bytes, after reading the request.
func serve(t *testing.T, n *Net, size int) string {
	t.Helper()
	l, err := n.Listen()
	if err != nil {
		t.Fatal(err)
	}

	server := &http.Server{
		ReadTimeout: time.Hour,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, strings.Repeat("x", size))
		}),
	}

	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + l.Addr().String()
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault Fault
		want  error
		took  time.Duration // at least
	}{
		"none":      {},
		"refused":   {Fault{Refuse: true}, syscall.ECONNREFUSED, 0},
		"reset out": {Fault{ResetOut: 50}, syscall.ECONNRESET, 0},
		"reset in":  {Fault{ResetIn: 500}, syscall.ECONNRESET, 0},
		"closed":    {Fault{CloseIn: 500}, io.ErrUnexpectedEOF, 0},
		"mute out":  {Fault{MuteOut: 1}, context.DeadlineExceeded, time.Minute},
		"mute in":   {Fault{MuteIn: 300}, context.DeadlineExceeded, time.Minute},
		"trickle":   {Fault{Rate: 100}, nil, 10 * time.Second},
		"far":       {Fault{Delay: time.Second}, nil, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := &Net{Latency: time.Millisecond}
				client := &http.Client{Transport: &http.Transport{DialContext: n.Dial, DisableKeepAlives: true}}
				ctx, cancel := context.WithTimeout(With(t.Context(), c.fault), time.Minute)
				defer cancel()
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, serve(t, n, 1000),
					strings.NewReader("hello"))
				if err != nil {
					t.Fatal(err)
				}

				start := time.Now()
				resp, err := client.Do(r)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					_ = resp.Body.Close()
				}

				if !errors.Is(err, c.want) || time.Since(start) < c.took {
					t.Errorf("after %v: got %v, want %v", time.Since(start), err, c.want)
				}
			})
		})
	}
}

func TestDeadlinesAndBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &Net{}
		l, err := n.Listen()
		if err != nil {
			t.Fatal(err)
		}

		c, err := n.Dial(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}

		start := time.Now()
		_ = c.SetDeadline(start.Add(time.Second))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("reading: got %v, want the deadline exceeded", err)
		}

		_ = c.SetDeadline(start.Add(3 * time.Second))
		wrote, err := c.Write(make([]byte, 2*window)) // nobody reads
		if wrote != window || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("wrote %d after %v: got %v, want %d after 3 s, and the deadline exceeded", wrote,
				time.Since(start), err, window)
		}

		_ = l.Close()
		if _, err := n.Dial(t.Context(), "tcp", l.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialing a closed listener: got %v, want it refused", err)
		}

		var closed net.Error
		_ = c.Close()
		if _, err := c.Write([]byte("x")); err == nil || errors.As(err, &closed) && closed.Timeout() {
			t.Errorf("writing to a closed connection: got %v, want an error that is no time-out", err)
		}
	})
}
