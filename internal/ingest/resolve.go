package ingest

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

type txFunc = func(*sql.Tx) error

// resolve finds the file that the asset stands for now, and waits for its original. It writes
// nothing remote.
func (s *Service) resolve(ctx context.Context, r *Run) (work.Next, error) {
	f, stack, err := s.lookUp(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	if err := r.setTitle(ctx, f.Name); err != nil {
		return work.Next{}, err
	}

	// The original has to be there.
	if !f.Uploaded() {
		return work.Next{}, s.awaitOriginal(r)
	}

	// What a push is still sending may be empty for a moment.
	if f.Size <= 0 {
		if err := s.checkNotSending(ctx, r, f.ID); err != nil {
			return work.Next{}, err
		}
		return work.Next{}, fault.New(fault.Refused, "Frame.io says that the file is empty.").
			With("Upload it to Frame.io again.")
	}

	// Record what the other steps need.
	members, names, err := s.members(ctx, r, f, stack)
	if err != nil {
		return work.Next{}, err
	}

	r.Job.File = NewFile(f, stack, members)
	r.Job.File.Names = names
	if err := s.resolveProxy(ctx, r, f); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: StepLink}, r.Save(ctx)
}

// lookUp reads the asset: a single file, or the head of the stack it is on.
func (s *Service) lookUp(ctx context.Context, r *Run) (frameio.File, string, error) {
	a := r.Job.Asset
	// A sync that imports earlier versions asks for one file of a stack.
	if only := r.Job.onlyFile(); only != "" {
		f, err := s.file(ctx, r, only)
		return f, a.ID, err
	}

	// A stack stands for its head.
	if a.Kind == frameio.KindStack {
		stack, err := r.Frameio.Stack(ctx, a.Account, a.ID)
		if err != nil {
			return frameio.File{}, "", err
		}
		f, err := s.file(ctx, r, stack.Head.ID)
		return f, stack.ID, err
	}

	// A file may have been put on a stack, whose head counts then.
	f, err := s.file(ctx, r, a.ID)
	if err != nil {
		return f, "", err
	}

	stack, err := s.stackOf(ctx, r, f)
	if err != nil || stack.ID == "" || stack.Head.ID == f.ID {
		return f, stack.ID, err
	}

	f, err = r.Frameio.File(ctx, a.Account, stack.Head.ID)
	return f, stack.ID, err
}

// file reads a file. In a sync the same call requests the link of its bytes, because Frame.io
// limits how many files may be read. Without the permission to download the whole call is refused,
// and repeated without the link.
func (s *Service) file(ctx context.Context, r *Run, id string) (frameio.File, error) {
	account := r.Job.Asset.Account
	if m := r.Job.Mirror; m == nil || m.NoContent || m.Proxy {
		return r.Frameio.File(ctx, account, id)
	}

	f, err := r.Frameio.FileWithOriginal(ctx, account, id)
	if v4.StatusOf(err) == http.StatusForbidden {
		return r.Frameio.File(ctx, account, id)
	}

	if err == nil && f.Link != "" {
		s.signedLinks.keep(r.Task.ID, f.ID, f.Link, r.Task.Now())
	}

	f.Link = "" // a secret, kept nowhere else
	return f, err
}

// stackOf returns the stack that a file is on; its ID is empty if the file is in a folder. The API
// only tells by trying.
func (s *Service) stackOf(ctx context.Context, r *Run, f frameio.File) (frameio.Stack, error) {
	if m := r.Job.Mirror; m != nil && m.Folder == f.ParentID || s.folders.has(f.ParentID) {
		return frameio.Stack{}, nil
	}

	stack, err := r.Frameio.Stack(ctx, r.Job.Asset.Account, f.ParentID)
	switch v4.StatusOf(err) {
	case 404, 422:
		s.folders.add(f.ParentID)
		return frameio.Stack{}, nil
	}

	return stack, err
}

// awaitOriginal returns the error to wait for an original with, longer each time, and gives up after
// Settings.WaitOriginal.
func (s *Service) awaitOriginal(r *Run) error {
	waited := time.Duration(0)
	if !r.Task.WaitingSince.IsZero() {
		waited = r.Task.Now().Sub(r.Task.WaitingSince)
	}

	if waited >= s.Set.WaitOriginal {
		return fault.New(fault.Gone, "The original did not arrive on Frame.io within %s.", s.Set.WaitOriginal).
			With("Finish the upload on Frame.io, then retry.")
	}

	f := fault.New(fault.NotReady, "Waiting until the original is uploaded to Frame.io.")
	f.RetryAfter = min(10*time.Minute, max(5*time.Second, waited/4))
	return f
}

func (s *Service) members(ctx context.Context, r *Run, f frameio.File, stack string) (ids, names []string, err error) {
	if stack == "" {
		return []string{f.ID}, []string{f.Name}, nil
	}

	for member, err := range r.Frameio.StackFiles(ctx, r.Job.Asset.Account, stack) {
		if err != nil {
			return nil, nil, err
		}
		if member.ID == "" {
			continue // of no use without an id
		}
		ids, names = append(ids, member.ID), append(names, member.Name)
	}

	if len(ids) == 0 {
		return nil, nil, errors.New("a stack without files")
	}

	return ids, names, nil
}

// NewFile returns what is kept of a file: a single one, or the head of a stack with its known
// members.
func NewFile(f frameio.File, stack string, members []string) *File {
	return &File{
		ID: f.ID, Name: f.Name, Size: f.Size, MediaType: f.MediaType, Project: f.ProjectID, Parent: f.ParentID,
		Stack: stack, Members: members, ViewURL: f.ViewURL, Uploader: f.Creator.Name, Uploaded: f.Created,
		Metadata: f.Metadata,
	}
}

// A folderCache remembers ids that are folders. An id never becomes a stack's, so that only its
// size is bounded.
type folderCache struct {
	mu  sync.Mutex
	ids map[string]bool
}

const maxFolders = 10_000

func (c *folderCache) has(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ids[id]
}

func (c *folderCache) add(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ids == nil || len(c.ids) >= maxFolders {
		c.ids = map[string]bool{}
	}
	c.ids[id] = true
}
