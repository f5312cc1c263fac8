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

// Steps that follow when an asset comes back that was pushed from Nuxeo.
const (
	StepReturn = "return" // one version, and the push is over
	StepUnlock = "unlock" // its lock is given back
)

// Returns knows which assets were pushed from Nuxeo and are awaited.
type Returns interface {
	// Find finds the push that one of the files belongs to, of a document below the
	// folder; nil when there is none, NotReady while it is still being sent.
	Find(ctx context.Context, nx *nuxeo.Client, folder string, files []string) (*Return, error)
	// IsOpen says within a transaction whether a push is awaited.
	IsOpen(ctx context.Context, tx *sql.Tx, push string) (bool, error)
	// ClientFor is Nuxeo as the one who has the document locked for the push; nil when
	// whoever publishes can act as themself.
	ClientFor(ctx context.Context, r Return, doc *nuxeo.Document) (*nuxeo.Client, error)
	// Close records in a transaction that a push is back. It may be said again.
	Close(ctx context.Context, tx *sql.Tx, push, reason, by string) error
	// Unlock gives the lock of a push that is back to the world, and says what
	// could not be done.
	Unlock(ctx context.Context, push string) (left string, err error)
}

// Return is the push that an asset comes back from.
type Return struct {
	Push     string `json:"push"`
	Document string `json:"document"`
	Folder   string `json:"folder"` // that its link is below
	By       string `json:"by"`     // who pushed, and may hold the lock
	// Keep is the file in whose place the document's own content stays: a rendition
	// of it that was pushed. Empty: what comes back is the content.
	Keep string `json:"keep,omitempty"`
	// Rendition and Digest tell what was sent; the former is empty for the master.
	Rendition string `json:"rendition,omitempty"`
	Digest    string `json:"digest,omitempty"`
	// Approved is the status without which the push stays open; empty: none is
	// asked for.
	Approved string `json:"approved,omitempty"`

	// Over says that the push has ended; what it says of Keep holds on.
	Over bool `json:"over,omitempty"`

	// Version is the intent to make the version that records the return.
	Version *checkedIn `json:"version,omitempty"`
	// Gone says that the document was deleted, so that there is a new one.
	Gone bool `json:"gone,omitempty"`
}

// checkedIn is a version that may or may not have been made: Newest is the version
// that was the newest before.
type checkedIn struct {
	Newest string `json:"newest"`
}

// returning finds the push that the asset comes back from, if any.
func (s *Service) returning(ctx context.Context, r *Run) error {
	if s.Returns == nil || r.Job.Mirror != nil {
		return nil
	}

	back, err := s.Returns.Find(ctx, r.Nuxeo, r.Job.Target.Scope, r.Job.File.Members)
	if err != nil {
		return err
	}

	if back != nil && r.Job.Return != nil && r.Job.Return.Push == back.Push {
		back.Version, back.Gone = r.Job.Return.Version, r.Job.Return.Gone
	}

	r.Job.Return = back
	return nil
}

// scope is the folder below which the asset's link is.
func (j *Job) scope() string {
	if j.Return != nil {
		return j.Return.Folder
	}
	return j.Target.Scope
}

// asHolder acts on a document as the one who has it locked for the push that the
// asset comes back from: what they asked for by pushing it, whoever publishes.
func (s *Service) asHolder(ctx context.Context, r *Run, doc *nuxeo.Document) error {
	back := r.Job.Return
	if back == nil || back.Over || doc == nil || doc.LockOwner == "" || doc.LockOwner == r.Actor {
		return nil
	}

	nx, err := s.Returns.ClientFor(ctx, *back, doc)
	if nx != nil && err == nil {
		r.Nuxeo, r.Actor = nx, back.By
	}

	return err
}

// heldAs acts as the one who holds the lock in the steps that write to the document: that of
// the push that it comes back from, or the one that this item took before it acted as
// somebody else.
func (s *Service) heldAs(ctx context.Context, r *Run, step string) error {
	if h := r.Job.Lock; h != nil && h.By != r.Actor {
		if nx, err := r.Colleague(ctx, h.By); err == nil { // else the lock shuts us out, and says so
			r.Nuxeo, r.Actor = nx, h.By
		}
	}

	switch step {
	case StepRefresh, StepTransfer, StepAttach, StepVerify, StepDescribe, StepComments:
	default:
		return nil
	}

	if r.Job.Return == nil || r.Job.Document == "" {
		return nil
	}

	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, nuxeo.Fetch{Lock: true})
	if nuxeo.NotFound(err) {
		return nil
	}

	if err != nil {
		return err
	}

	return s.asHolder(ctx, r, doc)
}

