package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// lastAgain is how long after a failure what comes last is tried again.
const lastAgain = time.Hour

// What was looked at after $6 was so by a clock that was far ahead.
const (
	commentsDue = `(comments_at < $2 OR comments_at > $6)`
	postersDue  = `NOT poster AND (poster_at < $2 OR poster_at > $6)`
)

// after adds the items for what comes last, comments and posters, where there is any
// to bring, unless one of that kind has failed since a time.
func (s *Service) after(ctx context.Context, tx *sql.Tx, q Sync, since time.Time) ([]string, error) {
	listening, err := s.listen(ctx, tx, q, since)
	if err != nil {
		return nil, err
	}
	picturing, err := s.picture(ctx, tx, q, since)
	return append(listening, picturing...), err
}

// listen adds the item that looks at comments.
func (s *Service) listen(ctx context.Context, tx *sql.Tx, q Sync, since time.Time) ([]string, error) {
	if !q.Comments {
		return nil, nil
	}
	st := round{Sync: q.ID, Before: s.before(), Stamp: 1 << 62}
	return s.addLast(ctx, tx, q, since, KindComments, "Comments of "+q.FolderTitle, commentsDue, st)
}

// picture adds the item that brings posters.
func (s *Service) picture(ctx context.Context, tx *sql.Tx, q Sync, since time.Time) ([]string, error) {
	if q.Fetch != Metadata {
		return nil, nil
	}
	return s.addLast(ctx, tx, q, since, KindPosters, "Posters of "+q.FolderTitle, postersDue,
		gallery{Sync: q.ID, Before: s.before()})
}

// before is what counts as looked at long ago.
func (s *Service) before() int64 { return max(1, store.Millis(s.Now().Add(-s.CommentsEvery))) }

// latest is the latest that anything can have been looked at.
func (s *Service) latest() int64 { return store.Millis(s.Now().Add(store.AheadAtMost)) }

// addLast adds an item if something is due, none is at it, and none has failed since a
// time. One that failed in the future did so by a clock that was ahead, and says nothing
// of what there has been since.
func (s *Service) addLast(
	ctx context.Context, tx *sql.Tx, q Sync, since time.Time, kind, title, due string, st any,
) ([]string, error) {
	now := s.Now()
	var some, at int
	err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM sync_entries
		WHERE sync_id = $1 AND kind <> 'folder' AND document_uid <> '' AND NOT gone AND `+due+` LIMIT 1) AS d),
		(SELECT COUNT(*) FROM items WHERE parent = $1 AND kind = $3 AND (state IN ('waiting', 'running')
		OR state = 'failed' AND finished > $4 AND finished <= $5))`,
		q.ID, s.before(), kind, store.Millis(since), store.Millis(now), s.latest()).Scan(&some, &at)
	if err != nil || some == 0 || at > 0 {
		return nil, err
	}

	return s.Engine.Add(ctx, tx, work.New{
		Kind: kind, Parent: q.ID, Subject: fmt.Sprintf("round at %d", store.Millis(now)), Title: title, Owner: q.Owner,
		Actor: q.Owner, Requester: q.Owner, Data: st,
	})
}

// Last brings what comes last and whose time has come, of all syncs.
func (s *Service) Last(ctx context.Context, r *maintenance.Report) error {
	ids, err := s.idsOf(ctx, `SELECT id FROM syncs WHERE state = 'active' ORDER BY id`)
	for _, id := range ids {
		err = errors.Join(err, s.last(ctx, id, r))
	}
	return err
}

func (s *Service) last(ctx context.Context, id string, r *maintenance.Report) error {
	q, err := bare(ctx, s.DB.Reader, id)
	if err != nil {
		return err
	}

	var woken []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		woken, err = s.after(ctx, tx, q, s.Now().Add(-lastAgain))
		return err
	})
	if len(woken) > 0 {
		r.Note("%s", q.FolderTitle)
	}

	s.Engine.Wake(woken...)
	return err
}
