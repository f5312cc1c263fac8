package frameiosim

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const maxBody = 4 << 20

// call is one request to the API after sign-in.
type call struct {
	r       *http.Request
	person  *person
	account *account
	body    []byte
	query   url.Values
}

// q is a query parameter; of a repeated key the last counts, as on the real API.
func (c *call) q(name string) string {
	values := c.query[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

func (c *call) flag(name string) bool { return c.q(name) == "true" }

// includes is the set in the include parameter.
func (c *call) includes() map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Split(c.q("include"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			set[name] = true
		}
	}
	return set
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, rt route) {
	answer, err := s.answer(w.Header(), r, rt)
	if err != nil {
		writeError(w, err)
		return
	}

	if rt.status == http.StatusNoContent {
		w.WriteHeader(http.StatusNoContent)
		return
	}

	switch answer.(type) {
	case *listing, *accepted:
	default:
		answer = object{"data": answer}
	}

	writeJSON(w, rt.status, answer)
}

// answer signs the caller in, counts the call against its budget and does it.
func (s *Server) answer(h http.Header, r *http.Request, rt route) (any, error) {
	setRate(h, rt.budget.limit, rt.budget.limit, rt.budget.window)
	p, err := s.signIn(r)
	if err != nil {
		return nil, err
	}

	note(r, p.id)
	if !s.limits.take(h, p.id, rt.class, rt.budget) {
		return nil, &apiError{status: http.StatusTooManyRequests, detail: "Too many requests"}
	}

	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, badRequest("The body cannot be read")
	}

	return s.perform(&call{r: r, person: p, body: body, query: r.URL.Query()}, rt)
}

func (s *Server) perform(c *call, rt route) (any, error) {
	if c.r.Method == http.MethodGet {
		s.mu.RLock()
		defer s.mu.RUnlock()
	} else {
		s.mu.Lock()
		defer s.mu.Unlock()
	}

	if id := c.r.PathValue("account_id"); id != "" {
		if err := s.enter(c, id); err != nil {
			return nil, err
		}
	}

	return rt.do(s, c)
}

func (s *Server) enter(c *call, accountID string) error {
	a := s.accounts[accountID]
	if a == nil || !a.knows(c.person.id) {
		return notFound("account", accountID)
	}

	if a.locked {
		return forbidden("Account is locked")
	}

	c.account = a
	return nil
}

// signIn finds the person behind the Authorization header.
func (s *Server) signIn(r *http.Request) (*person, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil, unauthorized("Missing bearer token")
	}

	if s.opt.RequireAPIKey && subtle.ConstantTimeCompare([]byte(r.Header.Get("x-api-key")),
		[]byte(s.opt.ClientID)) == 0 {
		return nil, unauthorized("Missing or unknown x-api-key")
	}

	id, ok := s.ims.person(token)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r.Header.Get("x-frameio-legacy-token-auth") == "true" {
		id, ok = s.legacy[token], s.legacy[token] != ""
	}

	if p := s.people[id]; ok && p != nil && p.active {
		return p, nil
	}

	return nil, unauthorized("Invalid or expired token")
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
