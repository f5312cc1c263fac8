package frameiosim

// State is the whole world for inspection, outermost first.
type State struct {
	URL      string         `json:"url"`
	People   []StatePerson  `json:"people"`
	Accounts []StateAccount `json:"accounts"`
}

// StatePerson is a person in a State.
type StatePerson struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// StateAccount is an account in a State.
type StateAccount struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Roles      map[string]string `json:"roles"` // by person id
	Workspaces []StateWorkspace  `json:"workspaces"`
}

// StateWorkspace is a workspace in a State.
type StateWorkspace struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Projects []StateProject `json:"projects"`
}

// StateProject is a project in a State; assets come parents first.
type StateProject struct {
	ID           string       `json:"id"`
	Name         string       `json:"name"`
	RootFolderID string       `json:"root_folder_id"`
	Assets       []StateAsset `json:"assets"`
}

// StateAsset is a file, folder or stack in a State.
type StateAsset struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Name     string `json:"name"`
	ParentID string `json:"parent_id"`
	Status   string `json:"status,omitempty"` // of a file: created, uploaded or transcoded
	Size     int64  `json:"size,omitempty"`
	Comments int    `json:"comments,omitempty"`
}

// State takes a picture of the world.
func (s *Server) State() State {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := State{URL: s.url, People: []StatePerson{}, Accounts: []StateAccount{}}
	for _, p := range s.order {
		out.People = append(out.People, StatePerson{ID: p.id, Name: p.name, Email: p.email})
	}

	for _, a := range s.accountSeq {
		out.Accounts = append(out.Accounts, s.accountState(a))
	}

	return out
}

func (s *Server) accountState(a *account) StateAccount {
	out := StateAccount{ID: a.id, Name: a.name, Roles: map[string]string{}, Workspaces: []StateWorkspace{}}
	for id, role := range a.members {
		out.Roles[id] = role
	}

	for _, w := range a.workspaces {
		view := StateWorkspace{ID: w.id, Name: w.name, Projects: []StateProject{}}
		for _, p := range w.projects {
			if !p.deleted {
				view.Projects = append(view.Projects, StateProject{
					ID:           p.id,
					Name:         p.name,
					RootFolderID: p.root.id,
					Assets:       s.assetStates(p.root, nil),
				})
			}
		}

		out.Workspaces = append(out.Workspaces, view)
	}

	return out
}

func (s *Server) assetStates(n *node, out []StateAsset) []StateAsset {
	for _, child := range n.children {
		a := StateAsset{ID: child.id, Type: string(child.kind), Name: child.name, ParentID: n.id}
		if child.file != nil {
			a.Status, a.Size, a.Comments = s.status(child.file), child.file.size, len(child.file.comments)
		}
		out = s.assetStates(child, append(out, a))
	}
	return out
}
