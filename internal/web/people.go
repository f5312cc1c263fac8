package web

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// ListPeople lists all people who have signed in.
func (s rest) ListPeople(ctx context.Context, _ api.ListPeopleRequestObject) (api.ListPeopleResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}

	all, err := s.Identity.People(ctx)
	if err != nil {
		return nil, err
	}

	out := api.ListPeople200JSONResponse{People: []api.Access{}}
	for _, a := range all {
		out.People = append(out.People, accessJSON(a))
	}

	return out, nil
}

func accessJSON(a identity.Access) api.Access {
	return api.Access{
		Login: a.Login, Name: a.Name, Email: opt(a.Email), Administrator: a.Admin, Sessions: a.Sessions,
		NuxeoToken:  a.NuxeoToken,
		FrameioName: opt(a.FrameioName), FrameioConnected: a.Connected, FrameioProblem: opt(a.Lost),
		Revoked:    opt(a.Revoked),
		LastSignIn: a.LastSignIn,
	}
}

// Revoke ends a person's access.
func (s rest) Revoke(ctx context.Context, q api.RevokeRequestObject) (api.RevokeResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}

	left, err := s.Identity.Revoke(ctx, q.Login, who.Login)
	if left == nil {
		left = []string{}
	}

	return api.Revoke200JSONResponse{Left: left}, err
}

// Lift lets a person in again.
func (s rest) Lift(ctx context.Context, q api.LiftRequestObject) (api.LiftResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}
	other := q.Body != nil && val(q.Body.AnyAccount)
	return api.Lift204Response{}, s.Identity.Lift(ctx, q.Login, who.Login, other)
}

// TakeOver makes the caller the owner of a binding.
func (s rest) TakeOver(ctx context.Context, q api.TakeOverRequestObject) (api.TakeOverResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	b, err := s.Binding.TakeOver(ctx, who, q.Id)
	if err != nil {
		return nil, err
	}

	// What waited for an owner goes on.
	if err := s.Server.Publish.Resume(ctx, b.ID, b.Owner); err != nil {
		return nil, err
	}

	out, err := s.bindingJSON(ctx, b)
	return api.TakeOver200JSONResponse(out), err
}

// GetServiceCredential shows the service credential.
func (s rest) GetServiceCredential(
	ctx context.Context, _ api.GetServiceCredentialRequestObject,
) (api.GetServiceCredentialResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}
	c, err := s.Identity.ServiceCredential(ctx)
	return api.GetServiceCredential200JSONResponse{ClientId: c.ClientID, Registered: c.Registered}, err
}

// SaveServiceCredential tries and registers it.
func (s rest) SaveServiceCredential(
	ctx context.Context, q api.SaveServiceCredentialRequestObject,
) (api.SaveServiceCredentialResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}
	c := identity.ServiceCredential{ClientID: q.Body.ClientId, ClientSecret: q.Body.ClientSecret}
	if err := s.Identity.SaveServiceCredential(ctx, c); err != nil {
		return nil, err
	}
	return api.SaveServiceCredential200JSONResponse{ClientId: c.ClientID, Registered: true}, nil
}

// DeleteServiceCredential forgets it.
func (s rest) DeleteServiceCredential(
	ctx context.Context, _ api.DeleteServiceCredentialRequestObject,
) (api.DeleteServiceCredentialResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}
	return api.DeleteServiceCredential204Response{}, s.Identity.DeleteServiceCredential(ctx)
}
