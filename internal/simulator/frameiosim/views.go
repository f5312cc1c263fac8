package frameiosim

import (
	"encoding/json"
	"maps"
	"time"
)

// asset is how a file, folder or stack looks in an answer. Fields of other
// kinds than its own are left out.
type asset struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Type        kind        `json:"type"`
	ProjectID   string      `json:"project_id"`
	ParentID    *string     `json:"parent_id"`
	CreatedAt   string      `json:"created_at"`
	UpdatedAt   string      `json:"updated_at"`
	ViewURL     string      `json:"view_url"`
	Status      string      `json:"status,omitempty"`
	MediaType   string      `json:"media_type,omitempty"`
	FileSize    *int64      `json:"file_size,omitempty"`
	CoverFileID any         `json:"cover_file_id,omitempty"`
	HeadVersion *asset      `json:"head_version,omitempty"`
	Creator     any         `json:"creator,omitempty"`
	Project     any         `json:"project,omitempty"`
	Metadata    any         `json:"metadata,omitempty"`
	MediaLinks  object      `json:"media_links,omitempty"`
	UploadURLs  []uploadURL `json:"upload_urls,omitempty"`

	odd map[string]any
}

// MarshalJSON is json.Marshaler's.
func (a asset) MarshalJSON() ([]byte, error) {
	type plain asset
	b, err := json.Marshal(plain(a))
	if len(a.odd) == 0 || err != nil {
		return b, err
	}

	m := map[string]any{}
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, err
	}

	maps.Copy(m, a.odd)
	return json.Marshal(m)
}

type uploadURL struct {
	Size int64  `json:"size"`
	URL  string `json:"url"`
}

var null = json.RawMessage("null")

// view shows n without includes.
func (s *Server) view(n *node) *asset {
	a := &asset{
		ID: n.id, Name: n.name, Type: n.kind, ProjectID: n.project.id, CreatedAt: stamp(n.created),
		UpdatedAt: stamp(n.updated),
		ViewURL:   s.url + "/project/" + n.project.id + "/view/" + n.id, odd: n.odd,
	}
	if n.parent != nil {
		a.ParentID = &n.parent.id
	}

	switch n.kind {
	case kindFolder:
		a.CoverFileID = null
	case kindStack:
		a.HeadVersion = s.view(n.head())
	case kindFile:
		size := n.file.size
		a.Status, a.MediaType, a.FileSize = s.status(n.file), n.file.mediaType, &size
	}

	return a
}

// viewWith shows n with what the caller asked to include. It fails if the
// caller asks for originals and may not download them.
func (s *Server) viewWith(c *call, n *node, inc map[string]bool) (*asset, error) {
	a := s.view(n)
	if len(inc) == 0 {
		return a, nil
	}

	s.include(a, n, inc)
	if n.kind == kindFile {
		return a, s.includeFile(a, n, inc)
	}

	if n.kind == kindStack {
		s.include(a.HeadVersion, n.head(), inc)
		return a, s.includeFile(a.HeadVersion, n.head(), inc)
	}

	return a, nil
}

func (s *Server) include(a *asset, n *node, inc map[string]bool) {
	if inc["creator"] {
		a.Creator = s.user(n.creator)
	}
	if inc["project"] || inc["project.owner"] {
		a.Project = s.projectView(n.project, inc["project.owner"])
	}
}

func (s *Server) includeFile(a *asset, n *node, inc map[string]bool) error {
	if inc["metadata"] {
		a.Metadata = s.metadata(n, false)
	}
	return s.includeLinks(a, n, inc)
}

// status is the rung of the ladder created, uploaded, transcoded on which the
// file stands now.
func (s *Server) status(f *fileInfo) string {
	since := s.now().Sub(f.completed)
	switch {
	case f.completed.IsZero() || since < s.opt.UploadSettle:
		return "created"
	case since < s.opt.UploadSettle+s.opt.TranscodeDelay:
		return "uploaded"
	}
	return "transcoded"
}

// present reports whether the original can be downloaded.
func (s *Server) present(f *fileInfo) bool { return s.status(f) != "created" }

// completedAt is when the upload was complete, zero if it is not.
func (s *Server) completedAt(f *fileInfo) time.Time {
	if !s.present(f) {
		return time.Time{}
	}
	return f.completed.Add(s.opt.UploadSettle)
}
