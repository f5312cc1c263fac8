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

// quietPeriod is how long no event must have arrived for a sync before it runs: changes come in
// many pieces.
const quietPeriod = 5 * time.Second

// RunDue starts the runs that are due by schedule and those for which events have arrived, and then
// the follow-ups.
func (s *Service) RunDue(ctx context.Context, r *maintenance.Report) error {
	if err := s.correctFutureTimes(ctx); err != nil {
		return err
	}

	// Find both.
	due, err := s.queryIDs(ctx, `SELECT id FROM syncs WHERE state = 'active' AND due > 0 AND due <= $1
		ORDER BY due`, store.Millis(s.Now()))
	if err != nil {
		return err
	}

	changed, err := s.queryIDs(ctx, `SELECT id FROM syncs WHERE state = 'active' AND events AND (due = 0 OR due > $1)
		AND id IN (SELECT sync_id FROM sync_changes GROUP BY sync_id HAVING MAX(told) <= $2)
		ORDER BY id`, store.Millis(s.Now()), store.Millis(s.Now().Add(-quietPeriod)))
	// Start them. One that fails does not keep the others.
	for _, id := range due {
		err = errors.Join(err, s.startDue(ctx, id, Schedule, r))
	}

	for _, id := range changed {
		err = errors.Join(err, s.startDue(ctx, id, Changes, r))
	}

	return errors.Join(err, s.ScheduleFollowUps(ctx, r))
}

// correctFutureTimes corrects times written while the clock was far ahead: a sync is due after one
// interval at the latest, and changes count as recorded now.
func (s *Service) correctFutureTimes(ctx context.Context) error {
	now := store.Millis(s.Now())
	latest := s.latestPlausible()
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE syncs SET due = $1 + every * 1000 WHERE state = 'active'
			AND due > $2 + every * 1000`, now, latest); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE sync_changes SET told = $1 WHERE told > $2`, now, latest)
		return err
	})
}

func (s *Service) queryIDs(ctx context.Context, query string, args ...any) (ids []string, err error) {
	return store.Strings(ctx, s.DB.Reader, query, args...)
}

// startDue starts a run unless one is under way.
func (s *Service) startDue(ctx context.Context, id, why string, r *maintenance.Report) error {
	q, err := getSync(ctx, s.DB.Reader, id)
	if err != nil {
		return err
	}

	var ids []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		ids, err = s.startRun(ctx, tx, q, why, q.Owner, false)
		return err
	})
	if store.Duplicate(err) { // the last one is not done yet
		return s.postpone(ctx, q, why)
	}

	if err != nil {
		return err
	}

	r.Note("%s", q.FolderTitle)
	s.Engine.Wake(ids...)
	return nil
}

