package binding

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Request is what a person fills in to bind a folder.
type Request struct {
	Folder       string // id or path in Nuxeo
	ActionName   string
	Workspaces   []string // ids on Frame.io, at least one
	DocumentType string   // empty: File
	Publishers   string   // Everyone, which empty is, or Connected
}

// A Workspace is one that can be bound.
type Workspace struct {
	Account, AccountName string
	ID, Name             string
	Roles                []string
}

// Workspaces lists the workspaces of all accounts of a person, including those of projects that
// they were only invited to. If there are none, why says why.
func (s *Service) Workspaces(ctx context.Context, login string) (list []Workspace, why string, err error) {
	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return nil, "", err
	}

	// Collect the workspaces of each account.
	accounts := 0
	for a, err := range fio.Accounts(ctx) {
		if err != nil {
			return nil, "", err
		}
		accounts++
		more, err := workspacesOf(ctx, fio, a)
		if err != nil {
			return nil, "", err
		}
		list = append(list, more...)
	}

	// Say why there are none: an empty list helps no one.
	switch {
	case len(list) > 0:
		return list, "", nil
	case accounts == 0:
		return nil, "Your Adobe login belongs to no Frame.io V4 account. Accounts that are still on the legacy " +
			"version do not appear.", nil
	}

	return nil, "You are a member of no workspace, and were invited to no project. Ask a workspace's owner to add you.",
		nil
}

// Invited is the role of a person who sees projects of a workspace without being a member.
const Invited = "invited"

func workspacesOf(ctx context.Context, fio *v4.Client, a frameio.Account) ([]Workspace, error) {
	var list []Workspace
	add := func(w frameio.Workspace, roles []string) {
		if !slices.ContainsFunc(list, func(other Workspace) bool { return other.ID == w.ID }) {
			list = append(list, Workspace{Account: a.ID, AccountName: a.Name, ID: w.ID, Name: w.Name, Roles: roles})
		}
	}

	// First those that the person is a member of.
	for w, err := range fio.Workspaces(ctx, a.ID) {
		if err != nil {
			return nil, err
		}
		add(w, a.Roles)
	}

	// Then those of projects that they were invited to: Frame.io lists such workspaces nowhere.
	for p, err := range fio.InvitedProjects(ctx, a.ID) {
		if err != nil {
			return nil, err
		}
		if p.WorkspaceID != "" {
			add(invitedTo(ctx, fio, a.ID, p), []string{Invited})
		}
	}

	return list, nil
}

// invitedTo returns the workspace of a project, named after the project if the workspace itself may
// not be read.
func invitedTo(ctx context.Context, fio *v4.Client, account string, p frameio.Project) frameio.Workspace {
	w, err := fio.Workspace(ctx, account, p.WorkspaceID)
	if err != nil {
		return frameio.Workspace{ID: p.WorkspaceID, Name: "(workspace of the project " + p.Name + ")"}
	}
	return w
}

const maxActionName = 255

// Bind checks a request as the person, records the binding and starts creating it. It returns the
// item that does so.
func (s *Service) Bind(ctx context.Context, login string, q Request) (Binding, string, error) {
	if err := q.validate(); err != nil {
		return Binding{}, "", err
	}

	// Check both sides.
	folder, err := s.loadFolder(ctx, login, q)
	if err != nil {
		return Binding{}, "", err
	}

	chosen, err := s.chooseWorkspaces(ctx, login, q)
	if err != nil {
		return Binding{}, "", err
	}

	// Record it.
	b := Binding{
		ID: uuid.Must(uuid.NewV7()).String(), FolderUID: folder.UID, FolderPath: folder.Path, FolderTitle: folder.Title,
		ActionName: q.ActionName, Description: description(folder.Path), DocumentType: q.DocumentType,
		Creator: login, Owner: login, Publishers: q.Publishers, State: Making, Created: s.Now(),
	}

	for _, w := range chosen {
		b.Actions = append(b.Actions, Action{
			ID: uuid.NewString(), BindingID: b.ID, AccountID: w.Account, AccountName: w.AccountName,
			WorkspaceID: w.ID, WorkspaceName: w.Name, State: actionIntended,
		})
	}

	item, err := s.insert(ctx, b)
	return b, item, err
}

