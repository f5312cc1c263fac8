package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/transfer"
)

// An original reads a file of Frame.io by ranges, through signed links that it requests when it
// needs them and again when they have expired.
type original struct {
	files         *http.Client
	frameio       *v4.Client
	account, file string
	size          int64
	proxy         bool // in place of the original

	// requesting lets one reader request a link while the others wait for it.
	requesting chan struct{}
	mu         sync.Mutex // held for a moment only: checkpoints read the tag
	link       string
	etag       string
}

func (o *original) tag() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.etag
}

// Open requests a range. An expired link is replaced once.
func (o *original) Open(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	link, err := o.address(ctx, "")
	if err != nil {
		return nil, err
	}

	resp, err := o.get(ctx, link, off, n)
	if err == nil && expired(resp.StatusCode) {
		drain(resp)
		if link, err = o.address(ctx, link); err == nil {
			resp, err = o.get(ctx, link, off, n)
		}
	}

	if err != nil {
		return nil, err
	}

	return o.checkResponse(resp, off, n)
}

// expired reports whether a status is one with which signed hosts answer expired links.
func expired(status int) bool {
	return status == http.StatusForbidden || status == http.StatusGone || status == http.StatusUnauthorized
}

func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // lets the connection be used again
	_ = resp.Body.Close()
}

// address returns the link to use, other than except, which did not work.
func (o *original) address(ctx context.Context, except string) (string, error) {
	// One reader at a time.
	select {
	case o.requesting <- struct{}{}:
		defer func() { <-o.requesting }()
	case <-ctx.Done():
		return "", ctx.Err()
	}

	// Another reader may have got one.
	if link := o.currentLink(); link != "" && link != except && !endsSoon(link) {
		return link, nil
	}

	if o.proxy {
		return o.proxyAddress(ctx)
	}

	// Request one.
	f, err := o.frameio.Original(ctx, o.account, o.file)
	switch {
	case v4.NotFound(err):
		return "", fault.New(fault.Gone, "The asset was deleted on Frame.io meanwhile.").
			With("Restore it on Frame.io and retry.").Because(err)
	case v4.StatusOf(err) == http.StatusForbidden, err == nil && f.Link == "":
		return "", fault.New(fault.Forbidden, "You may not download the original of this asset on Frame.io.").
			With("Ask for download permission in the project, then retry.").Because(err)
	case err != nil:
		return "", err
	case f.Size != o.size:
		return "", fmt.Errorf("%d bytes instead of %d: %w", f.Size, o.size, transfer.ErrChanged)
	}

	return o.setLink(f.Link), nil
}

func (o *original) setLink(link string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.link = link
	return link
}

func (o *original) currentLink() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.link
}

// endsSoon reports whether a signed link expires soon, if it says when.
func endsSoon(link string) bool {
	u, err := url.Parse(link)
	if err != nil {
		return false
	}

	var seconds int64
	if _, err := fmt.Sscan(u.Query().Get("Expires"), &seconds); err != nil {
		return false
	}

	return time.Unix(seconds, 0).Before(time.Now().Add(10 * time.Second))
}

func (o *original) get(ctx context.Context, link string, off, n int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, fault.New(fault.Refused, "Frame.io gave an address that is none.")
	}

	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+n-1))
	if tag := o.tag(); tag != "" {
		req.Header.Set("If-Range", tag)
	}

	resp, err := o.files.Do(req)
	var refused *fault.Error
	if errors.As(err, &refused) && refused.Code == fault.Refused { // by the connector itself, which says why
		return nil, refused
	}

	if err != nil { // the address is a secret: it does not go into the error
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, fault.New(fault.Unavailable, "The file server of Frame.io cannot be reached.").Because(err)
	}

	return resp, nil
}

// checkResponse accepts exactly the range that was requested, of the file that was begun with. An
// error page is never taken for content.
func (o *original) checkResponse(resp *http.Response, off, n int64) (io.ReadCloser, error) {
	complete := resp.StatusCode == http.StatusOK && off == 0 && n == o.size && resp.ContentLength == n
	if resp.StatusCode == http.StatusPartialContent {
		want := fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, o.size)
		if got := resp.Header.Get("Content-Range"); got != want {
			drain(resp)
			return nil, fmt.Errorf("range %q instead of %q: %w", got, want, transfer.ErrChanged)
		}
	} else if !complete {
		return nil, o.explainStatus(resp)
	}

	if err := o.checkETag(resp.Header.Get("ETag")); err != nil {
		drain(resp)
		return nil, err
	}

	return resp.Body, nil
}

func (o *original) explainStatus(resp *http.Response) error {
	drain(resp)
	switch {
	case resp.StatusCode == http.StatusOK, resp.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("the file server answered %d to a range: %w", resp.StatusCode, transfer.ErrChanged)
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode >= 500:
		return fault.New(fault.Unavailable, "The file server of Frame.io fails at the moment (%d).", resp.StatusCode)
	case resp.StatusCode == http.StatusNotFound:
		return fault.New(fault.Gone, "The original is not on Frame.io's file server.").
			With("Upload it to Frame.io again, then retry.")
	}

	return fault.New(fault.Forbidden, "The file server of Frame.io refuses the original (%d).", resp.StatusCode).
		With("Ask for download permission in the project, then retry.")
}

// checkETag records the first entity tag and requires the same from then on.
func (o *original) checkETag(tag string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if tag == "" || strings.HasPrefix(tag, "W/") {
		return nil
	}

	if o.etag == "" {
		o.etag = tag
	}

	if o.etag != tag {
		return fmt.Errorf("another entity tag: %w", transfer.ErrChanged)
	}

	return nil
}
