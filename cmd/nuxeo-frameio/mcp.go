package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/agent"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type mcpCmd struct {
	clientFlags
	Listen string `help:"Serve HTTP at this address of this machine, like 127.0.0.1:8765, instead of standard input and output." placeholder:"ADDRESS"`
}

// Run offers the connector's tools to an agent, as the person who is signed in, until the agent ends.
func (c *mcpCmd) Run(t *terminal) error {
	c.mute = c.Listen == "" // what comes in is the agent's
	return c.session(t, func(k *client) error {
		server := agent.New(app.Version, k.call)

		// An agent starts us itself, or finds us at an address.
		if c.Listen != "" {
			return c.serve(t, server)
		}

		err := server.Run(t.ctx, &mcp.IOTransport{Reader: io.NopCloser(t.in), Writer: unclosed{t.out}})
		if errors.Is(err, io.EOF) || t.ctx.Err() != nil {
			return nil // the agent has ended, or we were told to
		}
		return err
	})
}

// unclosed is a writer that stays open.
type unclosed struct{ io.Writer }

// Close is that of io.Closer.
func (unclosed) Close() error { return nil }

// serve offers the tools over HTTP, to agents on this machine that have the key that is printed.
func (c *mcpCmd) serve(t *terminal, server *mcp.Server) error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || !onThisMachine(host) {
		return fault.Field("listen", "Give 127.0.0.1:8765: who reaches it acts as you.",
			"%q is not an address of this machine alone.", c.Listen)
	}

	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fault.Field("listen", "Give another port.", "%s cannot be listened at.", c.Listen).Because(err)
	}

	// Others on this machine could connect, so an agent has to know the key.
	key := rand.Text()
	tools := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server },
		&mcp.StreamableHTTPOptions{SessionTimeout: time.Hour})
	web := &http.Server{Handler: keyed(key, tools), ReadHeaderTimeout: 10 * time.Second}
	t.printf("Agents connect to http://%s with the header\nAuthorization: Bearer %s\n", l.Addr().String(), key)

	ended := make(chan error, 1)
	go func() { ended <- web.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-t.ctx.Done():
		return errors.Join(web.Close(), unlessClosed(<-ended))
	}
}

// unlessClosed is an error other than that of a server that was closed.
func unlessClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// keyed lets requests through that bring the key.
func keyed(key string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+key)) == 0 {
			http.Error(w, "Bring the key that nuxeo-frameio mcp has printed.", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// mostAnswered bounds an answer for an agent, in bytes.
const mostAnswered = 4 << 20

// call makes a call of the REST interface as the signed-in person. Its answer is JSON, or empty where there is none.
func (c *client) call(ctx context.Context, q agent.Request) (json.RawMessage, error) {
	answer, err := c.Raw(ctx, q.Method, q.Path, q.Query, q.Body)
	if fault.Is(err, fault.Unauthenticated) && c.stored && c.renew() { // the person has signed in again
		answer, err = c.Raw(ctx, q.Method, q.Path, q.Query, q.Body)
	}

	// An agent could not make use of more.
	if len(answer) > mostAnswered {
		return nil, c.why(api.ErrTooLong)
	}

	if fault.Is(err, fault.Unauthenticated) && !c.stored {
		return nil, fault.New(fault.Unauthenticated, "Your sign-in has ended.").
			With("Start the agent's server again.").Because(err)
	}

	return answer, endedAsWell(err)
}
