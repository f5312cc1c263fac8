package frameiosim

import (
	"net/http"
	"slices"
	"time"
)

// keptDeleted is how long what was deleted can be restored unless Options say otherwise: the 30 days of the
// earlier API.
const keptDeleted = 30 * 24 * time.Hour

// laterRoutes are operations that came after the published contract: the official SDK names them.
func laterRoutes() []route {
	return []route{{
		"GET", base + "/projects/{project_id}/recently_deleted", "projects.recently_deleted", fivePer, 200,
		(*Server).listRecentlyDeleted,
	}}
}

// listRecentlyDeleted lists what was deleted from a project and can still be restored, the newest first.
func (s *Server) listRecentlyDeleted(c *call) (any, error) {
	if s.opt.NoRecentlyDeleted {
		return nil, &apiError{status: http.StatusNotFound, detail: "no route found for GET " + c.r.URL.Path}
	}

	p, err := s.findProject(c)
	if err != nil {
		return nil, err
	}

	binned := slices.DeleteFunc(slices.Clone(p.binned), func(n *node) bool { return !s.restorable(n) })
	slices.Reverse(binned)
	return list(s, c, binned, pageMax, func(n *node) any {
		return object{"id": n.id, "type": string(n.kind), "name": n.name, "deleted_at": stamp(n.binned)}
	})
}

// bin notes where a node was that is deleted.
func (s *Server) bin(n *node) {
	n.binned, n.home = s.now(), n.parent
	n.project.binned = append(n.project.binned, n)
}

func (s *Server) restorable(n *node) bool {
	kept := s.opt.KeptDeleted
	if kept == 0 {
		kept = keptDeleted
	}
	return n.deleted && s.now().Sub(n.binned) < kept
}

// Restore puts a deleted asset back, as a person does on the page "Recently Deleted": the API has no operation
// for it. It reports whether Frame.io still had it.
func (s *Server) Restore(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.mustNode(id)
	if !s.restorable(n) {
		return false
	}

	// Where it was is perhaps gone as well.
	home := n.home
	if home == nil || home.deleted {
		home = n.project.root
	}

	// Whether it keeps its id is not documented.
	if s.opt.RestoredAnew {
		n.id = s.ids.uuid()
		s.nodes[n.id] = n
		delete(s.nodes, id)
	}

	n.restore()
	n.attach(s, home)
	n.project.binned = slices.DeleteFunc(n.project.binned, func(other *node) bool { return other == n })
	s.emit(eventKind(n)+".created", n.id, n.creator)
	return true
}

func (n *node) restore() {
	n.deleted = false
	for _, child := range n.children {
		child.restore()
	}
}
