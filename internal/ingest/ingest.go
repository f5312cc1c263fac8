// Package ingest imports one Frame.io asset into one Nuxeo document: the original, the metadata and
// the comments.
//
// It owns the steps of that, and the record of what each is about to do.
//
// Invariants: an asset has one document below a folder, whatever is lost on the way; content is
// replaced only if a version holds it; a new version comes only with new content, and has its
// metadata; what arrived is compared with what was sent before anything is reported; a lock that it
// took is released. Every remote write is preceded by a saved intent, and if its outcome is unknown,
// the next attempt reads before it writes. Publish and foldersync use it, and decide whom it acts as.
package ingest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Outcomes of an item.
const (
	Created   = "created"
	Updated   = "updated"
	Unchanged = "unchanged"
	Returned  = "returned" // from a push, with the content that was sent
	// Conflicting means that the asset has a new file, but the document keeps the content
	// that it got in Nuxeo meanwhile.
	Conflicting = "conflict"
)

// An Asset is what was selected on Frame.io.
type Asset struct {
	Account   string       `json:"account"`
	Workspace string       `json:"workspace"`
	Kind      frameio.Kind `json:"kind"`
	ID        string       `json:"id"`
}

// A Target is where the asset goes. Scope is the bound folder, below which an asset has one
// document; Folder is where a new document is created.
type Target struct {
	Scope        string `json:"scope"`
	Folder       string `json:"folder"`
	DocumentType string `json:"document_type"`
	PublishedBy  string `json:"published_by"` // shown on the document
	// Returning says that only assets returning from a push are accepted.
	Returning bool `json:"returning,omitempty"`
	// Map says which rows of the metadata map hold.
	Map metamap.Scope `json:"map,omitzero"`
}

// A Job is the state of one ingest. The caller stores it in the item.
type Job struct {
	Asset  Asset  `json:"asset"`
	Target Target `json:"target"`

	File     *File  `json:"file,omitempty"` // what resolve found
	LinkID   string `json:"link,omitempty"`
	Document string `json:"document,omitempty"`
	Outcome  string `json:"outcome,omitempty"`

	Batch    string `json:"batch,omitempty"`
	Digest   string `json:"digest,omitempty"` // of the whole stream, if it was computed
	Restarts int    `json:"restarts,omitempty"`
	Repairs  int    `json:"repairs,omitempty"` // of what Nuxeo removed after it was written

	// Lock is the lock that we took on the document, if any.
	Lock *Lock `json:"lock,omitempty"`

	// Return is the push that the asset returns from, if any.
	Return *Return `json:"return,omitempty"`

	// Mirror is set where a document follows its asset in a sync; nil where a person
	// published it.
	Mirror *Mirror `json:"mirror,omitempty"`

	// Intent is what attach is about to do, or has done.
	Intent *Intent `json:"intent,omitempty"`
	// Comments counts what was written, for the mail and the page.
	Comments int `json:"comments,omitempty"`
	// Unread counts the comments that could not be read and were left out.
	Unread int `json:"unread,omitempty"`
	// Unmapped says, a sentence for each row of the metadata map, what could not be mapped.
	Unmapped []string `json:"unmapped,omitempty"`
}

// A File is what was resolved: one file of Frame.io and the asset it stands for.
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
	Proxy     *Proxy          `json:"proxy,omitempty"` // imported in place of the original
}

// A Proxy is a rendition that Frame.io made of a file.
type Proxy struct {
	Size      int64  `json:"size"`
	MediaType string `json:"media_type"`
}

// bytes returns name, type and size of the content that a document gets.
func (f *File) bytes() (name, mediaType string, size int64) {
	if f.Proxy == nil {
		return f.Name, f.MediaType, f.Size
	}
	return proxyName(f.Name, f.Proxy.MediaType), f.Proxy.MediaType, f.Proxy.Size
}

// length returns the size of that content.
func (f *File) length() int64 {
	_, _, size := f.bytes()
	return size
}

// Key returns the asset key.
func (f *File) Key() string {
	if f.Stack != "" {
		return f.Stack
	}
	return f.ID
}

