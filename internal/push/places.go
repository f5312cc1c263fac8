package push

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Spot is where the asset of a linked document lives on Frame.io.
type Spot struct {
	Account, Project, Folder, FolderName string
	File, Stack, Name                    string
	ViewURL                              string
}

// Targets is what somebody has to choose from for a document.
type Targets struct {
	Document, Title string
	Bound           []Bound
	Pieces          []Piece
	Asset           *Spot   // where it would become the next version; nil: nowhere
	Last            *Choice // nil: none yet
	Open            *Push   // it cannot be pushed now; nil: none
	WhyNot          error   // why it cannot be pushed; nil: it can
}

// Targets tells what can be sent of a document, and where to.
func (s *Service) Targets(ctx context.Context, login, uid string) (Targets, error) {
	nx, err := s.People.Nuxeo(ctx, login)
	if err != nil {
		return Targets{}, err
	}

	docs, err := read(ctx, nx, []string{uid})
	if err != nil {
		return Targets{}, err
	}

	doc := docs[uid]
	all, err := s.boundAround(ctx, docs)
	if err != nil {
		return Targets{}, err
	}

	busy, err := s.unfinished(ctx, []string{uid})
	if err != nil {
		return Targets{}, err
	}

	_, why := assess(doc, login, Request{What: Master}, all, busy)
	if doc == nil {
		return Targets{}, why
	}

	t := Targets{Document: uid, Title: doc.Title, Bound: bindings(doc, all), Pieces: pieces(doc), WhyNot: why}
	if p, ok := busy[uid]; ok {
		t.Open = &p
	}

	return t, s.known(ctx, login, doc, &t)
}

// lookedAt is how many documents are looked at for one that can be sent.
const lookedAt = 500

// TargetsOfAll tells where the documents of a request can go to: those targets of the first
// of them that can be sent. When none can, the first one tells why.
func (s *Service) TargetsOfAll(ctx context.Context, login string, r Request) (Targets, error) {
	if err := s.clean(&r); err != nil {
		return Targets{}, err
	}

	nx, err := s.People.Nuxeo(ctx, login)
	if err != nil {
		return Targets{}, err
	}

	uids, err := beginning(ctx, nx, r)
	if err != nil {
		return Targets{}, err
	}

	for some := range slices.Chunk(uids, page) {
		var found sorted
		if err := s.sortPage(ctx, nx, login, r, some, &found); err != nil {
			return Targets{}, err
		}
		if len(found.good) > 0 {
			return s.Targets(ctx, login, found.good[0].Document)
		}
	}

	return s.Targets(ctx, login, uids[0])
}

// beginning are the first documents of a request.
func beginning(ctx context.Context, nx *nuxeo.Client, r Request) ([]string, error) {
	if r.Listing == nil {
		return resolve(ctx, nx, r.Documents[:min(len(r.Documents), lookedAt)])
	}

	var out []string
	for uid, err := range nx.Listed(ctx, *r.Listing) {
		if err != nil {
			return nil, err
		}
		if !slices.Contains(r.Except, uid) {
			out = append(out, uid)
		}
		if len(out) == lookedAt {
			break
		}
	}

	if len(out) == 0 {
		return nil, nothingListed()
	}

	return out, nil
}

// known adds what we know: the last choice, and where the asset lives.
func (s *Service) known(ctx context.Context, login string, doc *nuxeo.Document, t *Targets) error {
	if len(t.Bound) > 0 {
		var c Choice
		err := s.DB.Reader.QueryRowContext(ctx, `SELECT workspace_id, project_id, folder_id, what FROM push_choices
			WHERE login = $1 AND folder_uid = $2`,
			login, t.Bound[0].Folder).Scan(&c.Workspace, &c.Project, &c.Folder, &c.What)
		if err == nil {
			t.Last = &c
		} else if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}

	l, err := link.OfDocument(ctx, s.DB, doc.UID)
	if errors.Is(err, sql.ErrNoRows) || err == nil && l.FileID == "" {
		return nil
	}

	if err != nil {
		return err
	}

	fio, err := s.People.Frameio(ctx, login)
	if fault.Is(err, fault.NotConnected) {
		return nil // it shows once they are
	}

	if err != nil {
		return err
	}

	if t.Asset, err = spotOf(ctx, fio, l); t.Asset == nil || err != nil {
		return err
	}

	folder, err := fio.Folder(ctx, l.Account, t.Asset.Folder)
	t.Asset.FolderName = folder.Name
	return err
}

