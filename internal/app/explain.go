package app

import (
	"context"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/assetview"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/explain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// reader reads documents as people for explain.
type reader struct{ people *identity.Service }

// Document is explain's.
func (r reader) Document(ctx context.Context, login, uidOrPath string) (explain.Document, error) {
	nx, err := r.people.Nuxeo(ctx, login)
	if err != nil {
		return explain.Document{}, err
	}

	get := nx.Get
	if strings.HasPrefix(uidOrPath, "/") {
		get = nx.GetByPath
	}

	doc, err := get(ctx, uidOrPath, nuxeo.Fetch{})
	if err != nil {
		return explain.Document{}, assetview.Gone(err)
	}

	return explain.Document{UID: doc.UID, Title: doc.Title, Path: doc.Path}, nil
}
