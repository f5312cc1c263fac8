package intake

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/transfer"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// digestAlgorithm is Nuxeo's default; another one there makes us compare sizes
// and part sums only.
const digestAlgorithm = "MD5"

const (
	minPart = 16 << 20
	maxPart = 256 << 20
)

// PlanFor divides a file for Nuxeo: a thousandth of it, between 16 and 256 MiB.
func PlanFor(size int64) transfer.Plan {
	part := min(max(size/1000, minPart), maxPart)
	return transfer.Plan{Size: size, PartSize: part}
}

// saved is what the transfer row keeps between slices.
type saved struct {
	Batch string         `json:"batch"`
	ETag  string         `json:"etag"`
	State transfer.State `json:"state"`
}

// transfer moves the original into an upload batch and goes on where an earlier
// slice or process stopped. A batch is named in the item before a byte goes in.
func (s *Service) transfer(ctx context.Context, r *Run) (work.Next, error) {
	kept, err := s.prepare(ctx, r)
	if err != nil {
		return work.Next{}, err
	}
	plan := PlanFor(r.Job.File.Size)
	src := &original{
		files: s.Files, frameio: r.Frameio, account: r.Job.Asset.Account, file: r.Job.File.ID, size: r.Job.File.Size, etag: kept.ETag,
		asking: make(chan struct{}, 1),
	}
	dst := &batch{nuxeo: r.Nuxeo.Over(s.Uploads), id: r.Job.Batch, file: r.Job.File}
	state, digest, err := transfer.Run(ctx, plan, kept.State, src, dst, s.options(r, src, kept))
	_ = state // the last checkpoint has stored it
	switch {
	case errors.Is(err, transfer.ErrSlice):
		return work.Next{Step: StepTransfer, After: time.Millisecond}, nil
	case errors.Is(err, transfer.ErrChanged):
		return s.restart(ctx, r, StepResolve, "The file changed on Frame.io while it was read.")
	case isNotFound(err, dst):
		return s.restart(ctx, r, StepTransfer, "Nuxeo's upload batch was gone.")
	case err != nil:
		return work.Next{}, err
	}
	r.Job.Digest = string(digest)
	return work.Next{Step: StepAttach}, r.Save(ctx)
}

// isNotFound says whether Nuxeo lost the batch, as against Frame.io the file.
func isNotFound(err error, dst *batch) bool {
	return err != nil && dst.gone()
}

// prepare reads where the transfer stands and asks Nuxeo what of it is there.
func (s *Service) prepare(ctx context.Context, r *Run) (saved, error) {
	t, err := r.Task.Transfer(ctx)
	if err != nil {
		return saved{}, err
	}
	var kept saved
	if t.State != "" {
		if err := json.Unmarshal([]byte(t.State), &kept); err != nil {
			return saved{}, fmt.Errorf("the kept transfer: %w", err)
		}
	}
	if r.Job.Batch == "" || kept.Batch != r.Job.Batch {
		kept = saved{}
	}
	if r.Job.Batch != "" {
		return s.confirm(ctx, r, kept)
	}
	if r.Job.Batch, err = r.Nuxeo.NewBatch(ctx); err != nil {
		return saved{}, err
	}
	return saved{Batch: r.Job.Batch}, r.Save(ctx)
}

// confirm keeps only what the server says it has.
func (s *Service) confirm(ctx context.Context, r *Run, kept saved) (saved, error) {
	there, err := r.Nuxeo.Uploaded(ctx, r.Job.Batch)
	switch {
	case nuxeo.NotFound(err):
		// Nothing arrived, or the batch is gone: a new one costs nothing then.
		if len(kept.State.Sums) > 0 {
			if err := r.Task.Note(ctx, "begun again", "Nuxeo's upload batch had expired."); err != nil {
				return saved{}, err
			}
		}
		if err := s.dropBatch(ctx, r); err != nil {
			return saved{}, err
		}
		return s.prepare(ctx, r)
	case err != nil:
		return saved{}, err
	}
	kept.Batch = r.Job.Batch
	kept.State.Keep(func(i int) bool { return there.Complete || slices.Contains(there.Chunks, i) }, PlanFor(r.Job.File.Size))
	return kept, nil
}

func (s *Service) options(r *Run, src *original, kept saved) transfer.Options {
	o := transfer.Options{
		Streams: s.Set.Streams, Idle: s.Set.Idle, Tries: 4, Until: r.Task.SliceEnds(),
		Permanent: fault.Permanent,
		Pause:     transfer.Backoff,
		Checkpoint: func(ctx context.Context, st transfer.State, p transfer.Progress) error {
			kept.State, kept.ETag = st, src.tag()
			b, err := json.Marshal(kept)
			if err != nil {
				return err
			}
			return r.Task.Progress(ctx, work.Transfer{Name: r.Job.File.Name, Size: r.Job.File.Size, Done: p.Done, Sent: p.Sent, Rate: p.Rate, State: string(b)})
		},
	}
	if s.Set.Verify == "digest" {
		o.Hash = func() hash.Hash { return md5.New() }
	}
	return o
}

