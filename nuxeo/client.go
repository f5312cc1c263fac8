// Package nuxeo is a client of the Nuxeo REST API for LTS 2021, 2023 and 2025:
// documents, locks, versions, batch upload, comments and annotations,
// automation operations, users and tokens.
//
// It owns how a request is built, sent, and how answers and errors are read.
// Invariants: a credential never travels to another host, error bodies are
// read through a limit, and no error of this package contains a credential or a
// signed address. It does not retry, pace, log or remember: wrap the HTTP
// client for that. It leaves the meaning of documents to its callers.
package nuxeo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
)

// Client calls one Nuxeo server in the name of one credential. It is safe for
// concurrent use.
type Client struct {
	base *url.URL // ends in /nuxeo/
	http *http.Client
	auth Auth

	// viaREST says that the server refuses blobs but by the REST interface.
	viaREST *atomic.Bool
}

// New makes a client for the server whose address (with its context path, as in
// https://nuxeo.example.com/nuxeo) is base. hc must not be nil. Redirects to
// another place lose the credential.
func New(base string, hc *http.Client, auth Auth) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(base, "/") + "/")
	if err != nil {
		return nil, fmt.Errorf("nuxeo: address: %w", err)
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("nuxeo: the address must be a full one, like https://nuxeo.example.com/nuxeo")
	}
	return &Client{base: u, http: hc, auth: auth, viaREST: new(atomic.Bool)}, nil
}

// As is the same server with another credential.
func (c *Client) As(auth Auth) *Client {
	d := *c
	d.auth = auth
	return &d
}

// Over is the same server and credential through another HTTP client.
func (c *Client) Over(hc *http.Client) *Client {
	d := *c
	d.http = hc
	return &d
}

// HTTP is the HTTP client, for what lies beside the REST API, such as the token
// endpoint of the OAuth 2 server.
func (c *Client) HTTP() *http.Client { return c.http }

// URL is the address of something below the server's context path.
func (c *Client) URL(path string) string { return c.base.String() + strings.TrimLeft(path, "/") }

// call is one request in the making.
type call struct {
	// mayBeNothing says that 204 is an answer although something is read.
	mayBeNothing bool
	method       string
	path         string // below /nuxeo/, already escaped
	query        url.Values
	header       http.Header
	body         io.Reader
	length       int64 // of body, when it is a stream
	content      string
}

func (c *Client) request(ctx context.Context, q call) (*http.Request, error) {
	u, err := c.base.Parse(q.path)
	if err != nil {
		return nil, fmt.Errorf("nuxeo: %w", err)
	}

	if u.EscapedPath() != c.base.EscapedPath()+q.path { // an id of dots would lead elsewhere
		return nil, &Error{Method: q.method, Path: q.path, Code: http.StatusNotFound, Message: "there is no such id"}
	}

	u.RawQuery = q.query.Encode()
	r, err := http.NewRequestWithContext(ctx, q.method, u.String(), q.body)
	if err != nil {
		return nil, fmt.Errorf("nuxeo: %w", err)
	}

	for name, values := range q.header {
		r.Header[name] = values
	}

	if q.content != "" {
		r.Header.Set("Content-Type", q.content)
	}

	if q.length > 0 {
		r.ContentLength = q.length
	}

	r.Header.Set("Accept", "application/json")
	// Without it a browser-minded 401 would ask for Basic credentials.
	r.Header.Set("X-No-Basic-Header", "true")
	if c.auth == nil {
		return r, nil
	}

	return r, c.auth.Apply(r)
}

// guarded is the HTTP client with redirects that take no credential to another
// scheme, host or port: net/http knows only hosts, and not Nuxeo's header.
func (c *Client) guarded() *http.Client {
	hc, next := *c.http, c.http.CheckRedirect
	hc.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != c.base.Scheme || r.URL.Host != c.base.Host {
			r.Header.Del("Authorization")
			r.Header.Del("X-Authentication-Token")
		}

		// A redirect that makes a GET of a write has not done it.
		if r.Method != via[0].Method {
			return fmt.Errorf("nuxeo: a %s was sent on as a %s", via[0].Method, r.Method)
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

// send sends the request and turns a failure into an *Error. The caller closes
// the answer's body.
func (c *Client) send(ctx context.Context, q call) (*http.Response, error) {
	r, err := c.request(ctx, q)
	if err != nil {
		return nil, err
	}

	resp, err := c.guarded().Do(r)
	if err != nil {
		return nil, unreachable(q, err)
	}

	if resp.StatusCode >= 400 {
		defer resp.Body.Close()
		return nil, refusal(q, resp)
	}

	return resp, nil
}

// maxAnswer bounds a JSON answer: a page of 1,000 documents stays far below.
const maxAnswer = 64 << 20

// do sends the request and decodes the JSON answer into out, which may be nil.
// It returns the status.
func (c *Client) do(ctx context.Context, q call, out any) (int, error) {
	resp, err := c.send(ctx, q)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, unreachable(q, err)
	}

	// A page of a proxy in the way is no answer of Nuxeo.
	if err := q.read(resp.StatusCode, body, out); err != nil {
		return resp.StatusCode, &Error{
			Method:  q.method,
			Path:    q.path,
			Code:    resp.StatusCode,
			Message: "the answer is not what Nuxeo sends",
			Err:     err,
		}
	}

	return resp.StatusCode, nil
}

// read decodes the body of a success. Where there is nothing to say Nuxeo answers 204; an empty 200 was lost on the
// way, and a page is from something before the server, such as a sign-in: neither did what was asked for.
func (q call) read(status int, body []byte, out any) error {
	if status == http.StatusNoContent && len(body) == 0 {
		if out == nil || q.mayBeNothing || strings.HasPrefix(q.path, automation) {
			return nil
		}
		return errors.New("there is nothing in it")
	}

	if out == nil {
		out = new(json.RawMessage)
	}
	return json.Unmarshal(body, out)
}

// automation is the path of operations, which answer 204 for a result that is null or an empty list.
const automation = "api/v1/automation/"

// json makes a call with a JSON body.
func jsonCall(method, path string, body any, header http.Header) (call, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return call{}, fmt.Errorf("nuxeo: %w", err)
	}
	return call{method: method, path: path, body: bytes.NewReader(b), content: "application/json", header: header}, nil
}

func (c *Client) doJSON(ctx context.Context, method, path string, body any, header http.Header, out any) error {
	q, err := jsonCall(method, path, body, header)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, q, out)
	return err
}

// Do makes a call that this package does not wrap: path is below the server's context
// path and may have a query, body is sent as JSON unless it is nil, and out takes the
// answer unless it is nil.
func (c *Client) Do(ctx context.Context, method, path string, body, out any) error {
	path, query, _ := strings.Cut(path, "?")
	q := call{method: method, path: path}
	if body != nil {
		var err error
		if q, err = jsonCall(method, path, body, nil); err != nil {
			return err
		}
	}

	var err error
	if q.query, err = url.ParseQuery(query); err != nil {
		return fmt.Errorf("nuxeo: %w", err)
	}

	_, err = c.do(ctx, q, out)
	return err
}

func (c *Client) get(ctx context.Context, path string, query url.Values, header http.Header, out any) error {
	_, err := c.do(ctx, call{method: http.MethodGet, path: path, query: query, header: header}, out)
	return err
}
