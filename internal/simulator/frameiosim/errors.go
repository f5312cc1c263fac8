package frameiosim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// apiError is an answer of the API other than success.
type apiError struct {
	status          int
	detail, pointer string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d: %s", e.status, e.detail) }

func badRequest(detail string) error { return &apiError{status: http.StatusBadRequest, detail: detail} }

func unauthorized(detail string) error {
	return &apiError{status: http.StatusUnauthorized, detail: detail}
}

func forbidden(detail string) error { return &apiError{status: http.StatusForbidden, detail: detail} }

func notFound(what, id string) error {
	return &apiError{status: http.StatusNotFound, detail: fmt.Sprintf("%s %s not found", what, id)}
}

func invalid(pointer, format string, args ...any) error {
	return &apiError{status: http.StatusUnprocessableEntity, detail: fmt.Sprintf(format, args...), pointer: pointer}
}

var titles = map[int]string{
	400: "Bad request", 401: "Unauthorized", 403: "Forbidden", 404: "Not found", 409: "Conflict",
	422: "Unprocessable content",
}

func writeError(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{status: http.StatusInternalServerError, detail: err.Error()}
	}

	item := object{"detail": e.detail}
	if e.pointer != "" {
		item["source"] = object{"pointer": e.pointer}
	}

	if title, ok := titles[e.status]; ok && e.status != http.StatusBadRequest {
		item["title"] = title
	}

	writeJSON(w, e.status, object{"errors": []object{item}})
}

// decode reads the body's data object; a key that T does not have is an error,
// as on the real API.
func decode[T any](c *call) (T, error) {
	var envelope struct {
		Data *T `json:"data"`
	}

	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	err := d.Decode(&envelope)
	if err == nil && envelope.Data == nil {
		err = invalid("/data", "Missing field: data")
	}

	if err != nil {
		var zero T
		return zero, bodyError(err)
	}

	return *envelope.Data, nil
}

func bodyError(err error) error {
	var known *apiError
	if errors.As(err, &known) {
		return err
	}

	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return invalid("/"+strings.ReplaceAll(wrong.Field, ".", "/"), "Invalid type. Got: %s", wrong.Value)
	}

	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		return invalid("/data/"+name, "Unexpected field: %s", name)
	}

	if errors.Is(err, io.EOF) {
		return invalid("/data", "Missing field: data")
	}

	return badRequest("Malformed JSON")
}

// text checks the length of a string in the body.
func text(pointer, value string, most int) error {
	if n := len([]rune(value)); n < 1 || n > most {
		return invalid("/data/"+pointer, "String length must be from 1 to %d", most)
	}
	return nil
}
