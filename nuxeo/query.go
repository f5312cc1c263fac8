package nuxeo

import (
	"context"
	"iter"
	"strings"
)

// A query asks the repository, which knows what was written a moment ago. Nuxeo's
// /search answers from an index on a default server: seconds late, with other rules for
// what can be compared, and with an end at ten thousand.

// QueryPage runs an NXQL query on the repository and gives one page of it, counted from
// 0, of at most 1,000 documents; more says that another follows (POST
// /api/v1/automation/Repository.Query). Without ORDER BY some databases give the pages
// in no fixed order. A query that cannot be read fails with 500. When there is an entry
// that cannot be read, and may be anything, the others come with an error.
func (c *Client) QueryPage(
	ctx context.Context, nxql string, page, size int, f Fetch,
) (docs []*Document, more bool, err error) {
	out := struct {
		Entries members[*Document] `json:"entries"`
		More    bool               `json:"isNextPageAvailable"`
	}{Entries: documents(size)}

	params := map[string]any{"query": nxql, "pageSize": size, "currentPageIndex": page}
	if err := c.read(ctx, "Repository.Query", "", params, f, &out); err != nil {
		return nil, false, err
	}

	return out.Entries.list, out.More, out.Entries.whole("Repository.Query")
}

// queried is how many documents a call of Query reads.
const queried = 100

// Query gives the documents for which an NXQL condition holds, in the order of their
// ids, each as it is when its page is read: what comes and goes meanwhile moves no
// other. after is the id to begin behind; empty: at the first. It ends after the first
// error.
func (c *Client) Query(ctx context.Context, where, after string, f Fetch) iter.Seq2[*Document, error] {
	return func(yield func(*Document, error) bool) {
		for {
			q := "SELECT * FROM Document WHERE (" + where + ")"
			if after != "" {
				q += " AND ecm:uuid > " + Quote(after)
			}

			// Going on behind an id, not at a page, is what keeps it steady.
			docs, more, err := c.QueryPage(ctx, q+" ORDER BY ecm:uuid", 0, queried, f)
			for _, d := range docs {
				if after = d.UID; !yield(d, nil) {
					return
				}
			}

			if err != nil {
				yield(nil, err)
				return
			}

			if !more || len(docs) == 0 {
				return
			}
		}
	}
}

// ByIDs reads up to 1,000 documents in one call, in no order. Those that are gone, or that
// may not be seen, are left out.
func (c *Client) ByIDs(ctx context.Context, ids []string, f Fetch) ([]*Document, error) {
	quoted := make([]string, len(ids))
	for i, id := range ids {
		quoted[i] = Quote(id)
	}
	docs, _, err := c.QueryPage(ctx, "SELECT * FROM Document WHERE ecm:uuid IN ("+strings.Join(quoted, ", ")+
		")", 0, len(ids), f)
	return docs, err
}
