package foldersync

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Request is what a person fills in to synchronize a folder. An empty Root stands for the root
// folder of the project.
type Request struct {
	Folder             string // id or path in Nuxeo
	Workspace, Project string
	Root               string
	DocumentType       string // empty: File
	Fetch              string // empty: Original
	Earlier            bool
	Events             bool
	Comments           bool
	Filter             Filter
	Gone, Conflicts    string        // empty: Keep, NuxeoWins
	Every              time.Duration // 0 or at least MinEvery
}

// MinEvery is the shortest interval of a schedule.
const MinEvery = 5 * time.Minute

// maxEvery keeps a mistaken number from meaning never.
const maxEvery = 366 * 24 * time.Hour

// validate sets defaults and checks the fields.
func (q *Request) validate() error {
	if q.DocumentType == "" {
		q.DocumentType = "File"
	}

	if q.Fetch == "" {
		q.Fetch = Original
	}

	if q.Gone == "" {
		q.Gone = Keep
	}

	if q.Conflicts == "" {
		q.Conflicts = NuxeoWins
	}

	switch {
	case q.Folder == "":
		return fault.Field("folder", "Give the id or the path of a Nuxeo folder.", "The folder is missing.")
	case q.Workspace == "" || q.Project == "":
		return fault.Field("project", "Choose a team and one of its projects.", "The project is missing.")
	case q.Fetch != Original && q.Fetch != Proxy && q.Fetch != Metadata:
		return fault.Field("fetch", `Give "original", "proxy" or "metadata".`,
			"%q does not say what to fetch of an asset.", q.Fetch)
	case q.Earlier && q.Fetch == Metadata:
		return fault.Field("earlier_versions", "Fetch the original or the proxy, or leave it out.",
			"Documents without content have no earlier versions.")
	case q.Gone != Keep && q.Gone != Trash:
		return fault.Field("gone", `Give "keep" or "trash".`,
			"%q does not say what happens to documents whose asset is gone.", q.Gone)
	case q.Conflicts != NuxeoWins && q.Conflicts != FrameioWins && q.Conflicts != KeepBoth:
		return fault.Field("conflicts", `Give "nuxeo", "frameio" or "both".`,
			"%q does not say whose content stays.", q.Conflicts)
	case q.Every != 0 && (q.Every < MinEvery || q.Every > maxEvery):
		return fault.Field("every", "Give 5 minutes to a year, or nothing.", "A synchronization cannot run every %s.",
			strings.Replace(q.Every.String(), "m0s", "m", 1))
	}

	return q.Filter.validate()
}

// Add validates a request as the person, records the sync and starts its first run.
func (s *Service) Add(ctx context.Context, login string, q Request) (Sync, error) {
	if err := q.validate(); err != nil {
		return Sync{}, err
	}

	// Check the folder in Nuxeo,
	nx, err := s.People.Nuxeo(ctx, login)
	if err != nil {
		return Sync{}, err
	}

	doc, err := s.loadFolder(ctx, nx, q)
	if err != nil {
		return Sync{}, err
	}

	// and the source on Frame.io.
	sync := Sync{
		ID: uuid.Must(uuid.NewV7()).String(), FolderUID: doc.UID, FolderPath: doc.Path, FolderTitle: doc.Title,
		DocumentType: q.DocumentType,
		Fetch:        q.Fetch, Earlier: q.Earlier, Events: q.Events, Comments: q.Comments,
		Filter: q.Filter, Gone: q.Gone,
		Conflicts: q.Conflicts, Every: q.Every, Owner: login, Creator: login, State: Active,
	}

	if err := s.resolveSource(ctx, login, q, &sync); err != nil {
		return Sync{}, err
	}

	if err := s.insertSync(ctx, sync); err != nil {
		return Sync{}, err
	}

	return getDetailed(ctx, s.DB.Reader, sync.ID)
}

// loadFolder reads the folder and checks that it can be synchronized.
func (s *Service) loadFolder(ctx context.Context, nx *nuxeo.Client, q Request) (*nuxeo.Document, error) {
	get := nx.Get
	if strings.HasPrefix(q.Folder, "/") {
		get = nx.GetByPath
	}

	doc, err := get(ctx, q.Folder, nuxeo.Fetch{Enrichers: []string{"permissions", "subtypes"}})
	switch nuxeo.StatusOf(err) {
	case http.StatusNotFound, http.StatusForbidden:
		return nil, fault.Field("folder", "Check the id or path, and your rights in Nuxeo.",
			"There is no folder %q that you may see.", q.Folder)
	}

	if err != nil {
		return nil, err
	}

	if err := checkFolder(doc, q.DocumentType); err != nil {
		return nil, err
	}

	return doc, s.checkNoOverlap(ctx, nx, doc)
}

// checkFolder returns why a document cannot be synchronized, or nil.
func checkFolder(doc *nuxeo.Document, documentType string) error {
	p := doc.Permissions()
	switch {
	case !doc.Has("Folderish"):
		return fault.Field("folder", "Choose a folder.", "%q is no folder.", doc.Title)
	case doc.IsVersion || doc.IsProxy || doc.IsTrashed:
		return fault.Field("folder", "Choose a live folder.", "%q is a version, a proxy or in the trash.", doc.Title)
	case !slices.Contains(p, "AddChildren") || !slices.Contains(p, "WriteProperties"):
		return fault.New(fault.Forbidden, "You may not write in %q.", doc.Title).
			With("Ask for the right to write there in Nuxeo.")
	}

	for _, name := range []string{documentType, folderType} {
		if types := doc.Subtypes(); len(types) > 0 && !slices.ContainsFunc(types, func(t nuxeo.Type) bool {
			return t.Name == name
		}) {
			return fault.Field("document_type", "Choose another folder, or a type that it allows.",
				"%q may not hold documents of type %q.", doc.Title, name)
		}
	}

	return nil
}

