// Package copies sees to what a document that came back from review leaves on Frame.io: its copy there is left,
// moved to a folder, or deleted after some days, as its binding says.
//
// It owns the table copies, a row for each push that came back while its binding said so, and the kinds of items
// "copy" (one copy is moved or deleted) and "copy-undo" (one is moved back).
//
// Invariants: a copy is touched only if Nuxeo holds its bytes, which is looked at right before, on both sides,
// while no other item may work on the document; what differs, is not known, or cannot be compared leaves it, and
// the reason is kept. Until Frame.io is asked, which is recorded before, whoever says so keeps the copy. Only the file
// that was sent is deleted, never one that shares its version stack with others, that a synchronization mirrors, that
// another document belongs to, or that people have said something new about. What waits is a row and not an item; a
// chore finds what is due. What has happened to a document since its return ends the waiting. The connector never
// restores what is deleted: Frame.io lets only people do that.
package copies

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Kinds of items.
const (
	KindCopy = "copy"
	KindUndo = "copy-undo"
)

// An Action is what becomes of a copy.
type Action string

// What becomes of copies.
const (
	Leave  Action = "leave"
	Move   Action = "move"
	Delete Action = "delete"
)

// A Choice is what becomes of the copies of a binding.
type Choice struct {
	Action Action
	Days   int    // after the return that a copy is deleted; 0: at once
	Folder string // outermost of its project, that a copy is moved to
}

// due is when something is to be done with the copy of what came back at a time.
func (c Choice) due(returned time.Time) time.Time {
	if c.Action != Delete {
		return returned
	}
	return returned.AddDate(0, 0, c.Days)
}

// A State is how far a copy is.
type State string

// The states of a copy.
const (
	Waiting  State = "waiting"  // until it is due
	Working  State = "working"  // it is being moved or deleted
	Moved    State = "moved"    // to the folder
	Deleted  State = "deleted"  // on Frame.io, where people may restore it for a while
	Left     State = "left"     // for a Reason
	Kept     State = "kept"     // a person, or the binding, said so
	Undoing  State = "undoing"  // it is being moved back
	Restored State = "restored" // it is where it was
)

// A Copy is what a push has left on Frame.io.
type Copy struct {
	Push, Binding    string
	Document, Title  string
	Account, Project string
	File             string
	Size             int64
	Digest           string // Nuxeo's, of what was sent
	By               string // who pushed
	Returned         time.Time
	Action           Action
	Folder           string
	State            State
	Due              time.Time
	Reason           string
	Home, FolderID   string    // ids of the folder it was in, and of the one it is moved to
	Round            int64     // how often something was begun with it
	Asked            time.Time // when Frame.io was first asked in this round; zero: it was not
	Ended            time.Time
	EndedBy          string
	RestorableUntil  time.Time // of a deleted one, as long as Frame.io is expected to have it
}

// A Sent is a push that came back.
type Sent struct {
	Push, Binding, Document, Title string
	Account, Project, File         string
	Size                           int64
	Digest, By                     string
	Returned                       time.Time
}

// People is what copies needs from identity.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
}

// Pushes is what copies needs to know of pushes.
type Pushes interface {
	// CopyOf returns, within a transaction, what a push sent.
	CopyOf(ctx context.Context, tx *sql.Tx, push string) (Sent, error)
	// PushedAgain reports whether a document is on its way to Frame.io or under review.
	PushedAgain(ctx context.Context, document string) (bool, error)
	// ReturnedOf lists what came back to a binding, oldest first, and how much of it is under review.
	ReturnedOf(ctx context.Context, binding string) (returned []Sent, review Amount, err error)
}

// An Amount is a number of files and their bytes.
type Amount struct {
	Count int
	Bytes int64
}

func (a *Amount) add(bytes int64) { a.Count, a.Bytes = a.Count+1, a.Bytes+bytes }

// A Service sees to copies.
type Service struct {
	DB     *store.DB
	Engine *work.Engine
	People People
	Pushes Pushes
	Audit  *audit.Log
	// Choice returns what becomes of the copies of a binding.
	Choice func(ctx context.Context, db store.Queryer, binding string) (Choice, error)
	// Owner returns who answers for a binding.
	Owner func(ctx context.Context, binding string) (string, error)
	// Mirrored returns the folder of a synchronization that mirrors one of the assets, or the empty string.
	Mirrored func(ctx context.Context, account string, assets []string) (string, error)
	// StatusField is the field of the approval.
	StatusField frameio.Names
	// Restorable is how long Frame.io lets people restore what was deleted.
	Restorable time.Duration
	Now        func() time.Time
}
