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
	// overlap is how far before its mark the log is read again: entries are written
	// late, and two clocks differ.
	overlap = 2 * time.Minute
	// refusedFor is how long a log is not asked for that was refused.
	refusedFor = time.Hour
	// triedAgainFor is how long Frame.io tries to tell of an event, about.
	triedAgainFor = 4 * time.Minute
	// longest is how far back the log is read at most. What is older the regular look
	// at everything brings.
	longest = 24 * time.Hour
	// batch is how many entries are put on disk in one go.
	batch = 100
)

// mark is how far the log of a place was read: to the newest entry that was seen,
// by Frame.io's clock, so that one that is written late is found however long
// nothing else happens.
// Nothing is read from before it was first set.
type mark struct{ until, since, refused time.Time }

// CatchUp reads in the audit log of each watched workspace what happened since the
// last time, and takes it for hints, since webhooks lose some. Of a workspace that
// is new nothing is read; one whose log nobody may read is noted, and asked again an
// hour later. It may be cut off anywhere.
func (s *Service) CatchUp(ctx context.Context, r *maintenance.Report) error {
	places, err := s.Watched(ctx)
	if err == nil {
		err = s.forget(ctx)
	}

	if err != nil {
		return err
	}

	var failed []error
	for _, p := range places {
		failed = append(failed, s.catchUp(ctx, p, r))
	}

	return errors.Join(append(failed, ctx.Err())...)
}

func (s *Service) catchUp(ctx context.Context, p Place, r *maintenance.Report) error {
	m, err := s.mark(ctx, p)
	if err != nil || m.until.IsZero() {
		return err
	}

	if s.Now().Sub(m.refused) < refusedFor {
		if err := s.missed(ctx, p, &m); err != nil {
			return err
		}
		r.Note("the audit log of the team %s is not given to anybody who is connected; what webhooks lose is found "+
			"when everything is looked at", p.Workspace)
		return nil
	}

	n, refused, err := s.readAs(ctx, p, &m)
	switch {
	case err != nil:
		return err
	case refused != nil:
		r.Note("the audit log of the team %s cannot be read: %s", p.Workspace, fault.From(refused).Message)
		m.refused = s.Now()
		return s.missed(ctx, p, &m)
	case n > 0:
		r.Note("%d entries of the audit log of the team %s were new", n, p.Workspace)
		s.Wake()
	}

	return s.advance(ctx, p, m)
}

// missed asks for a look at everything after a time in which nobody took webhooks, for
// longer than Frame.io tries again, and of which no log tells. The mark tells when that
// was looked at last.
func (s *Service) missed(ctx context.Context, p Place, m *mark) error {
	if s.Missed != nil && s.Now().Sub(m.until) > triedAgainFor {
		if err := s.Missed(ctx, p); err != nil {
			return err
		}
	}
	m.until = s.Now()
	return s.advance(ctx, p, *m)
}

// mark reads how far a place was read; a new one is marked with the time and has
// none yet.
func (s *Service) mark(ctx context.Context, p Place) (m mark, err error) {
	var until, since, refused int64
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT until, since, refused FROM audit_marks WHERE account_id = $1
		AND workspace_id = $2`, p.Account, p.Workspace).Scan(&until, &since, &refused)
	if errors.Is(err, sql.ErrNoRows) {
		return m, s.DB.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO audit_marks (account_id, workspace_id, until, since)
				VALUES ($1, $2, $3, $3) ON CONFLICT DO NOTHING`,
				p.Account, p.Workspace, store.Millis(s.Now()))
			return err
		})
	}

	m = mark{until: store.Time(until), since: store.Time(since), refused: store.Time(refused)}
	return m.fromAhead(s.Now()), err
}

// fromAhead is a mark without what a clock that was far ahead has put there: when the log
// was read last is not known then, and as much of it is read as ever is.
func (m mark) fromAhead(now time.Time) mark {
	latest := now.Add(store.AheadAtMost)
	if m.until.After(latest) {
		m.until = now.Add(-longest)
	}

	if m.since.After(latest) {
		m.since = m.until
	}

	if m.refused.After(latest) {
		m.refused = time.Time{}
	}

	return m
}

