package web

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// Status tells administrators how the installation is.
func (s rest) Status(ctx context.Context, _ api.StatusRequestObject) (api.StatusResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}
	st, err := s.status(ctx)
	return api.Status200JSONResponse(st), err
}

// Pause begins a maintenance pause.
func (s rest) Pause(ctx context.Context, q api.PauseRequestObject) (api.PauseResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}

	reason := ""
	if q.Body != nil {
		reason = val(q.Body.Reason)
	}

	if err := s.Engine.Pause(ctx, who.Login, reason); err != nil {
		return nil, err
	}

	st, err := s.status(ctx)
	return api.Pause200JSONResponse(st), err
}

// Resume ends it.
func (s rest) Resume(ctx context.Context, _ api.ResumeRequestObject) (api.ResumeResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}

	if err := s.Engine.Resume(ctx, who.Login); err != nil {
		return nil, err
	}

	st, err := s.status(ctx)
	return api.Resume200JSONResponse(st), err
}

// DoChore does a chore now.
func (s rest) DoChore(ctx context.Context, q api.DoChoreRequestObject) (api.DoChoreResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}

	if _, err := s.Maintenance.DoNow(ctx, q.Name); err != nil {
		return nil, err
	}

	all, err := s.Maintenance.List(ctx)
	for _, c := range all {
		if c.Name == q.Name {
			return api.DoChore200JSONResponse(choreJSON(c)), err
		}
	}

	return nil, err
}

// RebuildLinks looks through the bound folders for documents whose link is lost.
func (s rest) RebuildLinks(
	ctx context.Context, _ api.RebuildLinksRequestObject,
) (api.RebuildLinksResponseObject, error) {
	who, err := admin(ctx)
	if err != nil {
		return nil, err
	}
	parent, n, err := s.Rebuild.Start(ctx, who.Login)
	return api.RebuildLinks202JSONResponse{Parent: parent, Folders: n}, err
}

func (s *Server) status(ctx context.Context) (api.Status, error) {
	st := api.Status{
		Version:  s.Set.Version,
		Database: api.Sqlite,
		Nodes:    []api.Node{},
		Items:    map[string]int{},
		Chores:   []api.Chore{},
	}
	if s.Set.Postgres {
		st.Database = api.Postgres
	}

	nodes, err := s.Engine.Nodes(ctx)
	if err != nil {
		return st, err
	}

	for _, n := range nodes {
		st.Nodes = append(st.Nodes, api.Node{
			Id:      n.ID,
			Host:    n.Host,
			Version: n.Version,
			Started: n.Started,
			Seen:    n.Seen,
			Alive:   n.Alive,
		})
	}

	err = s.fillStatus(ctx, &st)
	return st, err
}

func (s *Server) fillStatus(ctx context.Context, st *api.Status) error {
	counts, oldest, err := s.Engine.Counts(ctx)
	if err != nil {
		return err
	}

	for state, n := range counts {
		st.Items[string(state)] = n
	}

	if !oldest.IsZero() {
		st.OldestDueSeconds = float32(max(0, s.Now().Sub(oldest).Seconds()))
	}

	// The chores, and whether there is a pause.
	all, err := s.Maintenance.List(ctx)
	if err != nil {
		return err
	}

	for _, c := range all {
		st.Chores = append(st.Chores, choreJSON(c))
	}

	return s.fillPause(ctx, st)
}

func (s *Server) fillPause(ctx context.Context, st *api.Status) error {
	p, err := s.Engine.Paused(ctx)
	if err != nil || p == nil {
		return err
	}
	running, err := s.Engine.Running(ctx)
	st.Paused = &api.Pause{By: p.By, Reason: opt(p.Reason), Since: p.Since, Running: running}
	return err
}

func choreJSON(c maintenance.State) api.Chore {
	out := api.Chore{
		Name: c.Name, What: c.What, EverySeconds: int(c.Every.Seconds()), Node: opt(c.Node),
		Removed: c.Report.Removed, Lines: c.Report.Lines, Problem: opt(c.Report.Problem),
	}
	if out.Lines == nil {
		out.Lines = []string{}
	}

	for to, from := range map[**time.Time]time.Time{&out.Due: c.Due, &out.Ended: c.Ended} {
		if !from.IsZero() {
			*to = &from
		}
	}

	return out
}
