package web

import (
	"bytes"
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/support"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// supportTime is how long writing an archive may take. What there is no time for is left out.
const supportTime = time.Minute

// MakeSupport writes an archive of what somebody who helps wants to know.
func (s rest) MakeSupport(ctx context.Context, _ api.MakeSupportRequestObject) (api.MakeSupportResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}

	// The doctor looks with the rights of the administrator who asks.
	sources := s.Support
	nx, err := s.Identity.Nuxeo(ctx, who.Login)
	if err == nil && s.Doctor != nil {
		sources.Doctor = s.examine(nx)
	}

	ctx, cancel := context.WithTimeout(ctx, supportTime)
	defer cancel()
	var zip bytes.Buffer // which is small, so that an error can still be told
	if err := sources.Write(ctx, &zip); err != nil {
		return nil, err
	}

	return api.MakeSupport200ApplicationzipResponse{Body: &zip, ContentLength: int64(zip.Len())}, nil
}

func (s *Server) examine(nx *nuxeo.Client) func(context.Context, func(support.Finding)) {
	return func(ctx context.Context, found func(support.Finding)) {
		ctx, cancel := context.WithTimeout(ctx, doctorTime)
		defer cancel()
		s.Doctor(ctx, nx, func(f Finding) {
			found(support.Finding{Name: f.Name, Mark: f.Mark, Detail: f.Detail, Remedy: f.Remedy})
		})
	}
}
