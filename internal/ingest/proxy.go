package ingest

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// proxyLink returns the link of the proxy to import: small enough to be viewed, larger than a
// thumbnail.
func proxyLink(f frameio.File) string {
	if f.Proxies.Efficient != "" {
		return f.Proxies.Efficient
	}
	return f.Proxies.HighQuality
}

// resolveProxy finds the proxy of the file, if that is to be imported. A file for which Frame.io
// makes none keeps its original.
func (s *Service) resolveProxy(ctx context.Context, r *Run, f frameio.File) error {
	if r.Job.Mirror == nil || !r.Job.Mirror.Proxy {
		return nil
	}

	shown, err := r.Frameio.Proxies(ctx, r.Job.Asset.Account, f.ID)
	if err != nil {
		return err
	}

	address := proxyLink(shown)
	switch {
	case address != "":
		r.Job.File.Proxy, err = s.measure(ctx, address)
		return err
	case f.Status != "transcoded":
		return s.awaitProxy(r)
	}

	return nil
}

const (
	proxyRetry = 30 * time.Second
	// proxyTimeout is how long a run waits for a proxy: one file must not hold up the
	// others, and the next run tries again.
	proxyTimeout = 10 * time.Minute
)

// awaitProxy waits until Frame.io has made the proxy.
func (s *Service) awaitProxy(r *Run) error {
	if !r.Task.WaitingSince.IsZero() && r.Task.Now().Sub(r.Task.WaitingSince) >= proxyTimeout {
		return fault.New(fault.Gone, "Frame.io has not made a proxy of it yet.").With("The next refresh looks again.")
	}
	wait := fault.New(fault.NotReady, "Waiting until Frame.io has made the proxy.")
	wait.RetryAfter = proxyRetry
	return wait
}

// measure requests the first byte of a proxy to find out its size, which no list contains.
func (s *Service) measure(ctx context.Context, address string) (*Proxy, error) {
	o := &original{files: s.SmallFiles, size: 1}
	resp, err := o.get(ctx, address, 0, 1)
	if err != nil {
		return nil, err
	}

	drain(resp)
	p := &Proxy{Size: resp.ContentLength, MediaType: mediaTypeOf(resp)}
	if resp.StatusCode == http.StatusPartialContent {
		if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes 0-0/%d", &p.Size); err != nil {
			return nil, fault.New(fault.Unavailable,
				"The file server of Frame.io does not say how large the proxy is.").Because(err)
		}
	}

	if p.Size <= 0 || resp.StatusCode >= 300 {
		return nil, fault.New(fault.Unavailable, "The file server of Frame.io does not give the proxy (%d).",
			resp.StatusCode)
	}

	return p, nil
}

func mediaTypeOf(resp *http.Response) string {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return "application/octet-stream"
	}
	return kind
}

// proxyName returns the name of the content: that of the original with the extension of the proxy.
func proxyName(name, mediaType string) string {
	ext := map[string]string{
		"video/mp4":  ".mp4",
		"image/jpeg": ".jpg",
		"image/png":  ".png",
		"audio/mp4":  ".m4a",
		"audio/mpeg": ".mp3",
	}[mediaType]
	if ext == "" {
		return name
	}

	return strings.TrimSuffix(name, path.Ext(name)) + ext
}

func (o *original) proxyAddress(ctx context.Context) (string, error) {
	f, err := o.frameio.Proxies(ctx, o.account, o.file)
	switch {
	case v4.NotFound(err):
		return "", fault.New(fault.Gone, "The asset was deleted on Frame.io meanwhile.").
			With("Restore it on Frame.io and retry.").Because(err)
	case err != nil:
		return "", err
	case proxyLink(f) == "":
		return "", fault.New(fault.Forbidden, "You may not look at this asset on Frame.io any more.").
			With("Ask for access to the project, then retry.")
	}

	return o.setLink(proxyLink(f)), nil
}

// ThumbnailOf returns the signed URL of a file's thumbnail, if that was requested.
func ThumbnailOf(f frameio.File) string { return f.Proxies.Thumbnail }

// maxPoster is the largest size of a poster, in bytes.
const maxPoster = 4 << 20

// readPicture reads a picture from its signed URL. It returns nil if there is none any more.
func (s *Service) readPicture(ctx context.Context, address string) (picture []byte, mediaType string, err error) {
	resp, err := (&original{files: s.SmallFiles}).get(ctx, address, 0, maxPoster)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	mediaType = mediaTypeOf(resp)
	if resp.StatusCode >= 300 || !strings.HasPrefix(mediaType, "image/") {
		return nil, "", nil
	}

	picture, err = io.ReadAll(io.LimitReader(resp.Body, maxPoster+1))
	if len(picture) > maxPoster {
		return nil, "", nil
	}

	return picture, mediaType, err
}
