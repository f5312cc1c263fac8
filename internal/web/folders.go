package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/browse"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// ListFolders lists folders of Nuxeo to choose from.
func (s rest) ListFolders(ctx context.Context, q api.ListFoldersRequestObject) (api.ListFoldersResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	found, more, err := s.folders(ctx, who.Login, q.Params)
	if err != nil {
		return nil, err
	}

	out := api.ListFolders200JSONResponse{Folders: []api.Folder{}, More: more}
	out.Folders = foldersJSON(found)
	return out, nil
}

func foldersJSON(list []browse.Folder) []api.Folder {
	out := []api.Folder{}
	for _, f := range list {
		out = append(out, api.Folder{Uid: f.UID, Path: f.Path, Title: f.Title, Type: f.Type})
	}
	return out
}

func (s rest) folders(ctx context.Context, login string, q api.ListFoldersParams) ([]browse.Folder, bool, error) {
	if q.Search != nil {
		return s.Browse.Search(ctx, login, *q.Search)
	}
	return s.Browse.Children(ctx, login, val(q.Parent))
}

// GetFolder shows one folder.
func (s rest) GetFolder(ctx context.Context, q api.GetFolderRequestObject) (api.GetFolderResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	d, err := s.Browse.Folder(ctx, who.Login, q.Id)
	if err != nil {
		return nil, err
	}

	// A folder that cannot be bound says why not.
	out := api.GetFolder200JSONResponse{
		Uid: d.UID, Path: d.Path, Title: d.Title, Type: d.Type, Ancestors: foldersJSON(d.Ancestors),
		CanBind:       d.WhyNot == nil,
		DocumentTypes: d.Types, NuxeoUrl: s.inNuxeo(d.UID),
	}
	if d.WhyNot != nil {
		f := fault.From(d.WhyNot)
		out.WhyNot = opt(strings.TrimSpace(f.Message + " " + f.Remedy))
	}

	out.BelongsTo, err = s.belonging(ctx, d.Ancestors)
	return out, err
}

// belonging returns the nearest of the folders above a folder that has to do with Frame.io, or nil.
func (s rest) belonging(ctx context.Context, above []browse.Folder) (*api.Belonging, error) {
	for _, f := range slices.Backward(above) {
		action, err := s.Binding.ActionOf(ctx, f.UID)
		if err != nil {
			return nil, err
		}

		source, err := s.Sync.SourceOf(ctx, f.UID)
		if err != nil {
			return nil, err
		}

		if action != "" || source != "" {
			return &api.Belonging{Uid: f.UID, Title: f.Title, Action: opt(action), Source: opt(source)}, nil
		}
	}

	return nil, nil
}

// inNuxeo is the page of a document in Nuxeo Web UI.
func (s *Server) inNuxeo(uid string) string {
	return strings.TrimRight(s.Set.NuxeoURL, "/") + "/ui/#!/doc/" + url.PathEscape(uid)
}

// ListDocuments lists what came from Frame.io into a folder.
func (s rest) ListDocuments(
	ctx context.Context, q api.ListDocumentsRequestObject,
) (api.ListDocumentsResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	most, err := limit(q.Params.Limit)
	if err != nil {
		return nil, err
	}

	list, next, err := s.Browse.Documents(ctx, who.Login, q.Id, val(q.Params.Cursor), most)
	if err != nil {
		return nil, err
	}

	out := api.ListDocuments200JSONResponse{Documents: []api.Document{}, Next: opt(next)}
	for _, d := range list {
		out.Documents = append(out.Documents, api.Document{
			Uid: d.UID, Title: d.Title, Type: d.Type, Version: d.Version, Modified: d.Modified,
			FileName:  opt(d.FileName),
			MediaType: opt(d.MediaType), Size: some(d.Size), Status: opt(d.Status),
		})
	}

	return out, nil
}
