package ingest

import (
	"context"
	"database/sql"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
)

// Subject is what events tell of an asset that was imported: its document, what is on Frame.io, and the
// status of the review. Who did it is left to the caller.
func (s *Service) Subject(j Job) event.Subject {
	about := event.Subject{
		Document: j.Document, Account: j.Asset.Account, Workspace: j.Asset.Workspace, Binding: j.Target.Map.Binding,
	}
	if j.File != nil {
		about.File, about.Asset, about.Project = j.File.ID, j.File.Key(), j.File.Project
		about.Status = s.Set.StatusField.In(j.File.Metadata).Value
	}

	if j.Return != nil {
		about.Push = j.Return.Push
	}

	return about
}

// tellComments tells of comments that come to a document that was there before. Those that a new one brings
// along, and those of a mirror, are nobody's news.
func (s *Service) tellComments(r *Run) func(context.Context, *sql.Tx, frameio.Comment) error {
	if s.Events == nil || r.Job.Mirror != nil || r.Job.Outcome == Created {
		return nil
	}

	return func(ctx context.Context, tx *sql.Tx, c frameio.Comment) error {
		about := s.Subject(*r.Job)
		about.Title, about.Owner, about.Person = r.Task.Title, r.Task.Owner, r.Task.Actor
		about.Item = r.Task.ID
		return s.Events.Comment(ctx, tx, c, about)
	}
}