// checkNoOverlap refuses a folder that is bound, or that is, contains or is in another synchronized
// one.
func (s *Service) checkNoOverlap(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document) error {
	if name, err := s.Bound(ctx, doc.UID); err != nil || name != "" {
		if err != nil {
			return err
		}
		return fault.New(fault.Conflict, "%q is bound to Frame.io as %q.", doc.Title, name).
			With("Unbind it first, or choose another folder.")
	}

	type folder struct{ uid, title string }
	others, err := store.All(ctx, s.DB.Reader, func(row store.Row) (f folder, err error) {
		err = row.Scan(&f.uid, &f.title)
		return f, err
	}, `SELECT folder_uid, folder_title FROM syncs WHERE state <> 'removed'`)
	if err != nil {
		return err
	}

	for _, other := range others {
		over, err := overlaps(ctx, nx, doc.UID, other.uid)
		if err != nil {
			return err
		}

		if over {
			return fault.New(fault.Conflict, "%q overlaps with %q, which is synchronized with Frame.io already.",
				doc.Title, other.title).
				With("Remove that synchronization first, or choose another folder.")
		}
	}

	return nil
}

// overlaps reports whether two folders are the same, or one is in the other.
func overlaps(ctx context.Context, nx *nuxeo.Client, a, b string) (bool, error) {
	if a == b {
		return true, nil
	}
	q := "SELECT * FROM Document WHERE (ecm:uuid = " + nuxeo.Quote(a) + " AND ecm:ancestorId = " + nuxeo.Quote(b) +
		") OR (ecm:uuid = " +
		nuxeo.Quote(b) + " AND ecm:ancestorId = " + nuxeo.Quote(a) + ")"
	docs, _, err := nx.QueryPage(ctx, q, 0, 1, nuxeo.Fetch{})
	return len(docs) > 0, err
}

// resolveSource fills in the source on Frame.io.
func (s *Service) resolveSource(ctx context.Context, login string, q Request, sync *Sync) error {
	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return err
	}

	// Find account and project,
	account, workspace, err := findAccount(ctx, fio, q.Workspace)
	if err != nil {
		return err
	}

	p, err := fio.Project(ctx, account, q.Project)
	if v4.NotFound(err) || err == nil && p.WorkspaceID != q.Workspace {
		return fault.Field("project", "Choose another project.",
			"There is no such project of this team that you may see.")
	}

	if err != nil {
		return err
	}

	// and the folder in it.
	root := q.Root
	if root == "" {
		root = p.RootFolder
	}

	f, err := fio.Folder(ctx, account, root)
	if v4.NotFound(err) || err == nil && f.ProjectID != p.ID {
		return fault.Field("frameio_folder", "Choose another folder.",
			"There is no such folder in the project that you may see.")
	}

	sync.Account, sync.Workspace, sync.WorkspaceName = account, q.Workspace, workspace.Name
	sync.Project, sync.ProjectName, sync.Root, sync.RootName = p.ID, p.Name, root, f.Name
	if root == p.RootFolder {
		sync.RootName = p.Name
	}

	return err
}

// findAccount returns the account of a workspace, and the workspace.
func findAccount(ctx context.Context, fio *v4.Client, workspace string) (string, frameio.Workspace, error) {
	for a, err := range fio.Accounts(ctx) {
		if err != nil {
			return "", frameio.Workspace{}, err
		}
		w, err := fio.Workspace(ctx, a.ID, workspace)
		if err == nil {
			return a.ID, w, nil
		}
		if !v4.NotFound(err) && v4.StatusOf(err) != http.StatusForbidden {
			return "", w, err
		}
	}
	return "", frameio.Workspace{},
		fault.Field("workspace", "Choose another team.", "There is no team (workspace) %q for you.", workspace)
}

// insertSync records a sync and starts its first run.
func (s *Service) insertSync(ctx context.Context, q Sync) error {
	var ids []string
	added := audit.Entry{Who: q.Owner, What: audit.SyncAdded, About: q.FolderPath, Detail: q.ProjectName}
	err := s.Engine.Audited(ctx, added, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO syncs (id, folder_uid, folder_path, folder_title, account_id,
			workspace_id, workspace_name, project_id, project_name,
				root_id, root_name, document_type, comments, filter, gone, conflicts, every, owner, creator, state,
				created, updated, fetches, earlier, events)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18, 'active', $19,
			$19, $20, $21, $22)`,
			q.ID, q.FolderUID, q.FolderPath, q.FolderTitle, q.Account, q.Workspace, q.WorkspaceName, q.Project,
			q.ProjectName, q.Root, q.RootName,
			q.DocumentType, q.Comments, q.Filter.json(), q.Gone, q.Conflicts, int64(q.Every/time.Second), q.Owner,
			store.Millis(s.Now()),
			q.Fetch, q.Earlier, q.Events); err != nil {
			return err
		}

		ids, err = s.startRun(ctx, tx, q, First, q.Owner, false)
		return err
	})
	if store.Duplicate(err) {
		return fault.New(fault.Conflict, "%q is synchronized with Frame.io already.", q.FolderTitle).
			With("Remove that synchronization first.").Because(err)
	}

	if err == nil {
		s.Engine.Wake(ids...)
	}

	return err
}
