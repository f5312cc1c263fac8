package frameiosim

import (
	"slices"
	"strings"
)

// faceWorld is what the pages of the simulator begin with.
type faceWorld struct {
	People   []StatePerson `json:"people"`
	Statuses []string      `json:"statuses"`
	Spaces   []faceSpace   `json:"spaces"`
}

type faceSpace struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Account  string         `json:"account"`
	People   []string       `json:"people"` // ids of those who see it
	Projects []faceProject  `json:"projects"`
	Actions  []faceMenuItem `json:"actions"`
}

type faceProject struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Root string `json:"root"`
}

type faceMenuItem struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Multi       bool   `json:"multi"`
}

func (s *Server) faceWorld() faceWorld {
	out := faceWorld{People: s.State().People, Statuses: slices.Clone(s.opt.StatusOptions), Spaces: []faceSpace{}}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, a := range s.accountSeq {
		for _, w := range a.workspaces {
			if !w.deleted {
				out.Spaces = append(out.Spaces, faceSpaceOf(w, out.People))
			}
		}
	}

	return out
}

func faceSpaceOf(w *workspace, people []StatePerson) faceSpace {
	v := faceSpace{
		ID:       w.id,
		Name:     w.name,
		Account:  w.account.name,
		People:   []string{},
		Projects: []faceProject{},
		Actions:  []faceMenuItem{},
	}

	for _, p := range people {
		if w.visible(p.ID) {
			v.People = append(v.People, p.ID)
		}
	}

	for _, p := range w.projects {
		if !p.deleted {
			v.Projects = append(v.Projects, faceProject{p.id, p.name, p.root.id})
		}
	}

	for _, a := range w.actionViews() {
		if a.Active {
			v.Actions = append(v.Actions, faceMenuItem{a.ID, a.Name, a.Description, a.MultiAsset})
		}
	}

	return v
}

// faceCard is an asset among others.
type faceCard struct {
	ID        string `json:"id"`
	Kind      kind   `json:"kind"`
	Name      string `json:"name"`
	Size      int64  `json:"size"`
	MediaType string `json:"media_type"`
	Status    string `json:"status"`
	Upload    string `json:"upload"` // created, uploaded or transcoded
	Comments  int    `json:"comments"`
	Versions  int    `json:"versions"`
	Thumb     string `json:"thumb,omitempty"`
	Play      string `json:"play,omitempty"` // what a browser can play or show
}

type faceStep struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type faceList struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Workspace string     `json:"workspace"`
	Project   string     `json:"project"`
	Way       []faceStep `json:"way"` // folders above, outermost first
	Assets    []faceCard `json:"assets"`
}

// faceMost bounds a folder on the page.
const faceMost = 1000

func (s *Server) faceFolder(id string) faceList {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.mustNode(id)
	out := faceList{
		ID:        n.id,
		Name:      s.faceName(n),
		Workspace: n.project.workspace.id,
		Project:   n.project.name,
		Way:       s.way(n),
		Assets:    []faceCard{},
	}

	for _, child := range n.children[:min(len(n.children), faceMost)] {
		out.Assets = append(out.Assets, s.faceCard(child))
	}

	return out
}

// faceName is a project's name for its root, which has none of its own.
func (s *Server) faceName(n *node) string {
	if n.parent == nil {
		return n.project.name
	}
	return n.name
}

func (s *Server) way(n *node) []faceStep {
	way := []faceStep{}
	for p := n.parent; p != nil; p = p.parent {
		if p.kind == kindFolder {
			way = append(way, faceStep{p.id, s.faceName(p)})
		}
	}
	slices.Reverse(way)
	return way
}

