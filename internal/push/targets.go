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

// A Location is where the asset of a linked document is on Frame.io.
type Location struct {
	Account, Project, Folder, FolderName string
	File, Stack, Name                    string
	ViewURL                              string
}

// A Targets is what a person chooses from to push a document.
type Targets struct {
	Document, Title string
	Bound           []Bound
	Pieces          []Piece
	Asset           *Location // the asset it would be the next version of; nil if none
	Last            *Choice   // nil if none yet
	Open            *Push     // the unfinished push of the document; nil if none
	WhyNot          error     // why it cannot be pushed; nil if it can
}

// Targets returns what can be sent of a document, and where to.
func (s *Service) Targets(ctx context.Context, login, uid string) (Targets, error) {
	nx, err := s.People.Nuxeo(ctx, login)
	if err != nil {
		return Targets{}, err
	}

	// Read what decides.
	docs, err := readDocuments(ctx, nx, []string{uid})
	if err != nil {
		return Targets{}, err
	}

	doc := docs[uid]
	all, err := s.bindingsAround(ctx, docs)
	if err != nil {
		return Targets{}, err
	}

	busy, err := s.unfinished(ctx, []string{uid})
	if err != nil {
		return Targets{}, err
	}

	// Combine it.
	_, why := assess(doc, login, Request{What: Master}, all, busy)
	if doc == nil {
		return Targets{}, why
	}

	t := Targets{Document: uid, Title: doc.Title, Bound: bindingsFor(doc, all), Pieces: pieces(doc), WhyNot: why}
	if p, ok := busy[uid]; ok {
		t.Open = &p
	}

	err = s.addHistory(ctx, login, doc, &t)
	return t, err
}

// maxExamined is how many documents are examined to find one that can be sent.
const maxExamined = 500

// TargetsOfAll returns where the documents of a request can go to: the targets of the first of them
// that can be sent. If none can, those of the first, which say why.
func (s *Service) TargetsOfAll(ctx context.Context, login string, r Request) (Targets, error) {
	if err := s.validate(&r); err != nil {
		return Targets{}, err
	}

	nx, err := s.People.Nuxeo(ctx, login)
	if err != nil {
		return Targets{}, err
	}

	uids, err := firstDocuments(ctx, nx, r)
	if err != nil {
		return Targets{}, err
	}

	for some := range slices.Chunk(uids, pageSize) {
		var found selection
		if err := s.selectPage(ctx, nx, login, r, some, &found); err != nil {
			return Targets{}, err
		}
		if len(found.ready) > 0 {
			return s.Targets(ctx, login, found.ready[0].Document)
		}
	}

	return s.Targets(ctx, login, uids[0])
}

// firstDocuments returns the first documents of a request.
func firstDocuments(ctx context.Context, nx *nuxeo.Client, r Request) ([]string, error) {
	if r.Listing == nil {
		return resolvePaths(ctx, nx, r.Documents[:min(len(r.Documents), maxExamined)])
	}

	var out []string
	for uid, err := range nx.Listed(ctx, *r.Listing) {
		if err != nil {
			return nil, err
		}
		if !slices.Contains(r.Except, uid) {
			out = append(out, uid)
		}
		if len(out) == maxExamined {
			break
		}
	}

	if len(out) == 0 {
		return nil, nothingListed()
	}

	return out, nil
}

// addHistory adds the last choice, and where the asset is.
func (s *Service) addHistory(ctx context.Context, login string, doc *nuxeo.Document, t *Targets) error {
	// The last choice of this person for the folder.
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

	// The asset of the document.
	l, err := link.OfDocument(ctx, s.DB, doc.UID)
	if errors.Is(err, sql.ErrNoRows) || err == nil && l.FileID == "" {
		return nil
	}

	if err != nil {
		return err
	}

	fio, err := s.People.Frameio(ctx, login)
	if fault.Is(err, fault.NotConnected) {
		return nil // shown once they have connected
	}

	if err != nil {
		return err
	}

	if t.Asset, err = locateAsset(ctx, fio, l); t.Asset == nil || err != nil {
		return err
	}

	folder, err := fio.Folder(ctx, l.Account, t.Asset.Folder)
	t.Asset.FolderName = folder.Name
	return err
}