// postpone moves a scheduled run to the next interval if the one under way is the one before it. A run that was asked
// for since that began, or that only a check or a partial run delays, stays due and begins when the other has ended.
// Recorded changes stay recorded.
func (s *Service) postpone(ctx context.Context, q Sync, why string) error {
	if why != Schedule {
		return nil
	}
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE syncs SET due = $1 WHERE id = $2 AND every > 0 AND EXISTS (
			SELECT 1 FROM sync_runs r WHERE r.sync_id = syncs.id AND r.state = 'running' AND NOT r.dry AND NOT r.partial
			AND syncs.due >= r.began + syncs.every * 1000)`, nextDue(s.Now(), q.Every), q.ID)
		return err
	})
}

// Forget deletes runs that ended before a time, and everything about syncs removed before it.
func (s *Service) Forget(ctx context.Context, before time.Time, r *maintenance.Report) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		n := 0
		for _, forget := range []string{
			`DELETE FROM sync_changes WHERE sync_id IN (SELECT id FROM syncs WHERE state = 'removed' AND updated < $1)`,
			`DELETE FROM sync_entries WHERE sync_id IN (SELECT id FROM syncs WHERE state = 'removed' AND updated < $1)`,
			`DELETE FROM sync_seen WHERE run_id IN (SELECT id FROM sync_runs WHERE ended > 0 AND ended < $1)`,
			`DELETE FROM sync_runs WHERE ended > 0 AND ended < $1 AND id NOT IN (SELECT run_id FROM syncs
				WHERE state <> 'removed')`,
			`DELETE FROM syncs WHERE state = 'removed' AND updated < $1`,
		} {
			res, err := tx.ExecContext(ctx, forget, store.Millis(before))
			if err != nil {
				return err
			}
			some, err := res.RowsAffected()
			if err != nil {
				return err
			}
			n += int(some)
		}

		if n > 0 {
			r.Note("%d rows of synchronizations", n)
		}

		r.Removed += n
		return nil
	})
}

// followUpRetry is how long after a failure a follow-up is tried again.
const followUpRetry = time.Hour

// Conditions for follow-ups. A time after $6 was written by a clock that was far ahead.
const (
	commentsDue = `(comments_at < $2 OR comments_at > $6)`
	postersDue  = `NOT poster AND (poster_at < $2 OR poster_at > $6)`
)

// addFollowUps adds the items that import comments and posters, where any are due. Kinds that have
// failed after since are left out.
func (s *Service) addFollowUps(ctx context.Context, tx *sql.Tx, q Sync, since time.Time) ([]string, error) {
	comments, err := s.scheduleComments(ctx, tx, q, since)
	if err != nil {
		return nil, err
	}
	posters, err := s.schedulePosters(ctx, tx, q, since)
	return append(comments, posters...), err
}

// scheduleComments adds the item that imports comments.
func (s *Service) scheduleComments(ctx context.Context, tx *sql.Tx, q Sync, since time.Time) ([]string, error) {
	if !q.Comments {
		return nil, nil
	}
	st := commentState{Sync: q.ID, Before: s.staleBefore(), Stamp: 1 << 62}
	return s.addFollowUp(ctx, tx, q, since, KindComments, "Comments of "+q.FolderTitle, commentsDue, st)
}

// schedulePosters adds the item that imports posters.
func (s *Service) schedulePosters(ctx context.Context, tx *sql.Tx, q Sync, since time.Time) ([]string, error) {
	if q.Fetch != Metadata {
		return nil, nil
	}
	return s.addFollowUp(ctx, tx, q, since, KindPosters, "Posters of "+q.FolderTitle, postersDue,
		posterState{Sync: q.ID, Before: s.staleBefore()})
}

// staleBefore returns the time before which an import of comments or posters counts as stale.
func (s *Service) staleBefore() int64 { return max(1, store.Millis(s.Now().Add(-s.CommentsEvery))) }

// latestPlausible returns the latest time that a living node can have written.
func (s *Service) latestPlausible() int64 { return store.Millis(s.Engine.LatestPlausible()) }

// addFollowUp adds an item if something is due, no such item is under way, and none has failed
// after since. A failure in the future was recorded by a clock that was ahead and does not count.
func (s *Service) addFollowUp(
	ctx context.Context, tx *sql.Tx, q Sync, since time.Time, kind, title, due string, st any,
) ([]string, error) {
	now := s.Now()
	var some, at int
	err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM sync_entries
		WHERE sync_id = $1 AND kind <> 'folder' AND document_uid <> '' AND NOT gone AND `+due+` LIMIT 1) AS d),
		(SELECT COUNT(*) FROM items WHERE parent = $1 AND kind = $3 AND (state IN ('waiting', 'running')
		OR state = 'failed' AND finished > $4 AND finished <= $5))`,
		q.ID, s.staleBefore(), kind, store.Millis(since), store.Millis(now), s.latestPlausible()).Scan(&some, &at)
	if err != nil || some == 0 || at > 0 {
		return nil, err
	}

	return s.Engine.Add(ctx, tx, work.New{
		Kind: kind, Parent: q.ID, Subject: fmt.Sprintf("round at %d", store.Millis(now)), Title: title, Owner: q.Owner,
		Actor: q.Owner, Requester: q.Owner, Data: st,
	})
}

// ScheduleFollowUps adds the follow-ups that are due, of all syncs.
func (s *Service) ScheduleFollowUps(ctx context.Context, r *maintenance.Report) error {
	ids, err := s.queryIDs(ctx, `SELECT id FROM syncs WHERE state = 'active' ORDER BY id`)
	for _, id := range ids {
		err = errors.Join(err, s.scheduleFollowUpsOf(ctx, id, r))
	}
	return err
}

func (s *Service) scheduleFollowUpsOf(ctx context.Context, id string, r *maintenance.Report) error {
	q, err := getSync(ctx, s.DB.Reader, id)
	if err != nil {
		return err
	}

	var woken []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		woken, err = s.addFollowUps(ctx, tx, q, s.Now().Add(-followUpRetry))
		return err
	})
	if len(woken) > 0 {
		r.Note("%s", q.FolderTitle)
	}

	s.Engine.Wake(woken...)
	return err
}
