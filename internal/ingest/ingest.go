// Package ingest brings one Frame.io asset into one Nuxeo document: the original, the metadata, the
// comments.
//
// It owns the steps of that and the record of what is about to be done in each. Invariants: an asset
// has one document below a folder, whatever is lost on the way; no content is replaced that no version
// holds; a new version comes only with new content, and holds its metadata; what arrived is compared
// with what was sent before anybody is told; a lock that it took is given back. Every remote write is
// preceded by a saved intent, and its unknown outcome is resolved by looking. It serves publish and
// foldersync and knows neither; as whom it acts is decided by them.
package ingest

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// The steps, in order.
const (
	StepResolve  = "resolve"  // which file, is its original there
	StepLink     = "link"     // which document, what does it hold
	StepRefresh  = "refresh"  // comments of the file that goes
	StepTransfer = "transfer" // the bytes, into an upload batch
	StepAttach   = "attach"   // the batch, into the document
	StepVerify   = "verify"   // is it what was sent
	StepDescribe = "describe" // facet and metadata
	StepComments = "comments" // comments and annotations
)

// What an item can come out as.
const (
	Created   = "created"
	Updated   = "updated"
	Unchanged = "unchanged"
	Returned  = "returned" // from a push, with the content that was sent
	// Conflicting is a new file of an asset whose document got another content in
	// Nuxeo meanwhile, and kept it.
	Conflicting = "conflict"
)

// Asset is what somebody selected on Frame.io.
type Asset struct {
	Account   string       `json:"account"`
	Workspace string       `json:"workspace"`
	Kind      frameio.Kind `json:"kind"`
	ID        string       `json:"id"`
}

// Target is where it goes. Scope is the bound folder, below which an asset has
// one document; Folder is where a new document is put.
type Target struct {
	Scope        string `json:"scope"`
	Folder       string `json:"folder"`
	DocumentType string `json:"document_type"`
	PublishedBy  string `json:"published_by"` // shown on the document
	// Returning says that only what comes back from a push is taken.
	Returning bool `json:"returning,omitempty"`
}

// Job is the state of one ingest; whoever runs it stores it in the item.
type Job struct {
	Asset  Asset  `json:"asset"`
	Target Target `json:"target"`

	File     *File  `json:"file,omitempty"` // what resolve found
	LinkID   string `json:"link,omitempty"`
	Document string `json:"document,omitempty"`
	Outcome  string `json:"outcome,omitempty"`

	Batch    string `json:"batch,omitempty"`
	Digest   string `json:"digest,omitempty"` // of the whole stream, when it was made
	Restarts int    `json:"restarts,omitempty"`
	Repairs  int    `json:"repairs,omitempty"` // of what Nuxeo took away after it was written

	// Lock is the lock that we took on the document; nil: none.
	Lock *Lock `json:"lock,omitempty"`

	// Return is the push that the asset comes back from; nil when there is none.
	Return *Return `json:"return,omitempty"`

	// Mirror is set where a document follows its asset without anybody asking for it
	// one by one; nil where somebody published it.
	Mirror *Mirror `json:"mirror,omitempty"`

	// Intent is what attach is about to do, or has done.
	Intent *Intent `json:"intent,omitempty"`
	// Comments counts what was written, for the mail and the page.
	Comments int `json:"comments,omitempty"`
	// Unread counts the comments that could not be read and were left out.
	Unread int `json:"unread,omitempty"`
}

// File is what was resolved: one file of Frame.io and the asset it stands for.
type File struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Size      int64           `json:"size"`
	MediaType string          `json:"media_type"`
	Project   string          `json:"project"`
	Parent    string          `json:"parent"`
	Stack     string          `json:"stack,omitempty"`
	Members   []string        `json:"members"`
	Names     []string        `json:"names,omitempty"` // of the members
	ViewURL   string          `json:"view_url"`
	Uploader  string          `json:"uploader"`
	Uploaded  time.Time       `json:"uploaded"`
	Metadata  []frameio.Field `json:"metadata,omitempty"`
	Proxy     *Proxy          `json:"proxy,omitempty"` // that is brought in place of the original
}

