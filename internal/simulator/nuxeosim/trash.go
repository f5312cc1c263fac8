package nuxeosim

import (
	"fmt"
	"regexp"
	"time"
)

// trashLater is how long after the answer what is in a trashed folder is trashed too.
const trashLater = 50 * time.Millisecond

func (s *Server) setTrashed(p *principal, n *node, trashed bool) {
	if n.trashed == trashed {
		return
	}

	if !trashed && !s.opt.Untrue.TrashAtOnce {
		for m := n.parent; m != nil && m.trashed; m = m.parent {
			s.mark(p, m, false)
		}
	}

	s.mark(p, n, trashed)
	s.below(p, n, trashed)
}

// below trashes what is in a folder, or takes it out: later, as a real server does.
func (s *Server) below(p *principal, n *node, trashed bool) {
	if len(n.children) == 0 {
		return
	}

	if s.opt.Untrue.TrashAtOnce {
		s.markTree(p, n, trashed)
		return
	}

	s.later(trashLater, func() {
		if n.trashed == trashed && !n.removed {
			s.markTree(p, n, trashed)
		}
	})
}

// later does something that holds mu, after a while.
func (s *Server) later(after time.Duration, do func()) {
	time.AfterFunc(after, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		do()
	})
}

func (s *Server) markTree(p *principal, n *node, trashed bool) {
	for _, c := range n.children {
		if c.trashed != trashed {
			s.mark(p, c, trashed)
		}
		s.markTree(p, c, trashed)
	}
}

var trashedName = regexp.MustCompile(`^(.*)\._\d+_\.trashed$`)

// mark trashes one document, or takes it out. One in the trash has a name that is no
// other's.
func (s *Server) mark(p *principal, n *node, trashed bool) {
	n.trashed = trashed
	n.sysToken++
	name, event := n.name, "documentTrashed"
	if trashed {
		name = fmt.Sprintf("%s._%d_.trashed", n.name, s.opt.Now().UnixMilli())
	} else {
		event = "documentUntrashed"
		if parts := trashedName.FindStringSubmatch(n.name); parts != nil {
			name = parts[1]
		}
	}

	if parent := n.parent; parent != nil && name != n.name && !s.opt.Untrue.TrashKeepsNames {
		delete(parent.byName, n.name)
		n.name = s.freeName(parent, name)
		parent.byName[n.name] = n
	}

	s.repo.generation++
	s.event(p, event, n, "")
}