// original reads a file of Frame.io by ranges, through signed links that it
// asks for when it needs them and again when they have expired.
type original struct {
	files         *http.Client
	frameio       *v4.Client
	account, file string
	size          int64

	// asking lets one reader ask for a link and the others wait for it.
	asking chan struct{}
	mu     sync.Mutex // held for a moment only: checkpoints read the tag
	link   string
	etag   string
}

func (o *original) tag() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.etag
}

// Open asks for a range; an expired link is replaced once.
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
	return o.body(resp, off, n)
}

// expired are the answers of signed hosts to links that have ended.
func expired(status int) bool {
	return status == http.StatusForbidden || status == http.StatusGone || status == http.StatusUnauthorized
}

func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // lets the connection be used again
	_ = resp.Body.Close()
}

// address is the link to use, other than the one that did not work.
func (o *original) address(ctx context.Context, not string) (string, error) {
	select {
	case o.asking <- struct{}{}:
		defer func() { <-o.asking }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if link := o.known(); link != "" && link != not && !endsSoon(link) {
		return link, nil
	}
	f, err := o.frameio.Original(ctx, o.account, o.file)
	switch {
	case v4.NotFound(err):
		return "", fault.New(fault.Gone, "The asset was deleted on Frame.io meanwhile.").With("Restore it on Frame.io and retry.").Because(err)
	case v4.StatusOf(err) == http.StatusForbidden, err == nil && f.Link == "":
		return "", fault.New(fault.Forbidden, "You may not download the original of this asset on Frame.io.").
			With("Ask for download permission in the project, then retry.").Because(err)
	case err != nil:
		return "", err
	case f.Size != o.size:
		return "", fmt.Errorf("%d bytes instead of %d: %w", f.Size, o.size, transfer.ErrChanged)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.link = f.Link
	return o.link, nil
}

func (o *original) known() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.link
}

// endsSoon reads the end of a signed link, where it tells one.
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
	if errors.As(err, &refused) && refused.Code == fault.Refused { // by our own network, which says why
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

// body accepts exactly the range that was asked for, of the file that was
// begun with. An error page is never taken for content.
func (o *original) body(resp *http.Response, off, n int64) (io.ReadCloser, error) {
	whole := resp.StatusCode == http.StatusOK && off == 0 && n == o.size && resp.ContentLength == n
	if resp.StatusCode == http.StatusPartialContent {
		want := fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, o.size)
		if got := resp.Header.Get("Content-Range"); got != want {
			drain(resp)
			return nil, fmt.Errorf("range %q instead of %q: %w", got, want, transfer.ErrChanged)
		}
	} else if !whole {
		return nil, o.refused(resp)
	}
	if err := o.sameFile(resp.Header.Get("ETag")); err != nil {
		drain(resp)
		return nil, err
	}
	return resp.Body, nil
}

func (o *original) refused(resp *http.Response) error {
	drain(resp)
	switch {
	case resp.StatusCode == http.StatusOK, resp.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("the file server answered %d to a range: %w", resp.StatusCode, transfer.ErrChanged)
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode >= 500:
		return fault.New(fault.Unavailable, "The file server of Frame.io fails at the moment (%d).", resp.StatusCode)
	case resp.StatusCode == http.StatusNotFound:
		return fault.New(fault.Gone, "The original is not on Frame.io's file server.").With("Upload it to Frame.io again, then retry.")
	}
	return fault.New(fault.Forbidden, "The file server of Frame.io refuses the original (%d).", resp.StatusCode).
		With("Ask for download permission in the project, then retry.")
}

// sameFile remembers the first tag and insists on it.
func (o *original) sameFile(tag string) error {
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

// batch puts parts into a Nuxeo upload batch.
type batch struct {
	nuxeo *nuxeo.Client
	id    string
	file  *File
	mu    sync.Mutex
	lost  bool
}

// Put sends one part as a chunk.
func (b *batch) Put(ctx context.Context, p transfer.Part, body io.Reader) error {
	err := b.nuxeo.Upload(ctx, b.id, nuxeo.Chunk{
		Name: SafeName(b.file.Name), MimeType: b.file.MediaType, Size: b.file.Size,
		Index: p.Index, Count: p.Count, Length: p.Length,
	}, body)
	if nuxeo.NotFound(err) || nuxeo.StatusOf(err) == http.StatusGone {
		b.mu.Lock()
		b.lost = true
		b.mu.Unlock()
	}
	return err
}

func (b *batch) gone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}
