package foldersync

import (
	"context"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
)

// Preview is what a sync would bring. Seconds is about how long Frame.io's limits
// let it take at least, without the bytes.
type Preview struct {
	Folders, Assets int
	Bytes           int64
	Complete        bool
	Seconds         int64
	Lanes           Lanes
}

// previewFor is how long a preview counts at most.
const previewFor = 8 * time.Second

// Preview counts what a request would bring, for some seconds; within is how long at
// most, 0 for as long as makes sense.
func (s *Service) Preview(ctx context.Context, login string, q Request, within time.Duration) (Preview, error) {
	if err := q.check(); err != nil {
		return Preview{}, err
	}

	sync := Sync{Filter: q.Filter}
	if err := s.source(ctx, login, q, &sync); err != nil {
		return Preview{}, err
	}

	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return Preview{}, err
	}

	if within <= 0 || within > previewFor {
		within = previewFor
	}

	in, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	r := &run{Service: s, sync: sync, fio: fio}
	p, err := r.preview(in)
	p.Lanes = p.lanes(q)
	p.Seconds = max(p.Lanes.Listing, p.Lanes.Documents)
	if in.Err() != nil && ctx.Err() == nil {
		return p, nil // that is all there was time for
	}

	p.Complete = err == nil
	return p, err
}

func (r *run) preview(ctx context.Context) (p Preview, err error) {
	open := []seen{{Key: r.sync.Root}}
	for len(open) > 0 {
		f := open[0]
		open = open[1:]
		for sub, err := range r.subfolders(ctx, f) {
			if err != nil {
				return p, gone(err)
			}
			if sub.Kind == kindFolder {
				open, p.Folders = append(open, sub), p.Folders+1
			}
		}

		for _, part := range []func(context.Context, seen) assetsOf{r.files, r.stacks} {
			for a, err := range part(ctx, f) {
				if err != nil {
					return p, gone(err)
				}

				s := standing{
					kind:     a.Kind,
					listed:   true,
					notReady: a.notReady,
					name:     a.Name,
					parent:   a.Parent,
					print:    a.print,
				}
				if !does(r.sync.decide(s), Create) {
					continue
				}

				p.Assets, p.Bytes = p.Assets+1, p.Bytes+a.Size
			}
		}
	}

	return p, nil
}

// gone overlooks a folder that went while its parent was listed.
func gone(err error) error {
	if v4.NotFound(err) {
		return nil
	}
	return err
}
