package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

const (
	// maxBody is far above the longest form, and what ten thousand ids need.
	maxBody = 1 << 20
	// maxStrange is the largest body without a sign-in.
	maxStrange = 64 << 10
)

// maxValues is above what the longest list holds, of ten thousand ids. What is small as
// text can be large once it is read: an empty text takes three bytes, and then sixteen.
const maxValues = 20_000

// maxText is far above the longest text of a form.
const maxText = 64 << 10

// measure tells about how many values a JSON text holds, and how long the longest text
// among them is.
func measure(text []byte) (n, longest int) {
	quoted, escaped, began := false, false, 0
	for i, b := range text {
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			if quoted = !quoted; quoted {
				began = i
			}
		case !quoted && (b == ',' || b == '{' || b == '['):
			n++
		}
		if quoted {
			longest = max(longest, i-began)
		}
	}

	return n, longest
}

// openToAll are the operations of the REST interface that need no session.
var openToAll = map[string]bool{"GET /api/v1/about": true, "POST /api/v1/session": true, "DELETE /api/v1/session": true}

// gated asks for the session before anything of a call of the REST interface is read,
// its parameters included.
func (s *Server) gated(next *http.ServeMux) http.Handler {
	return s.handler(func(w http.ResponseWriter, r *http.Request) error {
		_, pattern := next.Handler(r)
		if _, path, _ := strings.Cut(pattern, " "); strings.HasPrefix(path, "/api/v1/") && !openToAll[pattern] {
			if _, err := whoIs(r.Context()); err != nil {
				r.Pattern = pattern // for who measures
				return err
			}
		}
		next.ServeHTTP(w, r)
		return nil
	})
}

// bounded limits the body of a request before it is read, to less if no person is signed
// in.
func bounded(w http.ResponseWriter, r *http.Request, signedIn bool) {
	limit := int64(maxStrange)
	if signedIn {
		limit = maxBody
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
}

type bodyKey struct{}

// readable reads the body, which is bounded, and keeps its bytes for strictBody.
func (s *Server) readable(next http.Handler) http.Handler {
	return s.handler(func(w http.ResponseWriter, r *http.Request) error {
		var in bytes.Buffer
		in.Grow(int(max(bytes.MinRead, min(r.ContentLength, maxBody)+bytes.MinRead)))
		if _, err := in.ReadFrom(r.Body); err != nil {
			return fault.New(fault.Invalid, "The request is too large or broke off.").
				With("Send less at a time: 1 MiB when you are signed in, else 64 KiB.").Because(err)
		}

		// A small text can still hold very much when it is decoded.
		body := in.Bytes()
		switch n, longest := measure(body); {
		case n > maxValues:
			return fault.New(fault.Invalid, "The request holds more than %d values.", maxValues).
				With("Send fewer at a time.")
		case longest > maxText:
			return fault.New(fault.Invalid, "The request holds a text of more than %d bytes.", maxText).
				With("Send a shorter one.")
		}

		r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
		return nil
	})
}

// strictBody refuses a body with a field that its operation does not know: a misspelt
// one would be left out in silence.
func strictBody(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		sent, _ := ctx.Value(bodyKey{}).([]byte)
		if takes := reflect.ValueOf(request).FieldByName("Body"); takes.IsValid() && len(sent) > 0 {
			if err := decode(sent, reflect.New(takes.Type().Elem()).Interface()); err != nil {
				return nil, unreadable(err)
			}
		}
		return next(ctx, w, r, request)
	}
}

func decode(body []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}

	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after its end")
	}

	return nil
}
