package nuxeosim

import (
	"context"
	"net/http"
	"strings"
	"sync"
)

// executions are the operations that were started with @async, by their id.
type executions struct {
	mu      sync.Mutex
	known   map[string]*execution
	running sync.WaitGroup
}

// execution is one of them; its answer is there when it is done.
type execution struct {
	done   bool
	answer *answer
	err    error
}

// asyncRoute serves /automation/{operation}/@async: a POST starts it, its status is
// "RUNNING" until it is done and then leads to the result.
func (c *call) asyncRoute(op string, rest []string) (*answer, error) {
	if c.r.Method == http.MethodPost && len(rest) == 0 {
		return c.startAsync(op)
	}

	if len(rest) == 0 {
		return nil, methodNotAllowed()
	}

	x, done := c.s.executions.find(rest[0])
	switch {
	case len(rest) == 2 && rest[1] == "status" && c.r.Method == http.MethodGet:
		if !done { // also of what never was
			return ok("RUNNING"), nil
		}
		return &answer{status: http.StatusSeeOther, header: map[string]string{"Location": c.asyncURL(op, rest[0])}}, nil
	case len(rest) == 1 && c.r.Method == http.MethodGet:
		if !done {
			return nil, notFound("Execution with id=%s not found", rest[0])
		}
		return x.answer, x.err
	case len(rest) == 1 && c.r.Method == http.MethodDelete:
		if x == nil || done {
			return nil, notFound("Execution with id=%s has completed", rest[0])
		}
		return ok("RUNNING"), nil // nothing is aborted
	}

	return nil, notFound("no such resource")
}

// asyncURL is the address of an execution below the servlet that answers.
func (c *call) asyncURL(op, id string) string {
	under := "/site/automation/"
	if strings.Contains(c.r.URL.Path, "/api/v1/") {
		under = "/site/api/v1/automation/"
	}
	return c.s.url + under + op + "/@async/" + id
}

// startAsync reads the call and has it carried out while the client goes on.
func (c *call) startAsync(name string) (*answer, error) {
	op := operations[canonical(name)]
	if op == nil || !c.mayRun(name) {
		return nil, notFound("null for uri: %s", c.r.URL.Path)
	}

	body, files, err := c.readCall()
	if err != nil {
		return nil, err
	}

	later := *c
	later.r = c.r.WithContext(context.WithoutCancel(c.r.Context()))
	x, id := &execution{}, c.s.opt.NewID()
	c.s.executions.begin(id, x)
	c.s.executions.running.Go(func() {
		a, err := later.perform(name, nil, body, files)
		c.s.executions.end(x, a, err)
	})

	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	return &answer{status: http.StatusAccepted, header: map[string]string{
		"Location": c.asyncURL(name, id) + "/status", "Content-Type": "application/json",
	}}, nil
}

func (e *executions) begin(id string, x *execution) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known == nil {
		e.known = map[string]*execution{}
	}
	e.known[id] = x
}

func (e *executions) end(x *execution, a *answer, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x.done, x.answer, x.err = true, a, err
}

func (e *executions) find(id string) (x *execution, done bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x = e.known[id]
	return x, x != nil && x.done
}
