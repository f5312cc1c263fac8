package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// description is the one in the repository, not the one in the generated code,
// so that a stale one shows.
const description = "api/openapi.yaml"

var router = sync.OnceValue(func() routers.Router {
	doc, err := openapi3.NewLoader().LoadFromFile(description)
	if err != nil {
		panic(err)
	}
	doc.Servers = nil // the path before it is cut off by hand
	r, err := legacy.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return r
})

// covered are the operations that answered well, over the whole package.
var covered sync.Map

// described checks every call below /api/v1 against the description: requests
// that were answered well, and all answers.
type described struct {
	t    testing.TB
	next http.RoundTripper
}

// RoundTrip is http.RoundTripper's.
func (d described) RoundTrip(r *http.Request) (*http.Response, error) {
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v1")
	if !ok || r.Method == http.MethodOptions { // a browser asks whether it may
		return d.next.RoundTrip(r)
	}

	sent, err := kept(&r.Body)
	if err != nil {
		return nil, err
	}

	resp, err := d.next.RoundTrip(r)
	if err != nil || strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return resp, err
	}

	got, err := kept(&resp.Body)
	if err != nil {
		return resp, err
	}

	if err := check(r, path, sent, resp, got); err != nil {
		d.t.Errorf("description: %s %s (%d): %v, want the answer as it is described", r.Method, r.URL, resp.StatusCode,
			err)
	}

	return resp, nil
}

// kept reads a body and leaves it readable.
func kept(body *io.ReadCloser) ([]byte, error) {
	if *body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(*body)
	_ = (*body).Close()
	*body = io.NopCloser(bytes.NewReader(b))
	return b, err
}

func check(r *http.Request, path string, sent []byte, resp *http.Response, got []byte) error {
	copied := r.Clone(context.Background())
	copied.URL.Path, copied.Body = path, io.NopCloser(bytes.NewReader(sent))
	route, params, err := router().FindRoute(copied)
	if err != nil {
		if resp.StatusCode == http.StatusNotFound {
			return nil
		}
		return fmt.Errorf("what is not described is answered: %w", err)
	}

	input := &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: params, Route: route, QueryParams: copied.URL.Query(),
		Options: &openapi3filter.Options{
			AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
			IncludeResponseStatus: true,
		},
	}
	if resp.StatusCode < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
			return fmt.Errorf("an invalid request was taken: %w", err)
		}
	}

	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Options:                input.Options,
	}

	out.SetBodyBytes(got)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		return err
	}

	if resp.StatusCode < 300 {
		covered.Store(route.Operation.OperationID, true)
	}

	return nil
}

// TestMain fails when the suite ran whole and left an operation out.
func TestMain(m *testing.M) {
	code := m.Run()
	if missing := uncovered(); code == 0 && whole() && len(missing) > 0 {
		fmt.Fprintln(os.Stderr, "no test has these operations answer well:", missing)
		code = 1
	}
	os.Exit(code)
}

func whole() bool {
	return !slices.ContainsFunc(os.Args, func(a string) bool {
		return strings.HasPrefix(a, "-test.run") || strings.HasPrefix(a, "-test.skip") ||
			strings.HasPrefix(a, "-test.short") || strings.HasPrefix(a, "-test.list")
	})
}

func uncovered() (missing []string) {
	doc, err := openapi3.NewLoader().LoadFromFile(description)
	if err != nil {
		return []string{err.Error()}
	}

	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			// a stream has no end to check
			if _, ok := covered.Load(op.OperationID); !ok && op.OperationID != "events" {
				missing = append(missing, op.OperationID)
			}
		}
	}

	return missing
}
