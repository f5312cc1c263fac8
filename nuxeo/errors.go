package nuxeo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Error is a call that failed. Code is the HTTP status, 0 when no answer came.
type Error struct {
	Method, Path string
	Code         int
	Message      string        // what Nuxeo said, shortened
	After        time.Duration // what Retry-After asked for
	Err          error
}

// Error tells the call, the status and what Nuxeo said.
func (e *Error) Error() string {
	if e.Code == 0 {
		return fmt.Sprintf("nuxeo: %s %s: no answer: %v", e.Method, e.Path, e.Err)
	}
	return fmt.Sprintf("nuxeo: %s %s: %d %s", e.Method, e.Path, e.Code, e.Message)
}

// Unwrap is the cause when no answer came.
func (e *Error) Unwrap() error { return e.Err }

// System names the remote for people.
func (e *Error) System() string { return "Nuxeo" }

// Status is the HTTP status, 0 when no answer came.
func (e *Error) Status() int { return e.Code }

// Detail is what Nuxeo said.
func (e *Error) Detail() string { return e.Message }

// RetryAfter is how long Nuxeo, or a proxy before it, asked to be left alone.
func (e *Error) RetryAfter() time.Duration { return e.After }

// StatusOf is the HTTP status of a failed call, 0 for any other error.
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// NotFound reports whether the call failed because the thing is not there.
func NotFound(err error) bool { return StatusOf(err) == http.StatusNotFound }

const maxMessage = 300

func refusal(q call, resp *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // a broken error body is no news
	e := &Error{
		Method:  q.method,
		Path:    q.path,
		Code:    resp.StatusCode,
		Message: message(body),
		After:   retryAfter(resp.Header),
	}
	if e.Message == "" {
		e.Message = http.StatusText(resp.StatusCode)
	}

	return e
}

func message(body []byte) string {
	var said struct {
		Message string `json:"message"`
	}

	if json.Unmarshal(body, &said) != nil {
		said.Message = strings.TrimSpace(string(body))
		if strings.HasPrefix(said.Message, "<") {
			return "" // a proxy's HTML page helps nobody
		}
	}

	// Messages end up in rows and on pages.
	if len(said.Message) > maxMessage {
		return strings.ToValidUTF8(said.Message[:maxMessage], "") + "…"
	}

	return said.Message
}

func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil && s >= 0 {
		return time.Duration(s) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(t))
	}
	return 0
}

// unreachable drops the address from err, since a query may hold a token.
func unreachable(q call, err error) *Error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return &Error{Method: q.method, Path: q.path, Err: err}
}