func (q *Request) validate() error {
	q.ActionName = strings.TrimSpace(q.ActionName)
	if q.DocumentType == "" {
		q.DocumentType = "File"
	}

	if q.Publishers == "" {
		q.Publishers = Everyone
	}

	// Everything else is asked of Nuxeo and Frame.io later.
	bad := func(r rune) bool { return unicode.IsControl(r) }
	switch {
	case q.Folder == "":
		return fault.Field("folder", "Give the id or the path of a Nuxeo folder.", "The folder is missing.")
	case q.Publishers != Everyone && q.Publishers != Connected:
		return fault.Field("publishers", `Give "everyone" or "connected".`,
			"%q does not say who may publish.", q.Publishers)
	case q.ActionName == "":
		return fault.Field("action_name", `Call it "Publish to Nuxeo", for example.`, "The action name is missing.")
	case utf8.RuneCountInString(q.ActionName) > maxActionName || strings.ContainsFunc(q.ActionName, bad) ||
		!utf8.ValidString(q.ActionName):
		return fault.Field("action_name", "Use up to 255 printable characters.",
			"The action name is too long or holds control characters.")
	case len(q.Workspaces) == 0:
		return fault.Field("workspaces", "Choose at least one team (workspace).", "No team was chosen.")
	}

	return nil
}

// description returns what Frame.io shows below the action's name.
func description(path string) string {
	d := []rune("Push to Nuxeo folder : " + path)
	return string(d[:min(len(d), maxActionName)])
}

// loadFolder reads the folder as the person and checks that it can be bound.
func (s *Service) loadFolder(ctx context.Context, login string, q Request) (*nuxeo.Document, error) {
	nx, err := s.People.Nuxeo(ctx, login)
	if err != nil {
		return nil, err
	}

	// People may give an id or a path.
	fetch := nuxeo.Fetch{Enrichers: []string{"permissions", "subtypes"}}
	get := nx.Get
	if strings.HasPrefix(q.Folder, "/") {
		get = nx.GetByPath
	}

	doc, err := get(ctx, q.Folder, fetch)
	switch nuxeo.StatusOf(err) {
	case http.StatusNotFound, http.StatusForbidden:
		return nil, fault.Field("folder", "Check the id or path, and your rights in Nuxeo.",
			"There is no folder %q that you may see.", q.Folder)
	}

	if err != nil {
		return nil, err
	}

	// The folder has to take documents, and nothing else may fill it.
	if err := Bindable(doc); err != nil {
		return nil, err
	}

	if with, err := s.Synced(ctx, doc.UID); err != nil || with != "" {
		return nil, synced(doc, with, err)
	}

	return doc, checkType(ctx, nx, doc, q.DocumentType)
}

func synced(doc *nuxeo.Document, with string, err error) error {
	if err != nil {
		return err
	}
	return fault.Field("folder", "Remove that synchronization first, or choose another folder.",
		"%q is synchronized with %q on Frame.io.", doc.Title, with)
}

// Bindable returns why a document cannot be bound by the person who read it with the enricher
// "permissions", or nil.
func Bindable(doc *nuxeo.Document) error {
	switch p := doc.Permissions(); {
	case !doc.Has("Folderish"):
		return fault.Field("folder", "Choose a folder.", "%q is not a folder, so nothing can be published into it.",
			doc.Title)
	case doc.IsVersion || doc.IsProxy || doc.IsTrashed:
		return fault.Field("folder", "Choose a live folder.", "%q is a version, a proxy or in the trash.", doc.Title)
	case !slices.Contains(p, "AddChildren") || !slices.Contains(p, "WriteProperties"):
		return fault.New(fault.Forbidden, "You may not write in %q.", doc.Title).
			With("Ask for the right to write there in Nuxeo.")
	}
	return nil
}

// checkType checks that documents of the type can be created in the folder and can hold a file.
func checkType(ctx context.Context, nx *nuxeo.Client, folder *nuxeo.Document, name string) error {
	t, err := nx.Type(ctx, name)
	if nuxeo.NotFound(err) {
		return fault.Field("document_type", "Use File, Video or Picture, or another type of your Nuxeo.",
			"Nuxeo has no document type %q.", name)
	}

	if err != nil {
		return err
	}

	// The type has to hold a file,
	if !t.CanHoldFile() {
		return fault.Field("document_type", "Choose a type with the schema \"file\".",
			"Documents of type %q hold no file.", name)
	}

	// and the folder has to allow it.
	allowed := folder.Subtypes()
	if len(allowed) == 0 {
		return nil // unknown: creating a document will tell
	}

	if slices.ContainsFunc(allowed, func(a nuxeo.Type) bool { return a.Name == name }) {
		return nil
	}

	return fault.Field("document_type", "Choose a type that the folder allows.",
		"%q may not hold documents of type %q.", folder.Title, name)
}

