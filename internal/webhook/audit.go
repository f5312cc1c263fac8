package webhook

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

const (
	// overlap is how far before its mark the log is read again: entries are written late, and
	// clocks differ.
	overlap = 2 * time.Minute
	// refusedPause is how long a log that was refused is not requested.
	refusedPause = time.Hour
	// redeliveryWindow is about how long Frame.io retries to deliver an event.
	redeliveryWindow = 4 * time.Minute
	// maxLookback is how far back the log is read. The regular full runs find what is older.
	maxLookback = 24 * time.Hour
	// recordBatch is how many entries one transaction records.
	recordBatch = 100
)

// A mark is how far the log of a workspace was read: to the newest entry seen, by Frame.io's clock,
// so that an entry that is written late is found however long nothing else happens. Nothing is read
// from before the mark was first set.
type mark struct{ until, since, refused time.Time }

// CatchUp reads from the audit log of each watched workspace what has happened since the last time,
// and records it as hints, since webhooks lose events. Nothing is read for a workspace that is new.
// A log that no one may read is noted, and tried again an hour later. CatchUp may be interrupted
// anywhere.
func (s *Service) CatchUp(ctx context.Context, r *maintenance.Report) error {
	workspaces, err := s.Watched(ctx)
	if err == nil {
		err = s.deleteSeen(ctx)
	}

	if err != nil {
		return err
	}

	var failed []error
	for _, p := range workspaces {
		failed = append(failed, s.catchUp(ctx, p, r))
	}

	return errors.Join(append(failed, ctx.Err())...)
}

func (s *Service) catchUp(ctx context.Context, p WatchedWorkspace, r *maintenance.Report) error {
	// A new workspace has nothing to catch up on.
	m, err := s.mark(ctx, p)
	if err != nil || m.until.IsZero() {
		return err
	}

	// After a refusal, the log is left alone for a while.
	if s.Now().Sub(m.refused) < refusedPause {
		if err := s.reportMissed(ctx, p, &m); err != nil {
			return err
		}
		r.Note("the audit log of the team %s is not given to anybody who is connected; what webhooks lose is found "+
			"when everything is looked at", p.Workspace)
		return nil
	}

	// Read on from the mark, and move it.
	n, refused, err := s.readWithAccess(ctx, p, &m)
	switch {
	case err != nil:
		return err
	case refused != nil:
		r.Note("the audit log of the team %s cannot be read: %s", p.Workspace, fault.From(refused).Message)
		m.refused = s.Now()
		return s.reportMissed(ctx, p, &m)
	case n > 0:
		r.Note("%d entries of the audit log of the team %s were new", n, p.Workspace)
		s.Wake()
	}

	return s.advance(ctx, p, m)
}

// reportMissed reports a time without webhooks, longer than Frame.io retries, that no log covers.
// The mark says when that was reported last.
func (s *Service) reportMissed(ctx context.Context, p WatchedWorkspace, m *mark) error {
	if s.OnEventsMissed != nil && s.Now().Sub(m.until) > redeliveryWindow {
		if err := s.OnEventsMissed(ctx, p); err != nil {
			return err
		}
	}
	m.until = s.Now()
	return s.advance(ctx, p, *m)
}

// mark reads how far the log of a workspace was read. A new workspace is marked with the current
// time.
func (s *Service) mark(ctx context.Context, p WatchedWorkspace) (m mark, err error) {
	var until, since, refused int64
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT until, since, refused FROM audit_marks WHERE account_id = $1
		AND workspace_id = $2`, p.Account, p.Workspace).Scan(&until, &since, &refused)
	// It is new. Another node may be adding it as well.
	if errors.Is(err, sql.ErrNoRows) {
		return m, s.DB.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO audit_marks (account_id, workspace_id, until, since)
				VALUES ($1, $2, $3, $3) ON CONFLICT DO NOTHING`,
				p.Account, p.Workspace, store.Millis(s.Now()))
			return err
		})
	}

	m = mark{until: store.Time(until), since: store.Time(since), refused: store.Time(refused)}
	return m.withoutFutureTimes(s.Now()), err
}

// withoutFutureTimes returns the mark without times written while the clock was far ahead. When the
// log was read last is then unknown, and as much as possible is read.
func (m mark) withoutFutureTimes(now time.Time) mark {
	latest := now.Add(store.AheadAtMost)
	if m.until.After(latest) {
		m.until = now.Add(-maxLookback)
	}

	if m.since.After(latest) {
		m.since = m.until
	}

	if m.refused.After(latest) {
		m.refused = time.Time{}
	}

	return m
}

