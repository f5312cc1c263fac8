package push

import (
	"context"
	"database/sql"
	"strings"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/upkeep"
)

// Reap is the chore that removes half-made files on Frame.io which pushes that
// came to nothing left there: a clean-up failed, or nobody could do it.
func (s *Service) Reap(ctx context.Context, r *upkeep.Report) error {
	all, err := list(ctx, s.DB.Reader, `WHERE state IN ('failed', 'canceled') AND file_id <> '' ORDER BY id`)
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := s.reap(ctx, p, r); err != nil {
			r.Note("the file of %s could not be looked at: %s", p.Title, fault.From(err).Message)
		}
	}
	return ctx.Err()
}

func (s *Service) reap(ctx context.Context, p Push, r *upkeep.Report) error {
	fio, err := s.People.Frameio(ctx, p.By)
	if err != nil {
		return err
	}
	f, err := fio.File(ctx, p.Account, p.File)
	if err == nil && (!f.Uploaded() || strings.HasPrefix(f.Name, arriving(p.ID))) {
		if err = fio.DeleteFile(ctx, p.Account, p.File); err == nil {
			r.Add("the half-made file of %s", p.Title)
		}
	}
	if err != nil && !v4.NotFound(err) {
		return err
	}
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET file_id = '', upload = NULL WHERE id = $1 AND state IN ('failed', 'canceled')`, p.ID)
		return err
	})
}
