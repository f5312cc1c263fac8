package frameiosim

import (
	"cmp"
	"slices"
)

type seat struct {
	person *person
	role   string
}

func (s *Server) listAccountUsers(c *call) (any, error) {
	var seats []seat
	for _, id := range c.account.order {
		seats = append(seats, seat{s.people[id], accountRole(c.account.members[id])})
	}
	return s.listSeats(c, seats)
}

func (s *Server) listWorkspaceUsers(c *call) (any, error) {
	w, err := s.findWorkspace(c)
	if err != nil {
		return nil, err
	}
	return s.listSeats(c, s.seats(w))
}

func (s *Server) listProjectUsers(c *call) (any, error) {
	p, err := s.findProject(c)
	if err != nil {
		return nil, err
	}
	return s.listSeats(c, s.projectSeats(p))
}

func (s *Server) listFolderUsers(c *call) (any, error) {
	n, err := s.find(c, "folder_id", kindFolder)
	if err != nil {
		return nil, err
	}
	return s.listSeats(c, s.projectSeats(n.project))
}

func (s *Server) seats(w *workspace) []seat {
	var out []seat
	for _, id := range w.account.order {
		if w.visible(id) {
			out = append(out, seat{s.people[id], w.role(id)})
		}
	}
	return out
}

func (s *Server) projectSeats(p *project) []seat {
	out := s.seats(p.workspace)
	for _, who := range s.order {
		if p.invited[who.id] && !p.workspace.visible(who.id) {
			out = append(out, seat{who, "editor"})
		}
	}
	return out
}

func (w *workspace) role(personID string) string {
	if w.account.leads(personID) {
		return accountRole(w.account.members[personID])
	}
	return cmp.Or(w.roles[personID], WorkspaceFullAccess)
}

func (s *Server) listSeats(c *call, seats []seat) (any, error) {
	if !c.flag("include_deactivated") {
		seats = slices.DeleteFunc(seats, func(x seat) bool { return !x.person.active })
	}

	seats, err := sorted(c, seats, map[string]func(a, b seat) int{
		"role":  func(a, b seat) int { return cmp.Compare(a.role, b.role) },
		"name":  func(a, b seat) int { return cmp.Compare(a.person.name, b.person.name) },
		"email": func(a, b seat) int { return cmp.Compare(a.person.email, b.person.email) },
	})
	if err != nil {
		return nil, err
	}

	return list(s, c, seats, pageMax, func(x seat) any { return object{"role": x.role, "user": s.user(x.person.id)} })
}

// Deactivate ends a person's access everywhere, or restores it.
func (s *Server) Deactivate(personID string, deactivated bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	must(s.people, "person", personID).active = !deactivated
}
