package web

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// ListMap lists the rows of the metadata map.
func (s rest) ListMap(ctx context.Context, _ api.ListMapRequestObject) (api.ListMapResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}

	rows, err := s.Map.List(ctx)
	out := api.ListMap200JSONResponse{Rows: []api.MapRow{}}
	for _, r := range rows {
		out.Rows = append(out.Rows, rowJSON(r))
	}

	return out, err
}

// SetMapRow adds or replaces a row.
func (s rest) SetMapRow(ctx context.Context, q api.SetMapRowRequestObject) (api.SetMapRowResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}

	f := q.Body
	r := metamap.Row{
		ID: val(f.Id), Scope: metamap.Scope{Binding: val(f.Binding), Sync: val(f.Sync)},
		Direction: metamap.Direction(f.Direction), Field: frameio.Names(f.Field), Property: f.Property,
		Kind: metamap.Kind(f.Kind), Values: val(f.Values), Clears: val(f.Clears), Off: val(f.Off),
	}
	if err := s.exists(ctx, r.Scope); err != nil {
		return nil, err
	}

	r, err = s.Map.Set(ctx, who.Login, r)
	return api.SetMapRow200JSONResponse(rowJSON(r)), err
}

// exists returns an error if there is no binding or synchronization that rows could be for.
func (s *Server) exists(ctx context.Context, of metamap.Scope) (err error) {
	if of.Binding != "" {
		_, err = s.Binding.Get(ctx, work.Viewer{Admin: true}, of.Binding)
	}
	if of.Sync != "" && err == nil {
		_, err = s.Sync.Get(ctx, work.Viewer{Admin: true}, of.Sync)
	}
	return err
}

// RemoveMapRow removes a row.
func (s rest) RemoveMapRow(
	ctx context.Context, q api.RemoveMapRowRequestObject,
) (api.RemoveMapRowResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}
	return api.RemoveMapRow204Response{}, s.Map.Remove(ctx, who.Login, q.Id)
}

// ListMapFields lists the fields that a row can name.
func (s rest) ListMapFields(
	ctx context.Context, _ api.ListMapFieldsRequestObject,
) (api.ListMapFieldsResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}

	all, err := s.Map.Fields(ctx, who.Login)
	out := api.ListMapFields200JSONResponse{Fields: []api.MapField{}}
	for _, d := range all {
		out.Fields = append(out.Fields, api.MapField{Name: d.Name, Type: d.Type, ReadOnly: d.ReadOnly})
	}

	return out, err
}

// TestMap tells what the map would change of a document.
func (s rest) TestMap(ctx context.Context, q api.TestMapRequestObject) (api.TestMapResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	p, err := s.Map.Test(ctx, who.Login, q.Id)
	if err != nil {
		return nil, err
	}

	out := api.TestMap200JSONResponse{
		Document: p.Document, Title: p.Title, File: opt(p.File), Changes: []api.MapChange{},
	}
	for _, c := range p.Changes {
		out.Changes = append(out.Changes, api.MapChange{
			Row: c.Row.ID, Direction: api.MapDirection(c.Row.Direction), Field: string(c.Row.Field),
			Property: c.Row.Property, Writes: c.Writes, Source: c.Source, Before: c.Before, After: c.After,
			Unknown: append([]string{}, c.Unknown...), Problem: opt(c.Problem),
		})
	}

	return out, nil
}

func rowJSON(r metamap.Row) api.MapRow {
	values := r.Values
	if values == nil {
		values = map[string]string{}
	}
	return api.MapRow{
		Id: r.ID, Binding: opt(r.Scope.Binding), Sync: opt(r.Scope.Sync), Direction: api.MapDirection(r.Direction),
		Field: string(r.Field), Property: r.Property, Kind: api.MapKind(r.Kind), Values: values, Clears: r.Clears,
		Off: r.Off, Configured: r.Configured, Changed: moment(r.Changed), ChangedBy: opt(r.ChangedBy),
	}
}
