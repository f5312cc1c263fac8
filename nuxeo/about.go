package nuxeo

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func readToken(resp *http.Response) (string, error) {
	b, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return "", &Error{Method: http.MethodPost, Path: "api/v1/token", Err: err}
	}

	token := strings.Trim(strings.TrimSpace(string(b)), `"`)
	if token == "" || strings.ContainsAny(token, "<> \t\r\n") { // a page of a proxy or a login form
		return "", &Error{
			Method:  http.MethodPost,
			Path:    "api/v1/token",
			Code:    resp.StatusCode,
			Message: "the answer is no token",
		}
	}

	return token, nil
}

// hidePath replaces a path that holds a secret in an error.
func hidePath(err error, path string) {
	var e *Error
	if errors.As(err, &e) {
		e.Path = path
	}
}

// Server is what a Nuxeo tells about itself.
type Server struct {
	Distribution string // "lts"
	Version      string // "2023.6"
}

// About asks which Nuxeo this is (GET /api/v1/capabilities); 404 where a release
// does not have that address.
func (c *Client) About(ctx context.Context) (Server, error) {
	var out struct {
		Server struct {
			Name    string `json:"distributionName"`
			Version string `json:"distributionVersion"`
		} `json:"server"`
	}
	err := c.get(ctx, "api/v1/capabilities", nil, nil, &out)
	return Server{Distribution: out.Server.Name, Version: out.Server.Version}, err
}

// Type is a document type.
type Type struct {
	Name    string
	Schemas []string
	Facets  []string
}

// CanHoldFile reports whether documents of the type have a main file.
func (t Type) CanHoldFile() bool { return slices.Contains(t.Schemas, "file") }

// Type reads a document type (GET /api/v1/config/types/{name}); 404 when there
// is none of that name, for which a server answers 204.
func (c *Client) Type(ctx context.Context, name string) (Type, error) {
	var out struct {
		Schemas []struct {
			Name string `json:"name"`
		} `json:"schemas"`
		Facets []string `json:"facets"`
	}

	path := "api/v1/config/types/" + url.PathEscape(name)
	status, err := c.do(ctx, call{method: http.MethodGet, path: path, mayBeNothing: true}, &out)
	if err == nil && status == http.StatusNoContent {
		err = &Error{Method: http.MethodGet, Path: path, Code: http.StatusNotFound, Message: "there is no such type"}
	}

	// The schemas decide whether documents of the type can hold a file.
	t := Type{Name: name, Facets: out.Facets}
	for _, s := range out.Schemas {
		t.Schemas = append(t.Schemas, s.Name)
	}

	return t, err
}

// HasSchema reports whether a schema is deployed (GET /api/v1/config/schemas/{name}).
func (c *Client) HasSchema(ctx context.Context, name string) (bool, error) {
	return c.exists(ctx, "api/v1/config/schemas/"+url.PathEscape(name))
}

// Schema returns the types of the fields of a schema, in Nuxeo's words, such as string or date[]
// (GET /api/v1/config/schemas/{name}); none when there is no such schema.
func (c *Client) Schema(ctx context.Context, name string) (map[string]string, error) {
	var out struct {
		Fields map[string]json.RawMessage `json:"fields"`
	}

	path := "api/v1/config/schemas/" + url.PathEscape(name)
	_, err := c.do(ctx, call{method: http.MethodGet, path: path, mayBeNothing: true}, &out)
	if NotFound(err) {
		err = nil
	}

	types := map[string]string{}
	for field, raw := range out.Fields {
		var of string
		var structure struct {
			Type string `json:"type"`
		}

		// A structure is an object that names its type.
		if !fields(raw, &of) && fields(raw, &structure) {
			of = structure.Type
		}

		if of != "" {
			types[field] = of
		}
	}

	return types, err
}

// HasFacet reports whether a facet is deployed (GET /api/v1/config/facets/{name}).
func (c *Client) HasFacet(ctx context.Context, name string) (bool, error) {
	return c.exists(ctx, "api/v1/config/facets/"+url.PathEscape(name))
}

// WebUIFile reads a file of JSON from among those of Web UI (GET /ui/{name}), where packages
// put what is theirs.
func (c *Client) WebUIFile(ctx context.Context, name string, out any) error {
	return c.get(ctx, "ui/"+url.PathEscape(name), nil, nil, out)
}

func (c *Client) exists(ctx context.Context, path string) (bool, error) {
	status, err := c.do(ctx, call{method: http.MethodGet, path: path}, nil)
	if NotFound(err) || err == nil && status == http.StatusNoContent { // a server answers 204 for what it does not have
		return false, nil
	}
	return err == nil, err
}
