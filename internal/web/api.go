package web

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/publish"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ratelimit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// rest implements the REST interface.
type rest struct{ *Server }

func (s *Server) strict() api.ServerInterface {
	return api.NewStrictHandlerWithOptions(rest{s}, []api.StrictMiddlewareFunc{strictBody}, api.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: s.badRequest, ResponseErrorHandlerFunc: s.problem,
	})
}

// About tells what this connector is.
func (s rest) About(context.Context, api.AboutRequestObject) (api.AboutResponseObject, error) {
	return api.About200JSONResponse{Version: s.Set.Version, NuxeoUrl: s.Set.NuxeoURL, PublicUrl: s.Set.PublicURL}, nil
}

// SignIn exchanges a Nuxeo token for a session. Where many come that Nuxeo does not know,
// none are asked about for a while.
func (s rest) SignIn(ctx context.Context, q api.SignInRequestObject) (api.SignInResponseObject, error) {
	from := visitorOf(ctx).address
	if err := s.refused.full(from); err != nil {
		return nil, err
	}

	p, session, err := s.Identity.SignIn(ratelimit.Stranger(ctx), q.Body.NuxeoToken)
	if err != nil {
		s.wrong(from, err)
		return nil, s.failed(ctx, err)
	}

	return api.SignIn201JSONResponse{Session: session, Person: s.person(ctx, p)}, nil
}

// SignOut ends the session.
func (s rest) SignOut(ctx context.Context, _ api.SignOutRequestObject) (api.SignOutResponseObject, error) {
	return api.SignOut204Response{}, s.Identity.SignOut(ctx, visitorOf(ctx).secret)
}

// Me tells who is signed in.
func (s rest) Me(ctx context.Context, _ api.MeRequestObject) (api.MeResponseObject, error) {
	p, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}
	return api.Me200JSONResponse(s.person(ctx, p)), nil
}

func (s *Server) person(ctx context.Context, p identity.Person) api.Person {
	out := api.Person{
		Login:            p.Login,
		Name:             p.Name,
		Email:            p.Email,
		Administrator:    p.Admin,
		FrameioName:      opt(p.FrameioName),
		FrameioConnected: true,
	}

	if err := s.Identity.Connected(ctx, p.Login); err != nil {
		out.FrameioConnected, out.FrameioProblem = false, opt(fault.From(err).Message)
	}

	return out
}

// Disconnect forgets the Frame.io sign-in.
func (s rest) Disconnect(ctx context.Context, _ api.DisconnectRequestObject) (api.DisconnectResponseObject, error) {
	p, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}
	return api.Disconnect204Response{}, s.Identity.Disconnect(ctx, p.Login)
}

// GetProvider shows the registered application.
func (s rest) GetProvider(ctx context.Context, _ api.GetProviderRequestObject) (api.GetProviderResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}
	p, err := s.Identity.Provider(ctx)
	return api.GetProvider200JSONResponse(s.provider(p)), err
}

func (s *Server) provider(p identity.Provider) api.Provider {
	return api.Provider{
		ServiceName: p.ServiceName, Description: p.Description, ClientId: p.ClientID, HasSecret: p.HasSecret,
		AuthorizationUrl: p.AuthorizationURL, TokenUrl: p.TokenURL, UserAuthorizationUrl: p.UserAuthorizationURL,
		Scopes: p.Scopes, Enabled: p.Enabled, Registered: p.Registered, RedirectUrl: s.Identity.RedirectURL(),
	}
}

// SaveProvider registers or changes the application.
func (s rest) SaveProvider(
	ctx context.Context, q api.SaveProviderRequestObject,
) (api.SaveProviderResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}

	p, err := s.Identity.Provider(ctx)
	if err != nil {
		return nil, err
	}

	fill(&p, *q.Body)
	if err := s.Identity.SaveProvider(ctx, p); err != nil {
		return nil, err
	}

	p, err = s.Identity.Provider(ctx)
	return api.SaveProvider200JSONResponse(s.provider(p)), err
}

