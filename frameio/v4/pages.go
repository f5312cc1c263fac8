package v4

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// maxPages ends a listing whose cursors never do.
const maxPages = 100_000

// maxPage is how many bytes a page of several members may have: one that is longer is
// asked for again in smaller ones. maxMember is how many one of a single member may have.
const (
	maxPage   = 2 << 20
	maxMember = 32 << 20
)

// errPage says that a page is larger than what was asked for can be, errLong that it has
// more bytes than it may.
var (
	errPage = errors.New("the page is larger than what was asked for")
	errLong = errors.New("the page has too many bytes")
)

// page is one page of a listing, each of its members as it came.
type page struct {
	most    int
	members []json.RawMessage
	next    string
}

func (p *page) from(method, path string, resp *http.Response) error {
	in := &bounded{from: resp.Body, left: maxPage}
	if p.most == 1 {
		in.left = maxMember
	}

	err := p.read(in)
	if err == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10)) // the connection is used again
		return nil
	}

	// Did it break off, or is it something else?
	if in.failed != nil {
		return noAnswer(method, path, in.failed)
	}

	return &Error{
		Method:  method,
		Path:    path,
		Code:    resp.StatusCode,
		Message: "the answer is not what Frame.io sends",
		Err:     err,
	}
}

// bounded reads so many bytes and no more. It remembers what failed below it, which a
// decoder does not tell from what is wrong with the bytes.
type bounded struct {
	from   io.Reader
	left   int
	failed error
}

// Read is io.Reader's.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errLong
	}

	n, err := b.from.Read(p[:min(len(p), b.left)])
	b.left -= n
	if err != nil && err != io.EOF {
		b.failed = err
	}

	return n, err
}

// read takes the members one by one, and no more than were asked for: what an answer takes
// of memory is bounded by its bytes, whatever it is made of.
func (p *page) read(body io.Reader) error {
	*p = page{most: p.most}
	d := json.NewDecoder(body)
	if t, err := d.Token(); t != json.Delim('{') {
		return cmp.Or(err, errors.New("the page is no object"))
	}

	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}

		switch name {
		case "data":
			err = p.list(d)
		case "links":
			var links struct {
				Next string `json:"next"`
			}
			err = d.Decode(&links)
			p.next = links.Next
		default:
			err = d.Decode(new(json.RawMessage))
		}

		if err != nil {
			return err
		}
	}

	_, err := d.Token()
	return err
}

func (p *page) list(d *json.Decoder) error {
	if t, err := d.Token(); t != json.Delim('[') {
		if t == nil {
			return err // null is an empty list
		}
		return errors.New("the members are no list")
	}

	for d.More() {
		if len(p.members) == p.most {
			return errPage
		}
		var m json.RawMessage
		if err := d.Decode(&m); err != nil {
			return err
		}
		p.members = append(p.members, m)
	}

	_, err := d.Token()
	return err
}

// list follows the pages of a listing and gives its members as they came. Only the cursor
// is taken from the next link, since it does not carry the other parameters along. From a
// page with too many bytes on it asks for smaller ones, so that what is in memory at once
// does not depend on how long the members are.
func list(ctx context.Context, c *Client, path string, query url.Values, size int) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		q := url.Values{"page_size": {strconv.Itoa(size)}}
		for k, v := range query {
			q[k] = v
		}

		for range maxPages {
			p := page{most: size}
			err := c.do(ctx, http.MethodGet, path, q, nil, &p)
			// Ask for the same place again, with fewer at a time.
			if errors.Is(err, errLong) && size > 1 {
				size = (size + 3) / 4
				q.Set("page_size", strconv.Itoa(size))
				continue
			}

			if err != nil {
				yield(nil, err)
				return
			}

			for _, m := range p.members {
				if !yield(m, nil) {
					return
				}
			}

			// A listing that stands still would never end.
			after := cursor(p.next)
			if after == "" {
				return
			}

			if after == q.Get("after") {
				yield(nil, &Error{
					Method:  http.MethodGet,
					Path:    path,
					Code:    http.StatusOK,
					Message: "the listing does not move on",
				})
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

// convert maps a listing. What to does not take is left out.
func convert[T any](in iter.Seq2[json.RawMessage, error], to func(json.RawMessage) (T, bool)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for raw, err := range in {
			var v T
			if err == nil {
				var ok bool
				if v, ok = to(raw); !ok {
					continue
				}
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// every maps a listing in which something is looked for before it is made. After all that
// can be read it fails if there was something that cannot: it may be what is looked for.
func every[T any](in iter.Seq2[json.RawMessage, error], to func(json.RawMessage) (T, bool)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		unread := 0
		for v, err := range convert(in, func(raw json.RawMessage) (v T, ok bool) {
			if v, ok = to(raw); !ok {
				unread++
			}
			return v, ok
		}) {
			if !yield(v, err) {
				return
			}
		}

		if unread > 0 {
			var none T
			yield(none, &Error{
				Method:  http.MethodGet,
				Code:    http.StatusOK,
				Message: fmt.Sprintf("%d of the list cannot be read", unread),
			})
		}
	}
}

// fields reads what it can of a member: a field of another kind than it should be stays
// empty. It reports whether the member is an object.
func fields(raw json.RawMessage, into any) bool {
	err := json.Unmarshal(raw, into)
	var odd *json.UnmarshalTypeError
	return string(raw) != "null" && (err == nil || errors.As(err, &odd) && odd.Field != "")
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

	// Nothing is not a thing.
	if string(raw) == "null" {
		raw = nil
	}

	if err := json.Unmarshal(raw, &out); err != nil {
		return out, &Error{
			Method:  method,
			Path:    path,
			Code:    http.StatusOK,
			Message: "the answer is not what Frame.io sends",
			Err:     err,
		}
	}

	return out, nil
}
