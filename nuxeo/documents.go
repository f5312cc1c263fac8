package nuxeo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Document is a document as far as callers here look at one. Properties and
// ContextParameters hold only what was asked for.
type Document struct {
	UID               string                     `json:"uid"`
	Path              string                     `json:"path"`
	Type              string                     `json:"type"`
	Title             string                     `json:"title"`
	State             string                     `json:"state"` // of the life cycle
	ParentRef         string                     `json:"parentRef"`
	IsVersion         bool                       `json:"isVersion"`
	IsProxy           bool                       `json:"isProxy"`
	IsTrashed         bool                       `json:"isTrashed"`
	IsCheckedOut      bool                       `json:"isCheckedOut"`
	ChangeToken       string                     `json:"changeToken"`
	IsHeld            bool                       `json:"isUnderRetentionOrLegalHold"`
	LockOwner         string                     `json:"lockOwner"`
	LockCreated       string                     `json:"lockCreated"` // tells one lock from the next
	VersionLabel      string                     `json:"versionLabel"`
	VersionableID     string                     `json:"versionableId"`
	Facets            []string                   `json:"facets"`
	Schemas           []SchemaName               `json:"schemas"`
	Properties        map[string]json.RawMessage `json:"properties"`
	ContextParameters map[string]json.RawMessage `json:"contextParameters"`
}

// SchemaName is a schema of a document, and the prefix of its properties; without one they have its name.
type SchemaName struct {
	Name   string `json:"name"`
	Prefix string `json:"prefix"`
}

// Has reports whether the document has the facet.
func (d *Document) Has(facet string) bool { return slices.Contains(d.Facets, facet) }

// Text is a string property, empty when it is unset or of another kind.
func (d *Document) Text(property string) string {
	var s string
	_ = json.Unmarshal(d.Properties[property], &s) // null and other kinds leave it empty
	return s
}

// Texts is a list of strings, empty when it is unset or of another kind.
func (d *Document) Texts(property string) []string {
	var list []string
	_ = json.Unmarshal(d.Properties[property], &list) // null and other kinds leave it empty
	return list
}

// Value reads a property of any kind, and reports whether it is of that kind.
func (d *Document) Value(property string, into any) bool {
	raw := d.Properties[property]
	return len(raw) > 0 && json.Unmarshal(raw, into) == nil
}

// Int is a whole-number property, zero when it is unset or of another kind.
func (d *Document) Int(property string) int64 {
	var n int64
	_ = json.Unmarshal(d.Properties[property], &n) // null and other kinds leave it zero
	return n
}

// Permissions are those that the enricher "permissions" listed.
func (d *Document) Permissions() []string {
	var p []string
	_ = json.Unmarshal(d.ContextParameters["permissions"], &p) // not asked for: none
	return p
}

// Blob is a file of a document.
type Blob struct {
	Name            string `json:"name"`
	MimeType        string `json:"mime-type"`
	DigestAlgorithm string `json:"digestAlgorithm"`
	Digest          string `json:"digest"`
	Length          int64  `json:"length,string"`
}

// Blob is the file in a property, nil when there is none.
func (d *Document) Blob(property string) *Blob {
	var b *Blob
	if json.Unmarshal(d.Properties[property], &b) != nil {
		return nil
	}
	return b
}

// Fetch says what a document is to be read with.
type Fetch struct {
	Schemas   []string // "*" for all
	Enrichers []string
	Lock      bool // also tells the lock owner and the version label
}

func (f Fetch) header() http.Header {
	h := http.Header{}
	set := func(name string, values []string) {
		if len(values) > 0 {
			h.Set(name, strings.Join(values, ","))
		}
	}

	set("properties", f.Schemas)
	set("enrichers-document", f.Enrichers)
	if f.Lock {
		h.Set("fetch-document", "lock,versionLabel")
	}

	return h
}

// WriteOptions go with a create or update.
type WriteOptions struct {
	// IdempotencyKey makes Nuxeo replay the first answer to a repeated POST.
	IdempotencyKey string
	// Source sets the context variable that versioning policies can look at.
	Source string
	// KeepBatch leaves the upload batch in place after its use.
	KeepBatch bool
	// Timeout is granted to the transaction; attaching a large file is slow.
	Timeout time.Duration
	// NoResult has Nuxeo drop what an operation results in, and answer 204.
	NoResult bool
}

func (o WriteOptions) header() http.Header {
	h := Fetch{Schemas: []string{"*"}, Lock: true}.header()

	// Repeated with the same key, a write has its effect once.
	if o.IdempotencyKey != "" {
		h.Set("Idempotency-Key", o.IdempotencyKey)
	}

	// The package's policies decide by the source whether a version is made.
	if o.Source != "" {
		h.Set("source", o.Source)
	}

	if o.KeepBatch {
		h.Set("X-Batch-No-Drop", "true")
	}

	if o.NoResult {
		h.Set("X-NXVoidOperation", "true")
	}

	if o.Timeout > 0 {
		h.Set("Nuxeo-Transaction-Timeout", strconv.Itoa(int(o.Timeout.Seconds())))
	}

	return h
}

func idPath(uid string) string { return "api/v1/id/" + url.PathEscape(uid) }

// Get reads a document by id (GET /api/v1/id/{uid}). A document that is not
// there, and one the credential may not see, fail with 404 or 403.
func (c *Client) Get(ctx context.Context, uid string, f Fetch) (*Document, error) {
	d := new(Document)
	return d, c.get(ctx, idPath(uid), nil, f.header(), d)
}

