package v4

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// maxPages ends a listing whose cursors never do.
const maxPages = 100_000

// list follows the pages of a listing. Only the cursor is taken from the next
// link, since it does not carry the other parameters along.
func list[T any](ctx context.Context, c *Client, path string, query url.Values, size int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		q := url.Values{"page_size": {strconv.Itoa(size)}}
		for k, v := range query {
			q[k] = v
		}
		for range maxPages {
			var page struct {
				Data  []T `json:"data"`
				Links struct {
					Next string `json:"next"`
				} `json:"links"`
			}
			if err := c.do(ctx, http.MethodGet, path, q, nil, &page); err != nil {
				yield(none, err)
				return
			}
			for _, v := range page.Data {
				if !yield(v, nil) {
					return
				}
			}
			after := cursor(page.Links.Next)
			if after == "" {
				return
			}
			if after == q.Get("after") {
				yield(none, &Error{Method: http.MethodGet, Path: path, Code: http.StatusOK, Message: "the listing does not move on"})
				return
			}
			q.Set("after", after)
		}
	}
}

func cursor(next string) string {
	u, err := url.Parse(next)
	if err != nil {
		return ""
	}
	return u.Query().Get("after")
}

// convert maps a listing.
func convert[W, T any](in iter.Seq2[W, error], to func(W) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for w, err := range in {
			if !yield(to(w), err) {
				return
			}
		}
	}
}

// one reads a single thing, whether it comes as {"data":…} or bare.
func one[T any](ctx context.Context, c *Client, method, path string, query url.Values, body any) (T, error) {
	var out T
	var raw json.RawMessage
	if err := c.do(ctx, method, path, query, body, &raw); err != nil {
		return out, err
	}
	var wrapped struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(raw, &wrapped) == nil && len(wrapped.Data) > 0 {
		raw = wrapped.Data
	}
	if string(raw) == "null" {
		raw = nil
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, &Error{Method: method, Path: path, Code: http.StatusOK, Message: "the answer is not what Frame.io sends", Err: err}
	}
	return out, nil
}
