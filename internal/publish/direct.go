package publish

import (
	"context"
	"net/url"
	"path"
	"strings"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
)

// A BoundWorkspace is a workspace that a binding covers, with our id of its action.
type BoundWorkspace struct {
	Action, Account, Workspace string
}

// Direct publishes assets without Frame.io's menu, for a person who has connected Frame.io. Each
// asset is an id or the address of its page. It returns our id of the interaction and the answer.
func (s *Service) Direct(
	ctx context.Context, who identity.Person, b Binding, workspaces []BoundWorkspace, assets []string,
) (string, Answer, error) {
	fio, err := s.People.Frameio(ctx, who.Login)
	if err != nil {
		return "", Answer{}, err
	}

	// Describe it as an interaction.
	in := Interaction{
		InteractionID: "direct-" + uuid.NewString(),
		Step:          "open",
		Binding:       b,
		UserID:        who.FrameioID,
		Requester:     who.Login,
	}

	// Find the assets, which have to be in one workspace.
	for _, text := range assets {
		found, workspace, err := locate(ctx, fio, workspaces, AssetID(text))
		if err != nil {
			return "", Answer{}, err
		}
		if in.ActionID != "" && in.ActionID != workspace.Action {
			return "", Answer{}, fault.Field("assets", "Publish them one team at a time.",
				"The assets belong to several teams (workspaces).")
		}
		in.ActionID, in.AccountID, in.WorkspaceID = workspace.Action, workspace.Account, workspace.Workspace
		in.Resources = append(in.Resources, found)
	}

	// Accept it like any other.
	answer, err := s.Accept(ctx, in)
	if err != nil {
		return "", answer, err
	}

	var id string
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT id FROM interactions WHERE action_id = $1
		AND interaction_id = $2`, in.ActionID, in.InteractionID).Scan(&id)
	return id, answer, err
}

// AssetID returns the id in the address of an asset's page. An id is returned as it is.
func AssetID(text string) string {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return text
	}
	return path.Base(u.Path)
}

// locate returns what an id stands for, and in which of the workspaces.
func locate(
	ctx context.Context, fio *v4.Client, workspaces []BoundWorkspace, id string,
) (Resource, BoundWorkspace, error) {
	for _, p := range workspaces {
		kind, project, err := identify(ctx, fio, p.Account, id)
		if err != nil {
			return Resource{}, p, err
		}

		if kind == "" {
			continue
		}

		pr, err := fio.Project(ctx, p.Account, project)
		if err != nil {
			return Resource{}, p, err
		}

		for _, q := range workspaces {
			if q.Workspace == pr.WorkspaceID {
				return Resource{ID: id, Type: string(kind)}, q, nil
			}
		}

		return Resource{}, p, fault.Field("assets", "Choose a binding of its team, or bind the folder to it.",
			"The asset %q is in a team that this folder is not bound to.", id)
	}
	return Resource{}, BoundWorkspace{},
		fault.Field("assets", "Give the id or the address of a file, a version stack or a folder.",
			"There is no asset %q that you may see on Frame.io.", id)
}

// identify returns the kind and the project of an id. The kind is empty if it is nothing.
func identify(ctx context.Context, fio *v4.Client, account, id string) (frameio.Kind, string, error) {
	f, err := fio.File(ctx, account, id)
	if err == nil {
		return frameio.KindFile, f.ProjectID, nil
	}

	if !isOtherKind(err) {
		return "", "", err
	}

	stack, err := fio.Stack(ctx, account, id)
	if err == nil {
		return frameio.KindStack, stack.ProjectID, nil
	}

	if !isOtherKind(err) {
		return "", "", err
	}

	folder, err := fio.Folder(ctx, account, id)
	if err == nil {
		return frameio.KindFolder, folder.ProjectID, nil
	}

	if !isOtherKind(err) {
		return "", "", err
	}

	return "", "", nil
}

// isOtherKind reports whether an error says that an id is of another kind, or nothing.
func isOtherKind(err error) bool {
	switch v4.StatusOf(err) {
	case 400, 403, 404, 422:
		return true
	}
	return false
}
