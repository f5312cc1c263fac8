package nuxeo

import (
	"context"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// NewBatch opens an upload batch (POST /api/v1/upload/). It lives for the
// server's transient-store time (3 days by default) after its last chunk.
func (c *Client) NewBatch(ctx context.Context) (string, error) {
	var out struct {
		BatchID string `json:"batchId"`
	}
	err := c.doJSON(ctx, http.MethodPost, "api/v1/upload/", map[string]any{}, nil, &out)
	return out.BatchID, err
}

// DropBatch removes a batch and what was uploaded into it.
func (c *Client) DropBatch(ctx context.Context, batch string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "api/v1/upload/" + url.PathEscape(batch)}, nil)
	return err
}

// UploadState is what the server holds of a file.
type UploadState struct {
	Name     string `json:"name"`
	Size     int64  `json:"size"` // what arrived of a file sent whole; of one in chunks what was announced
	Chunks   []int  `json:"uploadedChunkIds"`
	Count    int    `json:"chunkCount"`
	Complete bool   `json:"-"`
}

// Has reports whether a chunk is there, or the whole file.
func (s *UploadState) Has(index int) bool { return s.Complete || slices.Contains(s.Chunks, index) }

// Uploaded asks what arrived of file 0 of a batch
// (GET /api/v1/upload/{batch}/0). A batch that is gone, and a file of which
// nothing arrived, fail with 404.
func (c *Client) Uploaded(ctx context.Context, batch string) (*UploadState, error) {
	s := new(UploadState)
	status, err := c.do(ctx, call{method: http.MethodGet, path: filePath(batch)}, s)
	s.Complete = status == http.StatusOK
	return s, err
}

func filePath(batch string) string { return "api/v1/upload/" + url.PathEscape(batch) + "/0" }

// Chunk is a piece of a file on its way into a batch.
type Chunk struct {
	Name     string // of the file
	MimeType string
	Size     int64 // of the file
	Index    int   // from 0
	Count    int   // of chunks
	Length   int64 // of this chunk
}

// Upload sends one chunk of file 0 of a batch (POST /api/v1/upload/{batch}/0).
// A chunk that is there already is refused with 500 (BatchFileEntry.java, addChunk): after
// an answer that did not come, ask Uploaded. The server checks neither sizes nor sums.
func (c *Client) Upload(ctx context.Context, batch string, k Chunk, body io.Reader) error {
	h := http.Header{}
	// PathEscape keeps CR, LF and everything beyond ASCII out of the header.
	// The server reads it as a form, where a plus is a blank.
	h.Set("X-File-Name", strings.ReplaceAll(url.PathEscape(k.Name), "+", "%2B"))
	if _, _, err := mime.ParseMediaType(k.MimeType); err == nil { // it comes from outside
		h.Set("X-File-Type", k.MimeType)
	}

	h.Set("X-File-Size", strconv.FormatInt(k.Size, 10))
	if k.Count > 1 {
		h.Set("X-Upload-Type", "chunked")
		h.Set("X-Upload-Chunk-Index", strconv.Itoa(k.Index))
		h.Set("X-Upload-Chunk-Count", strconv.Itoa(k.Count))
	}

	q := call{
		method:  http.MethodPost,
		path:    filePath(batch),
		header:  h,
		body:    body,
		length:  k.Length,
		content: "application/octet-stream",
	}

	_, err := c.do(ctx, q, nil)
	return err
}

// Uploading is the value of a blob property that takes file 0 of a batch.
func Uploading(batch string) map[string]any {
	return map[string]any{"upload-batch": batch, "upload-fileId": "0"}
}
