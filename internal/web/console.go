package web

import (
	"net/http"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// ConsolePath is where the console of the job queue is, below our own address.
const ConsolePath = "/administration/jobs/console"

// consolePolicy is that of the console, whose pages are not ours: it loads and
// asks nothing but what is here. It tries to run made-up code and styles of its
// own, does well without, and need not tell of it each time.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src " +
	"'self'; font-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

func (s *Server) console(mux *http.ServeMux) {
	if s.Console == nil {
		return
	}
	mux.Handle(ConsolePath+"/", s.browser(func(w http.ResponseWriter, r *http.Request) error {
		if _, err := admin(r.Context()); err != nil {
			return err
		}

		// Only a browser's cookie, which does not come from other sites, and only what changes
		// nothing.
		if r.Header.Get("Authorization") != "" {
			return fault.New(fault.Forbidden, "The console is for browsers that are signed in.").
				With("Sign in with Nuxeo.")
		}

		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			return fault.New(fault.Forbidden, "The console only shows.").With("Retry or cancel the item instead.")
		}

		w.Header().Set("Content-Security-Policy", consolePolicy)
		s.Console.ServeHTTP(w, s.above(r))
		return nil
	}))
}
