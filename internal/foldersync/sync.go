// Package foldersync mirrors a folder tree of Frame.io into a folder of Nuxeo and keeps it up to
// date, on demand and by schedule, until the sync is removed.
//
// It owns the tables syncs, sync_runs, sync_seen, sync_entries and sync_changes and the kinds of items
// "sync", one pass over the tree, "sync-asset", the import of one asset, and the follow-ups
// "sync-comments" and "sync-posters".
//
// Invariants: each asset and each folder has one document in the tree, wherever it is moved; what has
// not changed on Frame.io is neither fetched nor written; content that people changed in Nuxeo is not
// replaced unless the sync says so; what disappeared is not deleted unless the sync says so, and never
// when very much disappears at once; documents that people put into the tree are left alone. Memory
// grows with neither tree nor queue: what Frame.io has is listed into the database page by page, and
// compared there.
//
// Ingest imports the assets, and identity says who may do what.
package foldersync

import (
	"context"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
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

// A State is the state of a sync.
type State string

// The states of a sync.
const (
	Active  State = "active"
	Paused  State = "paused" // Reason says why
	Removed State = "removed"
)

// What happens to the document of an asset that is gone.
const (
	Keep  = "keep" // and mark
	Trash = "trash"
)

// Whose content stays when both sides changed it. Name and folder follow Frame.io.
const (
	NuxeoWins   = string(ingest.NuxeoWins)
	FrameioWins = string(ingest.FrameioWins) // what Nuxeo had is kept as a version
	KeepBoth    = string(ingest.KeepBoth)    // what Frame.io has becomes a second document
)

// What a document gets of its asset.
const (
	Original = "original"
	Proxy    = "proxy"    // Frame.io's rendition
	Metadata = "metadata" // no content, but a poster and the link
)

// A Sync is a folder of Nuxeo that mirrors one of Frame.io.
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
	Version                            int64 // how often it was changed, from 1

	Last *Run // the current or latest run; nil if there was none
	// Check is the current or latest run that only compares.
	Check *Run
	// Counts of the sync's entries.
	Assets, Folders, Missing, Troubled, Conflicting int
	// CommentsDone and CommentsWaiting count the assets whose comments have been imported
	// in this round, and those that are still waiting.
	CommentsDone, CommentsWaiting int
}

// A RunState is the state of a run.
type RunState string

// The states of a run.
const (
	Running RunState = "running"
	Done    RunState = "done"
	Failed  RunState = "failed"
	Stopped RunState = "stopped" // it waits for a confirmation; Message says of what
)

// Reasons for a run.
const (
	ByHand   = "by hand"
	First    = "first"
	Schedule = "schedule"
	Check    = "check"   // only compares
	Changes  = "changes" // after events; looks at their folders only
	Edited   = "edited"  // something else is imported from now on
)

// A Run is one pass over a tree. Folders, Assets and Bytes are what it listed; what became of
// single assets is in its items.
type Run struct {
	ID, Sync, Item, Why, By string
	Sure                    bool // a person has confirmed that many documents go
	Dry                     bool // only compares
	Partial                 bool // looks at some folders only
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

// People is what foldersync needs from identity.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
	// Usable returns why we cannot act as a person, as far as is known, or nil.
	Usable(ctx context.Context, login string) error
}

// A Mailer sends mail.
type Mailer interface {
	// Send returns the outcome, in the words of an item's.
	Send(ctx context.Context, m mail.Message) (outcome string, err error)
}

// A Service adds, manages and runs syncs.
type Service struct {
	DB     *store.DB
	Engine *work.Engine
	People People
	Ingest *ingest.Service
	Mail   Mailer
	Events *event.Service
	Now    func() time.Time
	// Bound returns the action name with which a folder is bound, or the empty string.
	Bound func(ctx context.Context, folder string) (string, error)
	// Address returns the URL at which a person sees a document.
	Address func(uid string) string
	// LostShare is the share of the assets, from 0 to 1, that may disappear at once
	// without a confirmation.
	LostShare float64
	// MaxCalls is how many calls to Nuxeo a run makes at once; 0 means 1.
	MaxCalls int
	// CommentsEvery is the interval at which the comments of an asset are imported if no
	// event tells of any.
	CommentsEvery time.Duration
}