// Proxy is what Frame.io made of a file to look at.
type Proxy struct {
	Size      int64  `json:"size"`
	MediaType string `json:"media_type"`
}

// bytes tells of the content that a document gets.
func (f *File) bytes() (name, mediaType string, size int64) {
	if f.Proxy == nil {
		return f.Name, f.MediaType, f.Size
	}
	return proxyName(f.Name, f.Proxy.MediaType), f.Proxy.MediaType, f.Proxy.Size
}

// length is how many bytes that content has.
func (f *File) length() int64 {
	_, _, size := f.bytes()
	return size
}

// Key is the asset key.
func (f *File) Key() string {
	if f.Stack != "" {
		return f.Stack
	}
	return f.ID
}

// Intent is a write of content that may or may not have happened.
type Intent struct {
	Create bool `json:"create,omitempty"`
	// BusySince is when Nuxeo began to say that the request is still running; Round tells
	// the key from those that were given up before.
	BusySince time.Time `json:"busy_since,omitzero"`
	Round     int       `json:"round,omitempty"`
	// What the document held before an update.
	BeforeDigest string `json:"before_digest,omitempty"`
	BeforeLength int64  `json:"before_length,omitempty"`
	BeforeSource string `json:"before_source,omitempty"` // dc:source
	ChangeToken  string `json:"change_token,omitempty"`
	// Before are the properties of ours that it had, Newest is the label of the newest
	// version; empty: there was none.
	Before map[string]json.RawMessage `json:"before,omitempty"`
	Newest string                     `json:"newest,omitempty"`
}

// Frameio is what ingest needs of Frame.io.
type Frameio = *v4.Client

// Settings are the choices of the configuration.
type Settings struct {
	Verify         string // "digest" or "parts"
	Streams        int
	Idle           time.Duration // a stream that moves nothing so long is given up
	WaitOriginal   time.Duration // how long an original may take to arrive on Frame.io
	LockFrom       int64         // new documents of so many bytes or more are locked until they have them
	Drain          time.Duration // what others were just writing when a lock was taken is through after so long
	AttachTimeout  time.Duration // what Nuxeo's transaction is granted to join the chunks
	FrameBase      int64
	StatusField    frameio.Names // of the approval status
	StatusMap      StatusMap
	FieldNames     FieldNames
	ServiceAccount nuxeo.Auth // writes comments when set
	ServiceLogin   string
}

// FieldNames are the names of Frame.io's system metadata, which differ by language.
type FieldNames struct {
	FrameRate, Duration, Codec, Width, Height, Resolution frameio.Names
}

// Service does the steps.
type Service struct {
	DB  *store.DB
	Set Settings
	// Files carries the bytes from Frame.io's signed addresses: no credential.
	Files *http.Client
	// Glances is Files for pictures and first bytes, which no transfer watches over: it
	// ends what stays silent.
	Glances *http.Client
	// Uploads carries the bytes to Nuxeo.
	Uploads *http.Client
	// Service is Nuxeo as the service account; nil where there is none.
	Service *nuxeo.Client
	// Returns knows what was pushed from Nuxeo; nil: nothing.
	Returns Returns

	folders folderCache
	// algorithm is that of the digests that Nuxeo told last; nil: not known.
	algorithm atomic.Pointer[string]
	fresh     fresh
}

// Run is one item in the hands of ingest.
type Run struct {
	Task    *work.Task
	Job     *Job
	Save    func(ctx context.Context) error // stores the job in the item
	Commit  func(ctx context.Context, fn txFunc) error
	Frameio Frameio
	Nuxeo   *nuxeo.Client // as the actor
	Actor   string
	// Colleague is Nuxeo as somebody who acted before; only for what nobody
	// else may do: changing a comment that they wrote.
	Colleague func(ctx context.Context, login string) (*nuxeo.Client, error)
}

