// Package push sends documents of Nuxeo to Frame.io for review and knows them
// until they are back.
//
// It owns the tables pushes and push_choices and the kinds of items "push" (one
// document) and "push-notice" (the mail about those of one request, and their
// status on Frame.io). Invariants: a document is sent by at most one push at a
// time; it is locked as the person before anything is sent, and what we know of
// the lock is recorded before and after, so that a lock of ours ends with its push
// and another's is never touched; the id of a file on Frame.io is recorded before
// a byte goes there, so that what comes to nothing can be removed. A push that
// arrived is open until the asset is published back, or the lock is released.
// It leaves to ingest how an asset comes into a document, and tells it which
// document that is.
package push

import (
	"context"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Kinds of items.
const (
	KindPush   = "push"
	KindNotice = "push-notice"
)

// Master is what is sent unless a rendition is named.
const Master = "master"

// State is where a push stands.
type State string

// The states of a push. Sending and Open are unfinished.
const (
	Sending  State = "sending"
	Open     State = "open"     // it is on Frame.io, under review
	Returned State = "returned" // it was published back
	Failed   State = "failed"
	Canceled State = "canceled"
	Released State = "released" // somebody ended the waiting for it
)

// Lock is what we know of a document's lock.
type Lock string

// What we know of a lock. The first three say that a push holds it.
const (
	Intended  Lock = "intended"  // about to be taken: the answer may have been lost
	Ours      Lock = "ours"      // taken by the push, as the person
	Releasing Lock = "releasing" // about to be given back
	Own       Lock = "own"       // the person's already, and left to them
	Free      Lock = "released"  // given back
)

// Push is one document on its way to Frame.io, there, or back.
type Push struct {
	ID, Batch, Item                string
	Document, Title                string
	Scope, Binding                 string // the bound folder
	Account                        string
	Workspace, WorkspaceName       string
	Project, ProjectName           string
	Folder, FolderName             string // on Frame.io, as asked for
	What                           string
	Separate                       bool
	File, ViewURL                  string
	State                          State
	By                             string
	Lock                           Lock
	Locked                         string // when, as Nuxeo tells it: which lock it is
	Size                           int64
	Digest                         string
	Status                         string // to be set on Frame.io
	Reason, EndedBy                string
	Created, Opened, Ended, Update time.Time
	// What the last look at Frame.io found, while it is open.
	SeenStatus string
	Seen       time.Time
	SeenGone   bool // the file was deleted there

	Making string // the file that it is about to make on Frame.io; empty: none
}

// People is what push needs of identity.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
	Person(ctx context.Context, login string) (identity.Person, error)
}

// Vault seals the addresses that take the parts of a file, and makes keys.
type Vault interface {
	Seal(place, secret string) []byte
	// Key is an idempotency key for an act, which nobody can guess.
	Key(act ...string) string
	Open(place string, sealed []byte) (string, error)
}

// Mailer sends a message to a person.
type Mailer interface {
	// Send returns how it came out, as an item ends.
	Send(ctx context.Context, m mail.Message) (outcome string, err error)
}

// Bound is a workspace that a Nuxeo folder is bound to.
type Bound struct {
	Binding, Folder, FolderTitle      string
	Account, Workspace, WorkspaceName string
}

// Settings are the choices of the configuration.
type Settings struct {
	Verify      string // "digest" or "parts"
	Streams     int
	Idle        time.Duration
	Status      string        // that pushed assets get; empty: none
	StatusField frameio.Names // of the approval status
	Approved    string        // the status that means approved
	Unlock      string        // "published" or "approved"
	Conform     bool          // the master stays the content when a rendition comes back
	Comment     bool
	Most        int // documents of one push
}

// Service accepts pushes, works on them, and knows them until they are back.
type Service struct {
	DB     *store.DB
	Engine *work.Engine
	People People
	Vault  Vault
	Mail   Mailer
	Set    Settings
	// Bound tells of the folders given the workspaces that they are bound to now.
	Bound func(ctx context.Context, folders []string) ([]Bound, error)
	// Blobs reads files of Nuxeo, Parts writes to Frame.io's signed addresses: the
	// one with the person's credential where that belongs, the other without any.
	Blobs, Parts *http.Client
	// Nuxeo is without a credential; Service is that of the service account, nil
	// when there is none.
	Nuxeo   *nuxeo.Client
	Service nuxeo.Auth
	// Fetchable says why Frame.io may not fetch a file from an address to which
	// Nuxeo sends on for it; nil when files are never fetched so.
	Fetchable func(address string) error
	Now       func() time.Time
	PublicURL string
	// Address is the page of a document in Nuxeo Web UI.
	Address func(uid string) string
}

// Sealed is the column of this package that the vault seals.
var Sealed = identity.Sealed{
	Table:  "pushes",
	Column: "upload",
	Key:    []string{"id"},
	Place:  func(k []string) string { return place(k[0]) },
}

func place(push string) string { return "pushes/" + push }