// chooseWorkspaces finds the workspaces and checks that the name is free in each.
func (s *Service) chooseWorkspaces(ctx context.Context, login string, q Request) ([]Workspace, error) {
	list, why, err := s.Workspaces(ctx, login)
	if err != nil {
		return nil, err
	}

	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return nil, err
	}

	var out []Workspace
	for _, id := range q.Workspaces {
		i := slices.IndexFunc(list, func(w Workspace) bool { return w.ID == id })
		if i < 0 {
			return nil, noTeam(id, why)
		}

		// One that is named twice is bound once.
		if slices.ContainsFunc(out, func(w Workspace) bool { return w.ID == id }) {
			continue
		}

		if err := s.checkNameFree(ctx, fio, list[i], q.ActionName, ""); err != nil {
			return nil, err
		}

		out = append(out, list[i])
	}

	return out, nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// checkNameFree returns an error if another action of the workspace has the name than the one with our
// id own. An unrecorded action of ours does not count, since it will be replaced.
func (s *Service) checkNameFree(ctx context.Context, fio *v4.Client, w Workspace, name, own string) error {
	for a, err := range fio.Actions(ctx, w.Account, w.ID) {
		if err != nil {
			return err
		}

		if a.Name != name || own != "" && a.URL == s.actionURL(own) {
			continue
		}

		// Ours may be left over from a binding that was never completed.
		lost, err := s.isUnrecorded(ctx, a)
		if err != nil {
			return err
		}

		if !lost {
			return fault.Field("action_name", "Choose another name: each bound folder has its own.",
				"The team %q has a custom action %q already.", w.Name, name)
		}
	}
	return nil
}

// isUnrecorded reports whether an action calls us but is not recorded, belongs to an ended binding, or
// was removed from one.
func (s *Service) isUnrecorded(ctx context.Context, a frameio.Action) (bool, error) {
	id, ours := strings.CutPrefix(a.URL, s.actionURL(""))
	if !ours {
		return false, nil
	}

	var n int
	err := s.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM actions
		JOIN bindings ON bindings.id = actions.binding_id
		WHERE actions.id = $1 AND bindings.state IN ('binding', 'bound', 'ending')
		AND actions.state NOT IN ('leaving', 'left')`, id).Scan(&n)
	return n == 0, err
}

func (s *Service) actionURL(id string) string { return s.PublicURL + "/frameio/actions/" + id }

func (s *Service) insert(ctx context.Context, b Binding) (item string, err error) {
	var ids []string
	bound := audit.Entry{Who: b.Creator, What: audit.Bound, About: b.FolderPath, Detail: b.ActionName}
	err = s.Engine.Audited(ctx, bound, func(tx *sql.Tx) error {
		now := store.Millis(s.Now())
		if _, err := tx.ExecContext(ctx, `INSERT INTO bindings (id, folder_uid, folder_path, folder_title, action_name,
			description,
				document_type, creator, owner, publishers, state, created, updated)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
			$12)`, b.ID, b.FolderUID, b.FolderPath, b.FolderTitle, b.ActionName,
			b.Description, b.DocumentType, b.Creator, b.Owner, b.Publishers, string(b.State), now); err != nil {
			return err
		}

		for _, a := range b.Actions {
			if _, err := tx.ExecContext(ctx, `INSERT INTO actions (id, binding_id, account_id, account_name,
				workspace_id, workspace_name, state)
				VALUES ($1, $2, $3, $4, $5, $6,
				$7)`, a.ID, a.BindingID, a.AccountID, a.AccountName, a.WorkspaceID, a.WorkspaceName,
				a.State); err != nil {
				return err
			}
		}

		// The binding never exists without the item that completes it.
		ids, err = s.Engine.Add(ctx, tx, work.New{
			Kind: KindBind, Parent: b.ID, Subject: "bind", Title: fmt.Sprintf("Bind %s", b.FolderPath), Owner: b.Owner,
			Actor: b.Owner, Interactive: true, Data: struct{}{},
		})

		return err
	})
	if store.Duplicate(err) {
		return "", boundUnder(b.ActionName)
	}

	if err != nil {
		return "", err
	}

	s.Engine.Wake(ids...)
	return onlyID(ids)
}