// named keeps the asset's name as the item's title, so that people read it
// even when the item comes to nothing.
func (r *Run) named(ctx context.Context, name string) error {
	if r.Task.Title == name {
		return nil
	}
	r.Task.Title = name
	return r.Save(ctx)
}

// Step does one step and names the next; Done is set after the last.
func (s *Service) Step(ctx context.Context, r *Run, step string) (work.Next, error) {
	steps := map[string]func(context.Context, *Run) (work.Next, error){
		StepResolve: s.resolve, StepLink: s.link, StepRefresh: s.refresh, StepTransfer: s.transfer,
		StepAttach: s.attach,
		StepVerify: s.verify, StepDescribe: s.describe, StepComments: s.comments, StepReturn: s.comeBack,
		StepUnlock: s.unlock,
	}

	do, ok := steps[step]
	if !ok {
		return work.Next{}, fault.New(fault.Internal, "Unknown step %q.", step)
	}

	if err := s.heldAs(ctx, r, step); err != nil {
		return work.Next{}, err
	}

	next, err := do(ctx, r)
	return next, s.inWords(ctx, r, err)
}

// inWords tells what stands behind answers that any step may get.
func (s *Service) inWords(ctx context.Context, r *Run, err error) error {
	switch {
	// of any write that met another one
	case nuxeo.StatusOf(err) == http.StatusConflict && fault.Is(err, fault.Conflict):
		return fault.New(fault.Unavailable, "Somebody else was writing to the document at the same moment.").
			Because(err)
	case v4.NotFound(err) && fault.Is(err, fault.NotFound):
		return fault.New(fault.Gone, "The asset was deleted on Frame.io, or is not shared with you.").
			With("Restore it on Frame.io and retry.").Because(err)
	case nuxeo.StatusOf(err) == http.StatusForbidden && fault.Is(err, fault.Forbidden):
		return s.locked(ctx, r, err)
	}
	return err
}

// locked tells of a write that was refused who has the document locked, if that is
// why: somebody took the lock since it was looked at. It may be gone again by now, so
// that a first refusal does not count.
func (s *Service) locked(ctx context.Context, r *Run, refused error) error {
	if r.Job.Document == "" {
		return refused
	}

	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, nuxeo.Fetch{Lock: true})
	if err != nil && fault.Then(err) != fault.Fail {
		return err // and look again
	}

	if err != nil {
		return refused // which says more
	}

	if err := free(doc, r.Actor); err != nil {
		return err
	}

	if r.Task.Attempt == 0 {
		return fault.New(fault.Unavailable, "%s", fault.From(refused).Message).With(fault.From(refused).Remedy).
			Because(refused)
	}

	return refused
}

// Unfinished reports whether something may be half made.
func (j *Job) Unfinished() bool { return j.Batch != "" || j.Intent != nil || j.Lock != nil }

// Undo removes what is half made: wrong bytes in the document that nobody has
// compared yet, a batch that nothing has used, and our lock.
func (s *Service) Undo(ctx context.Context, r *Run) error {
	if err := s.heldAs(ctx, r, StepVerify); err != nil {
		return err
	}

	if r.Job.Intent != nil {
		if err := s.undoWrite(ctx, r); err != nil {
			return err
		}
	}

	if err := s.unlockDocument(ctx, r); err != nil {
		return err
	}

	if r.Job.Batch == "" {
		return nil
	}

	if err := r.Nuxeo.DropBatch(ctx, r.Job.Batch); err != nil && !nuxeo.NotFound(err) {
		return err
	}

	r.Job.Batch, r.Job.Digest = "", ""
	return r.Save(ctx)
}

func (s *Service) linkOf(ctx context.Context, r *Run) (link.Link, error) {
	return link.Get(ctx, s.DB, r.Job.LinkID)
}
