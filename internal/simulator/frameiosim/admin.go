package frameiosim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
)

// mountAdmin serves what other processes use instead of the Go methods. All
// bodies and answers are JSON, except that a fault is a line of text.
//
//	GET    /_sim/state                  people, accounts … assets with their ids
//	GET    /_sim/requests               the journal
//	GET    /_sim/actions?workspace=ID   custom actions with their secrets
//	POST   /_sim/run-action             {action_id | action_name+workspace, person_id | email, resources, data?,
//	                                    interaction_id?}
//	POST   /_sim/event                  {type, resource_id, person_id, extra} → {deliveries}; to the webhooks, once
//	POST   /_sim/faults                 one rule per line, see faults.Syntax
//	DELETE /_sim/faults                 ends all rules
//	POST   /_sim/files                  {folder_id, name, size, seed} → {id}
//	POST   /_sim/folders                {parent_id, name} → {id}
//	POST   /_sim/workspaces             {account_id, name, project} → {id, project_id, root_folder_id}
//	POST   /_sim/people                 {name, email, account_id?} → {id}; a member of that account, or of nothing
//	POST   /_sim/comment                {file_id, text, owner_id, timestamp, duration, annotation, page, completed,
//	                                    parent_id} → {id}
//	POST   /_sim/stack                  {file_ids} → {id}
//	POST   /_sim/status                 {file_id, option}
//	POST   /_sim/status-option          {file_id, option}; one more that can be chosen in the file's account
//	POST   /_sim/rename                 {id, name}; of a person, account, workspace, project or asset
//	POST   /_sim/move                   {id, parent_id}
//	POST   /_sim/delete                 {id}
//	POST   /_sim/expire                 {links: bool, person_id, revoke: bool}
func (s *Server) mountAdmin(mux *http.ServeMux) {
	for where, do := range map[string]func(*http.Request) (any, error){
		"GET /_sim/state":    func(*http.Request) (any, error) { return s.State(), nil },
		"GET /_sim/requests": func(*http.Request) (any, error) { return s.Requests(), nil },
		"GET /_sim/actions": func(r *http.Request) (any, error) {
			return s.Actions(r.URL.Query().Get("workspace")), nil
		},
		"POST /_sim/run-action": s.adminRun,
		"POST /_sim/event":      s.adminEvent,
		"POST /_sim/faults":     s.adminFaults,
		"DELETE /_sim/faults":   func(*http.Request) (any, error) { s.faults.Clear(); return object{}, nil },
		"POST /_sim/files":      admin(s.adminFile),
		"POST /_sim/folders": admin(func(in adminFolder) any {
			return object{"id": s.AddFolder(in.ParentID, in.Name)}
		}),
		"POST /_sim/workspaces": admin(s.adminWorkspace),
		"POST /_sim/people":     admin(s.adminPerson),
		"POST /_sim/comment":    admin(s.adminComment),
		"POST /_sim/stack":      admin(func(in adminStack) any { return object{"id": s.Stack(in.FileIDs...)} }),
		"POST /_sim/status": admin(func(in adminStatus) any {
			s.SetStatus(in.FileID, in.Option)
			return object{}
		}),
		"POST /_sim/status-option": admin(func(in adminStatus) any {
			s.addStatus(in.FileID, in.Option)
			return object{}
		}),
		"POST /_sim/rename":  admin(func(in adminAsset) any { s.renameAny(in.ID, in.Name); return object{} }),
		"POST /_sim/move":    admin(func(in adminAsset) any { s.Move(in.ID, in.ParentID); return object{} }),
		"POST /_sim/delete":  admin(func(in adminAsset) any { s.Delete(in.ID); return object{} }),
		"POST /_sim/restore": admin(func(in adminAsset) any { return object{"restored": s.Restore(in.ID)} }),
		"POST /_sim/expire":  admin(s.adminExpire),
	} {
		mux.HandleFunc(where, func(w http.ResponseWriter, r *http.Request) { serveAdmin(w, r, do) })
	}
}

// serveAdmin turns errors, and the panic of a Go method about an unknown id,
// into 400.
func serveAdmin(w http.ResponseWriter, r *http.Request, do func(*http.Request) (any, error)) {
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case error:
			writeJSON(w, http.StatusBadRequest, object{"error": problem.Error()})
		default:
			panic(problem)
		}
	}()

	out, err := do(r)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, object{"error": err.Error()})
		return
	}

	writeJSON(w, http.StatusOK, out)
}

func admin[T any](do func(T) any) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		var in T
		if err := readJSON(r, &in); err != nil {
			return nil, err
		}
		return do(in), nil
	}
}

func readJSON(r *http.Request, to any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	d.DisallowUnknownFields()
	return d.Decode(to)
}