// An Intent is a write of content that may or may not have happened.
type Intent struct {
	Create bool `json:"create,omitempty"`
	// BusySince is when Nuxeo first reported the request as still running. Round distinguishes
	// the key from those given up before.
	BusySince time.Time `json:"busy_since,omitzero"`
	Round     int       `json:"round,omitempty"`
	// What the document held before an update.
	BeforeDigest string `json:"before_digest,omitempty"`
	BeforeLength int64  `json:"before_length,omitempty"`
	BeforeSource string `json:"before_source,omitempty"` // dc:source
	ChangeToken  string `json:"change_token,omitempty"`
	// Before are its values of our properties; Newest is the label of the newest version, or
	// empty if there was none.
	Before map[string]json.RawMessage `json:"before,omitempty"`
	Newest string                     `json:"newest,omitempty"`
	// Linked is the content that the link recorded; nil in intents of older versions.
	Linked *Linked `json:"linked,omitempty"`
	// Restore is set once what was there before is about to be put back.
	Restore *Restore `json:"restore,omitempty"`
}

// Linked is a content as a link records it.
type Linked struct {
	File   string `json:"file,omitempty"`
	Digest string `json:"digest,omitempty"`
}

// A Restore is a return to the previous content that may or may not have happened. Restoring a
// version restores its properties as well, so that those of the document are kept here.
type Restore struct {
	Why        string                     `json:"why"` // what was wrong with the content
	Properties map[string]json.RawMessage `json:"properties,omitempty"`
}

// Frameio is the client of Frame.io.
type Frameio = *v4.Client

// Settings are the choices of the configuration.
type Settings struct {
	Verify         string // "digest" or "parts"
	Streams        int
	Idle           time.Duration // after which a stream without progress is given up
	WaitOriginal   time.Duration // how long an original may take to arrive on Frame.io
	LockFrom       int64         // size from which a new document is locked while it gets its content
	Drain          time.Duration // time for concurrent writes to finish after a lock was taken
	AttachTimeout  time.Duration // for Nuxeo's transaction, to join the chunks
	FrameBase      int64
	StatusField    frameio.Names // of the approval status
	FieldNames     FieldNames
	ServiceAccount nuxeo.Auth // writes comments when set
	ServiceLogin   string
}

// FieldNames are the names of Frame.io's system metadata, which differ by language.
type FieldNames struct {
	FrameRate, Duration, Codec, Width, Height, Resolution frameio.Names
}

// A Service does the steps.
type Service struct {
	DB  *store.DB
	Set Settings
	// Files carries the bytes from Frame.io's signed addresses: no credential.
	Files *http.Client
	// SmallFiles is Files for thumbnails and first bytes, which no transfer supervises: it has a
	// time-out for silence.
	SmallFiles *http.Client
	// Uploads carries the bytes to Nuxeo.
	Uploads *http.Client
	// Service is a Nuxeo client for the service account; nil if there is none.
	Service *nuxeo.Client
	// Map says which properties come from fields of the file; nil: none.
	Map *metamap.Service
	// Returns finds what was pushed from Nuxeo; nil if nothing is.
	Returns Returns
	// Events tells of comments; nil tells of none.
	Events *event.Service

	folders folderCache
	// algorithm is that of the last digest from Nuxeo; nil while unknown.
	algorithm   atomic.Pointer[string]
	signedLinks linkCache
}

// A Run is one item as ingest sees it.
type Run struct {
	Task    *work.Task
	Job     *Job
	Save    func(ctx context.Context) error // stores the job in the item
	Commit  func(ctx context.Context, fn txFunc) error
	Frameio Frameio
	Nuxeo   *nuxeo.Client // as the actor
	Actor   string
	// ClientFor returns a Nuxeo client for a person who acted before. It is used only for what
	// no one else may do: changing their comments and releasing their locks.
	ClientFor func(ctx context.Context, login string) (*nuxeo.Client, error)
}

// People gives access to Nuxeo as a person, or the error that the connector cannot act as them.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
}

