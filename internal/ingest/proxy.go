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

// proxyOf is the address of the proxy that is brought: small enough to be looked at,
// not what a thumbnail moves in.
func proxyOf(f frameio.File) string {
	if f.Proxies.Efficient != "" {
		return f.Proxies.Efficient
	}
	return f.Proxies.HighQuality
}

// proxied finds the proxy of the file, when that is to be brought. A file of which
// Frame.io makes none keeps its original.
func (s *Service) proxied(ctx context.Context, r *Run, f frameio.File) error {
	if r.Job.Mirror == nil || !r.Job.Mirror.Proxy {
		return nil
	}

	shown, err := r.Frameio.Proxies(ctx, r.Job.Asset.Account, f.ID)
	if err != nil {
		return err
	}

	address := proxyOf(shown)
	switch {
	case address != "":
		r.Job.File.Proxy, err = s.measure(ctx, address)
		return err
	case f.Status != "transcoded":
		return s.noProxy(r)
	}

	return nil
}

const (
	proxyWait = 30 * time.Second
	// proxyPatience is how long a run waits for a proxy: one file must not hold the
	// others up, and the next run looks again.
	proxyPatience = 10 * time.Minute
)

func (s *Service) noProxy(r *Run) error {
	if !r.Task.WaitingSince.IsZero() && r.Task.Now().Sub(r.Task.WaitingSince) >= proxyPatience {
		return fault.New(fault.Gone, "Frame.io has not made a proxy of it yet.").With("The next refresh looks again.")
	}
	wait := fault.New(fault.NotReady, "Waiting until Frame.io has made the proxy.")
	wait.RetryAfter = proxyWait
	return wait
}

// measure asks for the first byte, and learns how many there are: no list tells.
func (s *Service) measure(ctx context.Context, address string) (*Proxy, error) {
	o := &original{files: s.Glances, size: 1}
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

// proxyName is what the content is called: as the original, with the extension of
// what it is now.
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
	case proxyOf(f) == "":
		return "", fault.New(fault.Forbidden, "You may not look at this asset on Frame.io any more.").
			With("Ask for access to the project, then retry.")
	}

	return o.learn(proxyOf(f)), nil
}

// PictureOf is the signed address of a file's poster, if that was asked for.
func PictureOf(f frameio.File) string { return f.Proxies.Thumbnail }

// maxPoster bounds what is taken for a picture, in bytes.
const maxPoster = 4 << 20

// read takes a picture from its signed address; nothing when there is none any more.
func (s *Service) read(ctx context.Context, address string) (picture []byte, mediaType string, err error) {
	resp, err := (&original{files: s.Glances}).get(ctx, address, 0, maxPoster)
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