type (
	adminFolder struct {
		ParentID string `json:"parent_id"`
		Name     string `json:"name"`
	}
	adminWorkspace struct {
		Account string `json:"account_id"`
		Name    string `json:"name"`
		Project string `json:"project"`
	}
	adminAsset struct {
		ID       string `json:"id"`
		ParentID string `json:"parent_id"`
		Name     string `json:"name"`
	}
	adminPerson struct {
		Name    string `json:"name"`
		Email   string `json:"email"`
		Account string `json:"account_id"`
	}
	adminStack struct {
		FileIDs []string `json:"file_ids"`
	}
	adminStatus struct {
		FileID string `json:"file_id"`
		Option string `json:"option"`
	}
	adminFileBody struct {
		FolderID string  `json:"folder_id"`
		Name     string  `json:"name"`
		Size     int64   `json:"size"`
		Seed     uint64  `json:"seed"`
		FPS      float64 `json:"fps"`
		Duration float64 `json:"duration"`
		Codec    string  `json:"codec"`
		Status   string  `json:"status"`
		Creator  string  `json:"creator_id"`
		Pending  bool    `json:"pending"`
	}
	adminCommentBody struct {
		FileID     string `json:"file_id"`
		Text       string `json:"text"`
		OwnerID    string `json:"owner_id"`
		Timestamp  *int64 `json:"timestamp"`
		Duration   *int64 `json:"duration"`
		Annotation string `json:"annotation"`
		Page       *int64 `json:"page"`
		Completed  bool   `json:"completed"`
		ParentID   string `json:"parent_id"`
	}
	adminExpireBody struct {
		Links    bool   `json:"links"`
		PersonID string `json:"person_id"`
		Revoke   bool   `json:"revoke"`
	}
	adminRunBody struct {
		ActionID      string         `json:"action_id"`
		ActionName    string         `json:"action_name"`
		Workspace     string         `json:"workspace"`
		PersonID      string         `json:"person_id"`
		Email         string         `json:"email"`
		Resources     []string       `json:"resources"`
		Data          map[string]any `json:"data"`
		InteractionID string         `json:"interaction_id"`
	}
)

func (s *Server) adminWorkspace(in adminWorkspace) any {
	id := s.AddWorkspace(in.Account, in.Name)
	project, root := s.AddProject(id, in.Project)
	return object{"id": id, "project_id": project, "root_folder_id": root}
}

func (s *Server) adminPerson(in adminPerson) any {
	id := s.AddPerson(in.Name, in.Email)
	if in.Account != "" {
		s.AddMember(in.Account, id, RoleMember)
	}
	return object{"id": id}
}

func (s *Server) adminFile(in adminFileBody) any {
	opts := []FileOption{
		WithMedia(Media{FPS: in.FPS, Duration: in.Duration, Codec: in.Codec}), WithStatus(in.Status),
		WithCreator(in.Creator),
	}
	if in.Pending {
		opts = append(opts, NotUploadedYet())
	}
	return object{"id": s.AddFile(in.FolderID, in.Name, s.Pattern(in.Seed, in.Size), opts...)}
}

func (s *Server) adminComment(in adminCommentBody) any {
	return object{"id": s.AddComment(in.FileID, CommentSpec{
		Text: in.Text, OwnerID: in.OwnerID, Timestamp: in.Timestamp, Duration: in.Duration,
		Annotation: in.Annotation, Page: in.Page, Completed: in.Completed, ParentID: in.ParentID,
	})}
}

// addStatus makes a status one can choose, as an account's administrator does.
func (s *Server) addStatus(fileID, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.mustFile(fileID).project.workspace.account.fields[0]
	status.options = append(status.options, option{id: s.ids.uuid(), name: name})
}

// renameAny gives a new name to whatever has one.
func (s *Server) renameAny(id, name string) {
	if s.renameSpace(id, name) {
		return
	}
	s.Rename(id, name)
}

func (s *Server) renameSpace(id, name string) (known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.people[id]; p != nil {
		p.name, known = name, true
	}

	if a := s.accounts[id]; a != nil {
		a.name, known = name, true
	}

	if w := s.workspaces[id]; w != nil {
		w.name, known = name, true
	}

	if p := s.projects[id]; p != nil {
		p.name, p.root.name, known = name, name, true
	}

	return known
}

func (s *Server) adminExpire(in adminExpireBody) any {
	if in.Links {
		s.ExpireLinks()
	}

	if in.PersonID != "" {
		s.ExpireAccess(in.PersonID)
	}

	if in.Revoke {
		s.RevokeTokens(in.PersonID)
	}

	return object{}
}

// adminFaults adds one rule per line, all or none.
func (s *Server) adminFaults(r *http.Request) (any, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, err
	}

	var rules []faults.Rule
	for _, line := range strings.Split(strings.TrimSpace(string(body)), "\n") {
		rule, err := faults.Parse(line)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}

	for _, rule := range rules {
		s.faults.Add(rule)
	}

	return object{"added": len(rules)}, nil
}

func (s *Server) adminRun(r *http.Request) (any, error) {
	var in adminRunBody
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}

	spec := DeliverSpec{
		ActionID:      in.ActionID,
		PersonID:      in.PersonID,
		ResourceIDs:   in.Resources,
		InteractionID: in.InteractionID,
		Data:          in.Data,
	}

	for _, a := range s.Actions(in.Workspace) {
		if spec.ActionID == "" && a.Name == in.ActionName {
			spec.ActionID = a.ID
		}
	}

	for _, p := range s.People() {
		if spec.PersonID == "" && strings.EqualFold(p.Email, in.Email) {
			spec.PersonID = p.ID
		}
	}

	if spec.ActionID == "" || spec.PersonID == "" {
		return nil, fmt.Errorf("no such action or person")
	}

	return s.DeliverAction(context.WithoutCancel(r.Context()), spec)
}
