package nuxeo

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// BlobPath is where a blob of a document is, below the server's context path. The xpath
// may hold slashes, as vid:transcodedVideos/0/content does. The last segment stands for
// the file's name, which is free (DownloadBlobInfo.java).
func BlobPath(uid, xpath string) string {
	return "nxfile/default/" + url.PathEscape(uid) + "/" + (&url.URL{Path: xpath}).EscapedPath() + "/file"
}

// adapterPath is the same blob in the REST interface, which answers a range with status
// 200.
func adapterPath(uid, xpath string) string {
	return idPath(uid) + "/@blob/" + (&url.URL{Path: xpath}).EscapedPath()
}

// OpenBlob begins to read a blob (GET /nxfile/default/{uid}/{xpath}/file). The header
// may ask for a range, or for what has changed. An answer with a part of the file has
// status 206 and Content-Range. The server may send on to where it keeps its files; the
// credential does not go there. The caller closes the answer's body.
//
// What leads to a sign-in page is never the file. Customers replace the ways to sign in
// at that address: where it refuses what the REST interface takes, the blob is read from
// there (GET …/@blob/{xpath}), then and from then on. Where both do it fails with 401, also
// for a login token that does not hold, to which that address answers 500.
func (c *Client) OpenBlob(ctx context.Context, uid, xpath string, header http.Header) (*http.Response, error) {
	refused := 0
	if !c.viaREST.Load() {
		resp, err := c.openFile(ctx, BlobPath(uid, xpath), header)
		if refused = StatusOf(err); refused != http.StatusUnauthorized && refused != http.StatusInternalServerError {
			return resp, err
		}
	}

	resp, err := c.openFile(ctx, adapterPath(uid, xpath), header)
	if err == nil && refused == http.StatusUnauthorized {
		c.viaREST.Store(true)
	}

	return resp, err
}

func (c *Client) openFile(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	q := call{method: http.MethodGet, path: path, header: header}
	resp, err := c.send(ctx, q)
	if err != nil {
		return nil, err
	}

	if c.isSignIn(resp, path) {
		_ = resp.Body.Close() // a page for people
		return nil, &Error{
			Method:  q.method,
			Path:    path,
			Code:    http.StatusUnauthorized,
			Message: "the answer is a sign-in page, not the file",
		}
	}

	// Some servers send a part with the status of the whole.
	if resp.StatusCode == http.StatusOK && resp.Header.Get("Content-Range") != "" {
		resp.StatusCode, resp.Status = http.StatusPartialContent, "206 Partial Content"
	}

	return resp, nil
}

// isSignIn reports whether an answer comes from where people sign in: from another host
// that nobody has signed the address for, from another page of the server that gives no
// file, or as a page without anything that the server says of a file.
func (c *Client) isSignIn(resp *http.Response, path string) bool {
	at := resp.Request.URL
	if at.Host != c.base.Host {
		return !signed(at)
	}

	h := resp.Header
	if h.Get("ETag") != "" || h.Get("Content-Range") != "" || resp.StatusCode == http.StatusNotModified {
		return false
	}

	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type")) // an odd one is no page
	return at.EscapedPath() != c.base.EscapedPath()+path && !signed(at) || kind == "text/html"
}

// signed reports whether an address carries a signature in its query, as those of object
// stores do.
func signed(u *url.URL) bool {
	for name := range u.Query() {
		if name = strings.ToLower(name); strings.Contains(name, "signature") || name == "sig" {
			return true
		}
	}
	return false
}

// ThumbnailPath is where the thumbnail of a document is, below the server's
// context path.
func ThumbnailPath(uid string) string { return idPath(uid) + "/@rendition/thumbnail" }
