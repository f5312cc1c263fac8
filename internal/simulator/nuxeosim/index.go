package nuxeosim

import (
	"maps"
	"slices"
	"time"
)

// StandsStill is an index that moves only by [Server.MoveIndex].
const StandsStill = time.Duration(-1)

// indexed is what the index behind /search holds: the documents as they were when it
// last moved.
type indexed struct {
	repo       *repository
	generation int
	at         time.Time
}

// MoveIndex lets the index behind /search know everything that is.
func (s *Server) MoveIndex() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moveIndex()
}

// moveIndex copies all documents into the index. The caller holds mu.
func (s *Server) moveIndex() {
	s.indexed = &indexed{repo: s.repo.copied(), generation: s.repo.generation, at: s.opt.Now()}
}

// searched runs a query on the index, or on the repository where there is none. What the
// index finds comes as it is now; what is gone is left out.
func (s *Server) searched(q *query, p *principal) []*node {
	if s.opt.IndexLag == 0 {
		list, _ := s.run(q, p) // what can fail was checked before
		return list
	}

	if s.indexed == nil || s.opt.IndexLag > 0 && s.indexed.generation != s.repo.generation &&
		s.opt.Now().Sub(s.indexed.at) >= s.opt.IndexLag {
		s.moveIndex()
	}

	old := &Server{opt: s.opt, types: s.types, repo: s.indexed.repo, users: s.users}
	list, err := old.run(q, p)
	if err != nil { // a property that the index does not know matches nothing
		return nil
	}

	var out []*node
	for _, n := range list[:min(len(list), indexWindow)] {
		if live := s.repo.byID[n.id]; live != nil {
			out = append(out, live)
		}
	}

	return out
}

// indexWindow is where an index ends.
const indexWindow = 10000

// copied is a repository that stays as it is.
func (r *repository) copied() *repository {
	out := newRepository(r.types)
	out.all, out.byID = nil, map[string]*node{}
	old := map[*node]*node{}
	for _, n := range r.all {
		if !n.removed {
			c := *n
			c.props, c.acl, c.extra = maps.Clone(n.props), slices.Clone(n.acl), slices.Clone(n.extra)
			old[n] = &c
			out.all = append(out.all, &c)
			out.byID[c.id] = &c
		}
	}

	for _, c := range out.all {
		c.parent, c.source = old[c.parent], old[c.source]
		c.children, c.versions = replaced(c.children, old), replaced(c.versions, old)
	}

	out.root = old[r.root]
	return out
}

func replaced(list []*node, by map[*node]*node) []*node {
	out := make([]*node, 0, len(list))
	for _, n := range list {
		if c := by[n]; c != nil {
			out = append(out, c)
		}
	}
	return out
}
