package foldersync

import (
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// allowed reports whether a person has a permission on a document. Not being able to
// ask as that person counts as no.
func (s *Service) allowed(ctx context.Context, login, uid, permission string) (bool, error) {
	nx, err := s.People.Nuxeo(ctx, login)
	if fault.Is(err, fault.NeedsOwner) {
		return false, nil
	}

	if err != nil {
		return false, err
	}

	doc, err := nx.Get(ctx, uid, nuxeo.Fetch{Enrichers: []string{"permissions"}})
	switch nuxeo.StatusOf(err) {
	case 401, 403, 404:
		return false, nil
	}

	if err != nil {
		return false, err
	}

	return slices.Contains(doc.Permissions(), permission), nil
}
