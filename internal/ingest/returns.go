package ingest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Returns finds assets that were pushed from Nuxeo and are under review.
type Returns interface {
	// Find returns the push that one of the files belongs to, of a document below the folder,
	// or nil. It returns a NotReady error while the document is still being sent.
	Find(ctx context.Context, nx *nuxeo.Client, folder string, files []string) (*Return, error)
	// IsOpen reports, within a transaction, whether a push is open.
	IsOpen(ctx context.Context, tx *sql.Tx, push string) (bool, error)
	// ClientFor returns a Nuxeo client for the owner of the push's lock, or nil if the person
	// who publishes can act as themself.
	ClientFor(ctx context.Context, r Return, doc *nuxeo.Document) (*nuxeo.Client, error)
	// Close records in a transaction that a push has returned. It may be repeated.
	Close(ctx context.Context, tx *sql.Tx, push, reason, by string) error
	// Unlock releases the lock of a push that has returned. If that is refused, left says why.
	Unlock(ctx context.Context, push string) (left string, err error)
}

// A Return is the push that an asset returns from.
type Return struct {
	Push     string `json:"push"`
	Document string `json:"document"`
	Folder   string `json:"folder"` // the folder of its link
	By       string `json:"by"`     // the person who pushed, and may hold the lock
	// Keep is a pushed rendition, in whose place the document keeps its own content. If it is
	// empty, what returns becomes the content.
	Keep string `json:"keep,omitempty"`
	// Rendition and Digest are of what was sent; Rendition is empty for the main file.
	Rendition string `json:"rendition,omitempty"`
	Digest    string `json:"digest,omitempty"`
	// Approved is the status that ends the push; empty if any does.
	Approved string `json:"approved,omitempty"`

	// Ended says that the push has ended; Keep still applies.
	Ended bool `json:"over,omitempty"`

	// Version is the intent to create the version that records the return.
	Version *versionIntent `json:"version,omitempty"`
	// Gone says that the document was deleted, so that there is a new one.
	Gone bool `json:"gone,omitempty"`
	// Closed says that this item has ended the push.
	Closed bool `json:"closed,omitempty"`
}

// A versionIntent is a version that may or may not have been created; Newest was the newest before.
type versionIntent struct {
	Newest string `json:"newest"`
}

// findReturn finds the push that the asset returns from, if any.
func (s *Service) findReturn(ctx context.Context, r *Run) error {
	if s.Returns == nil || r.Job.Mirror != nil {
		return nil
	}

	back, err := s.Returns.Find(ctx, r.Nuxeo, r.Job.Target.Scope, r.Job.File.Members)
	if err != nil {
		return err
	}

	if back != nil && r.Job.Return != nil && r.Job.Return.Push == back.Push {
		back.Version, back.Gone, back.Closed = r.Job.Return.Version, r.Job.Return.Gone, r.Job.Return.Closed
	}

	r.Job.Return = back
	return nil
}

// checkNotSending returns a NotReady error while a push is sending a file.
func (s *Service) checkNotSending(ctx context.Context, r *Run, file string) error {
	if s.Returns == nil || r.Job.Mirror != nil {
		return nil
	}
	_, err := s.Returns.Find(ctx, r.Nuxeo, r.Job.Target.Scope, []string{file})
	return err
}

// scope returns the folder of the asset's link.
func (j *Job) scope() string {
	if j.Return != nil {
		return j.Return.Folder
	}
	return j.Target.Scope
}

// A Writer is the person as whom a document is written to in a step, with their access to Nuxeo.
type Writer struct {
	Nuxeo *nuxeo.Client
	Login string
}

// as is the same run with another writer.
func (r *Run) as(w Writer) *Run {
	other := *r
	other.Nuxeo, other.Actor = w.Nuxeo, w.Login
	return &other
}

// lockOwner returns the writer for a document that is locked by a push: the owner of that lock. By
// pushing it they asked for what returns, no matter who publishes it. Else it is the actor.
func (s *Service) lockOwner(ctx context.Context, r *Run, doc *nuxeo.Document) (Writer, error) {
	own := Writer{r.Nuxeo, r.Actor}
	back := r.Job.Return
	if back == nil || back.Ended || doc == nil || doc.LockOwner == "" || doc.LockOwner == r.Actor {
		return own, nil
	}

	nx, err := s.Returns.ClientFor(ctx, *back, doc)
	if nx == nil || err != nil {
		return own, err
	}

	return Writer{nx, back.By}, nil
}

// writer returns who writes in a step. In the steps that write to the document it is the owner of
// its lock: of the push that the asset returns from, or of one that this item took before it acted
// as another person.
func (s *Service) writer(ctx context.Context, r *Run, step string) (Writer, error) {
	w := Writer{r.Nuxeo, r.Actor}
	if h := r.Job.Lock; h != nil && h.By != r.Actor {
		if nx, err := r.ClientFor(ctx, h.By); err == nil { // else the lock keeps us out, which is reported
			w = Writer{nx, h.By}
		}
	}

	switch step {
	case StepRefresh, StepTransfer, StepAttach, StepVerify, StepDescribe, StepComments:
	default:
		return w, nil
	}

	if r.Job.Return == nil || r.Job.Document == "" {
		return w, nil
	}

	doc, err := w.Nuxeo.Get(ctx, r.Job.Document, nuxeo.Fetch{Lock: true})
	if nuxeo.NotFound(err) {
		return w, nil
	}

	if err != nil {
		return w, err
	}

	return s.lockOwner(ctx, r.as(w), doc)
}

