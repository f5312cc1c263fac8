package api_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// Every operation of the description can be called, with what it takes, where it is, and answers what it says.
func TestOperationsAreThoseOfTheDescription(t *testing.T) {
	t.Parallel()
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}

	var asked *http.Request
	web := &http.Client{Transport: transport(func(r *http.Request) *http.Response {
		asked = r
		return answer(http.StatusOK, "application/json", "{}")
	})}
	ops := reflect.ValueOf(api.NewClient("http://connector/api/v1", web, nil).Operations)
	opened := map[string]bool{"Events": true, "MakeSupport": true} // by Client.Open
	described := maps.Clone(opened)
	for path, item := range spec.Paths.Map() {
		for method, o := range item.Operations() {
			name := strings.ToUpper(o.OperationID[:1]) + o.OperationID[1:]
			if opened[name] {
				continue
			}

			described[name] = true
			op := ops.FieldByName(name)
			if !op.IsValid() {
				t.Errorf("the client's operation %s: got none, want it callable", name)
				continue
			}

			for _, wrong := range differs(o, item, op.Type()) {
				t.Errorf("%s differs from the description: %s, want them alike", name, wrong)
			}

			asked = nil
			op.Call(arguments(op.Type()))
			for strings.Contains(path, "{") {
				path = path[:strings.Index(path, "{")] + "a%2Fb%3F" + path[strings.Index(path, "}")+1:]
			}

			if asked == nil || asked.Method != method || asked.URL.EscapedPath() != "/api/v1"+path {
				t.Errorf("%s calls %+v, want %s %s", name, asked, method, path)
			} else if (asked.Body != nil) != (o.RequestBody != nil) {
				t.Errorf("%s sends a body: got %v, want %v", name, asked.Body != nil, o.RequestBody != nil)
			}
		}
	}

	for i := range ops.NumField() {
		if name := ops.Type().Field(i).Name; !described[name] {
			t.Errorf("the description: got no %s, want it", name)
		}
	}
}

// arguments are some for a call: ids that must be escaped, nothing in the query.
func arguments(f reflect.Type) (in []reflect.Value) {
	in = append(in, reflect.ValueOf(context.Background()))
	for i := 1; i < f.NumIn(); i++ {
		arg := reflect.New(f.In(i)).Elem()
		if arg.Kind() == reflect.String {
			arg.SetString("a/b?")
		}
		in = append(in, arg)
	}
	return in
}

// differs tells where a function does not take or answer what an operation does.
func differs(o *openapi3.Operation, item *openapi3.PathItem, f reflect.Type) (wrong []string) {
	inPath, inQuery := 0, []string{}
	for _, p := range slices.Concat(item.Parameters, o.Parameters) {
		if p.Value.In == openapi3.ParameterInPath {
			inPath++
		}
		if p.Value.In == openapi3.ParameterInQuery {
			inQuery = append(inQuery, p.Value.Name)
		}
	}

	taken, bodies := []string{}, 0
	for i := 1; i < f.NumIn(); i++ {
		switch f.In(i).Kind() {
		case reflect.String:
			inPath--
		case reflect.Pointer:
			for j := range f.In(i).Elem().NumField() {
				name, _, _ := strings.Cut(f.In(i).Elem().Field(j).Tag.Get("form"), ",")
				taken = append(taken, name)
			}
		default:
			bodies++
		}
	}

	slices.Sort(inQuery)
	slices.Sort(taken)
	if inPath != 0 || !slices.Equal(inQuery, taken) || bodies > 1 || (bodies == 1) != (o.RequestBody != nil) {
		wrong = append(wrong, "it takes "+f.String())
	}

	for status, r := range o.Responses.Map() {
		media := r.Value.Content["application/json"]
		if !strings.HasPrefix(status, "2") {
			continue
		}

		if (media != nil) != (f.NumOut() == 2) {
			wrong = append(wrong, "an answer of "+status+" has no body, or should")
		}

		if media == nil || f.NumOut() == 1 {
			continue
		}

		want := strings.ToUpper(o.OperationID[:1]) + o.OperationID[1:] + status + "JSONResponse"
		if ref := media.Schema.Ref; ref != "" {
			want = ref[strings.LastIndex(ref, "/")+1:]
		}

		if got := f.Out(0).Elem().Name(); got != want {
			wrong = append(wrong, "it answers "+got+", want "+want)
		}
	}

	return wrong
}

