package api

import (
	"bytes"
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
)

// Client calls a connector.
type Client struct {
	Operations
	Base  string // of the interface, like http://127.0.0.1:8090/api/v1
	HTTP  *http.Client
	Sign  func(*http.Request) // adds who calls; nil: nobody
	Fault func(error) error   // what is made of an error; nil: it stays as it is
}

// NewClient is a client of the interface at an address.
func NewClient(base string, web *http.Client, sign func(*http.Request)) *Client {
	c := &Client{Base: base, HTTP: web, Sign: sign}
	all := reflect.ValueOf(&c.Operations).Elem()
	for i := range all.NumField() {
		f := all.Type().Field(i)
		all.Field(i).Set(reflect.MakeFunc(f.Type, c.operation(routes()[f.Name], f.Type)))
	}
	return c
}

// ProblemError is an answer that says no, or none of this interface.
type ProblemError struct {
	Problem    Problem // empty where there was none
	StatusCode int
	Status     string // like "404 Not Found"
	Body       []byte
}

// Error gives the status and the answer.
func (e *ProblemError) Error() string { return fmt.Sprintf("%s %.2000s", e.Status, e.Body) }

// StatusOf is the status of the answer that an error is; 0: it is none.
func StatusOf(err error) int {
	var e *ProblemError
	if errors.As(err, &e) {
		return e.StatusCode
	}
	return 0
}

// ErrTooLong is an answer that is longer than any should be.
var ErrTooLong = errors.New("the answer is too long")

// ErrPath says that an id is no part of a path: it is empty, or made of dots.
var ErrPath = errors.New("an id is empty, or made of dots")

// mostRead bounds an answer, in bytes.
const mostRead = 16 << 20

// Open sends a request, and is the answer when that is a success. Whoever gets it closes its body.
func (c *Client) Open(
	ctx context.Context, method, path string, query url.Values, body any,
) (*http.Response, error) {
	resp, err := c.open(ctx, method, path, query, body)
	return resp, c.fault(err)
}

// Raw is the JSON that a request is answered with; nil: there is none.
func (c *Client) Raw(
	ctx context.Context, method, path string, query url.Values, body any,
) (json.RawMessage, error) {
	resp, err := c.open(ctx, method, path, query, body)
	if err != nil {
		return nil, c.fault(err)
	}
	defer resp.Body.Close()
	answer, err := read(resp)
	return answer, c.fault(err)
}

func (c *Client) fault(err error) error {
	if err == nil || c.Fault == nil {
		return err
	}
	return c.Fault(err)
}

func (c *Client) open(
	ctx context.Context, method, path string, query url.Values, body any,
) (*http.Response, error) {
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(b)
	}

	// An id that is empty or of dots would lead to another operation.
	for _, part := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if part == "" || part == "." || part == ".." {
			return nil, ErrPath
		}
	}

	if len(query) > 0 {
		path += "?" + query.Encode()
	}

	r, err := http.NewRequestWithContext(ctx, method, c.Base+path, sent)
	if err != nil {
		return nil, err
	}

	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}

	if c.Sign != nil {
		c.Sign(r)
	}

	resp, err := c.HTTP.Do(r)
	if err != nil || resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return resp, err
	}
	defer resp.Body.Close()
	return nil, refusal(resp)
}

// refusal reads why an answer is no success.
func refusal(resp *http.Response) error {
	e := &ProblemError{StatusCode: resp.StatusCode, Status: resp.Status}
	e.Body, _ = io.ReadAll(io.LimitReader(resp.Body, mostRead)) // what cannot be read is no problem document
	if !isJSON(resp) || json.Unmarshal(e.Body, &e.Problem) != nil {
		e.Problem = Problem{}
	}
	return e
}

func read(resp *http.Response) (json.RawMessage, error) {
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostRead+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > mostRead:
		return nil, ErrTooLong
	case resp.StatusCode == http.StatusNoContent:
		return nil, nil
	case !isJSON(resp):
		return nil, &ProblemError{StatusCode: resp.StatusCode, Status: resp.Status, Body: b}
	}
	return b, nil
}

func isJSON(resp *http.Response) bool {
	return strings.Contains(resp.Header.Get("Content-Type"), "json")
}

// route is where an operation is.
type route struct{ method, path string }

// routes are those of the description, by the names of fields of Operations.
var routes = sync.OnceValue(func() map[string]route {
	type operation struct{ OperationID string }
	var description struct {
		Paths map[string]struct{ Get, Put, Post, Patch, Delete *operation }
	}

	b, err := rawSpec()
	if err = errors.Join(err, json.Unmarshal(b, &description)); err != nil {
		panic(err) // it is part of the program
	}

	all := map[string]route{}
	for path, p := range description.Paths {
		for method, o := range map[string]*operation{
			http.MethodGet: p.Get, http.MethodPut: p.Put, http.MethodPost: p.Post, http.MethodPatch: p.Patch,
			http.MethodDelete: p.Delete,
		} {
			if o != nil {
				all[strings.ToUpper(o.OperationID[:1])+o.OperationID[1:]] = route{method, path}
			}
		}
	}

	return all
})

// operation is what a field of Operations does.
func (c *Client) operation(to route, t reflect.Type) func([]reflect.Value) []reflect.Value {
	return func(in []reflect.Value) []reflect.Value {
		path, query, body := to.path, url.Values{}, any(nil)
		for _, arg := range in[1:] {
			switch arg.Kind() {
			case reflect.String:
				before, rest, _ := strings.Cut(path, "{")
				_, after, _ := strings.Cut(rest, "}")
				path = before + url.PathEscape(arg.String()) + after
			case reflect.Pointer:
				setQuery(query, arg)
			default:
				body = arg.Interface()
			}
		}

		// Make the call. An operation without an answer returns the error alone.
		answer, err := c.Raw(in[0].Interface().(context.Context), to.method, path, query, body)
		if t.NumOut() == 1 {
			return []reflect.Value{reflect.ValueOf(&err).Elem()}
		}

		// Others decode it into what the field returns.
		out := reflect.New(t.Out(0).Elem())
		if err == nil {
			err = c.fault(json.Unmarshal(answer, out.Interface()))
		}

		if err != nil {
			out = reflect.Zero(t.Out(0))
		}

		return []reflect.Value{out, reflect.ValueOf(&err).Elem()}
	}
}

// setQuery sets what parameters hold: nothing for nil, and a value for each of several.
func setQuery(q url.Values, params reflect.Value) {
	for i := 0; !params.IsNil() && i < params.Elem().NumField(); i++ {
		name, _, _ := strings.Cut(params.Elem().Type().Field(i).Tag.Get("form"), ",")
		addQuery(q, name, params.Elem().Field(i))
	}
}

func addQuery(q url.Values, name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			addQuery(q, name, v.Elem())
		}
		return
	case reflect.Slice:
		for i := range v.Len() {
			addQuery(q, name, v.Index(i))
		}
		return
	}

	text := fmt.Sprint(v)
	if m, ok := v.Interface().(encoding.TextMarshaler); ok { // a time
		b, _ := m.MarshalText() // one that cannot be written is refused as empty
		text = string(b)
	}

	q.Add(name, text)
}
