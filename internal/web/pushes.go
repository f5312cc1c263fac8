package web

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// PushTargets tells what of a document can be pushed, and where to.
func (s rest) PushTargets(ctx context.Context, q api.PushTargetsRequestObject) (api.PushTargetsResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	t, err := s.Server.Push.Targets(ctx, who.Login, q.Id)
	if err != nil {
		return nil, err
	}

	return api.PushTargets200JSONResponse(targetsJSON(ctx, t)), nil
}

// PushTargetsOfAll tells where several documents can be pushed to.
func (s rest) PushTargetsOfAll(
	ctx context.Context, q api.PushTargetsOfAllRequestObject,
) (api.PushTargetsOfAllResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	t, err := s.Server.Push.TargetsOfAll(ctx, who.Login, previewed(q.Body))
	if err != nil {
		return nil, err
	}

	return api.PushTargetsOfAll200JSONResponse(targetsJSON(ctx, t)), nil
}

func targetsJSON(ctx context.Context, t push.Targets) api.PushTargets {
	out := api.PushTargets{
		Document: t.Document,
		Title:    t.Title,
		CanPush:  t.WhyNot == nil,
		Teams:    []api.PushTeam{},
		Pieces:   []api.PushPiece{},
	}
	if t.WhyNot != nil {
		out.WhyNot = opt(fault.From(t.WhyNot).Message)
	}

	for _, b := range t.Bound {
		out.Teams = append(out.Teams, api.PushTeam{
			Id:          b.Workspace,
			Name:        b.WorkspaceName,
			Account:     b.Account,
			Folder:      b.Folder,
			FolderTitle: b.FolderTitle,
		})
	}

	for _, p := range t.Pieces {
		out.Pieces = append(out.Pieces, pieceJSON(p))
	}

	// Where the document has been before.
	out.Asset, out.Last = spotJSON(t.Asset), choiceJSON(t.Last)
	if t.Open != nil {
		out.Push = some1(pushJSON(ctx, *t.Open))
	}

	return out
}

func pieceJSON(p push.Piece) api.PushPiece {
	kind := api.PushPieceKindPicture
	switch {
	case p.Name == push.Master:
		kind = api.PushPieceKindMaster
	case p.Video:
		kind = api.PushPieceKindVideo
	}

	return api.PushPiece{
		Name:      p.Name,
		Kind:      kind,
		FileName:  opt(p.Blob.Name),
		MediaType: opt(p.MimeType),
		Size:      p.Length,
	}
}

func spotJSON(s *push.Location) *api.PushAsset {
	if s == nil {
		return nil
	}
	return &api.PushAsset{
		Account: s.Account, Project: s.Project, FrameioFolder: s.Folder,
		FrameioFolderName: opt(s.FolderName), File: s.File,
		Stack: opt(s.Stack), Name: s.Name, ViewUrl: opt(s.ViewURL),
	}
}

func choiceJSON(c *push.Choice) *api.PushChoice {
	if c == nil {
		return nil
	}
	return &api.PushChoice{Team: c.Workspace, Project: c.Project, FrameioFolder: c.Folder, What: c.What}
}

func some1[T any](v T) *T { return &v }

// pushJSON tells a push to the person who asks.
func pushJSON(ctx context.Context, p push.Push) api.Push {
	who, _ := viewer(ctx) // anonymous calls have been refused before
	return api.Push{
		Id: p.ID, Batch: p.Batch, Item: opt(p.Item), Document: p.Document, Title: p.Title, Folder: p.Scope,
		Binding: opt(p.Binding),
		Account: p.Account, Team: p.Workspace, TeamName: p.WorkspaceName, Project: p.Project,
		ProjectName:   opt(p.ProjectName),
		FrameioFolder: p.Folder, FrameioFolderName: opt(p.FolderName), What: p.What, Separate: p.Separate,
		File: opt(p.File), ViewUrl: opt(p.ViewURL),
		State: api.PushState(p.State), PushedBy: p.By, Locked: p.HoldsLock(), Size: p.Size, Status: opt(p.Status),
		Reason:    opt(p.Reason),
		StatusNow: opt(p.SeenStatus), Seen: moment(p.Seen), Gone: yes(p.SeenGone), EndedBy: opt(p.EndedBy),
		Created: p.Created, Opened: moment(p.Opened), Ended: moment(p.Ended),
		MayRelease: yes(p.MayRelease(who)),
	}
}

