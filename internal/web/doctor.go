package web

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Finding is what came of one check of the installation.
type Finding struct{ Name, Mark, Detail, Remedy, Page string }

// Doctor looks through the whole installation with an administrator's access to
// Nuxeo, and hands on what it finds. It changes nothing, and says of what it has
// no time for that it was left out.
type Doctor func(ctx context.Context, admin *nuxeo.Client, found func(Finding))

// doctorTime is how long a viewer waits for the doctor.
const doctorTime = 30 * time.Second

// RunDoctor looks through the installation.
func (s rest) RunDoctor(ctx context.Context, _ api.RunDoctorRequestObject) (api.RunDoctorResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}

	if s.Doctor == nil {
		return nil, fault.New(fault.Refused, "This process has no doctor.").
			With("Run `nuxeo-frameio doctor` on the server.")
	}

	// It looks with the rights of the administrator who asks.
	nx, err := s.Identity.Nuxeo(ctx, who.Login)
	if err != nil {
		return nil, err
	}

	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	out := api.RunDoctor200JSONResponse{Findings: []api.Finding{}}
	s.Doctor(ctx, nx, func(f Finding) {
		out.Findings = append(out.Findings, api.Finding{
			Name:   f.Name,
			Mark:   api.FindingMark(f.Mark),
			Detail: f.Detail,
			Remedy: opt(f.Remedy),
			Page:   opt(f.Page),
		})
	})

	return out, nil
}
