package push

import (
	"context"
	"database/sql"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
)

// Reap is the maintenance task that deletes from Frame.io what failed pushes have left there,
// because deleting it failed or there was no one to act as.
func (s *Service) Reap(ctx context.Context, r *maintenance.Report) error {
	all, err := listPushes(ctx, s.DB.Reader, `WHERE state IN ('failed', 'canceled') AND (file_id <> '' OR making <> '')
		ORDER BY id`)
	if err != nil {
		return err
	}

	for _, p := range all {
		if err := s.reapPush(ctx, p, r); err != nil {
			r.Note("the file of %s could not be removed: %s", p.Title, fault.From(err).Message)
		}
	}

	return ctx.Err()
}

func (s *Service) reapPush(ctx context.Context, p Push, r *maintenance.Report) error {
	fio, err := s.People.Frameio(ctx, p.By)
	if err != nil {
		return err
	}

	if err := checkSoleCreation(ctx, s.DB.Reader, p.ID, p.Making); err != nil && p.Making != "" {
		return err
	}

	n, err := s.deleteUnanswered(ctx, fio, p)
	if err != nil {
		return err
	}

	removed, err := s.deleteLeft(ctx, fio, p)
	if err != nil {
		return err
	}

	if n > 0 || removed {
		r.Add("the file of %s", p.Title)
	}

	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET file_id = '', upload = NULL, making = ''
			WHERE id = $1 AND state IN ('failed', 'canceled')`, p.ID)
		return err
	})
}

// deleteLeft deletes the file of a push, unless people have commented on it.
func (s *Service) deleteLeft(ctx context.Context, fio *v4.Client, p Push) (bool, error) {
	if p.File == "" {
		return false, nil
	}

	for _, err := range fio.Comments(ctx, p.Account, p.File) {
		if v4.NotFound(err) {
			return false, nil
		}
		return false, err
	}

	err := fio.DeleteFile(ctx, p.Account, p.File)
	if v4.NotFound(err) {
		return false, nil
	}

	return err == nil, err
}