// yes is nil for what is not so, so that JSON leaves it out.
func yes(is bool) *bool {
	if !is {
		return nil
	}
	return &is
}

func pushesJSON(ctx context.Context, list []push.Push) []api.Push {
	out := []api.Push{}
	for _, p := range list {
		out = append(out, pushJSON(ctx, p))
	}
	return out
}

// namedMost is how many documents an answer names, however many it tells of.
const namedMost = 100

// named are the first of a list.
func named[T any](list []T) []T { return list[:min(len(list), namedMost)] }

func skippedJSON(list []push.Skipped) []api.PushSkipped {
	out := []api.PushSkipped{}
	for _, s := range list {
		f := fault.From(s.Why)
		out = append(out, api.PushSkipped{
			Document: s.Document,
			Title:    opt(s.Title),
			Code:     string(f.Code),
			Message:  f.Message,
			Remedy:   opt(f.Remedy),
		})
	}

	return out
}

// ListProjects lists projects of Frame.io to choose from.
func (s rest) ListProjects(
	ctx context.Context, q api.ListProjectsRequestObject,
) (api.ListProjectsResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	list, more, err := s.Server.Push.Projects(ctx, who.Login, q.Account, q.Id)
	if err != nil {
		return nil, err
	}

	slices.SortFunc(list, func(a, b push.Project) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})

	out := api.ListProjects200JSONResponse{Projects: []api.FrameioProject{}, More: more}
	for _, p := range list {
		out.Projects = append(out.Projects, api.FrameioProject{Id: p.ID, Name: p.Name, RootFolder: p.RootFolder})
	}

	return out, nil
}

func frameioFolder(f frameio.Folder) api.FrameioFolder {
	return api.FrameioFolder{Id: f.ID, Name: f.Name, Parent: opt(f.ParentID)}
}

// ListFrameioFolders lists folders of Frame.io to choose from.
func (s rest) ListFrameioFolders(
	ctx context.Context, q api.ListFrameioFoldersRequestObject,
) (api.ListFrameioFoldersResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	list, more, err := s.Server.Push.Folders(ctx, who.Login, q.Account, q.Id)
	if err != nil {
		return nil, err
	}

	slices.SortFunc(list, func(a, b frameio.Folder) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})

	out := api.ListFrameioFolders200JSONResponse{Folders: []api.FrameioFolder{}, More: more}
	for _, f := range list {
		out.Folders = append(out.Folders, frameioFolder(f))
	}

	return out, nil
}

// CreateFrameioFolder makes a folder on Frame.io.
func (s rest) CreateFrameioFolder(
	ctx context.Context, q api.CreateFrameioFolderRequestObject,
) (api.CreateFrameioFolderResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}
	f, err := s.Server.Push.CreateFolder(ctx, who.Login, q.Account, q.Id, q.Body.Name)
	return api.CreateFrameioFolder201JSONResponse(frameioFolder(f)), err
}

// Push sends documents to Frame.io.
func (s rest) Push(ctx context.Context, q api.PushRequestObject) (api.PushResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	b := q.Body
	got, err := s.Server.Push.Accept(ctx, who.Login, push.Request{
		Documents: b.Documents, Listing: listing(b.Listing), Except: except(b.Listing), Workspace: b.Team,
		Project: b.Project, Folder: val(b.FrameioFolder), What: val(b.What),
		Separate: b.Separate != nil && *b.Separate, Status: val(b.Status),
	})
	if err != nil {
		return nil, err
	}

	return api.Push202JSONResponse{
		Batch: got.Batch, Message: sentMessage(got), Count: len(got.Pushes), Pushes: pushesJSON(ctx, named(got.Pushes)),
		SkippedCount: len(got.Skipped), Skipped: skippedJSON(named(got.Skipped)),
	}, nil
}