type transport func(*http.Request) *http.Response

// RoundTrip is that of http.RoundTripper.
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

func answer(status int, kind, body string) *http.Response {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.WriteString(body)
	return w.Result()
}

func TestParametersOfAQuery(t *testing.T) {
	t.Parallel()
	var asked url.Values
	c := api.NewClient("http://connector", &http.Client{Transport: transport(func(r *http.Request) *http.Response {
		asked = r.URL.Query()
		return answer(http.StatusOK, "application/json", "{}")
	})}, nil)

	who, limit, since := "a&b=ü", 7, time.Date(2026, 11, 30, 14, 0, 0, 5, time.FixedZone("", 3600))
	_, err := c.ListAudit(t.Context(), &api.ListAuditParams{Who: &who, Limit: &limit, Since: &since})
	want := url.Values{"who": {who}, "limit": {"7"}, "since": {"2026-11-30T14:00:00.000000005+01:00"}}
	if err != nil || !reflect.DeepEqual(asked, want) {
		t.Errorf("asked %v (%v), want %v", asked, err, want)
	}

	state := api.ListItemsParamsStateDone
	_, err = c.ListItems(t.Context(), &api.ListItemsParams{State: &state})
	if want := (url.Values{"state": {"done"}}); err != nil || !reflect.DeepEqual(asked, want) {
		t.Errorf("asked %v (%v), want %v", asked, err, want)
	}

	if _, err = c.ListItems(t.Context(), nil); err != nil || len(asked) != 0 {
		t.Errorf("asked %v (%v), want nothing", asked, err)
	}
}

func TestAnswersThatAreNoSuccess(t *testing.T) {
	t.Parallel()
	var next *http.Response
	c := api.NewClient("http://connector", &http.Client{Transport: transport(func(*http.Request) *http.Response {
		return next
	})}, nil)

	next = answer(http.StatusNotFound, "application/problem+json", `{"code":"not_found","title":"It is not there."}`)
	v, err := c.GetItem(t.Context(), "x")
	var p *api.ProblemError
	if v != nil || !errors.As(err, &p) || p.Problem.Code != "not_found" || p.Problem.Title != "It is not there." ||
		api.StatusOf(err) != http.StatusNotFound || !strings.Contains(err.Error(), "It is not there.") {
		t.Errorf("a problem is read as %+v, %+v; want nothing, and not_found with its title and status 404", v, err)
	}

	for _, other := range []*http.Response{
		answer(http.StatusOK, "text/html", "<html>"),
		answer(http.StatusBadGateway, "text/html", "<html>"),
		answer(http.StatusBadGateway, "application/json", "{"),
	} {
		next = other
		v, err := c.GetItem(t.Context(), "x")
		if v != nil || !errors.As(err, &p) || p.Problem.Code != "" || p.StatusCode != other.StatusCode {
			t.Errorf("what is no problem of ours is read as %+v, %+v; want nothing, and the status %d without a code",
				v, err, other.StatusCode)
		}
	}

	next = answer(http.StatusOK, "application/json", "{")
	if v, err := c.GetItem(t.Context(), "x"); v != nil || err == nil || api.StatusOf(err) != 0 {
		t.Errorf("broken JSON is read as %+v, %+v; want nothing, and an error without a status", v, err)
	}

	next = answer(http.StatusOK, "application/json", "")
	next.Body = io.NopCloser(io.LimitReader(endless{}, 17<<20))
	if _, err := c.GetItem(t.Context(), "x"); !errors.Is(err, api.ErrTooLong) {
		t.Error(err)
	}

	own := errors.New("ours")
	c.Fault = func(error) error { return own }
	next = answer(http.StatusForbidden, "text/plain", "")
	if err := c.SignOut(t.Context()); !errors.Is(err, own) {
		t.Error(err)
	}

	next = answer(http.StatusNoContent, "", "")
	if err := c.SignOut(t.Context()); err != nil {
		t.Error(err)
	}
}

type endless struct{}

// Read gives spaces.
func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}
