package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// maxBody is far above the longest form.
const maxBody = 1 << 20

// bodies makes what each operation with a body takes.
var bodies = map[string]func() any{
	"POST /api/v1/session":      func() any { return new(api.SignInJSONRequestBody) },
	"PUT /api/v1/provider":      func() any { return new(api.SaveProviderJSONRequestBody) },
	"POST /api/v1/bindings":     func() any { return new(api.BindJSONRequestBody) },
	"POST /api/v1/publications": func() any { return new(api.PublishJSONRequestBody) },
}

// readable refuses a body that is too large, and one with a field that the
// operation does not know: a misspelt one would be left out in silence.
func (s *Server) readable(next http.Handler) http.Handler {
	return s.handler(func(w http.ResponseWriter, r *http.Request) error {
		takes, ok := bodies[r.Pattern]
		if !ok {
			next.ServeHTTP(w, r)
			return nil
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			return fault.New(fault.Invalid, "The request is too large or broke off.").Because(err)
		}
		if err := decode(body, takes()); err != nil {
			return unreadable(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
		return nil
	})
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
