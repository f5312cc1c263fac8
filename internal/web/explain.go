package web

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/explain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// Explain tells why a document and its asset are as they are.
func (s rest) Explain(ctx context.Context, q api.ExplainRequestObject) (api.ExplainResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	stories, err := s.Server.Explain.Of(ctx, who, q.Params.Of)
	if err != nil {
		return nil, err
	}

	out := api.Explain200JSONResponse{Stories: []api.Story{}}
	for _, one := range stories {
		out.Stories = append(out.Stories, s.storyJSON(one))
	}

	return out, nil
}

func (s rest) storyJSON(one explain.Story) api.Story {
	out := api.Story{
		Document: opt(one.UID),
		Title:    opt(one.Title),
		Path:     opt(one.Path),
		Ties:     []api.StoryTie{},
		Events:   []api.StoryEvent{},
	}
	if one.Path != "" {
		out.NuxeoUrl = opt(s.inNuxeo(one.UID))
	}

	for _, t := range one.Ties {
		out.Ties = append(out.Ties, tieJSON(t))
	}

	for _, e := range one.Events {
		out.Events = append(out.Events, api.StoryEvent{At: e.At, What: e.What, By: opt(e.By), Item: opt(e.Item)})
	}

	return out
}

func tieJSON(t explain.Tie) api.StoryTie {
	out := api.StoryTie{
		Kind: api.StoryTieKind(t.Kind), Id: t.ID, Name: t.Name, Folder: t.Folder, Asset: t.Asset,
		Files: append([]string{}, t.Files...),
		State: t.State, Why: opt(t.Why), Remedy: opt(t.Remedy), CommentsAt: moment(t.CommentsAt),
	}

	if c := t.Content; c != nil {
		out.Content = &api.StoryContent{
			File:   c.File,
			Name:   opt(c.Name),
			Size:   c.Size,
			Digest: opt(c.Digest),
			At:     moment(c.At),
		}
	}

	return out
}
