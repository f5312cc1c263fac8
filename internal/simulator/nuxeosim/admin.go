package nuxeosim

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
)

// serveAdmin is the interface of the simulator itself.
func (s *Server) serveAdmin(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_sim/{$}", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, http.StatusOK, s.summary())
	})

	mux.HandleFunc("GET /_sim/state", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, http.StatusOK, s.summary())
	})

	mux.HandleFunc("GET /_sim/requests", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, http.StatusOK, s.Requests())
	})

	mux.HandleFunc("GET /_sim/doc/{ref...}", s.adminDoc)
	mux.HandleFunc("POST /_sim/faults", s.adminFault)
	mux.HandleFunc("DELETE /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.faults.Clear()
		w.WriteHeader(http.StatusNoContent)
	})

	mux.ServeHTTP(w, r)
}

func (s *Server) summary() map[string]any {
	s.mu.RLock()
	defer s.mu.RUnlock()
	versions, comments := 0, 0
	for _, n := range s.repo.byID {
		if n.isVersion() {
			versions++
		}
		if n.isComment() {
			comments++
		}
	}

	return map[string]any{
		"url": s.url, "lts": s.opt.LTS, "packages": listOf(s.packages), "documents": len(s.repo.byID),
		"versions": versions,
		"comments": comments, "batches": len(s.batches), "users": sortedKeys(s.users), "mismatches": s.mismatch.Load(),
		"faultsHit": len(s.faults.Hits()),
	}
}

// adminDoc shows a document by id or path, with its versions and comments.
func (s *Server) adminDoc(w http.ResponseWriter, r *http.Request) {
	ref := r.PathValue("ref")
	d, found := s.Doc(ref)
	if !found {
		if d, found = s.Doc("/" + ref); !found {
			sendJSON(w, http.StatusNotFound, map[string]any{"error": "no document " + ref})
			return
		}
	}

	sendJSON(w, http.StatusOK, map[string]any{
		"document": d,
		"versions": s.Versions(d.UID),
		"comments": s.Comments(d.UID),
		"audit":    s.Audit(d.UID),
	})
}

const maxRule = 10000

func (s *Server) adminFault(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxRule))
	if err != nil {
		sendJSON(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}

	rule, err := faults.Parse(strings.TrimSpace(string(text)))
	if err != nil {
		sendJSON(w, http.StatusBadRequest, map[string]any{"error": err.Error(), "syntax": faults.Syntax})
		return
	}

	s.faults.Add(rule)
	w.WriteHeader(http.StatusNoContent)
}

func sendJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
