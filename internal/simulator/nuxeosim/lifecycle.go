package nuxeosim

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// initialState is the one in which documents of the life cycle "default" begin.
const initialState = "project"

// transitions are those of the life cycle "default" (LifeCycleCoreExtensions.xml), which all types
// here have: by the state that a document is in, where each leads.
var transitions = map[string]map[string]string{
	"project":  {"approve": "approved", "obsolete": "obsolete"},
	"approved": {"backToProject": initialState},
	"obsolete": {"backToProject": initialState},
}

// lifeCycle is the state that a document is in.
func (n *node) lifeCycle() string {
	if n.state == "" {
		return initialState
	}
	return n.state
}

// opFollow follows a transition of the life cycle (SetDocumentLifeCycle.java). One that does not lead
// on from the state is 500; a document that is checked in is checked out for it, as AbstractSession's
// followTransition does; "delete" and "undelete" go to the trash service.
func opFollow(oc *opCall) (*answer, error) {
	transition, err := oc.need("value")
	if err != nil {
		return nil, err
	}

	return oc.each(func(n *node) error {
		if err := oc.demand(n, "WriteLifeCycle"); err != nil {
			return err
		}

		if transition == "delete" || transition == "undelete" {
			oc.s.setTrashed(oc.user, n, transition == "delete")
			return nil
		}

		to, leads := transitions[n.lifeCycle()][transition]
		if !leads {
			return failure(http.StatusInternalServerError, "Not allowed to follow transition <%s> from state <%s>",
				transition, n.lifeCycle())
		}

		if !n.isVersion() {
			oc.s.checkOut(oc.user, n)
		}

		n.state = to
		n.sysToken++
		oc.s.repo.generation++
		oc.s.event(oc.user, "lifecycle_transition_event", n, "")
		return nil
	})
}

// A ChainCall is one run of a chain.
type ChainCall struct {
	Login    string
	Document string // the input; empty without one
	Params   map[string]any
	// Key is the Idempotency-Key of the request.
	Key string
}

// A Chain is what an automation chain or a scripted operation does. An error with a status, as of
// [Refuse], is the answer; any other is 500. Nothing of the server may be called from it.
type Chain func(ChainCall) error

// AddChain deploys a chain or scripted operation, such as javascript.afterApproval, for everybody.
func (s *Server) AddChain(id string, run Chain) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chains == nil {
		s.chains = map[string]Chain{}
	}
	s.chains[id] = run
}

// RemoveChain takes a chain away.
func (s *Server) RemoveChain(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.chains, id)
}

// Ran are the runs of all chains that did not fail, oldest first.
func (s *Server) Ran() []ChainCall {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.ran)
}

// Refuse is an error of a chain that is answered with a status.
func Refuse(status int, message string) error { return failure(status, "%s", message) }

// chain returns the operation that runs a chain, or nil when there is none of that id.
func (s *Server) chain(id string) operation {
	s.mu.RLock()
	run := s.chains[id]
	s.mu.RUnlock()
	if run == nil {
		return nil
	}
	return func(oc *opCall) (*answer, error) { return oc.runChain(run) }
}

// runChain runs a chain outside the lock, for it may wait for a test.
func (oc *opCall) runChain(run Chain) (*answer, error) {
	one := ChainCall{Login: oc.user.login, Params: oc.params, Key: oc.r.Header.Get("Idempotency-Key")}
	if len(oc.input) > 0 {
		one.Document = oc.input[0].id
	}

	if err := run(one); err != nil {
		if e := (*restError)(nil); !errors.As(err, &e) {
			err = failure(http.StatusInternalServerError, "%v", err)
		}
		return nil, err
	}

	oc.s.mu.Lock()
	defer oc.s.mu.Unlock()
	oc.s.ran = append(oc.s.ran, one)
	return oc.output(oc.input), nil
}

// operationOf returns the operation of an id, or nil.
func (s *Server) operationOf(name string) operation {
	if op := operations[canonical(name)]; op != nil {
		return op
	}
	return s.chain(name)
}

// chainIDs are the ids of all chains, in order.
func (s *Server) chainIDs() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return sortedKeys(s.chains)
}

// evaluateParams evaluates the parameters that begin with expr:, in place. A server of today takes them for text
// when they come as JSON; here whoever passes on what comes from outside sees it run (ExecutionRequest.setParam).
func evaluateParams(params map[string]any) error {
	for name, v := range params {
		text, _ := v.(string)
		text, is := strings.CutPrefix(text, "expr:")
		if !is {
			continue
		}

		e, err := parseExpr(dialectEL, strings.TrimSpace(text))
		if err != nil {
			return failure(http.StatusInternalServerError, "%v", err)
		}

		if params[name], err = (scope{}).eval(e); err != nil {
			return failure(http.StatusInternalServerError, "%v", err)
		}
	}

	return nil
}
