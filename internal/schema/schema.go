// Package schema names what the package for Nuxeo adds to documents, and how documents are selected.
//
// It owns no state. A test holds the names against the schema that is installed in Nuxeo. What the
// values mean stands there, and in the packages that write them.
package schema

// The properties of a document that has an asset on Frame.io.
const (
	AccountID     = "frameio:accountId"
	Codec         = "frameio:codec"
	Digest        = "frameio:digest"
	DocumentUID   = "frameio:documentUid"
	Duration      = "frameio:duration"
	Fields        = "frameio:fields"
	FileID        = "frameio:fileId"
	FileName      = "frameio:fileName"
	FileSize      = "frameio:fileSize"
	FolderID      = "frameio:folderId"
	FrameRate     = "frameio:frameRate"
	Frames        = "frameio:frames"
	LastPublished = "frameio:lastPublished"
	LastPushed    = "frameio:lastPushed"
	MediaType     = "frameio:mediaType"
	Poster        = "frameio:poster"
	ProjectID     = "frameio:projectId"
	PublishedBy   = "frameio:publishedBy"
	PushedBy      = "frameio:pushedBy"
	Rendition     = "frameio:rendition"
	Resolution    = "frameio:resolution"
	StackID       = "frameio:stackId"
	Status        = "frameio:status"
	UploadDate    = "frameio:uploadDate"
	Uploader      = "frameio:uploader"
	ViewURL       = "frameio:viewUrl"
	WorkspaceID   = "frameio:workspaceId"
)

// AndLive ends a condition of NXQL: it leaves out versions, proxies and what is in the trash.
const AndLive = " AND ecm:isVersion = 0 AND ecm:isProxy = 0 AND ecm:isTrashed = 0"
