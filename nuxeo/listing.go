package nuxeo

import (
	"context"
	"iter"
	"net/url"
	"strconv"
)

// Listing is what a person sees as a list in Web UI: what a page provider of Nuxeo finds
// for parameters. Decisions on its documents are not made by it, as it may ask the index.
type Listing struct {
	Provider   string
	Parameters map[string][]string
}

// listed is how many documents a call of Listed reads.
const listed = 500

// Listed gives the uids of the documents in a listing, page by page (GET
// /api/v1/search/pp/{provider}/execute). One that moves meanwhile may be left out or come
// twice. It ends after the first error.
func (c *Client) Listed(ctx context.Context, l Listing) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		query := url.Values{}
		for name, values := range l.Parameters {
			query[name] = values
		}

		// We ask for pages of our own size.
		query.Del("offset")
		query.Set("pageSize", strconv.Itoa(listed))

		for page := 0; ; page++ {
			query.Set("currentPageIndex", strconv.Itoa(page))
			out := struct {
				Entries members[*Document] `json:"entries"`
				More    bool               `json:"isNextPageAvailable"`
			}{Entries: documents(listed)}

			if err := c.get(ctx, "api/v1/search/pp/"+url.PathEscape(l.Provider)+"/execute", query, nil,
				&out); err != nil {
				yield("", err)
				return
			}

			for _, d := range out.Entries.list {
				if !yield(d.UID, nil) {
					return
				}
			}

			// What could not be read may be just what was wanted.
			if err := out.Entries.whole("the listing " + l.Provider); err != nil {
				yield("", err)
				return
			}

			if !out.More || len(out.Entries.list) == 0 {
				return
			}
		}
	}
}
