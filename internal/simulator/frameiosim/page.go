package frameiosim

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	pageDefault = 50
	pageMax     = 100
	pageAssets  = 500 // the most in lists of assets
)

type listing struct {
	Data  any   `json:"data"`
	Links links `json:"links"`
	Total *int  `json:"total_count"`
}

type links struct {
	Next *string `json:"next"`
}

// cursor is the opaque place where a page begins: a position or an offset.
func cursor(at int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("v1:" + strconv.FormatInt(at, 10)))
}

func (c *call) after() (int64, error) {
	raw := c.q("after")
	if raw == "" {
		return 0, nil
	}

	decoded, err := base64.RawURLEncoding.DecodeString(raw)
	number, ok := strings.CutPrefix(string(decoded), "v1:")
	at, err2 := strconv.ParseInt(number, 10, 64)
	if err != nil || !ok || err2 != nil || at < 0 {
		return 0, badRequest("Invalid cursor")
	}

	return at, nil
}

func (c *call) pageSize(most int) (int, error) {
	raw := c.q("page_size")
	if raw == "" {
		return pageDefault, nil
	}

	n, err := strconv.Atoi(raw)
	if err != nil || n < 1 || n > most {
		return 0, invalid("/page_size", "page_size must be from 1 to %d", most)
	}

	return n, nil
}

// list builds a page of items by offset.
func list[T any](s *Server, c *call, items []T, most int, view func(T) any) (any, error) {
	size, err := c.pageSize(most)
	if err != nil {
		return nil, err
	}

	at, err := c.after()
	if err != nil {
		return nil, err
	}

	from := min(int(at), len(items))
	to := min(from+size, len(items))
	data := make([]any, 0, to-from)
	for _, item := range items[from:to] {
		data = append(data, view(item))
	}

	next := int64(0)
	if to < len(items) {
		next = int64(to)
	}

	return s.page(c, data, next, func() int { return len(items) }), nil
}

// page completes a listing; next 0 means that this is the last page.
func (s *Server) page(c *call, data any, next int64, total func() int) *listing {
	out := &listing{Data: data}
	if next > 0 {
		link := s.nextLink(c, next)
		out.Links.Next = &link
	}

	if c.flag("include_total_count") {
		n := total()
		out.Total = &n
	}

	return out
}

func (s *Server) nextLink(c *call, next int64) string {
	query := url.Values{}
	if s.opt.NextLinkFull {
		for key := range c.query {
			query.Set(key, c.q(key))
		}
	}
	query.Set("after", cursor(next))
	return c.r.URL.EscapedPath() + "?" + query.Encode()
}

// sorted orders items by the sort parameter, NAME_asc or NAME_desc.
func sorted[T any](c *call, items []T, by map[string]func(a, b T) int) ([]T, error) {
	sort := c.q("sort")
	if sort == "" {
		return items, nil
	}

	name, down := strings.CutSuffix(sort, "_desc")
	if !down {
		name = strings.TrimSuffix(sort, "_asc")
	}

	compare := by[name]
	if compare == nil {
		return nil, invalid("/sort", "Invalid value for enum")
	}

	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b T) int {
		if down {
			a, b = b, a
		}
		return compare(a, b)
	})

	return items, nil
}
