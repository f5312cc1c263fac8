// Package push sends documents of Nuxeo to Frame.io for review and follows them until they return.
//
// It owns the tables pushes and push_choices and the kinds of items "push" (one document) and
// "push-notice" (the mail about those of one request, and their status on Frame.io).
//
// Invariants: a document is sent by at most one push at a time; it is locked as the person before
// anything is sent, and the lock is recorded before and after, so that our lock ends with its push and
// the lock of another person is never touched; the id of a file on Frame.io is recorded before a byte
// goes there, so that the file of a failed push can be deleted. A push that has arrived is open until
// the asset is published back or the lock is released. Ingest imports what returns; push says into
// which document.
package push

import (
	"context"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Kinds of items.
const (
	KindPush   = "push"
	KindNotice = "push-notice"
)

// Master names the main file, which is sent unless a rendition is named.
const Master = "master"

// A State is the state of a push.
type State string

// The states of a push. Sending and Open are unfinished.
const (
	Sending  State = "sending"
	Open     State = "open"     // on Frame.io, under review
	Returned State = "returned" // published back
	Failed   State = "failed"
	Canceled State = "canceled"
	Released State = "released" // ended by a person
)

// A Lock is the recorded state of a document's lock.
type Lock string

// The states of a lock. In the first three the push holds it.
const (
	Intended  Lock = "intended"  // being taken: the answer may have been lost
	Ours      Lock = "ours"      // taken by the push, as the person
	Releasing Lock = "releasing" // to be released
	Own       Lock = "own"       // the person's own, and left to them
	Free      Lock = "released"  // released
)

// A Push is one document on its way to Frame.io, there, or returned.
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
	Locked                         string // Nuxeo's creation time of the lock, which identifies it
	Size                           int64
	Digest                         string
	Status                         string // to be set on Frame.io
	Reason, EndedBy                string
	Created, Opened, Ended, Update time.Time
	// What the last check on Frame.io found, while it is open.
	SeenStatus string
	Seen       time.Time
	SeenGone   bool // the file was deleted there

	Making string // the file being created on Frame.io, if any

	FieldValues  string // what its fields get, as JSON of v4.FieldValue
	SeenMetadata string // a digest of what the document shows of its metadata
}

// People is what push needs from identity.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
	Person(ctx context.Context, login string) (identity.Person, error)
}

// A Vault seals the addresses that take the parts of a file, and derives keys.
type Vault interface {
	Seal(sealContext, secret string) []byte
	// Key returns an unguessable idempotency key for an act.
	Key(act ...string) string
	Open(sealContext string, sealed []byte) (string, error)
}

// A Mailer sends mail.
type Mailer interface {
	// Send returns the outcome, in the words of an item's.
	Send(ctx context.Context, m mail.Message) (outcome string, err error)
}

// A Bound is a workspace that a Nuxeo folder is bound to.
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

// A Service accepts pushes, works on them, and follows them until they return.
type Service struct {
	DB     *store.DB
	Engine *work.Engine
	People People
	Vault  Vault
	Mail   Mailer
	Events *event.Service
	Set    Settings
	// Bound returns the workspaces that the folders are bound to now.
	Bound func(ctx context.Context, folders []string) ([]Bound, error)
	// Blobs reads files of Nuxeo, Parts writes to Frame.io's signed addresses: the
	// one with the person's credential where that belongs, the other without any.
	Blobs, Parts *http.Client
	// Nuxeo has no credential; Service is that of the service account, nil if there is none.
	Nuxeo   *nuxeo.Client
	Service nuxeo.Auth
	// Fetchable returns why Frame.io may not fetch a file from an address to which Nuxeo
	// redirects. A nil Fetchable means that files are never fetched.
	Fetchable func(address string) error
	Now       func() time.Time
	PublicURL string
	// Address is the page of a document in Nuxeo Web UI.
	Address func(uid string) string
	// Map says which fields and properties take their values from the other side; nil: none.
	Map *metamap.Service

	definitions definitionCache
}

// Sealed is the column of this package that the vault seals.
var Sealed = identity.Sealed{
	Table:   "pushes",
	Column:  "upload",
	Key:     []string{"id"},
	Context: func(k []string) string { return vaultContext(k[0]) },
}

func vaultContext(push string) string { return "pushes/" + push }