// fill takes what the form says; what it leaves out stays.
func fill(p *identity.Provider, f api.ProviderForm) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}

	// A new application is enabled, unless the form says otherwise.
	p.ClientID, p.ClientSecret = f.ClientId, val(f.ClientSecret)
	p.Enabled = p.Enabled || !p.Registered
	if f.Enabled != nil {
		p.Enabled = *f.Enabled
	}

	set(&p.Description, f.Description)
	set(&p.AuthorizationURL, f.AuthorizationUrl)
	set(&p.TokenURL, f.TokenUrl)
	set(&p.UserAuthorizationURL, f.UserAuthorizationUrl)
	if f.Scopes != nil {
		p.Scopes = *f.Scopes
	}
}

// DeleteProvider removes the registration.
func (s rest) DeleteProvider(
	ctx context.Context, _ api.DeleteProviderRequestObject,
) (api.DeleteProviderResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}
	return api.DeleteProvider204Response{}, s.Identity.DeleteProvider(ctx)
}

// ImportProvider takes id and secret from Nuxeo.
func (s rest) ImportProvider(
	ctx context.Context, _ api.ImportProviderRequestObject,
) (api.ImportProviderResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.Identity.ImportProvider(ctx, who.Login)
	return api.ImportProvider200JSONResponse(s.provider(p)), err
}

// ListWorkspaces lists what can be bound.
func (s rest) ListWorkspaces(
	ctx context.Context, _ api.ListWorkspacesRequestObject,
) (api.ListWorkspacesResponseObject, error) {
	p, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	list, why, err := s.Binding.Workspaces(ctx, p.Login)
	if err != nil {
		return nil, err
	}

	out := api.ListWorkspaces200JSONResponse{Workspaces: []api.Workspace{}, WhyEmpty: opt(why)}
	for _, w := range list {
		out.Workspaces = append(out.Workspaces, api.Workspace{
			Id:          w.ID,
			Name:        w.Name,
			Account:     w.Account,
			AccountName: w.AccountName,
			Roles:       &w.Roles,
		})
	}

	return out, nil
}

// ListBindings lists bindings.
func (s rest) ListBindings(
	ctx context.Context, q api.ListBindingsRequestObject,
) (api.ListBindingsResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	most, err := limit(q.Params.Limit)
	if err != nil {
		return nil, err
	}

	list, next, err := s.Binding.List(ctx, who, val(q.Params.Folder), val(q.Params.Cursor), most)
	if err != nil {
		return nil, err
	}

	out := api.ListBindings200JSONResponse{Bindings: []api.Binding{}}
	for _, b := range list {
		one, err := s.bindingJSON(ctx, b)
		if err != nil {
			return nil, err
		}
		out.Bindings = append(out.Bindings, one)
	}

	out.Next = opt(next)
	return out, nil
}

// maxListed is how much a page of a list holds, maxPublished how many assets are published at once.
const maxListed, maxPublished = 500, 100

// limit is 0 when the request leaves it to us.
func limit(n *int) (int, error) {
	if n == nil {
		return 0, nil
	}
	if *n < 1 || *n > maxListed {
		return 0, fault.Field("limit", "Give 1 to 500.", "%d at once are not possible.", *n)
	}
	return *n, nil
}

// bindingJSON tells of a binding, and of what would be stranded without it.
func (s *Server) bindingJSON(ctx context.Context, b binding.Binding) (api.Binding, error) {
	out := api.Binding{
		Id: b.ID, Folder: b.FolderUID, FolderPath: b.FolderPath, FolderTitle: b.FolderTitle, ActionName: b.ActionName,
		Description: b.Description, DocumentType: b.DocumentType, Creator: b.Creator, Owner: b.Owner,
		Publishers: api.Publishers(b.Publishers), NeedsOwner: opt(b.NeedsOwner),
		State: api.BindingState(b.State), Reason: opt(b.Reason), Created: b.Created, Workspaces: []api.Workspace{},
		Version: b.Version, Editing: opt(b.Editing), Copies: copyChoiceJSON(b.Copies),
	}

	for _, a := range b.Actions {
		out.Workspaces = append(out.Workspaces, api.Workspace{
			Id:          a.WorkspaceID,
			Name:        a.WorkspaceName,
			Account:     a.AccountID,
			AccountName: a.AccountName,
		})
	}

	if b.State == binding.Ending {
		out.Ends = some1(b.Ends)
	}

	// Only one that is in force holds documents under review.
	if b.State != binding.Bound && b.State != binding.Ending {
		return out, nil
	}

	n, err := s.Push.Stranded(ctx, b.ID)
	out.UnderReview = some(n)
	return out, err
}

