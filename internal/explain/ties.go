package explain

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// tied is a tie with what its items are found by.
type tied struct {
	Tie
	folder string // uid of the bound folder
	batch  string // of a push
	linked string // id of the link
	events []Event
}

// ties are what keeps a document: its place in synchronizations, else the link of
// its folder, and each push.
func (s *Service) ties(ctx context.Context, one subject) ([]tied, error) {
	l, linked, err := s.link(ctx, one)
	if err != nil {
		return nil, err
	}

	all, err := s.syncs(ctx, one)
	if err != nil {
		return nil, err
	}

	// A synchronization has links as well: without one, the link is a binding's.
	if linked && len(all) == 0 {
		t, err := s.binding(ctx, l)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}

	// The link says what content was taken over last.
	for i := range all {
		if linked && all[i].Kind != ByPush {
			if err := s.content(ctx, &all[i], l); err != nil {
				return nil, err
			}
		}
	}

	pushes, err := s.pushes(ctx, one.uid)
	return append(all, pushes...), err
}

// link is that of the document, or of an asset that has none yet.
func (s *Service) link(ctx context.Context, one subject) (link.Link, bool, error) {
	if one.uid != "" {
		l, err := link.OfDocument(ctx, s.DB, one.uid)
		if errors.Is(err, sql.ErrNoRows) {
			return l, false, nil
		}
		return l, err == nil, err
	}

	// An asset without a document is known by its key in the folder.
	var id string
	err := s.DB.Reader.QueryRowContext(ctx, `SELECT id FROM links WHERE folder_uid = $1
		AND asset_key = $2`, one.folder, one.key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return link.Link{}, false, nil
	}

	if err != nil {
		return link.Link{}, false, err
	}

	l, err := link.Get(ctx, s.DB, id)
	return l, err == nil, err
}

// content is what the link tells of the asset, and of what the document got of it.
func (s *Service) content(ctx context.Context, t *tied, l link.Link) error {
	t.Asset, t.linked, t.folder = l.AssetKey, l.ID, l.FolderUID
	if l.FileID != "" {
		t.Content = &Content{File: l.FileID, Size: l.Size, Digest: l.Digest}
	}

	var err error
	t.Files, err = store.Strings(ctx, s.DB.Reader, `SELECT file_id FROM link_files WHERE link_id = $1
		ORDER BY file_id`, l.ID)
	return err
}

// binding is the one of the link's folder by which its asset was published last; when
// that was forgotten, one that is bound before those that were.
func (s *Service) binding(ctx context.Context, l link.Link) (tied, error) {
	t := tied{Tie: Tie{Kind: ByBinding, State: InPlace}, folder: l.FolderUID}
	var state string
	err := s.DB.Reader.QueryRowContext(ctx, `SELECT id, action_name, folder_path, state FROM bindings b
		WHERE folder_uid = $1 ORDER BY
		(SELECT COALESCE(MAX(items.id), '') FROM interactions i JOIN items ON items.parent = i.id
		AND items.kind = 'publish'
			WHERE i.binding_id = b.id AND items.subject IN ($2, $3)) DESC,
		CASE state WHEN 'bound' THEN 0 ELSE 1 END, created DESC LIMIT 1`, l.FolderUID, "file "+l.FileID,
		"version_stack "+l.AssetKey).Scan(&t.ID, &t.Name, &t.Folder, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return t, nil
	}

	// Why nothing more will come by it.
	if err == nil && state == "ending" {
		t.Why = "The folder is being unbound: it only takes back what is under review."
	} else if err == nil && state != "bound" {
		t.Why, t.Remedy = "The folder is not bound by it any more.", "Bind the folder again to publish into it."
	}

	return t, err
}

// syncs are the synchronizations that the document, or an asset without one, is
// part of.
func (s *Service) syncs(ctx context.Context, one subject) ([]tied, error) {
	return store.All(ctx, s.DB.Reader, func(row store.Row) (tied, error) {
		t := tied{Tie: Tie{Kind: BySync, State: InPlace}}
		var e entry
		var looked int64
		if err := row.Scan(&t.ID, &t.Name, &t.Folder, &e.state, &e.reason, &e.remedy, &e.whenGone, &t.Asset,
			&e.document, &e.gone, &e.problem, &e.conflict, &looked); err != nil {
			return t, err
		}
		t.CommentsAt = store.Time(max(0, looked)) // negative while there are news
		e.judge(&t.Tie)
		return t, nil
	}, `SELECT q.id, q.root_name, q.folder_path, q.state, q.reason, q.remedy,
		q.gone, e.key, e.document_uid, e.gone, e.problem, e.conflict, e.comments_at
		FROM sync_entries e JOIN syncs q ON q.id = e.sync_id
		WHERE q.state <> 'removed' AND (e.document_uid = $1 AND $1 <> '' OR e.document_uid = '' AND $1 = ''
		AND q.folder_uid = $2 AND e.key = $3) ORDER BY q.id, e.key`,
		one.uid, one.folder, one.key)
}

// entry is what a synchronization knows of an asset.
type entry struct {
	state, reason, remedy, whenGone string // of the synchronization
	document, problem, conflict     string
	gone                            bool
}

// judge says where an asset of a synchronization stands.
func (e entry) judge(t *Tie) {
	switch {
	case e.problem != "":
		t.State, t.Why, t.Remedy = Failed, e.problem, "Refresh it: `nuxeo-frameio sync refresh "+t.ID+"`."
	case e.gone && e.whenGone == "trash":
		t.State, t.Why, t.Remedy = Gone, "It is not on Frame.io any more, and the document went into the trash.",
			"Take it out of the trash to keep it."
	case e.gone:
		t.State, t.Why, t.Remedy = Gone, "It is not on Frame.io any more, and the document was kept.",
			"Delete the document if nobody needs it."
	case e.conflict != "":
		t.State, t.Why, t.Remedy = Conflict, e.conflict, "Say whose content stays: `nuxeo-frameio sync settle "+t.ID+
			" "+t.Asset+" --use nuxeo|frameio|both`."
	case e.document == "":
		t.State, t.Why = UnderWay, "It has not come yet."
	}
	if e.state == "paused" && t.Why == "" {
		t.Why, t.Remedy = "The synchronization is paused: "+e.reason, e.remedy
	}
}

// pushes are those of a document, oldest first, as many as are told of.
func (s *Service) pushes(ctx context.Context, document string) ([]tied, error) {
	if document == "" {
		return nil, nil
	}

	return store.All(ctx, s.DB.Reader, func(row store.Row) (tied, error) {
		var p pushed
		var created, opened, ended, seen int64
		t := tied{Tie: Tie{Kind: ByPush}}
		if err := row.Scan(&t.ID, &t.batch, &p.team, &p.project, &p.folder, &p.file, &t.State, &t.Why, &p.by,
			&p.endedBy, &p.size, &p.digest, &created, &opened, &ended, &seen, &p.gone); err != nil {
			return t, err
		}

		p.created, p.opened, p.ended, t.CommentsAt = store.Time(created), store.Time(opened), store.Time(ended),
			store.Time(seen)
		p.fill(&t)
		return t, nil
	}, `SELECT id, batch, workspace_name, project_name, folder_name, file_id,
		state, reason, pushed_by, ended_by, size, digest, created, opened, ended, seen, seen_gone
		FROM (SELECT * FROM pushes WHERE document_uid = $1 ORDER BY id DESC LIMIT $2) AS p
		ORDER BY id`, document, mostItems)
}