// keepsOwnContent reports whether the document keeps its own content because a rendition of it was
// pushed and returns.
func (j *Job) keepsOwnContent(doc *nuxeo.Document) bool {
	return j.Return != nil && j.Return.Keep != "" && j.Return.Keep == j.File.ID && doc.Blob("file:content") != nil
}

// finish ends an item, or continues with the steps of a return.
func (s *Service) finish(ctx context.Context, r *Run) (work.Next, error) {
	if err := s.unlockDocument(ctx, r); err != nil { // if that failed before
		return work.Next{}, err
	}
	if r.Job.Return == nil || r.Job.Return.Ended {
		return work.Next{Done: true, Outcome: r.Job.Outcome}, r.Save(ctx)
	}
	return work.Next{Step: StepReturn}, r.Save(ctx)
}

// recordReturn ends the push. If no byte has moved, it creates one version that records the return.
func (s *Service) recordReturn(ctx context.Context, r *Run) (work.Next, error) {
	back := r.Job.Return
	if status := s.facts(r.Job.File).status; back.Approved != "" &&
		!strings.EqualFold(fmt.Sprint(status), back.Approved) {
		return work.Next{Done: true, Outcome: r.Job.Outcome},
			r.Task.Note(ctx, "stays locked", "it is not %q on Frame.io yet", back.Approved)
	}

	back.Gone = r.Job.Document != back.Document
	if r.Job.Outcome == Unchanged && !back.Gone {
		if err := s.recordVersion(ctx, r); err != nil {
			return work.Next{}, err
		}
		r.Job.Outcome = Returned
	}

	reason := ""
	if back.Gone {
		reason = "The document was deleted in Nuxeo; what came back is a new one."
	}

	back.Closed = true
	return work.Next{Step: StepUnlock}, r.Commit(ctx, func(tx *sql.Tx) error {
		return s.Returns.Close(ctx, tx, back.Push, reason, r.Job.Target.PublishedBy)
	})
}

// recordVersion creates one version of the document as it is. The newest version is recorded first:
// a newer one after a lost answer is ours.
func (s *Service) recordVersion(ctx context.Context, r *Run) error {
	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, fullFetch)
	if nuxeo.NotFound(err) {
		r.Job.Return.Gone = true
		return nil
	}

	if err != nil {
		return err
	}

	w, err := s.lockOwner(ctx, r, doc)
	if err != nil {
		return err
	}
	r = r.as(w)

	// An earlier attempt may have created it.
	newest, err := s.newestVersion(ctx, r)
	if err != nil {
		return err
	}

	if intent := r.Job.Return.Version; intent != nil && intent.Newest != newest {
		return nil
	}

	// Save the intent, create it, and check that it is there.
	r.Job.Return.Version = &versionIntent{Newest: newest}
	if err := r.Save(ctx); err != nil {
		return err
	}

	if _, err := checkIn(ctx, r.Nuxeo, doc); err != nil {
		return err
	}

	made, err := s.newestVersion(ctx, r)
	if err == nil && made == newest {
		err = errNoVersion(doc)
	}

	return err
}

// newestVersion returns the id of the document's newest version, or the empty string.
func (s *Service) newestVersion(ctx context.Context, r *Run) (string, error) {
	last, err := r.Nuxeo.LastVersion(ctx, r.Job.Document, nuxeo.Fetch{})
	if last == nil || err != nil {
		return "", err
	}
	return last.UID, nil
}

// unlock releases the lock of the push, as the person who pushed.
func (s *Service) unlock(ctx context.Context, r *Run) (work.Next, error) {
	left, err := s.Returns.Unlock(ctx, r.Job.Return.Push)
	if err == nil && left != "" {
		err = r.Task.Note(ctx, "left locked", "%s", left)
	}
	return work.Next{Done: true, Outcome: r.Job.Outcome}, err
}

// tryAcquire acquires the link of the asset. It returns a NotReady error if the push that the asset
// returns from has just ended.
func (s *Service) tryAcquire(ctx context.Context, r *Run, a link.Asset) (l link.Link, err error) {
	err = r.Commit(ctx, func(tx *sql.Tx) error {
		if l, err = link.Acquire(ctx, tx, r.Task.Now(), r.Job.scope(), a, r.Task.ID); err != nil ||
			r.Job.Return == nil ||
			r.Job.Return.Ended {
			return err
		}
		open, err := s.Returns.IsOpen(ctx, tx, r.Job.Return.Push)
		if err == nil && !open {
			err = errReturnEnded()
		}
		return err
	})
	return l, err
}

// errReturnEnded makes the item start over.
func errReturnEnded() error {
	f := fault.New(fault.NotReady, "The push that the asset comes back from has just ended.")
	f.RetryAfter = 100 * time.Millisecond
	return f
}
