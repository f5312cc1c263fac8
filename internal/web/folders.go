package web

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/browse"
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
	for _, f := range found {
		out.Folders = append(out.Folders, api.Folder{Uid: f.UID, Path: f.Path, Title: f.Title, Type: f.Type})
	}
	return out, nil
}

func (s rest) folders(ctx context.Context, login string, q api.ListFoldersParams) ([]browse.Folder, bool, error) {
	if q.Search != nil {
		return s.Browse.Search(ctx, login, *q.Search)
	}
	return s.Browse.Children(ctx, login, val(q.Parent))
}
