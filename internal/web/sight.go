package web

import (
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/copies"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/reaction"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/rights"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// People who may read a bound folder see what comes through its binding, of others'
// items too. Nuxeo lets people close sub-folders, so that each such item asks for the
// rights on what it tells of.

// visible returns the items that are the viewer's own, or that tell of nothing that they may
// not see. It asks Nuxeo once for all of them.
func (s *Server) visible(ctx context.Context, who work.Viewer, list []work.View) ([]work.View, error) {
	var others []work.Item
	for _, v := range list {
		if !who.May(v.Item) {
			others = append(others, v.Item)
		}
	}

	if len(others) == 0 {
		return list, nil
	}

	// The documents and folders that the others tell of.
	places, err := s.placesOf(ctx, others)
	if err != nil {
		return nil, err
	}

	var uids []string
	for _, some := range places {
		uids = append(uids, some...)
	}

	// One that tells of anything unreadable is not shown.
	seen, err := rights.Readable(ctx, s.Identity, who.Login, uids...)
	if err != nil {
		return nil, err
	}

	closed := func(uid string) bool { return !seen[uid] }
	return slices.DeleteFunc(slices.Clone(list), func(v work.View) bool {
		return !who.May(v.Item) && slices.ContainsFunc(places[v.ID], closed)
	}), nil
}

// placesOf are the documents and folders that items tell of.
func (s *Server) placesOf(ctx context.Context, items []work.Item) (map[string][]string, error) {
	places, err := s.Publish.Subjects(ctx, items)
	if err != nil {
		return nil, err
	}

	// Publish knows its own; pushes and synchronizations say it in the item.
	for _, it := range items {
		if document, _ := push.Subject(it); document != "" {
			places[it.ID] = append(places[it.ID], document)
		}
		if document := copies.DocumentUID(it); document != "" {
			places[it.ID] = append(places[it.ID], document)
		}
		if document := reaction.DocumentUID(it); document != "" {
			places[it.ID] = append(places[it.ID], document)
		}
		if document := foldersync.DocumentUID(it); document != "" {
			places[it.ID] = append(places[it.ID], document)
		}
	}

	return places, nil
}

// viewerFor returns as whom a viewer may look at an item: as themself, or as a viewer who sees
// all, if they may see the binding that it came through and what it tells of. To change it, it
// must be their own.
func (s *Server) viewerFor(ctx context.Context, who work.Viewer, id string) (work.Viewer, error) {
	_, refused := s.Engine.Item(ctx, who, id)
	if !fault.Is(refused, fault.NotFound) {
		return who, refused
	}

	// It belongs to another person: look through which binding it came.
	seesAll := work.Viewer{Login: who.Login, Admin: true}
	v, err := s.Engine.Item(ctx, seesAll, id)
	if err != nil {
		return who, err
	}

	through := itemJSON(who, v, nil).Binding
	if through == nil {
		return who, refused
	}

	if _, err := s.Binding.Get(ctx, who, *through); fault.Is(err, fault.NotFound) {
		return who, refused
	} else if err != nil {
		return who, err
	}

	// The binding alone is not enough: the document counts, too.
	if shown, err := s.visible(ctx, who, []work.View{v}); err != nil {
		return who, err
	} else if len(shown) == 0 {
		return who, refused
	}

	return seesAll, nil
}
