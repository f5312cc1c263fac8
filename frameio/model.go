// Package frameio is the vocabulary of Frame.io that its API generations share:
// accounts, workspaces, projects, folders, files, version stacks, comments,
// metadata, custom actions.
//
// It owns the shapes and the conversions between frames and timecodes. What
// must hold: ids are opaque text, since some accounts have ids that are no
// UUIDs; times of comments stay in frames, and seconds are derived only to be
// shown. It leaves calls to the packages of the generations.
package frameio

import "time"

// Account is the outermost container; Roles are the signed-in person's.
type Account struct {
	ID, Name string
	Roles    []string
}

// Workspace is what older versions called a team.
type Workspace struct{ ID, Name string }

// Project belongs to a workspace; its assets hang below RootFolder.
type Project struct{ ID, Name, WorkspaceID, RootFolder string }

// User is a user of Frame.io.
type User struct{ ID, Name, Email string }

// Kind says what an asset is.
type Kind string

// The kinds of what a folder can hold.
const (
	KindFile   Kind = "file"
	KindFolder Kind = "folder"
	KindStack  Kind = "version_stack"
)

// File is one uploaded file, one version if it is in a stack. Link is empty
// unless it was asked for.
type File struct {
	ID, Name  string
	ParentID  string // a folder or a version stack
	ProjectID string
	Status    string // created, uploaded or transcoded
	MediaType string
	Size      int64
	ViewURL   string
	Created   time.Time
	Updated   time.Time
	Creator   User
	Metadata  []Field
	Link      string // signed address of the original; a secret
	Proxies   Proxies

	// Unreadable says that Frame.io told something else than it should of a file that
	// it listed: the ID and the Name are known, if those could be read, and nothing
	// else. The file is there all the same.
	Unreadable bool
}

// Proxies are signed addresses of what Frame.io made of a file to look at, all of
// them secrets. One is empty when it was not asked for or does not exist (yet).
type Proxies struct {
	Efficient, HighQuality, Small string // of videos; of others they are stills
	Thumbnail, LargeThumbnail     string
}

// Uploaded reports whether the original can be fetched.
func (f File) Uploaded() bool { return f.Status != "created" && f.Status != "" }

// Stack is a version stack; Head is its newest file.
type Stack struct {
	ID, Name, ParentID, ProjectID string
	Head                          File
	Unreadable                    bool // as of a File; its Head is empty then
}

// Folder holds files, stacks and folders.
type Folder struct {
	ID, Name, ParentID, ProjectID string
	Unreadable                    bool // as of a File
}

// Deleted is an asset that was deleted and can still be restored.
type Deleted struct {
	ID string
	At time.Time
}

// Asset is an entry of a folder; the field of its Kind is set.
type Asset struct {
	Kind   Kind
	ID     string
	Name   string
	File   *File
	Stack  *Stack
	Folder *Folder

	Unreadable bool // as of a File; the Kind is empty if it could not be read either
}

// Field is one value of an asset's metadata. Values are kept as text; a
// selection is a comma-separated list of option names.
type Field struct {
	ID, Name, Type string
	Value          string
	Options        []string // ids of the chosen options, for selections
	// Choices are the names of the chosen options where the value does not tell them apart, as one has a comma.
	Choices []string `json:",omitempty"`
}

// Comment is a remark on a file. Timestamp and Duration are frames from 0; nil
// means the whole asset. Owner has an empty name when the writer was a guest. A comment
// that cannot be read has no ID, and nothing but Raw.
type Comment struct {
	ID, FileID, Text string
	Timestamp        *int64
	Timecode         string // in place of Timestamp, where Frame.io tells the time so
	Duration         *int64
	Page             *int64
	Attachments      []Attachment
	Proposal         *Proposal
	Annotation       string // JSON of shapes, as Frame.io keeps it
	Completed        bool
	Created, Updated time.Time
	Edited           time.Time // when the text was last changed; zero if it never was
	Owner            User
	Replies          []Comment
	Raw              []byte // the comment as it came, without its replies and without secrets
}

// Attachment is a file that was added to a comment. Size is in bytes.
type Attachment struct {
	Name string
	Size int64
}

// Proposal is a change that a comment proposes to the words of a document: what is there,
// and what should be, of which either may be empty.
type Proposal struct {
	Selection, Suggestion string
}

// Action is a custom action. Secret is set only in the answer to its creation.
type Action struct {
	ID, Name, Description, URL, Event string
	Active                            bool
	Secret                            string
}

// Webhook tells an address of events in a workspace. Secret is set only in the
// answer to its creation.
type Webhook struct {
	ID, Name, URL string
	Events        []string
	Active        bool
	Secret        string
}

// AuditEvent is an entry of an account's audit log: what was done to what.
type AuditEvent struct {
	At                     time.Time
	Type                   string // such as asset_moved
	Resource, ResourceKind string // asset, folder, version_stack, comment …
	Project, Workspace     string
}
