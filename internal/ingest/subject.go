package ingest

import "github.com/nuxeo-frameio/nuxeo-frameio/internal/event"

// Subject is what events tell of an asset that was imported: its document, what is on Frame.io, and the
// status of the review. Who did it is left to the caller.
func (s *Service) Subject(j Job) event.Subject {
	about := event.Subject{Document: j.Document, Account: j.Asset.Account, Workspace: j.Asset.Workspace}
	if j.File != nil {
		about.File, about.Asset, about.Project = j.File.ID, j.File.Key(), j.File.Project
		about.Status = s.Set.StatusField.In(j.File.Metadata).Value
	}

	if j.Return != nil {
		about.Push = j.Return.Push
	}

	return about
}
