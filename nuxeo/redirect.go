package nuxeo

import (
	"context"
	"net/http"
	"net/url"
)

// SentOn asks where Nuxeo sends on to for something below its context path, such
// as a blob in an object store, and goes nowhere (GET of one byte, as HEAD is not
// what an address is signed for). It is empty when Nuxeo sends it itself, or sends to an
// address without a signature, as that of a sign-in page. The
// address is a secret, and may be hostile if something else answers for Nuxeo.
func (c *Client) SentOn(ctx context.Context, path string) (string, error) {
	here := *c.http
	here.Transport = stays{here.Transport}
	resp, err := c.Over(&here).Open(ctx, path, http.Header{"Range": {"bytes=0-0"}})
	if err != nil {
		return "", err
	}

	_ = resp.Body.Close() // one byte at most is of no use
	to, err := url.Parse(resp.Header.Get(sentOn))
	if err != nil || !signed(to) {
		return "", nil
	}

	return resp.Request.URL.ResolveReference(to).String(), nil
}

// sentOn is where a transport that stays keeps the address that is not followed.
const sentOn = "X-Sent-On"

// stays is a transport whose redirects the library does not see: it would follow
// them, or quote the address in an error when it cannot be read.
type stays struct{ next http.RoundTripper }

// RoundTrip is http.RoundTripper's.
func (s stays) RoundTrip(r *http.Request) (*http.Response, error) {
	next := s.next
	if next == nil {
		next = http.DefaultTransport
	}

	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}

	// Hide the address from the client, which would follow it.
	resp.Header.Del(sentOn) // an answer has none of its own
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		resp.Header.Set(sentOn, resp.Header.Get("Location"))
		resp.Header.Del("Location")
	}

	return resp, nil
}
