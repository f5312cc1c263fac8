package nuxeo

import (
	"context"
	"encoding/json"
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
	var out struct {
		Entries []struct {
			wireComment
			Replies *int `json:"numberOfReplies"`
		} `json:"entries"`
		Total int `json:"totalSize"`
	}
	header := http.Header{"fetch-comment": {"repliesSummary"}}
	err := c.get(ctx, idPath(uid)+adapter, query, header, &out)

	r := Remarks{Replies: map[string]int{}}
	for _, e := range out.Entries {
		r.List, r.Replies[e.ID] = append(r.List, e.comment()), -1
		if e.Replies != nil {
			r.Replies[e.ID] = *e.Replies
		}
	}
	r.More = out.Total > len(r.List)
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
		Types map[string]struct {
			Schemas []string `json:"schemas"`
			Facets  []string `json:"facets"`
		} `json:"doctypes"`
	}
	err := c.get(ctx, "api/v1/config/types", nil, nil, &out)
	all := map[string]Type{}
	for name, t := range out.Types {
		all[name] = Type{Name: name, Schemas: t.Schemas, Facets: t.Facets}
	}
	return all, err
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
	var list struct {
		Entries []*Document `json:"entries"`
	}
	_ = json.Unmarshal(d.ContextParameters["breadcrumb"], &list) // not asked for: none
	return slices.DeleteFunc(list.Entries, func(e *Document) bool { return e == nil || e.UID == d.UID })
}

// Subtypes are the types that the enricher "subtypes" says a folder may hold.
func (d *Document) Subtypes() []Type {
	var list []struct {
		Type   string   `json:"type"`
		Facets []string `json:"facets"`
	}
	_ = json.Unmarshal(d.ContextParameters["subtypes"], &list) // not asked for, or another form: none
	var all []Type
	for _, t := range list {
		all = append(all, Type{Name: t.Type, Facets: t.Facets})
	}
	return all
}
