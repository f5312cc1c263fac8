package nuxeosim

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// blobAt finds a blob by xpath, such as file:content, files:files/0/file or
// blobholder:0.
func (s *Server) blobAt(n *node, xpath string) *blob {
	if rest, is := strings.CutPrefix(xpath, "blobholder:"); is {
		return s.heldBlob(n, rest)
	}

	steps := strings.Split(xpath, "/")
	v := n.props[steps[0]]
	for _, step := range steps[1:] {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(step, "item["), "]"))
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}

	b, _ := v.(*blob)
	return b
}

func (s *Server) heldBlob(n *node, index string) *blob {
	if index == "0" || index == "" {
		b, _ := n.props["file:content"].(*blob)
		return b
	}

	i, err := strconv.Atoi(index)
	if err != nil {
		return nil
	}

	return s.blobAt(n, fmt.Sprintf("files:files/%d/file", i-1))
}

// blobAdapter serves GET and DELETE on @blob/{xpath}.
func (c *call) blobAdapter(ref, xpath string) (*answer, error) {
	if xpath == "" {
		xpath = "blobholder:0"
	}

	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		c.w = always200{c.w}
		return c.download(ref, xpath)
	case http.MethodDelete:
		return c.clearBlob(ref, xpath)
	}

	return nil, methodNotAllowed()
}

// always200 is the writer of the REST layer, which writes its own status over the 206 of
// a range.
type always200 struct{ http.ResponseWriter }

// WriteHeader writes 200 for a part of a file.
func (w always200) WriteHeader(status int) {
	if status == http.StatusPartialContent {
		status = http.StatusOK
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush.
func (w always200) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// clearBlob empties a blob that is a property of its own.
func (c *call) clearBlob(ref, xpath string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	n, err := c.document(ref)
	if err != nil {
		return nil, err
	}

	if err := c.demand(n, "WriteProperties"); err != nil {
		return nil, err
	}

	if xpath == "blobholder:0" {
		xpath = "file:content"
	}

	if _, is := n.props[xpath].(*blob); !is {
		return nil, notFound("no blob at %s", xpath)
	}

	return nil, c.s.updateDocument(c.user, n, change{props: map[string]any{xpath: nil}})
}

// nxfile serves /nxfile/{repository}/{uid}/{xpath…}/{file name}.
func nxfile(c *call, seg []string) (*answer, error) {
	xpath := strings.Join(seg[2:], "/")
	c.s.mu.RLock()
	n := c.s.repo.byID[seg[1]]
	known := n != nil && c.s.blobAt(n, xpath) != nil
	c.s.mu.RUnlock()
	if i := strings.LastIndex(xpath, "/"); !known && i >= 0 {
		xpath = xpath[:i] // the last segment is the file's name
	}

	return c.download(seg[1], xpath)
}

// askBrowser leads whoever asks for a file to where people sign in, as the chain of pages
// does: without credentials 401 with a page, with those it refuses a redirect. A session
// that holds passes.
func (c *call) askBrowser() *answer {
	if _, err := c.r.Cookie("JSESSIONID"); err == nil && c.user != nil {
		return nil
	}

	if c.r.Header.Get("Authorization") == "" && c.r.Header.Get("X-Authentication-Token") == "" {
		return &answer{
			status: http.StatusUnauthorized,
			text:   "<html><head><title>401</title></head></html>",
			html:   true,
		}
	}

	if !c.s.opt.FilesForBrowsers && !c.s.opt.Untrue.TokensLikePasswords {
		if c.r.Header.Get("X-Authentication-Token") != "" {
			return &answer{
				status: http.StatusInternalServerError,
				text:   "<html><head><title>An error occurred.</title></head></html>",
				html:   true,
			}
		}
		if _, _, basic := c.r.BasicAuth(); !basic {
			return &answer{
				status: http.StatusUnauthorized,
				text:   "<html><head><title>401</title></head></html>",
				html:   true,
			}
		}
	}

	return c.redirect(c.s.url + "/login.jsp?loginFailed=true&requestedUrl=" +
		url.QueryEscape(strings.TrimPrefix(c.r.URL.Path, contextPath+"/")))
}

// download sends a blob, or an address to get it from.
func (c *call) download(ref, xpath string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	n, err := c.document(ref)
	if err != nil {
		return nil, err
	}

	b := c.s.blobAt(n, xpath)
	if _, f := c.s.repo.types.lookup(strings.SplitN(xpath, "/", 2)[0]); b == nil && f == nil &&
		!strings.HasPrefix(xpath, "blobholder:") {
		return nil, c.s.refused(404, 500, "no property %s", xpath)
	}

	if b == nil {
		return nil, notFound("no blob at %s", xpath)
	}

	c.s.event(c.user, "download", n, b.name)
	if c.s.opt.DirectDownload {
		return c.redirect(c.s.directURL(blobPlace{n, xpath})), nil
	}

	return b.sent(), nil
}

// sent streams a blob with ranges and conditions.
func (b *blob) sent() *answer {
	return &answer{stream: func(c *call) error {
		r, err := b.open()
		if err != nil {
			return err
		}
		defer r.Close()
		h := c.w.Header()
		h.Set("Content-Type", b.mime)
		h.Set("Content-Disposition", disposition(b.name))
		if b.digest != "" {
			h.Set("ETag", `"`+b.digest+`"`)
		}

		if !satisfiable(c.r.Header.Get("Range"), b.length) { // then all of it is sent
			c.r.Header.Del("Range")
		}

		http.ServeContent(c.w, c.r, "", time.Time{}, r)
		return nil
	}}
}

// satisfiable reports whether a range begins within the file.
func satisfiable(header string, length int64) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	from, err := strconv.ParseInt(first, 10, 64)
	return err != nil || from < length
}

const directFor = time.Hour

// directURL is an address that works for a while without credentials, as a
// presigned one does.
func (s *Server) directURL(at blobPlace) string {
	until := s.opt.Now().Add(directFor).Unix()
	key := fmt.Sprintf("%d~%s~%s", until, at.n.id, strings.ReplaceAll(at.xpath, "/", "~"))
	return s.url + "/_direct/" + key + "?signature=" + csrfToken(key)
}

// directDownload stands for the object store. Wrong or late signatures are 403.
func directDownload(c *call, seg []string) (*answer, error) {
	parts := strings.SplitN(seg[1], "~", 3)
	until, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || len(parts) != 3 || c.r.URL.Query().Get("signature") != csrfToken(seg[1]) ||
		c.s.opt.Now().Unix() > until {
		return nil, forbidden("The request signature is not valid or has expired")
	}

	if c.r.Method != http.MethodGet {
		return nil, forbidden("The signature is for GET only")
	}

	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	n := c.s.repo.byID[parts[1]]
	if n == nil {
		return nil, notFound("no such object")
	}

	b := c.s.blobAt(n, strings.ReplaceAll(parts[2], "~", "/"))
	if b == nil {
		return nil, notFound("no such object")
	}

	return b.sent(), nil
}
