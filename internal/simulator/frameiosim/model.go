package frameiosim

import (
	"slices"
	"time"
)

// The tables of the simulated Frame.io. All are guarded by Server.mu.

type person struct {
	id, name, email string
	active          bool
}

type account struct {
	id, name   string
	created    time.Time
	members    map[string]string // person id → role
	order      []string          // person ids as they joined
	workspaces []*workspace
	fields     []*field
	audit      []audited // oldest first
	locked     bool
	used       int64
}

type workspace struct {
	id, name         string
	account          *account
	creator          string
	created, updated time.Time
	projects         []*project
	actions          []*action
	webhooks         []*webhook
	private          bool              // only those in roles and the account's heads see it
	roles            map[string]string // person id → role in this workspace
	deleted          bool
}

type project struct {
	id, name         string
	workspace        *workspace
	owner            string
	created, updated time.Time
	root             *node
	invited          map[string]bool
	deleted          bool
	binned           []*node // that were deleted, oldest first
}

type kind string

const (
	kindFile   kind = "file"
	kindFolder kind = "folder"
	kindStack  kind = "version_stack"
)

// node is a file, a folder or a version stack. A folder's or stack's children
// are ordered by pos, which grows, so that a cursor can name a place.
type node struct {
	kind             kind
	id, name         string
	parent           *node
	project          *project
	creator          string
	created, updated time.Time
	pos              int64
	children         []*node
	deleted          bool
	binned           time.Time      // when it was deleted
	home             *node          // where it was then
	file             *fileInfo      // of a file only
	odd              map[string]any // what is told of it otherwise than the contract says
}

type fileInfo struct {
	size       int64
	mediaType  string
	content    Content
	version    int // grows when the content is replaced; part of the ETag
	firstPart  time.Time
	completed  time.Time // zero: not all bytes are here
	failed     bool      // Frame.io could not fetch it
	noOriginal bool
	watermark  bool // no original, and renditions are made while they are sent
	media      Media
	values     map[*field]any
	comments   []*comment
	renditions map[string]Content
	upload     *upload
}

type field struct {
	id, name, kind   string
	mutable          bool
	options          []option
	creator          string
	created, updated time.Time
	fact             func(*node) any // of a system field: the value, nil if unknown
	format           string          // of a number
}

type option struct{ id, name string }

type comment struct {
	id                        string
	file                      *node
	parent                    *comment
	owner                     string // empty: a guest
	text, annotation          string
	timestamp, duration, page *int64
	anchor, review            any
	odd                       map[string]any // members that are told instead
	links                     []object
	created, updated          time.Time
	edited, completed         time.Time
	completer                 string
	replies                   []*comment
	deleted                   bool
}

type action struct {
	id, name, description, event, url string
	workspace                         *workspace
	multi, active, deleted            bool
	timeout                           int // seconds, 0: unset
	secret, creator                   string
	created, updated                  time.Time
}

// object is a JSON object.
type object = map[string]any

func (n *node) head() *node {
	if n.kind != kindStack || len(n.children) == 0 {
		return n
	}
	return n.children[len(n.children)-1]
}

func (n *node) attach(s *Server, parent *node) {
	s.lastPos++
	n.pos = s.lastPos
	n.parent = parent
	n.project = parent.project
	parent.children = append(parent.children, n)
	for _, child := range n.children {
		child.adopt(n.project)
	}
}

func (n *node) adopt(p *project) {
	n.project = p
	for _, child := range n.children {
		child.adopt(p)
	}
}

// detach takes n out of its parent; a stack without versions goes away.
func (n *node) detach() {
	p := n.parent
	if i, ok := p.find(n.pos); ok {
		p.children = slices.Delete(p.children, i, i+1)
	}
	if p.kind == kindStack && len(p.children) == 0 {
		p.detach()
		p.deleted = true
	}
}

// find gives the index of the first child at or after pos.
func (n *node) find(pos int64) (int, bool) {
	return slices.BinarySearchFunc(n.children, pos, func(c *node, pos int64) int {
		return int(min(max(c.pos-pos, -1), 1))
	})
}

func (n *node) remove() {
	n.deleted = true
	for _, child := range n.children {
		child.remove()
	}
}

func (n *node) within(folder *node) bool {
	for p := n; p != nil; p = p.parent {
		if p == folder {
			return true
		}
	}
	return false
}