// NewRun returns the run of an item, as its actor; state is what the item stores, with the job in it.
// It has no access to Frame.io yet.
func NewRun(ctx context.Context, people People, t *work.Task, job *Job, state any) (*Run, error) {
	nx, err := people.Nuxeo(ctx, t.Actor)
	if err != nil {
		return nil, err
	}

	return &Run{
		Task: t, Job: job, Nuxeo: nx, Actor: t.Actor, ClientFor: people.Nuxeo,
		Save:   func(ctx context.Context) error { return t.Save(ctx, state) },
		Commit: func(ctx context.Context, fn txFunc) error { return t.Commit(ctx, state, fn) },
	}, nil
}

// setTitle makes the asset's name the title of the item, for people to read even if the item fails.
func (r *Run) setTitle(ctx context.Context, name string) error {
	if r.Task.Title == name {
		return nil
	}
	r.Task.Title = name
	return r.Save(ctx)
}

// explainRemoteError replaces errors that any step may get by their meaning.
func (s *Service) explainRemoteError(ctx context.Context, r *Run, err error) error {
	switch {
	// a conflict with a concurrent write
	case nuxeo.StatusOf(err) == http.StatusConflict && fault.Is(err, fault.Conflict):
		return fault.New(fault.Unavailable, "Somebody else was writing to the document at the same moment.").
			Because(err)
	case v4.NotFound(err) && fault.Is(err, fault.NotFound):
		return fault.New(fault.Gone, "The asset was deleted on Frame.io, or is not shared with you.").
			With("Restore it on Frame.io and retry.").Because(err)
	case nuxeo.StatusOf(err) == http.StatusForbidden && fault.Is(err, fault.Forbidden):
		return s.explainRefusal(ctx, r, err)
	}
	return err
}

// explainRefusal reports, for a refused write, who has locked the document, if that is why. The
// lock may have been released again since, so that the first refusal is retried.
func (s *Service) explainRefusal(ctx context.Context, r *Run, refused error) error {
	if r.Job.Document == "" {
		return refused
	}

	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, nuxeo.Fetch{Lock: true})
	if err != nil && fault.Then(err) != fault.Fail {
		return err // retried
	}

	if err != nil {
		return refused // which says more
	}

	if err := checkUnlocked(doc, r.Actor); err != nil {
		return err
	}

	if r.Task.Attempt == 0 {
		return fault.New(fault.Unavailable, "%s", fault.From(refused).Message).With(fault.From(refused).Remedy).
			Because(refused)
	}

	return refused
}

// Unfinished reports whether something may be half done.
func (j *Job) Unfinished() bool { return j.Batch != "" || j.Intent != nil || j.Lock != nil }

// UndoItem removes what an unfinished item has left in Nuxeo. That takes no access to Frame.io, which
// may be why the item ends; without access to Nuxeo nothing is done, and Nuxeo expires old batches.
func (s *Service) UndoItem(ctx context.Context, people People, t *work.Task, job *Job, state any) error {
	if !job.Unfinished() {
		return nil
	}

	r, err := NewRun(ctx, people, t, job, state)
	if fault.Is(err, fault.NotConnected, fault.NeedsOwner) {
		return nil
	}

	if err != nil {
		return err
	}

	return s.Undo(ctx, r)
}

// Undo removes what is half done: unverified content in the document, an unused batch, and our
// lock.
func (s *Service) Undo(ctx context.Context, r *Run) error {
	w, err := s.writer(ctx, r, StepVerify)
	if err != nil {
		return err
	}
	r = r.as(w)

	if r.Job.Intent != nil {
		if err := s.undoWriteHolding(ctx, r); err != nil {
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

// undoWriteHolding undoes a write while the item holds the link, so as not to interfere with an item
// that works on the asset now. An item that ended long ago holds it for this only; others release it
// when they end.
func (s *Service) undoWriteHolding(ctx context.Context, r *Run) error {
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error { return link.Hold(ctx, tx, r.Job.LinkID, r.Task.ID) })
	if err != nil {
		return err
	}

	err = s.undoWrite(ctx, r)
	if r.Task.Finished.IsZero() {
		return err
	}

	return errors.Join(err, s.DB.Tx(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		return link.Release(ctx, tx, r.Task.ID)
	}))
}

func (s *Service) getLink(ctx context.Context, r *Run) (link.Link, error) {
	return link.Get(ctx, s.DB, r.Job.LinkID)
}