// spotOf finds where the asset of a link lives; nil when it is gone, or not for
// the person to see.
func spotOf(ctx context.Context, fio *v4.Client, l link.Link) (*Spot, error) {
	f, err := fio.File(ctx, l.Account, l.FileID)
	if absent(err) {
		return nil, nil
	}

	if err != nil {
		return nil, err
	}

	spot := &Spot{
		Account: l.Account,
		Project: f.ProjectID,
		Folder:  f.ParentID,
		File:    f.ID,
		Name:    f.Name,
		ViewURL: f.ViewURL,
	}

	stack, err := fio.Stack(ctx, l.Account, f.ParentID)
	switch {
	case absent(err):
		return spot, nil
	case err == nil:
		spot.Folder, spot.Stack = stack.ParentID, stack.ID
	}

	return spot, err
}

// absent are the answers to an id that is nothing, or not of the kind asked for.
func absent(err error) bool {
	switch v4.StatusOf(err) {
	case http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// Project is a place for folders.
type Project = frameio.Project

// most is how many projects or folders one answer holds.
const most = 500

// Projects lists the projects of a workspace that is bound, as the person.
func (s *Service) Projects(ctx context.Context, login, account, workspace string) ([]Project, bool, error) {
	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return nil, false, err
	}
	return first(fio.Projects(ctx, account, workspace))
}

// Folders lists the folders in a folder of Frame.io, as the person.
func (s *Service) Folders(ctx context.Context, login, account, folder string) ([]frameio.Folder, bool, error) {
	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return nil, false, err
	}
	all, more, err := first(fio.Folders(ctx, account, folder))
	return slices.DeleteFunc(all, func(f frameio.Folder) bool { return f.ID == "" || f.Name == "" }), more, err
}

// first takes what fits into an answer, and reports whether there is more.
func first[T any](all iter.Seq2[T, error]) ([]T, bool, error) {
	out := []T{}
	for v, err := range all {
		if absent(err) {
			return nil, false, noPlace(err)
		}
		if err != nil {
			return nil, false, err
		}
		if len(out) == most {
			return out, true, nil
		}
		out = append(out, v)
	}

	return out, false, nil
}

func noPlace(err error) error {
	return fault.New(fault.NotFound, "There is no such place on Frame.io, or you may not see it.").
		With("Choose another.").Because(err)
}

// CreateFolder makes a folder in one of Frame.io, as the person. One of that name
// that is there already is taken.
func (s *Service) CreateFolder(ctx context.Context, login, account, parent, name string) (frameio.Folder, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > v4.MaxName || ingest.SafeName(name) != name {
		return frameio.Folder{}, fault.Field("name", "Give 1 to 255 letters without / and \\.",
			"The name of the folder is not possible.")
	}

	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return frameio.Folder{}, err
	}

	unread := false
	for f, err := range fio.Folders(ctx, account, parent) {
		if absent(err) {
			return frameio.Folder{}, noPlace(err)
		}
		if err != nil {
			return frameio.Folder{}, err
		}
		if f.Name == name {
			return f, nil
		}
		unread = unread || f.Unreadable && f.Name == ""
	}

	if unread { // it may be that one
		return frameio.Folder{}, fault.New(fault.Unavailable, "What Frame.io tells of a folder here cannot be read.").
			With("Make the folder on Frame.io, or choose another.")
	}

	f, err := fio.CreateFolder(ctx, account, parent, name)
	if v4.StatusOf(err) == http.StatusForbidden {
		err = fault.New(fault.Forbidden, "You may not make folders here on Frame.io.").
			With("Choose another folder, or ask for the right to edit.").Because(err)
	}

	return f, err
}

// place reads the project and the folder of a request.
func (s *Service) place(
	ctx context.Context, fio *v4.Client, account string, r Request,
) (frameio.Project, frameio.Folder, error) {
	var folder frameio.Folder
	project, err := fio.Project(ctx, account, r.Project)
	if absent(err) || err == nil && project.WorkspaceID != r.Workspace {
		return project, folder, fault.Field("project", "Choose one of the team.",
			"There is no such project in this team.")
	}

	if err != nil {
		return project, folder, err
	}

	if r.Folder == "" {
		r.Folder = project.RootFolder
	}

	folder, err = fio.Folder(ctx, account, r.Folder)
	if absent(err) || err == nil && folder.ProjectID != project.ID {
		return project, folder, fault.Field("folder", "Choose one of the project.",
			"There is no such folder in this project.")
	}

	return project, folder, err
}
