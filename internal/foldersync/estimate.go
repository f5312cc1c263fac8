package foldersync

import (
	"context"
	"time"
)

// A Preview is what a sync would import. Seconds is how long that takes at least under the limits
// of Frame.io, without the content.
type Preview struct {
	Folders, Assets int
	Bytes           int64
	Complete        bool
	Seconds         int64
	Estimate        Estimate
}

// maxPreview is how long a preview counts at most.
const maxPreview = 8 * time.Second

// Preview counts what a request would import, for at most limit; 0 stands for a sensible default.
func (s *Service) Preview(ctx context.Context, login string, q Request, limit time.Duration) (Preview, error) {
	if err := q.validate(); err != nil {
		return Preview{}, err
	}

	// Check the request.
	sync := Sync{Filter: q.Filter}
	if err := s.resolveSource(ctx, login, q, &sync); err != nil {
		return Preview{}, err
	}

	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return Preview{}, err
	}

	if limit <= 0 || limit > maxPreview {
		limit = maxPreview
	}

	// Count until the time is over.
	in, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var p Preview
	r := &run{Service: s, sync: sync, fio: fio}
	p.Folders, err = r.walk(in, func(a seenRow) error {
		if hasAny(r.sync.decide(a.listedSituation()), Create) {
			p.Assets, p.Bytes = p.Assets+1, p.Bytes+a.Size
		}
		return nil
	})
	p.Estimate = p.estimate(q)
	p.Seconds = max(p.Estimate.Listing, p.Estimate.Documents)
	if in.Err() != nil && ctx.Err() == nil {
		return p, nil // out of time: the counts so far
	}

	p.Complete = err == nil
	return p, err
}

// walk visits every asset of the tree, and counts the folders. Nothing is recorded.
func (r *run) walk(ctx context.Context, visit func(seenRow) error) (folders int, err error) {
	open := []seenRow{{Key: r.sync.Root}}
	for len(open) > 0 {
		// Take the next folder, and queue those in it.
		f := open[0]
		open = open[1:]
		for sub, err := range r.subfolders(ctx, f) {
			if err != nil {
				return folders, ignoreNotFound(err)
			}
			if sub.Kind == kindFolder {
				open, folders = append(open, sub), folders+1
			}
		}

		// Visit its assets.
		for _, part := range []func(context.Context, seenRow) rowSeq{r.files, r.stacks} {
			for a, err := range part(ctx, f) {
				if err != nil {
					return folders, ignoreNotFound(err)
				}
				if err := visit(a); err != nil {
					return folders, err
				}
			}
		}
	}

	return folders, nil
}

// listedSituation returns what is known of a listed asset of which the sync has nothing.
func (s seenRow) listedSituation() situation {
	return situation{
		kind: s.Kind, listed: true, notReady: s.notReady, name: s.Name, parent: s.Parent, fingerprint: s.fingerprint,
	}
}

// An Estimate is about how many seconds each phase of a first run takes at least: what the limits
// of Frame.io, or Nuxeo for documents without content, allow. Content takes its own time.
type Estimate struct {
	Listing, Documents int64
	Comments           int64 // after everything else
}

// Rates. The first three are limits of Frame.io. Documents without content need no call to
// Frame.io each; their rate was measured.
const (
	foldersPerSecond  = 5
	filesPerSecond    = 10
	commentsPerMinute = 100
	createsPerSecond  = 240
)

func (p Preview) estimate(q Request) Estimate {
	assets := int64(p.Assets)
	out := Estimate{Listing: ceilDiv(int64(p.Folders)+1, foldersPerSecond), Documents: ceilDiv(assets, filesPerSecond)}
	if q.Fetch == Metadata {
		out.Documents = ceilDiv(assets, createsPerSecond)
	}

	if q.Comments {
		out.Comments = ceilDiv(assets*60, commentsPerMinute)
	}

	return out
}

// ceilDiv divides and rounds up.
func ceilDiv(n, by int64) int64 { return (n + by - 1) / by }