// conforms reports whether the document's own content stays although the asset's is
// another: what comes back is the rendition of it that was pushed.
func (j *Job) conforms(doc *nuxeo.Document) bool {
	return j.Return != nil && j.Return.Keep != "" && j.Return.Keep == j.File.ID && doc.Blob("file:content") != nil
}

// finish ends an item, or goes on to what a return needs.
func (s *Service) finish(ctx context.Context, r *Run) (work.Next, error) {
	if err := s.unlockDocument(ctx, r); err != nil { // where it could not be done before
		return work.Next{}, err
	}
	if r.Job.Return == nil || r.Job.Return.Over {
		return work.Next{Done: true, Outcome: r.Job.Outcome}, r.Save(ctx)
	}
	return work.Next{Step: StepReturn}, r.Save(ctx)
}

// comeBack ends the push: if no byte has moved, one version records it.
func (s *Service) comeBack(ctx context.Context, r *Run) (work.Next, error) {
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

	return work.Next{Step: StepUnlock}, r.Commit(ctx, func(tx *sql.Tx) error {
		return s.Returns.Close(ctx, tx, back.Push, reason, r.Job.Target.PublishedBy)
	})
}

// recordVersion makes one version of the document as it is. The newest one before
// is recorded first: another one after a lost answer is ours.
func (s *Service) recordVersion(ctx context.Context, r *Run) error {
	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, all)
	if nuxeo.NotFound(err) {
		r.Job.Return.Gone = true
		return nil
	}

	if err != nil {
		return err
	}

	if err := s.asHolder(ctx, r, doc); err != nil {
		return err
	}

	newest, err := s.newest(ctx, r)
	if err != nil {
		return err
	}

	if known := r.Job.Return.Version; known != nil && known.Newest != newest {
		return nil
	}

	r.Job.Return.Version = &checkedIn{Newest: newest}
	if err := r.Save(ctx); err != nil {
		return err
	}

	if _, err := checkIn(ctx, r.Nuxeo, doc); err != nil {
		return err
	}

	made, err := s.newest(ctx, r)
	if err == nil && made == newest {
		err = errNoVersion(doc)
	}

	return err
}

// newest is the id of the document's newest version; empty when there is none.
func (s *Service) newest(ctx context.Context, r *Run) (string, error) {
	last, err := r.Nuxeo.LastVersion(ctx, r.Job.Document, nuxeo.Fetch{})
	if last == nil || err != nil {
		return "", err
	}
	return last.UID, nil
}

// unlock gives the lock of the push back, which was taken as the one who pushed.
func (s *Service) unlock(ctx context.Context, r *Run) (work.Next, error) {
	left, err := s.Returns.Unlock(ctx, r.Job.Return.Push)
	if err == nil && left != "" {
		err = r.Task.Note(ctx, "left locked", "%s", left)
	}
	return work.Next{Done: true, Outcome: r.Job.Outcome}, err
}

// claimed is the link of the asset, held by the item; NotReady when the push that
// it comes back from is no longer awaited at that moment.
func (s *Service) claimed(ctx context.Context, r *Run, a link.Asset) (l link.Link, err error) {
	err = r.Commit(ctx, func(tx *sql.Tx) error {
		if l, err = link.Acquire(ctx, tx, r.Task.Now(), r.Job.scope(), a, r.Task.ID); err != nil ||
			r.Job.Return == nil ||
			r.Job.Return.Over {
			return err
		}
		still, err := s.Returns.IsOpen(ctx, tx, r.Job.Return.Push)
		if err == nil && !still {
			err = errOver()
		}
		return err
	})
	return l, err
}

// errOver has the item look again.
func errOver() error {
	f := fault.New(fault.NotReady, "The push that the asset comes back from has just ended.")
	f.RetryAfter = 100 * time.Millisecond
	return f
}