func (s *Server) faceCard(n *node) faceCard {
	c := faceCard{ID: n.id, Kind: n.kind, Name: n.name}
	shown := n
	if n.kind == kindStack {
		c.Versions, shown = len(n.children), n.head()
	}

	f := shown.file
	if f == nil {
		return c
	}

	c.Size, c.MediaType, c.Status, c.Upload = f.size, f.mediaType, s.approval(shown), s.status(f)
	c.Comments = len(slices.DeleteFunc(slices.Clone(f.comments), func(k *comment) bool { return k.deleted }))
	c.Thumb, c.Play = s.faceStill(shown), s.playable(shown)
	return c
}

// faceStill is a picture of a file.
func (s *Server) faceStill(n *node) string {
	if !s.rendered(n.file, RenditionThumbnail) {
		return ""
	}
	return s.local(n, RenditionThumbnail)
}

// local is a link without the host, so that it is good under every name the
// simulator is reached by.
func (s *Server) local(n *node, rendition string) string {
	return strings.TrimPrefix(s.link(n, rendition, false), s.url)
}

type faceView struct {
	ID        string     `json:"id"`
	Kind      kind       `json:"kind"`
	Name      string     `json:"name"`
	Workspace string     `json:"workspace"`
	Folder    string     `json:"folder"`
	Way       []faceStep `json:"way"`
	Versions  []faceFile `json:"versions"` // newest first
}

type faceFile struct {
	faceCard
	FPS   float64       `json:"fps"`
	Talks []faceComment `json:"talks"`
}

type faceComment struct {
	ID       string        `json:"id"`
	Who      string        `json:"who"`
	Text     string        `json:"text"`
	Frame    *int64        `json:"frame,omitempty"`
	Duration *int64        `json:"duration,omitempty"`
	Timecode string        `json:"timecode,omitempty"`
	Drawing  string        `json:"drawing,omitempty"`
	Done     bool          `json:"done"`
	Replies  []faceComment `json:"replies"`
}

// faceAsset shows a file or stack; a file in a stack shows its stack.
func (s *Server) faceAsset(id string) faceView {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.mustNode(id)
	if n.parent != nil && n.parent.kind == kindStack {
		n = n.parent
	}

	out := faceView{
		ID:        n.id,
		Kind:      n.kind,
		Name:      n.name,
		Workspace: n.project.workspace.id,
		Way:       s.way(n),
		Versions:  []faceFile{},
	}
	if n.parent != nil {
		out.Folder = n.parent.id
	}

	files := []*node{n}
	if n.kind == kindStack {
		files = slices.Clone(n.children)
		slices.Reverse(files)
	}

	for _, f := range files {
		if f.file != nil {
			out.Versions = append(out.Versions, s.faceFile(f))
		}
	}

	return out
}

func (s *Server) faceFile(n *node) faceFile {
	out := faceFile{faceCard: s.faceCard(n), FPS: n.file.fps(), Talks: []faceComment{}}
	for _, k := range n.file.comments {
		if !k.deleted && k.parent == nil {
			out.Talks = append(out.Talks, s.faceComment(k))
		}
	}
	return out
}

// playable is what browsers play or show of a file.
func (s *Server) playable(n *node) string {
	f := n.file
	switch {
	case s.rendered(f, RenditionHighQuality):
		return s.local(n, RenditionHighQuality)
	case s.present(f) && !f.watermark && strings.HasPrefix(f.mediaType, "audio/"):
		return s.local(n, RenditionOriginal)
	}
	return ""
}

func (s *Server) faceComment(k *comment) faceComment {
	out := faceComment{
		ID:       k.id,
		Who:      s.ownerName(k),
		Text:     k.text,
		Frame:    k.timestamp,
		Duration: k.duration,
		Drawing:  k.annotation,
		Done:     !k.completed.IsZero(),
		Replies:  []faceComment{},
	}
	if out.Who == "" {
		out.Who = "a guest"
	}

	if k.timestamp != nil {
		out.Timecode = timecode(*k.timestamp, k.file.file.fps())
	}

	for _, reply := range k.replies {
		if !reply.deleted {
			out.Replies = append(out.Replies, s.faceComment(reply))
		}
	}

	return out
}
