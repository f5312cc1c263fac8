package contract

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Prefixes of what Middleware reports: who broke the contract.
const (
	InRequest = "request"
	InAnswer  = "answer"
)

// Middleware checks every call to /v4 and its answer, and serves both as they
// are. report gets one line per violation, which begins with InRequest or
// InAnswer; it may be called concurrently. A path that the contract does not
// know is a violation of the request.
func (c *Contract) Middleware(next http.Handler, report func(violation string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isAPI(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}

		input, err := c.checkRequest(r)
		if err != nil {
			report(line(InRequest, r, 0, err))
		}

		kept := &keeper{ResponseWriter: w}
		next.ServeHTTP(kept, r)
		if input == nil || kept.status >= http.StatusInternalServerError {
			return
		}

		if err := c.checkAnswer(input, kept); err != nil {
			report(line(InAnswer, r, kept.status, err))
		}
	})
}

func line(who string, r *http.Request, status int, err error) string {
	text, _, _ := strings.Cut(err.Error(), "\nSchema:")
	return fmt.Sprintf("%s: %s %s?%s (%d): %s", who, r.Method, r.URL.Path, r.URL.RawQuery, status, text)
}

// checkRequest leaves the body readable. The input is nil if there is no such
// operation.
func (c *Contract) checkRequest(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}

	copied := r.Clone(context.WithoutCancel(r.Context()))
	copied.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := c.router.FindRoute(copied)
	if err != nil {
		return nil, err
	}

	input := &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: params, Route: route, QueryParams: copied.URL.Query(),
		Options: &openapi3filter.Options{
			AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
			IncludeResponseStatus: true,
		},
	}

	return input, c.validate(input)
}

// validate checks the items of include one by one, since the contract calls a
// single value what its own examples show as a list.
func (c *Contract) validate(input *openapi3filter.RequestValidationInput) error {
	query := input.QueryParams
	items := strings.Split(query.Get("include"), ",")
	if len(query["include"]) > 1 {
		return fmt.Errorf("include is repeated; only the last counts")
	}

	for _, item := range items[1:] {
		if item == "project.owner" { // only the examples have it
			continue
		}
		if err := openapi3filter.ValidateParameter(context.Background(), only(input, item),
			includeOf(input.Route)); err != nil {
			return err
		}
	}

	if len(items) > 1 {
		first := only(input, items[0])
		input.QueryParams, input.Request = first.QueryParams, first.Request
	}

	return openapi3filter.ValidateRequest(context.Background(), input)
}

func only(input *openapi3filter.RequestValidationInput, item string) *openapi3filter.RequestValidationInput {
	one := *input
	one.QueryParams = url.Values{}
	for key, values := range input.QueryParams {
		one.QueryParams[key] = slices.Clone(values)
	}
	one.QueryParams.Set("include", item)
	return &one
}

func includeOf(route *routers.Route) *openapi3.Parameter {
	if p := route.Operation.Parameters.GetByInAndName("query", "include"); p != nil {
		return p
	}
	return &openapi3.Parameter{Name: "include", In: "query"}
}

func (c *Contract) checkAnswer(input *openapi3filter.RequestValidationInput, kept *keeper) error {
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: kept.status, Header: kept.Header(),
		Options: input.Options,
	}

	answer.SetBodyBytes(kept.body.Bytes())
	if err := answerError(answer, kept); err != nil {
		return err
	}

	if kept.status < 300 {
		c.cover(input.Route.Operation.OperationID)
	}

	return nil
}

// answerError treats 204 apart: the contract gives it a body type, and there
// is no body.
func answerError(answer *openapi3filter.ResponseValidationInput, kept *keeper) error {
	if kept.status != http.StatusNoContent {
		return openapi3filter.ValidateResponse(context.Background(), answer)
	}

	if answer.RequestValidationInput.Route.Operation.Responses.Status(http.StatusNoContent) == nil {
		return fmt.Errorf("the operation has no answer 204")
	}

	if kept.body.Len() > 0 {
		return fmt.Errorf("204 has a body")
	}

	return nil
}

// keeper remembers the answer that it passes on.
type keeper struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// Unwrap lets http.ResponseController reach the connection.
func (k *keeper) Unwrap() http.ResponseWriter { return k.ResponseWriter }

func (k *keeper) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

func (k *keeper) Write(p []byte) (int, error) {
	if k.status == 0 {
		k.status = http.StatusOK
	}
	_, _ = k.body.Write(p) // a buffer never fails
	return k.ResponseWriter.Write(p)
}