// listing is what a form names of a list in Nuxeo; nil: it names documents.
func listing(l *api.PushListing) *nuxeo.Listing {
	if l == nil {
		return nil
	}
	return &nuxeo.Listing{Provider: l.Provider, Parameters: val(l.Parameters)}
}

func except(l *api.PushListing) []string {
	if l == nil {
		return nil
	}
	return val(l.Except)
}

// previewed is what a form asks about.
func previewed(f *api.PushPreviewForm) push.Request {
	return push.Request{
		Documents: f.Documents,
		Listing:   listing(f.Listing),
		Except:    except(f.Listing),
		Workspace: val(f.Team),
		What:      val(f.What),
	}
}

// sentMessage is for a bubble.
func sentMessage(a push.Accepted) string {
	text := "Pushed to Frame.io: it is being sent."
	if n := len(a.Pushes); n != 1 {
		text = fmt.Sprintf("Pushed to Frame.io: %d documents are being sent.", n)
	}
	if n := len(a.Skipped); n > 0 {
		text += fmt.Sprintf(" %d left out.", n)
	}
	return text
}

// PreviewPush says what a push would send.
func (s rest) PreviewPush(ctx context.Context, q api.PreviewPushRequestObject) (api.PreviewPushResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	got, err := s.Server.Push.Preview(ctx, who.Login, previewed(q.Body))
	if err != nil {
		return nil, err
	}

	out := api.PreviewPush200JSONResponse{
		Count: got.Count, Bytes: got.Bytes, SkippedCount: len(got.Skipped), Skipped: skippedJSON(named(got.Skipped)),
		Next: some(got.Next),
	}

	// Those that would become the next version of an asset.
	if len(got.Linked) > 0 {
		out.Linked = new([]api.PushLinked)
	}

	for _, l := range got.Linked {
		*out.Linked = append(*out.Linked, api.PushLinked{
			Document: l.Document,
			Title:    l.Title,
			Name:     opt(l.Name),
			ViewUrl:  opt(l.ViewURL),
		})
	}

	return out, nil
}

// ListPushes lists pushes.
func (s rest) ListPushes(ctx context.Context, q api.ListPushesRequestObject) (api.ListPushesResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	f := push.Filter{Document: val(q.Params.Document), Folder: val(q.Params.Folder), Before: val(q.Params.Cursor)}
	if f.Limit, err = limit(q.Params.Limit); err != nil {
		return nil, err
	}

	if q.Params.State != nil {
		if !q.Params.State.Valid() {
			return nil, fault.Field("state", "Give sending, open, returned, failed, canceled or released.",
				"No push is %q.", *q.Params.State)
		}
		f.State = string(*q.Params.State)
	}

	page, err := s.Server.Push.List(ctx, who, f)
	return api.ListPushes200JSONResponse{
		Pushes: pushesJSON(ctx, page.List),
		Next:   opt(page.Next),
		Hidden: some(page.Hidden),
	}, err
}

// GetPush shows a push.
func (s rest) GetPush(ctx context.Context, q api.GetPushRequestObject) (api.GetPushResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.Server.Push.Get(ctx, who, q.Id)
	return api.GetPush200JSONResponse(pushJSON(ctx, p)), err
}

// ListLocks lists what pushes have locked.
func (s rest) ListLocks(ctx context.Context, q api.ListLocksRequestObject) (api.ListLocksResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	most, err := limit(q.Params.Limit)
	if err != nil {
		return nil, err
	}

	list, next, err := s.Server.Push.Locks(ctx, who, val(q.Params.Cursor), most)
	return api.ListLocks200JSONResponse{Pushes: pushesJSON(ctx, list), Next: opt(next)}, err
}

// ReleaseLock ends the waiting for a push.
func (s rest) ReleaseLock(ctx context.Context, q api.ReleaseLockRequestObject) (api.ReleaseLockResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.Server.Push.Release(ctx, who, q.Id, q.Body.Reason)
	return api.ReleaseLock200JSONResponse(pushJSON(ctx, p)), err
}
