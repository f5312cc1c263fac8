package nuxeosim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// restError is an error with the status that Nuxeo maps it to.
type restError struct {
	status int
	msg    string
	// empty sends no body, as the upload API does for an unknown batch.
	empty bool
	// page is worded as a page, by the servlet container.
	page bool
	// body replaces the usual one.
	body any
}

func (e *restError) Error() string { return e.msg }

func failure(status int, format string, args ...any) error {
	return &restError{status: status, msg: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return failure(http.StatusNotFound, format, args...)
}

func badRequest(format string, args ...any) error {
	return failure(http.StatusBadRequest, format, args...)
}

func forbidden(format string, args ...any) error {
	return failure(http.StatusForbidden, format, args...)
}

func conflict(format string, args ...any) error {
	return failure(http.StatusConflict, format, args...)
}

var errEmpty409 = &restError{status: http.StatusConflict, msg: "in progress", empty: true}

var errEmpty404 = &restError{status: http.StatusNotFound, msg: "not found", empty: true}

func methodNotAllowed() error {
	return failure(http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed")
}

// fail sends an error as Nuxeo words it.
func (c *call) fail(err error) {
	var e *restError
	if !errors.As(err, &e) {
		e = &restError{status: http.StatusInternalServerError, msg: err.Error()}
	}

	if e.status == http.StatusUnauthorized && c.r.Header.Get("X-No-Basic-Header") == "" {
		c.w.Header().Set("WWW-Authenticate", `basic realm="Nuxeo 5 EP"`)
	}

	c.s.opt.Logger.Debug("request failed", "path", c.r.URL.Path, "status", e.status, "error", e.msg)
	if e.empty {
		c.w.WriteHeader(e.status)
		return
	}

	if e.page && !c.s.opt.Untrue.RefusalsAsJSON {
		c.w.Header().Set("Content-Type", "text/html;charset=utf-8")
		c.w.WriteHeader(e.status)
		// the client may be gone
		_, _ = fmt.Fprintf(c.w, "<!doctype html><html lang=\"en\"><head><title>HTTP Status "+
			"%d</title></head><body><h1>HTTP Status %[1]d</h1></body></html>", e.status)
		return
	}

	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(e.status)
	body := e.body
	if body == nil {
		body = map[string]any{"entity-type": "exception", "status": e.status, "message": c.s.shownMessage(e)}
	}

	_ = json.NewEncoder(c.w).Encode(body) // the client may be gone
}

// shownMessage hides what the real system hides.
func (s *Server) shownMessage(e *restError) string {
	switch {
	case s.opt.HideMessages:
		return "An error occured"
	case e.status >= 500 && !s.opt.DevMode:
		return "Internal Server Error"
	}
	return e.msg
}

// send writes the answer of a handler.
func (c *call) send(a *answer) error {
	if a == nil {
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}

	for k, v := range a.header {
		c.w.Header().Set(k, v)
	}

	if a.stream != nil {
		return a.stream(c)
	}

	return c.sendBody(a)
}

func (c *call) sendBody(a *answer) error {
	body, kind := []byte(a.text), "text/plain;charset=UTF-8"
	if a.html {
		kind = "text/html;charset=UTF-8"
	}

	if a.json != nil {
		var err error
		if body, err = json.Marshal(a.json); err != nil {
			return err
		}
		kind = "application/json"
	}

	if len(body) > 0 && a.header["Content-Type"] == "" {
		c.w.Header().Set("Content-Type", kind)
	}

	c.w.WriteHeader(a.status)
	_, _ = c.w.Write(body) // the client may be gone
	return nil
}

// refused is a failure whose status on a real server says less than one would think.
func (s *Server) refused(plain, real int, format string, args ...any) error {
	if s.opt.Untrue.PlainStatuses {
		return failure(plain, format, args...)
	}
	return failure(real, format, args...)
}
