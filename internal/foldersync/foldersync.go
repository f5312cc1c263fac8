// Package foldersync mirrors a folder tree of Frame.io into a folder of Nuxeo, and keeps it so: on
// demand and by schedule, until the sync is removed.
//
// It owns the tables syncs, sync_runs, sync_seen, sync_entries and sync_changes and the kinds of items
// "sync", one pass over the tree, "sync-asset", one asset that has to be brought, and "sync-comments"
// and "sync-posters", rounds over what comes last. Invariants: an asset has one document in the tree,
// wherever it was moved to, and a folder one; what has not changed on Frame.io is neither fetched nor
// written; content that people changed in Nuxeo is not replaced unless they said so; what disappeared
// is not deleted unless they said so, and never when very much of it disappears at once; documents
// that people put into the tree are left alone. Memory grows with neither tree nor queue: what
// Frame.io has is listed into the database page by page, and compared there.
//
// It leaves the bringing of an asset to ingest, and to identity who may do what.
package foldersync

import (
	"context"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Kinds of items.
const (
	KindRun      = "sync"
	KindAsset    = "sync-asset"
	KindComments = "sync-comments"
	KindPosters  = "sync-posters"
	KindNotice   = "sync-notice"
)

// State is where a sync stands.
type State string

// The states of a sync.
const (
	Active  State = "active"
	Paused  State = "paused" // Reason says why
	Removed State = "removed"
)

// What happens to documents whose asset is gone.
const (
	Keep  = "keep" // and mark
	Trash = "trash"
)

// Whose content stays when both sides changed it. Name and place follow Frame.io.
const (
	NuxeoWins   = "nuxeo"
	FrameioWins = "frameio" // what Nuxeo had is kept as a version
	KeepBoth    = "both"    // what Frame.io has becomes a second document
)

// What a document gets of its asset.
const (
	Original = "original"
	Proxy    = "proxy"    // what Frame.io made of it to look at
	Metadata = "metadata" // no content, but a poster and the link
)

// Sync is a folder of Nuxeo that mirrors one of Frame.io.
type Sync struct {
	ID                                 string
	FolderUID, FolderPath, FolderTitle string
	Account, Workspace, WorkspaceName  string
	Project, ProjectName               string
	Root, RootName                     string // the folder on Frame.io
	DocumentType                       string
	Fetch                              string
	Earlier                            bool // files below a stack's head become versions
	Events                             bool // changes are followed between runs
	Comments                           bool
	Filter                             Filter
	Gone, Conflicts                    string
	Every                              time.Duration // 0: only on demand
	Owner, Creator                     string
	State                              State
	Reason, Remedy, PausedBy           string
	Due                                time.Time // of the next run; zero: none is planned
	Created, Updated                   time.Time

	Last *Run // the run that is under way, or was last; nil: none yet
	// Check is the run that only compares, when it is under way or came last.
	Check *Run
	// Of the documents that the sync has.
	Assets, Folders, Missing, Troubled, Conflicting int
	// Of the documents whose comments are brought: how many were looked at in this
	// round, and how many are still to be.
	CommentsDone, CommentsWaiting int
}

// RunState is where a run stands.
type RunState string

// The states of a run.
const (
	Running RunState = "running"
	Done    RunState = "done"
	Failed  RunState = "failed"
	Stopped RunState = "stopped" // it asks before it goes on; Message says what
)

// Why a run was begun.
const (
	ByHand   = "by hand"
	First    = "first"
	Schedule = "schedule"
	Check    = "check"   // only compares
	Changes  = "changes" // Frame.io told of some; only their folders are looked at
)

// Run is one pass over a tree. What it listed is Folders, Assets and Bytes; what
// became of single assets is in its items.
type Run struct {
	ID, Sync, Item, Why, By string
	Sure                    bool // who began it has agreed to lose many
	Dry                     bool // it only compares
	Partial                 bool // it looks at some folders only
	State                   RunState
	Message                 string
	Folders, Assets         int
	Bytes                   int64
	Renamed, Moved, Gone    int
	Began, Ended            time.Time

	Step                                                      string // of a running one
	Created, Updated, Unchanged, Conflicting, Failed, Waiting int    // of its items
	BytesDone                                                 int64  // of them
}

// People is what foldersync needs of identity.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
	// Usable says why we cannot act as a person, as far as we know; nil: we can.
	Usable(ctx context.Context, login string) error
}

// Mailer tells people.
type Mailer interface {
	// Send returns how it came out, as an item ends.
	Send(ctx context.Context, m mail.Message) (outcome string, err error)
}

// Service makes, ends and runs syncs.
type Service struct {
	DB     *store.DB
	Engine *work.Engine
	People People
	Ingest *ingest.Service
	Mail   Mailer
	Now    func() time.Time
	// Bound says by which action name a folder is bound; empty: it is not.
	Bound func(ctx context.Context, folder string) (string, error)
	// Address is where a person sees a document.
	Address func(uid string) string
	// LostShare is the share of the known assets, from 0 to 1, that may disappear at
	// once without a question.
	LostShare float64
	// Lanes is how many calls to Nuxeo one run has open at once; 0 is 1.
	Lanes int
	// CommentsEvery is how long the comments of an asset are left alone that nobody
	// told anything of.
	CommentsEvery time.Duration
}