// GetByPath reads a document by its path (GET /api/v1/path/{path}).
func (c *Client) GetByPath(ctx context.Context, path string, f Fetch) (*Document, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	d := new(Document)
	return d, c.get(ctx, "api/v1/path/"+strings.Join(parts, "/"), nil, f.header(), d)
}

// NewDocument is what a document is made from.
type NewDocument struct {
	Name       string
	Type       string
	Properties map[string]any
}

// Create makes a document below parent (POST /api/v1/id/{parent}). Nuxeo never
// refuses a name that is taken but makes another, so a repeat without an
// idempotency key makes a second document.
func (c *Client) Create(ctx context.Context, parent string, n NewDocument, o WriteOptions) (*Document, error) {
	body := map[string]any{"entity-type": "document", "name": n.Name, "type": n.Type, "properties": n.Properties}
	d := new(Document)
	return d, c.doJSON(ctx, http.MethodPost, idPath(parent), body, o.header(), d)
}

// Update writes properties (PUT /api/v1/id/{uid}). With a change token that is
// no longer the document's the answer is 409. With a Source the answer may be
// the newest version instead of the document itself, therefore none is returned.
func (c *Client) Update(ctx context.Context, uid, changeToken string, properties map[string]any, o WriteOptions) error {
	body := map[string]any{"entity-type": "document", "properties": properties}
	if changeToken != "" {
		body["uid"], body["changeToken"] = uid, changeToken
	}
	return c.doJSON(ctx, http.MethodPut, idPath(uid), body, o.header(), nil)
}

// Quote makes a string literal for NXQL.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(s) + "'"
}

// DocumentAddress is the page of a document in Nuxeo Web UI.
func (c *Client) DocumentAddress(uid string) string { return c.URL("ui/#!/doc/" + url.PathEscape(uid)) }

// Operation runs an automation operation (POST /api/v1/automation/{op}); input
// is "doc:<uid>" or empty, out may be nil.
func (c *Client) Operation(
	ctx context.Context, op, input string, params, vars map[string]any, o WriteOptions, out any,
) error {
	body := map[string]any{"params": orEmpty(params), "context": orEmpty(vars)}
	if input != "" {
		body["input"] = input
	}
	return c.doJSON(ctx, http.MethodPost, "api/v1/automation/"+url.PathEscape(op), body, o.header(), out)
}

// HasOperation reports whether Nuxeo has an operation or chain of this id
// (GET /api/v1/automation/{op}): where it has none the answer is 405, and on some releases 404. It may be one
// that the person may not run.
func (c *Client) HasOperation(ctx context.Context, op string) (bool, error) {
	err := c.get(ctx, automation+url.PathEscape(op), nil, http.Header{}, nil)
	switch StatusOf(err) {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return false, nil
	}
	return err == nil, err
}

// read runs an operation that only reads, with what a document is to be read with.
func (c *Client) read(ctx context.Context, op, input string, params map[string]any, f Fetch, out any) error {
	body := map[string]any{"params": orEmpty(params), "context": map[string]any{}}
	if input != "" {
		body["input"] = input
	}
	return c.doJSON(ctx, http.MethodPost, "api/v1/automation/"+url.PathEscape(op), body, f.header(), out)
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func (c *Client) onDocument(
	ctx context.Context, op, uid string, params map[string]any, o WriteOptions,
) (*Document, error) {
	d := new(Document)
	if err := c.Operation(ctx, op, "doc:"+uid, params, nil, o, d); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return d, nil
}

// AddFacet puts a facet on a document (Document.AddFacet); a second time it
// changes nothing. Source suppresses versions as a policy says.
func (c *Client) AddFacet(ctx context.Context, uid, facet, source string) error {
	_, err := c.onDocument(ctx, "Document.AddFacet", uid, map[string]any{"facet": facet, "save": true},
		WriteOptions{Source: source})
	return err
}

// RemoveFacet takes a facet away with the data of its schemas
// (Document.RemoveFacet).
func (c *Client) RemoveFacet(ctx context.Context, uid, facet, source string) error {
	_, err := c.onDocument(ctx, "Document.RemoveFacet", uid, map[string]any{"facet": facet, "save": true},
		WriteOptions{Source: source})
	return err
}

// RestoreVersion makes the document what the version is
// (Document.RestoreVersion on the version).
func (c *Client) RestoreVersion(ctx context.Context, version string) error {
	_, err := c.onDocument(ctx, "Document.RestoreVersion", version, map[string]any{"checkout": true}, WriteOptions{})
	return err
}

// Delete removes a document for good (DELETE /api/v1/id/{uid}).
func (c *Client) Delete(ctx context.Context, uid string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: idPath(uid)}, nil)
	return err
}

// Move puts a document into another folder, under the name that it has
// (Document.Move).
func (c *Client) Move(ctx context.Context, uid, folder string) error {
	_, err := c.onDocument(ctx, "Document.Move", uid, map[string]any{"target": folder}, WriteOptions{})
	return err
}

// Trash puts a document into the trash, from which people can take it back
// (Document.Trash).
func (c *Client) Trash(ctx context.Context, uid string) error {
	_, err := c.onDocument(ctx, "Document.Trash", uid, nil, WriteOptions{})
	return err
}
