package web

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/assetview"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/browse"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/media"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/reaction"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// GetDocument shows a document with its versions and comments.
func (s rest) GetDocument(ctx context.Context, q api.GetDocumentRequestObject) (api.GetDocumentResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	d, err := s.Documents.Get(ctx, who.Login, q.Id)
	if err != nil {
		return nil, err
	}

	open, err := s.Server.Push.Unfinished(ctx, d.UID)
	if err != nil {
		return nil, err
	}

	newest, err := s.Reactions.Newest(ctx, d.UID)
	if err != nil {
		return nil, err
	}

	left, err := s.Copies.Newest(ctx, d.UID)
	if err != nil {
		return nil, err
	}

	out := api.GetDocument200JSONResponse{
		Uid: d.UID, Title: d.Title, Type: d.Type, Path: d.Path, Version: d.VersionLabel, NuxeoUrl: s.inNuxeo(d.UID),
		Folder:    d.ParentRef,
		Ancestors: foldersJSON(browse.Ancestors(d.Document)), Asset: assetJSON(d.Asset),
		Versions: versionsJSON(d.Versions),
		Comments: commentsJSON(d.Comments), CommentsMore: d.More,
		LockOwner: opt(d.LockOwner),
	}
	if open != nil {
		out.Push = some1(pushJSON(ctx, *open))
	}

	if left != nil {
		may := s.Copies.MayChange(ctx, work.Viewer{Login: who.Login, Admin: who.Admin}, *left)
		out.Copy = some1(copyJSON(*left, may))
	}

	if newest != nil {
		out.Reaction = some1(reactionJSON(work.Viewer{Login: who.Login, Admin: who.Admin}, *newest))
	}

	return out, nil
}

func reactionJSON(who work.Viewer, r reaction.Reaction) api.Reaction {
	return api.Reaction{
		Item: r.ID, Event: api.ReactionEvent(r.Event.Name), EventId: r.Event.ID, Action: string(r.Action),
		Person: r.Event.Person, At: r.Event.At, State: api.ReactionState(r.State), Message: opt(r.Message),
		Remedy: opt(r.Remedy), MayChange: who.May(r.Item),
	}
}

func assetJSON(a *assetview.Asset) *api.AssetFacts {
	if a == nil {
		return nil
	}
	return &api.AssetFacts{
		FileName: a.FileName, File: a.File, MediaType: opt(a.MediaType), Uploader: opt(a.Uploader),
		UploadDate: moment(a.Uploaded),
		Codec:      opt(a.Codec), Resolution: opt(a.Resolution), FrameRate: some(a.FrameRate), Size: some(a.Size),
		Duration: some(a.Duration),
		Frames:   some(a.Frames), Status: opt(a.Status), ViewUrl: a.ViewURL, LastPublished: moment(a.Published),
		PublishedBy: opt(a.PublishedBy), Fields: fieldsJSON(a.Fields),
	}
}

func fieldsJSON(all []assetview.Field) []api.AssetField {
	out := []api.AssetField{}
	for _, f := range all {
		out = append(out, api.AssetField{Name: f.Name, Type: f.Type, Value: f.Value})
	}
	return out
}

func versionsJSON(list []assetview.Version) []api.DocumentVersion {
	out := []api.DocumentVersion{}
	for _, v := range list {
		out = append(out, api.DocumentVersion{
			Uid: v.UID, Label: v.Label, File: opt(v.File), FileName: opt(v.FileName), Created: moment(v.Created),
			Current: v.Current, Status: opt(v.Status),
		})
	}
	return out
}

func commentsJSON(list []assetview.Comment) []api.Comment {
	out := []api.Comment{}
	for _, c := range list {
		out = append(out, api.Comment{
			Id: c.ID, Author: c.Author, Text: c.Text, Created: c.Created, Resolved: c.Resolved, Edited: c.Edited,
			Origin: api.CommentOrigin(c.Origin), File: opt(c.File),
			Frame: c.Frame, DurationFrames: c.Duration, Timecode: opt(c.Timecode), Page: c.Page,
			Drawing: opt(c.Drawing), Replies: commentsJSON(c.Replies),
		})
	}

	return out
}

// OpenMedia finds something to play or show.
func (s rest) OpenMedia(ctx context.Context, q api.OpenMediaRequestObject) (api.OpenMediaResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	look := s.Media.Open
	if val(q.Params.From) == api.OpenMediaParamsFromNuxeo {
		look = s.Media.OpenInNuxeo
	}

	m, err := look(ctx, who.Login, q.Id, val(q.Params.File))
	if err != nil {
		return nil, err
	}

	out := api.OpenMedia201JSONResponse{Kind: api.MediaKind(m.Kind), Source: api.MediaSource(m.Source), Why: opt(m.Why)}
	out.Url, out.NuxeoPath = places(m, m.Ticket, m.Stream)
	out.Poster, out.PosterPath = places(m, m.PosterTicket, m.Poster)
	return out, nil
}

// places are where something is to be had: from us, and from Nuxeo itself.
func places(m media.Media, ticket, name string) (ours, nuxeo *string) {
	switch {
	case ticket != "":
		return opt("/media/" + ticket), nil
	case name != "":
		return opt("/media/nuxeo/" + m.Of + "/" + name), opt("/" + media.Path(m.Of, name))
	}
	return nil, nil
}
