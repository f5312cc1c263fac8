package nuxeo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Remarks are comments, newest first, with how many replies each has.
type Remarks struct {
	List []Comment
	// Replies are by the comment's id: 0 for none, less than 0 where Nuxeo does not tell.
	Replies map[string]int
	More    bool
}

// LatestComments gives the newest comments and annotations of a document, or replies
// of a comment, in one call (GET …/@comment with the summary of replies). Nuxeo tells
// how many there are, and nothing else about pages.
func (c *Client) LatestComments(ctx context.Context, uid string, most int) (Remarks, error) {
	query := url.Values{"pageSize": {strconv.Itoa(most)}, "currentPageIndex": {"0"}}
	return c.remarks(ctx, uid, adapter(false), query, most)
}

// LatestAnnotations gives the newest annotations of a document's main file
// (GET …/@annotation). Nuxeo knows no pages there: it gives all of them, the oldest
// first, and does not tell how many replies each has.
func (c *Client) LatestAnnotations(ctx context.Context, uid string, most int) (Remarks, error) {
	return c.remarks(ctx, uid, adapter(true), url.Values{"xpath": {"file:content"}}, most)
}

func (c *Client) remarks(ctx context.Context, uid, adapter string, query url.Values, most int) (Remarks, error) {
	type entry struct {
		wireComment
		Replies *int `json:"numberOfReplies"`
	}

	out := struct {
		Entries members[entry] `json:"entries"`
		Total   int            `json:"totalSize"`
	}{Entries: members[entry]{most: mostInside, is: func(e entry) bool { return e.ID != "" }}}

	// Ask how many replies each has, and keep those unknown that Nuxeo does not tell of.
	header := http.Header{"fetch-comment": {"repliesSummary"}}
	err := c.get(ctx, idPath(uid)+adapter, query, header, &out)

	r := Remarks{Replies: map[string]int{}}
	for _, e := range out.Entries.list {
		r.List, r.Replies[e.ID] = append(r.List, e.comment()), -1
		if e.Replies != nil {
			r.Replies[e.ID] = *e.Replies
		}
	}

	// Those that could not be read count as read.
	r.More = out.Total > len(r.List)+out.Entries.odd
	r.Newest(most)
	return r, err
}

// Newest sorts the remarks, newest first, and keeps at most so many.
func (r *Remarks) Newest(most int) {
	slices.SortStableFunc(r.List, func(a, b Comment) int { return b.Created.Compare(a.Created) })
	if len(r.List) > most {
		r.List, r.More = r.List[:most], true
	}
}

// Open begins to read something below the server's context path, such as a blob.
// The header may ask for a range, or for what has changed. The caller closes the
// answer's body.
func (c *Client) Open(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	return c.send(ctx, call{method: http.MethodGet, path: path, header: header})
}

// Types lists all document types by name (GET /api/v1/config/types).
func (c *Client) Types(ctx context.Context) (map[string]Type, error) {
	var out struct {
		Types typesByName `json:"doctypes"`
	}
	err := c.get(ctx, "api/v1/config/types", nil, nil, &out)
	if out.Types == nil {
		out.Types = typesByName{}
	}
	return out.Types, err
}

// typesByName reads types one by one, and leaves out one that is none.
type typesByName map[string]Type

// UnmarshalJSON is json.Unmarshaler's.
func (m *typesByName) UnmarshalJSON(b []byte) error {
	*m = typesByName{}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); t != json.Delim('{') {
		return err
	}

	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}

		if len(*m) == mostInside {
			return fmt.Errorf("there are more than %d types", mostInside)
		}

		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}

		// One that is of another form is left out.
		var t struct {
			Schemas []string `json:"schemas"`
			Facets  []string `json:"facets"`
		}

		if of, ok := name.(string); ok && fields(raw, &t) {
			(*m)[of] = Type{Name: of, Schemas: t.Schemas, Facets: t.Facets}
		}
	}

	return nil
}

// Time is a date property, zero when it is unset or of another kind.
func (d *Document) Time(property string) time.Time {
	t, _ := time.Parse(time.RFC3339, d.Text(property)) // an odd date is none
	return t
}

// Float is a number property, zero when it is unset or of another kind.
func (d *Document) Float(property string) float64 {
	var f float64
	_ = json.Unmarshal(d.Properties[property], &f) // null and other kinds leave it zero
	return f
}

// Breadcrumb are the documents above this one that the enricher "breadcrumb"
// listed, the outermost first: those that may be seen.
func (d *Document) Breadcrumb() []*Document {
	list := struct {
		Entries members[*Document] `json:"entries"`
	}{Entries: documents(mostInside)}
	_ = json.Unmarshal(d.ContextParameters["breadcrumb"], &list) // not asked for: none
	return slices.DeleteFunc(list.Entries.list, func(e *Document) bool { return e.UID == d.UID })
}

// Subtypes are the types that the enricher "subtypes" says a folder may hold.
func (d *Document) Subtypes() []Type {
	type subtype struct {
		Type   string   `json:"type"`
		Facets []string `json:"facets"`
	}

	list := members[subtype]{most: mostInside}
	_ = json.Unmarshal(d.ContextParameters["subtypes"], &list) // not asked for, or another form: none
	var all []Type
	for _, t := range list.list {
		all = append(all, Type{Name: t.Type, Facets: t.Facets})
	}

	return all
}