// readWithAccess reads the log as the first person who may, and moves the mark. refused says
// why none may; err is any other error, and worth a retry.
func (s *Service) readWithAccess(ctx context.Context, p WatchedWorkspace, m *mark) (n int, refused, err error) {
	refused = s.withAccess(ctx, p.Logins, func(fio *v4.Client, _ string) error {
		read, failed := s.read(ctx, fio, p, m)
		n += read
		if failed != nil && !forbidden(failed) {
			err = failed
		}
		return failed
	})

	switch {
	case refused == nil:
		return n, nil, nil
	// A refusal that will pass says nothing about rights.
	case ctx.Err() != nil || err == nil && fault.Passing(refused):
		return n, nil, refused
	}

	return n, refused, err
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func forbidden(err error) bool {
	code := v4.StatusOf(err)
	return code == http.StatusForbidden || code == http.StatusNotFound
}

// read records what the log has since the mark. It seems to come newest first; only an entry that
// is older than the one before it ends the reading, so that a log in another order is read to the
// end.
func (s *Service) read(ctx context.Context, fio *v4.Client, p WatchedWorkspace, m *mark) (n int, err error) {
	// Begin a little before the mark, since entries may be written late.
	now := s.Now()
	since, newest := laterOf(m.until.Add(-overlap), m.since), m.until
	if oldest := now.Add(-maxLookback); since.Before(oldest) {
		since = oldest
	}

	var some []frameio.AuditEvent
	var last time.Time
	for e, err := range fio.AuditLog(ctx, p.Account, p.Workspace, since) {
		if err != nil {
			return n, err
		}

		// It is newest first, and what follows is older still.
		if e.At.Before(since) && e.At.Before(last) {
			break
		}

		// Entries of other kinds lead nowhere.
		last = e.At
		if e.At.Before(since) || auditKind(e.ResourceKind) == "" {
			continue
		}

		if e.At.After(newest) {
			newest = e.At
		}

		// A long log is recorded as it is read.
		if some = append(some, e); len(some) == recordBatch {
			if n, err = s.recordNew(ctx, p, some, n); err != nil {
				return n, err
			}
			some = some[:0]
		}
	}

	// Move the mark, but not beyond now: their clock may be ahead.
	n, err = s.recordNew(ctx, p, some, n)
	if err == nil {
		m.until, m.refused = earlierOf(newest, now), time.Time{}
	}

	return n, err
}

// earlierOf keeps a clock ahead of ours from hiding what comes after.
func earlierOf(t, now time.Time) time.Time {
	if t.After(now) {
		return now
	}
	return t
}

// auditKind returns the kind of hint for a kind of resource in the audit log, or the empty string.
func auditKind(kind string) string {
	switch kind {
	case "asset", "asset_metadata":
		return File
	case "version_stack", "folder", "comment":
		return kindOf(v4.Event{Kind: kind})
	}
	return ""
}

// recordNew records entries that have not been seen, and adds their number to n. The hint and that
// its entry was seen are written in one transaction.
func (s *Service) recordNew(ctx context.Context, p WatchedWorkspace, some []frameio.AuditEvent, n int) (int, error) {
	if len(some) == 0 {
		return n, nil
	}

	now := store.Millis(s.Now())
	added := 0
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		added = 0
		for _, e := range some {
			isNew, err := markSeen(ctx, tx, p, e)
			if err != nil || !isNew {
				if err != nil {
					return err
				}
				continue
			}

			// A webhook may have told the same already.
			h := Hint{Kind: auditKind(e.ResourceKind), Resource: e.Resource, Account: p.Account, Workspace: p.Workspace}
			if delivered, err := wasDelivered(ctx, tx, h, e.At); err != nil || delivered {
				if err != nil {
					return err
				}
				continue
			}

			added++
			if err := recordHint(ctx, tx, h, now); err != nil {
				return err
			}
		}

		return nil
	})

	return n + added, err
}

// markSeen records an entry, which has no id, by its content.
func markSeen(ctx context.Context, tx *sql.Tx, p WatchedWorkspace, e frameio.AuditEvent) (unseen bool, err error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO audit_seen (account_id, workspace_id, entry, at)
		VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		p.Account, p.Workspace, e.At.UTC().Format(time.RFC3339Nano)+" "+e.Type+" "+e.Resource, store.Millis(e.At))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// markDelivered records that a webhook has delivered an event, so that the log need not.
func markDelivered(ctx context.Context, tx *sql.Tx, h Hint, now int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO audit_seen (account_id, workspace_id, entry, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, workspace_id, entry) DO UPDATE
		SET at = EXCLUDED.at`, h.Account, h.Workspace, h.entry(), now)
	return err
}

// wasDelivered reports whether a webhook has delivered an event about a resource after something
// happened to it, so that it was looked at since, or will be. If our clock is ahead of Frame.io's,
// that hides what happened in between until the next full run.
func wasDelivered(ctx context.Context, tx *sql.Tx, h Hint, happened time.Time) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM audit_seen WHERE account_id = $1 AND workspace_id = $2
		AND entry = $3 AND at >= $4`,
		h.Account, h.Workspace, h.entry(), store.Millis(happened)).Scan(&n)
	return n > 0, err
}

// entry returns the row of audit_seen for a delivered event.
func (h Hint) entry() string { return "told " + h.Kind + " " + h.Resource }

// deleteSeen deletes what is older than anything that is read again, also of workspaces that are
// not watched any more.
func (s *Service) deleteSeen(ctx context.Context) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM audit_seen
			WHERE at < $1`, store.Millis(s.Now().Add(-maxLookback-overlap)))
		return err
	})
}

// advance moves the mark, and deletes what was seen of the time that is not read again.
func (s *Service) advance(ctx context.Context, p WatchedWorkspace, m mark) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE audit_marks SET until = $1, refused = $2 WHERE account_id = $3
			AND workspace_id = $4`,
			store.Millis(m.until), store.Millis(m.refused), p.Account, p.Workspace)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM audit_seen WHERE account_id = $1 AND workspace_id = $2 AND at < $3`,
			p.Account, p.Workspace, store.Millis(m.until.Add(-overlap)))
		return err
	})
}