// locateAsset returns where the asset of a link is, or nil if it does not exist or the person may
// not see it.
func locateAsset(ctx context.Context, fio *v4.Client, l link.Link) (*Location, error) {
	f, err := fio.File(ctx, l.Account, l.FileID)
	if isMissing(err) {
		return nil, nil
	}

	if err != nil {
		return nil, err
	}

	loc := &Location{
		Account: l.Account,
		Project: f.ProjectID,
		Folder:  f.ParentID,
		File:    f.ID,
		Name:    f.Name,
		ViewURL: f.ViewURL,
	}

	stack, err := fio.Stack(ctx, l.Account, f.ParentID)
	switch {
	case isMissing(err):
		return loc, nil
	case err == nil:
		loc.Folder, loc.Stack = stack.ParentID, stack.ID
	}

	return loc, err
}

// isMissing reports whether Frame.io says that an id does not exist, not as this kind, or not for
// this person.
func isMissing(err error) bool {
	switch v4.StatusOf(err) {
	case http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// Project is a place for folders.
type Project = frameio.Project

// maxListed is how many projects or folders one response holds.
const maxListed = 500

// Projects lists the projects of a bound workspace, as the person sees them.
func (s *Service) Projects(ctx context.Context, login, account, workspace string) ([]Project, bool, error) {
	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return nil, false, err
	}
	return collect(fio.Projects(ctx, account, workspace))
}

// Folders lists the folders in a folder of Frame.io, as the person sees them.
func (s *Service) Folders(ctx context.Context, login, account, folder string) ([]frameio.Folder, bool, error) {
	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return nil, false, err
	}
	all, more, err := collect(fio.Folders(ctx, account, folder))
	return slices.DeleteFunc(all, func(f frameio.Folder) bool { return f.ID == "" || f.Name == "" }), more, err
}

// collect returns the elements that fit into a response, and whether there are more.
func collect[T any](all iter.Seq2[T, error]) ([]T, bool, error) {
	out := []T{}
	for v, err := range all {
		if isMissing(err) {
			return nil, false, folderNotFound(err)
		}
		if err != nil {
			return nil, false, err
		}
		if len(out) == maxListed {
			return out, true, nil
		}
		out = append(out, v)
	}

	return out, false, nil
}

func folderNotFound(err error) error {
	return fault.New(fault.NotFound, "There is no such place on Frame.io, or you may not see it.").
		With("Choose another.").Because(err)
}

// CreateFolder creates a folder on Frame.io as the person. If there is one of that name, it returns
// that.
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

	// Look for one of that name.
	unread := false
	for f, err := range fio.Folders(ctx, account, parent) {
		if isMissing(err) {
			return frameio.Folder{}, folderNotFound(err)
		}
		if err != nil {
			return frameio.Folder{}, err
		}
		if f.Name == name {
			return f, nil
		}
		unread = unread || f.Unreadable && f.Name == ""
	}

	if unread { // one that cannot be read may have the name
		return frameio.Folder{}, fault.New(fault.Unavailable, "What Frame.io tells of a folder here cannot be read.").
			With("Make the folder on Frame.io, or choose another.")
	}

	// Create it.
	f, err := fio.CreateFolder(ctx, account, parent, name)
	if v4.StatusOf(err) == http.StatusForbidden {
		err = fault.New(fault.Forbidden, "You may not make folders here on Frame.io.").
			With("Choose another folder, or ask for the right to edit.").Because(err)
	}

	return f, err
}

// loadTarget reads the project and the folder of a request.
func (s *Service) loadTarget(
	ctx context.Context, fio *v4.Client, account string, r Request,
) (frameio.Project, frameio.Folder, error) {
	var folder frameio.Folder
	project, err := fio.Project(ctx, account, r.Project)
	if isMissing(err) || err == nil && project.WorkspaceID != r.Workspace {
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
	if isMissing(err) || err == nil && folder.ProjectID != project.ID {
		return project, folder, fault.Field("folder", "Choose one of the project.",
			"There is no such folder in this project.")
	}

	return project, folder, err
}