func publishers(p *api.Publishers) string {
	if p == nil {
		return ""
	}
	return string(*p)
}

// bindTime is how long a person waits for a bind before it goes on without them.
const bindTime = 25 * time.Second

// Bind binds a folder.
func (s rest) Bind(ctx context.Context, q api.BindRequestObject) (api.BindResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	b, item, err := s.Binding.Bind(ctx, who.Login, binding.Request{
		Folder: q.Body.Folder, ActionName: q.Body.ActionName, Workspaces: q.Body.Workspaces,
		DocumentType: val(q.Body.DocumentType), Publishers: publishers(q.Body.Publishers),
	})
	if err != nil {
		return nil, err
	}

	// It usually takes a second or two: wait for it, and say at once what is wrong.
	v, err := s.Engine.Await(ctx, who, item, bindTime)
	if err != nil {
		return nil, err
	}

	if v.State == work.Failed || v.State == work.Canceled {
		return nil, fault.New(fault.Code(v.Code), "%s", v.Message).With(v.Remedy)
	}

	// The binding has changed by it.
	if b, err = s.Binding.Get(ctx, who, b.ID); err != nil {
		return nil, err
	}

	out, err := s.bindingJSON(ctx, b)
	out.Item = &item
	if v.State == work.Done {
		return api.Bind201JSONResponse(out), err
	}

	return api.Bind202JSONResponse(out), err
}

// GetBinding shows a binding.
func (s rest) GetBinding(ctx context.Context, q api.GetBindingRequestObject) (api.GetBindingResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	b, err := s.Binding.Get(ctx, who, q.Id)
	if err != nil {
		return nil, err
	}

	out, err := s.bindingJSON(ctx, b)
	return api.GetBinding200JSONResponse(out), err
}

// Unbind ends a binding.
func (s rest) Unbind(ctx context.Context, q api.UnbindRequestObject) (api.UnbindResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	id, err := s.Binding.Unbind(ctx, who, q.Id, binding.Fate(val(q.Params.Reviews)))
	if err != nil {
		return nil, err
	}

	// The item belongs to the owner of the binding; people who may end it may see it.
	v, err := s.Engine.Item(ctx, work.Viewer{Admin: true}, id)
	return api.Unbind202JSONResponse(itemJSON(who, v, nil)), err
}

// Publish publishes assets by id or address.
func (s rest) Publish(ctx context.Context, q api.PublishRequestObject) (api.PublishResponseObject, error) {
	p, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	b, err := s.Binding.Get(ctx, work.Viewer{Login: p.Login, Admin: p.Admin}, q.Body.Binding)
	if err != nil {
		return nil, err
	}

	// One that is ending takes back what is under review.
	if b.State == binding.Making {
		return nil, fault.New(fault.NotReady, "This folder is just being bound.").With("Try again in a moment.")
	}

	if b.State != binding.Bound && b.State != binding.Ending {
		return nil, fault.New(fault.Conflict, "This folder is no longer bound to Frame.io.")
	}

	if n := len(q.Body.Assets); n == 0 || n > maxPublished {
		return nil, fault.Field("assets", "Give 1 to 100 assets.", "%d assets cannot be published at once.", n)
	}

	// An asset belongs to one of the workspaces that the folder is bound to.
	var places []publish.BoundWorkspace
	for _, a := range b.Actions {
		places = append(places, publish.BoundWorkspace{Action: a.ID, Account: a.AccountID, Workspace: a.WorkspaceID})
	}

	id, answer, err := s.Server.Publish.Direct(ctx, p, target(b), places, q.Body.Assets)
	return api.Publish202JSONResponse{Interaction: id, Message: answer.Description}, err
}