// readAs reads the log as the first who may, and moves the mark. refused says why
// nobody may; err is anything else, and worth another try.
func (s *Service) readAs(ctx context.Context, p Place, m *mark) (n int, refused, err error) {
	refused = s.asAnybody(ctx, p.Logins, func(fio *v4.Client, _ string) error {
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
	case ctx.Err() != nil || err == nil && fault.Passing(refused):
		return n, nil, refused
	}

	return n, refused, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func forbidden(err error) bool {
	code := v4.StatusOf(err)
	return code == http.StatusForbidden || code == http.StatusNotFound
}

// read takes what the log has since the mark. It is told newest first as far as
// anybody knows: only an entry that is older than the one before it ends the
// reading, so that a log in another order is read whole.
func (s *Service) read(ctx context.Context, fio *v4.Client, p Place, m *mark) (n int, err error) {
	now := s.Now()
	since, newest := later(m.until.Add(-overlap), m.since), m.until
	if oldest := now.Add(-longest); since.Before(oldest) {
		since = oldest
	}

	var some []frameio.AuditEvent
	var last time.Time
	for e, err := range fio.AuditLog(ctx, p.Account, p.Workspace, since) {
		if err != nil {
			return n, err
		}

		if e.At.Before(since) && e.At.Before(last) {
			break
		}

		last = e.At
		if e.At.Before(since) || auditKind(e.ResourceKind) == "" {
			continue
		}

		if e.At.After(newest) {
			newest = e.At
		}

		if some = append(some, e); len(some) == batch {
			if n, err = s.takeAll(ctx, p, some, n); err != nil {
				return n, err
			}
			some = some[:0]
		}
	}

	n, err = s.takeAll(ctx, p, some, n)
	if err == nil {
		m.until, m.refused = earlier(newest, now), time.Time{}
	}

	return n, err
}

// earlier keeps a clock that runs ahead of ours from hiding what comes after.
func earlier(t, now time.Time) time.Time {
	if t.After(now) {
		return now
	}
	return t
}

// auditKind is the kind of hint for a kind of thing in the audit log; empty: of no
// use.
func auditKind(kind string) string {
	switch kind {
	case "asset", "asset_metadata":
		return File
	case "version_stack", "folder", "comment":
		return kindOf(v4.Event{Kind: kind})
	}
	return ""
}

// takeAll puts entries on disk that were not seen before, and counts them to n.
// Together with a hint it is remembered that its entry was seen.
func (s *Service) takeAll(ctx context.Context, p Place, some []frameio.AuditEvent, n int) (int, error) {
	if len(some) == 0 {
		return n, nil
	}

	now := store.Millis(s.Now())
	fresh := 0
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		fresh = 0
		for _, e := range some {
			unseen, err := see(ctx, tx, p, e)
			if err != nil || !unseen {
				if err != nil {
					return err
				}
				continue
			}

			h := Hint{Kind: auditKind(e.ResourceKind), Resource: e.Resource, Account: p.Account, Workspace: p.Workspace}
			if known, err := heard(ctx, tx, h, e.At); err != nil || known {
				if err != nil {
					return err
				}
				continue
			}

			fresh++
			if err := tell(ctx, tx, h, now); err != nil {
				return err
			}
		}

		return nil
	})

	return n + fresh, err
}

// see remembers an entry, which has no id, by what it says.
func see(ctx context.Context, tx *sql.Tx, p Place, e frameio.AuditEvent) (unseen bool, err error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO audit_seen (account_id, workspace_id, entry, at)
		VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		p.Account, p.Workspace, e.At.UTC().Format(time.RFC3339Nano)+" "+e.Type+" "+e.Resource, store.Millis(e.At))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// hear remembers that a webhook told of a thing, so that the log need not.
func hear(ctx context.Context, tx *sql.Tx, h Hint, now int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO audit_seen (account_id, workspace_id, entry, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, workspace_id, entry) DO UPDATE
		SET at = EXCLUDED.at`, h.Account, h.Workspace, h.entry(), now)
	return err
}

// heard reports whether a webhook told of a thing after something happened to it: it was
// looked at since, or will be. Where our clock runs ahead of Frame.io's, that hides
// what happened to it in between, until everything is looked at.
func heard(ctx context.Context, tx *sql.Tx, h Hint, happened time.Time) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM audit_seen WHERE account_id = $1 AND workspace_id = $2
		AND entry = $3 AND at >= $4`,
		h.Account, h.Workspace, h.entry(), store.Millis(happened)).Scan(&n)
	return n > 0, err
}

// entry is a row of audit_seen for what a webhook told.
func (h Hint) entry() string { return "told " + h.Kind + " " + h.Resource }

// forget removes what is older than anything that is read again, of places that are
// not watched any more as well.
func (s *Service) forget(ctx context.Context) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM audit_seen
			WHERE at < $1`, store.Millis(s.Now().Add(-longest-overlap)))
		return err
	})
}

// advance moves the mark, and forgets what was seen of the time that is not read
// again.
func (s *Service) advance(ctx context.Context, p Place, m mark) error {
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
