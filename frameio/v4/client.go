// Package v4 is a client of the Frame.io V4 API.
//
// It owns how requests are built, pages followed, and answers and errors read
// into the types of package frameio. Invariants: the access token goes to
// the API's host only; a signed address is never part of an error; an answer
// is decoded leniently where the service is known to vary (wrapped or bare
// data, numbers as text, options as ids). It does not retry, pace or remember:
// wrap the HTTP client for that, and give it a TokenSource for the sign-in.
package v4

import (
	"bytes"
	"context"
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

// TokenSource gives the access token of one credential. After a 401 it is
// called again with the token that was refused, and must return another.
type TokenSource func(ctx context.Context, refused string) (string, error)

// Client calls the API in the name of one credential. It is safe for
// concurrent use.
type Client struct {
	base  *url.URL // scheme and host
	http  *http.Client
	token TokenSource
	// APIKey is sent as x-api-key when set; some accounts ask for the client id.
	APIKey string

	version string // sent as api-version, which some operations ask for
}

// New makes a client; base is https://api.frame.io for the real service.
func New(base string, hc *http.Client, token TokenSource) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("frame.io: %q is no full address", base)
	}
	u.Path = ""
	return &Client{base: u, http: hc, token: token}, nil
}

// Error is a call that failed. Code is the HTTP status, 0 when no answer came.
type Error struct {
	Method, Path string
	Code         int
	Message      string
	After        time.Duration
	Err          error
}

// Error tells the call, the status and what Frame.io said.
func (e *Error) Error() string {
	if e.Code == 0 {
		return fmt.Sprintf("frame.io: %s %s: no answer: %v", e.Method, e.Path, e.Err)
	}
	return fmt.Sprintf("frame.io: %s %s: %d %s", e.Method, e.Path, e.Code, e.Message)
}

// Unwrap is the cause when no answer came.
func (e *Error) Unwrap() error { return e.Err }

// System names the remote for people.
func (e *Error) System() string { return "Frame.io" }

// Status is the HTTP status, 0 when no answer came.
func (e *Error) Status() int { return e.Code }

// Detail is what Frame.io said.
func (e *Error) Detail() string { return e.Message }

// RetryAfter is how long Frame.io asked to be left alone.
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

// Odd reports whether a call failed because the answer is not what Frame.io sends: it
// tells nothing of what is there and what is not.
func Odd(err error) bool { return StatusOf(err) == http.StatusOK }

// maxTokens is how many further tokens a call asks for: the second one may be older than
// it seems, as when another process has got it, and end at this very moment.
const maxTokens = 2

// do sends a request below /v4 and decodes the answer into out, which may be
// nil. On 401 it asks for another token, maxTokens times at most.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body, out any) error {
	token, err := c.token(ctx, "")
	if err != nil {
		return err
	}

	err = c.once(ctx, token, method, path, query, body, out)
	for range maxTokens {
		if StatusOf(err) != http.StatusUnauthorized {
			break
		}
		if token, err = c.token(ctx, token); err != nil {
			return err
		}
		err = c.once(ctx, token, method, path, query, body, out)
	}

	return err
}

func (c *Client) once(ctx context.Context, token, method, path string, query url.Values, body, out any) error {
	r, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return err
	}

	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.guarded().Do(r)
	if err != nil {
		return noAnswer(method, path, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 {
		return refusal(method, path, resp)
	}

	return decode(method, path, resp, out)
}

// guarded is the HTTP client with redirects that take no token to another
// scheme, host or port: net/http forgives subdomains and ports.
func (c *Client) guarded() *http.Client {
	hc, next := *c.http, c.http.CheckRedirect
	hc.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != c.base.Scheme || r.URL.Host != c.base.Host {
			r.Header.Del("Authorization")
		}

		// A redirect that makes a GET of a write has not done it.
		if r.Method != via[0].Method {
			return fmt.Errorf("a %s was sent on as a %s", via[0].Method, r.Method)
		}

		if next != nil {
			return next(r, via)
		}
		if len(via) >= 10 {
			return errors.New("too many redirects")
		}
		return nil
	}

	return &hc
}

func (c *Client) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Request, error) {
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(map[string]any{"data": body})
		if err != nil {
			return nil, fmt.Errorf("frame.io: %w", err)
		}
		reader = bytes.NewReader(b)
	}

	// Ids come from elsewhere and must not lead to another call.
	u, err := c.base.Parse("/v4" + path) // the path is escaped already
	if err != nil {
		return nil, fmt.Errorf("frame.io: %w", err)
	}

	if u.EscapedPath() != "/v4"+path { // an id of dots would lead elsewhere
		return nil, &Error{Method: method, Path: path, Code: http.StatusNotFound, Message: "there is no such id"}
	}

	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), reader)
	if err != nil {
		return nil, fmt.Errorf("frame.io: %w", err)
	}

	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}

	if c.version != "" {
		r.Header.Set("api-version", c.version)
	}

	if c.APIKey != "" {
		r.Header.Set("x-api-key", c.APIKey)
	}

	return r, nil
}

const maxAnswer = 64 << 20

func decode(method, path string, resp *http.Response, out any) error {
	if p, ok := out.(*page); ok {
		return p.from(method, path, resp)
	}

	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return noAnswer(method, path, err)
	}

	// Where there is nothing to say the status tells so. An empty 200 was lost on the way, and a page is from something
	// before the server, such as a sign-in.
	if resp.StatusCode == http.StatusNoContent && len(body) == 0 {
		return nil
	}

	if out == nil {
		out = new(json.RawMessage)
	}

	if err := json.Unmarshal(body, out); err != nil {
		return &Error{
			Method:  method,
			Path:    path,
			Code:    resp.StatusCode,
			Message: "the answer is not what Frame.io sends",
			Err:     err,
		}
	}

	return nil
}

// noAnswer drops the address from err.
func noAnswer(method, path string, err error) *Error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return &Error{Method: method, Path: path, Err: err}
}

func refusal(method, path string, resp *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // a broken error body is no news
	var said struct {
		Errors []struct {
			Title  string `json:"title"`
			Detail string `json:"detail"`
		} `json:"errors"`
	}

	e := &Error{
		Method:  method,
		Path:    path,
		Code:    resp.StatusCode,
		Message: http.StatusText(resp.StatusCode),
		After:   retryAfter(resp.Header),
	}
	if json.Unmarshal(body, &said) == nil && len(said.Errors) > 0 && said.Errors[0].Detail != "" {
		e.Message = shorten(said.Errors[0].Detail)
	}

	return e
}

func shorten(s string) string {
	if len(s) <= 300 {
		return s
	}
	return strings.ToValidUTF8(s[:300], "") + "…"
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

// seg makes a path of parts; each stays within its segment.
func seg(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}
