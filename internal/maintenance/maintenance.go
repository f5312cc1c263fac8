// Package maintenance does the regular chores: it forgets what is old, and finds and
// removes what crashes and failures left half made.
//
// It owns the table chores: when each is due, and what it did last. What must
// hold: of several nodes one does a chore; a chore that was cut off, or failed,
// is done again when it is next due; whatever a chore removed it says. It leaves
// the chores themselves to the packages whose things they look after.
package maintenance

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Chore is a regular job. Do may be cut off anywhere and done again.
type Chore struct {
	Name  string
	What  string // for people: what it does
	Every time.Duration
	Do    func(context.Context) (Report, error)
}

// Report is what a chore did. Lines tell each thing, up to a hundred.
type Report struct {
	Removed int      `json:"removed"`
	Lines   []string `json:"lines,omitempty"`
	Problem string   `json:"problem,omitempty"`
}

const maxLines = 100

// Add counts a thing that was removed and says what it was.
func (r *Report) Add(format string, args ...any) {
	r.Removed++
	r.Note(format, args...)
}

// Note says something without counting it.
func (r *Report) Note(format string, args ...any) {
	if len(r.Lines) < maxLines {
		r.Lines = append(r.Lines, fmt.Sprintf(format, args...))
	}
}

// State is a chore and how it went last. Ended is zero while it runs, and before
// it ran at all.
type State struct {
	Name, What          string
	Every               time.Duration
	Node                string
	Due, Started, Ended time.Time
	Report              Report
}

// Service does the chores of this installation.
type Service struct {
	DB     *store.DB
	Now    func() time.Time
	Log    *slog.Logger
	Node   string
	Chores []Chore
}

// A chore is looked at again after look at the latest, since another node may have done
// it, or a person; and after soonest at the earliest.
const look, soonest = time.Minute, time.Second

// Run does chores when they are due, until ctx ends, and returns when the last has ended.
// Each has its own clock: a slow one delays no other.
func (s *Service) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, c := range s.Chores {
		all.Go(func() { s.keepDoing(ctx, c) })
	}
	all.Wait()
}

func (s *Service) keepDoing(ctx context.Context, c Chore) {
	timer := time.NewTimer(min(c.Every, look))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := s.whenDue(ctx, c)
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "a chore is done again later", "chore", c.Name, "error", err)
		}
		timer.Reset(s.untilDue(ctx, c))
	}
}

// untilDue is how long a chore is left alone.
func (s *Service) untilDue(ctx context.Context, c Chore) time.Duration {
	st, err := s.state(ctx, c)
	if err != nil {
		return look
	}
	return min(max(st.Due.Sub(s.Now()), soonest), look)
}

func (s *Service) whenDue(ctx context.Context, c Chore) error {
	mine, err := s.claim(ctx, c, false)
	if err != nil || !mine {
		return err
	}
	_, err = s.do(ctx, c)
	return err
}

// DoNow does a chore at once, whenever it is due.
func (s *Service) DoNow(ctx context.Context, name string) (Report, error) {
	for _, c := range s.Chores {
		if c.Name == name {
			if _, err := s.claim(ctx, c, true); err != nil {
				return Report{}, err
			}
			return s.do(ctx, c)
		}
	}
	return Report{}, fault.New(fault.NotFound, "There is no chore %q.", name)
}

// ahead is how much later than its period a chore can be due: the clock of another node
// may be ahead by as much. Later ones were put off by a clock that was wrong.
const ahead = 2 * time.Hour

// claim makes the chore this node's, and due again a period later.
func (s *Service) claim(ctx context.Context, c Chore, whenever bool) (mine bool, err error) {
	// One that is due much later than ever meant was set by a clock that was wrong.
	now := s.Now()
	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO chores (name, node, due, started, ended, report)
			VALUES ($1, $2, $3, $4, 0, '{}')
			ON CONFLICT (name) DO UPDATE SET node = excluded.node, due = excluded.due,
			started = excluded.started, ended = 0
				WHERE chores.due <= $4 OR chores.due > $6 OR $5`,
			c.Name, s.Node, store.Millis(now.Add(c.Every)), store.Millis(now), whenever,
			store.Millis(now.Add(c.Every+ahead)))
		if err != nil {
			return err
		}

		n, err := res.RowsAffected()
		mine = n == 1
		return err
	})

	return mine, err
}

func (s *Service) do(ctx context.Context, c Chore) (Report, error) {
	ctx = requestid.With(ctx, "")
	r, err := c.Do(ctx)
	if err != nil {
		r.Problem = fault.From(err).Message
	}

	if r.Removed > 0 || err != nil {
		s.Log.InfoContext(ctx, "chore done", "chore", c.Name, "removed", r.Removed, "what", r.Lines,
			"problem", r.Problem)
	}

	return r, errors.Join(err, s.record(ctx, c, r))
}

func (s *Service) record(ctx context.Context, c Chore, r Report) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}

	return s.DB.Tx(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE chores SET ended = $1, report = $2 WHERE name = $3 AND node = $4`,
			store.Millis(s.Now()), string(b), c.Name, s.Node)
		return err
	})
}

// List tells of every chore how it went last.
func (s *Service) List(ctx context.Context) ([]State, error) {
	var all []State
	for _, c := range s.Chores {
		st, err := s.state(ctx, c)
		if err != nil {
			return nil, err
		}
		all = append(all, st)
	}

	return all, nil
}

func (s *Service) state(ctx context.Context, c Chore) (State, error) {
	st := State{Name: c.Name, What: c.What, Every: c.Every}
	var due, started, ended int64
	var report string
	err := s.DB.Reader.QueryRowContext(ctx, `SELECT node, due, started, ended, report FROM chores
		WHERE name = $1`, c.Name).
		Scan(&st.Node, &due, &started, &ended, &report)
	if errors.Is(err, sql.ErrNoRows) {
		return st, nil
	}

	if err != nil {
		return st, err
	}

	st.Due, st.Started, st.Ended = store.Time(due), store.Time(started), store.Time(ended)
	err = json.Unmarshal([]byte(report), &st.Report)
	return st, err
}
