package web

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
)

// profiles is where the process tells what it spends time and memory on.
const profiles = "/debug/pprof/"

// Admin is what administrators see of the process at an address of their own. Call it after Handler,
// with which it shares the measures.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics())
	mux.Handle("GET /readyz", http.HandlerFunc(s.whetherReady))

	// The command line of the process is left out, since there may be a secret in it.
	mux.Handle("GET "+profiles, s.unhurried(pprof.Index))
	mux.Handle("GET "+profiles+"profile", s.unhurried(pprof.Profile))
	mux.Handle("GET "+profiles+"trace", s.unhurried(pprof.Trace))
	mux.Handle("GET "+profiles+"symbol", s.unhurried(pprof.Symbol))

	outer := http.NewServeMux()
	outer.HandleFunc("GET /healthz", healthz)
	outer.Handle("/", s.tokened(mux))
	return requestid.Middleware(s.outer(outer))
}

// unhurried lets an answer take as long as was asked for, unless the process stops.
func (s *Server) unhurried(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a test's writer has none
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		go func() {
			select {
			case <-s.Stopping:
				cancel()
			case <-ctx.Done():
			}
		}()
		next(w, r.WithContext(ctx))
	})
}

// tokened lets requests through that bring the token. Without one, where only this machine gets, it
// lets those through that name it: a browser here may be led to us under another name by a page from elsewhere.
func (s *Server) tokened(next http.Handler) http.Handler {
	return s.handler(func(w http.ResponseWriter, r *http.Request) error {
		brought, want := r.Header.Get("Authorization"), "Bearer "+s.Set.AdminToken
		switch {
		case s.Set.AdminToken == "" && !isThisMachine(r.Host):
			return fault.New(fault.Forbidden, "This address is for this machine alone.").
				With("Ask for 127.0.0.1, or set admin-token.")
		case s.Set.AdminToken != "" && subtle.ConstantTimeCompare([]byte(brought), []byte(want)) == 0:
			return fault.New(fault.Unauthenticated, "This address is for administrators.").
				With("Bring admin-token, as Authorization: Bearer TOKEN.")
		}

		next.ServeHTTP(w, r)
		return nil
	})
}

func isThisMachine(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// whetherReady tells of each thing that is needed whether it is there, and why not.
func (s *Server) whetherReady(w http.ResponseWriter, r *http.Request) {
	status, answer, lines := http.StatusOK, "ready", ""
	for _, need := range s.needs(r.Context()) {
		state := "ok"
		if need.missing != nil {
			f := fault.From(need.missing)
			status, answer = http.StatusServiceUnavailable, "not ready"
			state = strings.TrimSpace(f.Error() + " " + f.Remedy)
		}
		lines += need.what + ": " + state + "\n"
	}

	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, answer+"\n"+lines) // who asked may be gone
}

// need is something without which the connector takes no requests.
type need struct {
	what    string
	missing error
}

func (s *Server) needs(ctx context.Context) []need {
	all := []need{{"database", s.Ready(ctx)}, {"public-url", nil}, {"process", nil}}
	if s.Held != nil {
		all[1].missing = s.Held()
	}

	select {
	case <-s.Stopping:
		all[2].missing = fault.New(fault.NotReady, "It is being stopped.")
	default:
	}

	return all
}
