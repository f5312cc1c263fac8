package frameiosim

import (
	"fmt"
	"slices"
	"time"
)

// Person is somebody with an Adobe account.
type Person struct {
	ID, Name, Email string
	// Roles are the person's roles by account id; see RoleOwner and the like.
	Roles map[string]string
}

// AddPerson makes somebody who can sign in and sees nothing yet.
func (s *Server) AddPerson(name, email string) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newPerson(name, email).id
}

func (s *Server) newPerson(name, email string) *person {
	p := &person{id: s.ids.uuid(), name: name, email: email, active: true}
	s.people[p.id] = p
	s.order = append(s.order, p)
	return p
}

// People lists everybody in the order of their making.
func (s *Server) People() []Person {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Person, 0, len(s.order))
	for _, p := range s.order {
		roles := map[string]string{}
		for _, a := range s.accountSeq {
			if role := a.members[p.id]; role != "" {
				roles[a.id] = role
			}
		}
		out = append(out, Person{ID: p.id, Name: p.name, Email: p.email, Roles: roles})
	}

	return out
}

// ServicePerson is the id of the server-to-server identity; it must be made a
// member of an account before it sees anything.
func (s *Server) ServicePerson() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.service == "" {
		s.service = s.newPerson("Service Account User", "service@example.invalid").id
	}
	return s.service
}

// AddAccount makes an account with its system fields; ownerID may be empty.
func (s *Server) AddAccount(name, ownerID string) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &account{id: s.ids.uuid(), name: name, created: s.tick(), members: map[string]string{}}
	s.accounts[a.id] = a
	s.accountSeq = append(s.accountSeq, a)
	a.fields = s.systemFields(ownerID)
	if ownerID != "" {
		a.join(ownerID, RoleOwner)
	}

	return a.id
}

func (a *account) join(personID, role string) {
	if !slices.Contains(a.order, personID) {
		a.order = append(a.order, personID)
	}
	a.members[personID] = role
}

// AddMember gives a person a role in an account, or another role.
func (s *Server) AddMember(accountID, personID, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	must(s.people, "person", personID)
	must(s.accounts, "account", accountID).join(personID, role)
}

// LockAccount makes every call into the account fail with 403, or ends that.
func (s *Server) LockAccount(accountID string, locked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	must(s.accounts, "account", accountID).locked = locked
}

// AddWorkspace makes a workspace that all members of the account see.
func (s *Server) AddWorkspace(accountID, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := must(s.accounts, "account", accountID)
	creator := ""
	if len(a.order) > 0 {
		creator = a.order[0]
	}
	return s.newWorkspace(a, name, creator).id
}

func (s *Server) newWorkspace(a *account, name, creator string) *workspace {
	now := s.tick()
	w := &workspace{
		id:      s.ids.uuid(),
		name:    name,
		account: a,
		creator: creator,
		created: now,
		updated: now,
		roles:   map[string]string{},
	}

	s.workspaces[w.id] = w
	a.workspaces = append(a.workspaces, w)
	return w
}

// RestrictWorkspace hides a workspace from members of the account other than
// its heads and who has a role in it (SetWorkspaceRole).
func (s *Server) RestrictWorkspace(workspaceID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	must(s.workspaces, "workspace", workspaceID).private = true
}

// SetWorkspaceRole gives a member of the account a role in a workspace, such
// as WorkspaceViewer; empty takes it away.
func (s *Server) SetWorkspaceRole(workspaceID, personID, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	must(s.workspaces, "workspace", workspaceID).roles[personID] = role
}

// AddProject makes a project with its root folder.
func (s *Server) AddProject(workspaceID, name string) (projectID, rootFolderID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := must(s.workspaces, "workspace", workspaceID)
	p := s.newProject(w, name, w.creator)
	return p.id, p.root.id
}

func (s *Server) newProject(w *workspace, name, owner string) *project {
	now := s.tick()
	p := &project{
		id:        s.ids.uuid(),
		name:      name,
		workspace: w,
		owner:     owner,
		created:   now,
		updated:   now,
		invited:   map[string]bool{},
	}

	p.root = &node{
		kind:    kindFolder,
		id:      s.ids.uuid(),
		name:    name,
		project: p,
		creator: owner,
		created: now,
		updated: now,
	}

	s.nodes[p.root.id] = p.root
	s.projects[p.id] = p
	w.projects = append(w.projects, p)
	return p
}

// Invite lets a person into one project without the workspace.
func (s *Server) Invite(projectID, personID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	must(s.projects, "project", projectID).invited[personID] = true
}

// AddFolder makes a folder; a name may occur twice.
func (s *Server) AddFolder(parentID, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	parent := s.mustNode(parentID)
	return s.newFolder(parent, name, parent.creator).id
}

func (s *Server) newFolder(parent *node, name, creator string) *node {
	n := s.newNode(parent, kindFolder, name, creator)
	s.emit("folder.created", n.id, creator)
	return n
}

func (s *Server) newNode(parent *node, k kind, name, creator string) *node {
	now := s.tick()
	n := &node{kind: k, id: s.ids.uuid(), name: name, creator: creator, created: now, updated: now}
	n.attach(s, parent)
	s.nodes[n.id] = n
	return n
}

// LegacyToken makes a developer token of a person, good with the header
// x-frameio-legacy-token-auth: true.
func (s *Server) LegacyToken(personID string) string {
	token := "fio-u-" + s.ids.secret()
	s.mu.Lock()
	defer s.mu.Unlock()
	must(s.people, "person", personID)
	s.legacy[token] = personID
	return token
}

// must finds what a caller in Go named; a wrong id is the caller's mistake.
func must[T any](in map[string]T, what, id string) T {
	v, ok := in[id]
	if !ok {
		panic(unknownID{what, id})
	}
	return v
}

type unknownID struct{ what, id string }

func (u unknownID) Error() string { return fmt.Sprintf("frameiosim: there is no %s %q", u.what, u.id) }

func (s *Server) mustNode(id string) *node { return must(s.nodes, "asset", id) }

func (s *Server) mustFile(id string) *node {
	n := s.mustNode(id)
	if n.kind != kindFile {
		panic(unknownID{"file", id})
	}
	return n
}

func orTime(t, other time.Time) time.Time {
	if t.IsZero() {
		return other
	}
	return t
}
