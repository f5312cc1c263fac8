package app

import (
	"context"
	"database/sql"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/copies"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// copies sees to what documents leave on Frame.io that came back.
func (a *App) copies() *copies.Service {
	return &copies.Service{
		DB: a.DB, Engine: a.Engine, People: a.Identity, Audit: a.Audit, Now: a.world.Now,
		Pushes: sentCopies{a},
		Choice: func(ctx context.Context, db store.Queryer, id string) (copies.Choice, error) {
			c, err := binding.CopiesOf(ctx, db, id)
			return choiceOf(c), err
		},
		Owner: func(ctx context.Context, id string) (string, error) {
			b, err := a.Binding.Get(ctx, work.Viewer{Admin: true}, id)
			return b.Owner, err
		},
		Mirrored: func(ctx context.Context, account string, assets []string) (string, error) {
			return a.Sync.MirroredIn(ctx, account, assets)
		},
		StatusField: a.Config.Frameio.StatusField, Restorable: a.Config.Frameio.RecentlyDeleted,
	}
}

func choiceOf(c binding.Copies) copies.Choice {
	return copies.Choice{Action: copies.Action(c.Action), Days: c.Days, Folder: c.Folder}
}

// copiesChanged lets copies follow their binding.
func (a *App) copiesChanged(ctx context.Context, tx *sql.Tx, id string, c binding.Copies) error {
	return a.Copies.Follow(ctx, tx, id, choiceOf(c))
}

// sentCopies are pushes as copies sees them.
type sentCopies struct{ a *App }

func sentCopy(p push.Push) copies.Sent {
	return copies.Sent{
		Push: p.ID, Binding: p.Binding, Document: p.Document, Title: p.Title, Account: p.Account, Project: p.Project,
		File: p.File, Size: p.Size, Digest: p.Digest, By: p.By, Returned: p.Ended,
	}
}

// CopyOf is copies'.
func (s sentCopies) CopyOf(ctx context.Context, tx *sql.Tx, id string) (copies.Sent, error) {
	p, err := push.Get(ctx, tx, id)
	return sentCopy(p), err
}

// PushedAgain is copies'.
func (s sentCopies) PushedAgain(ctx context.Context, document string) (bool, error) {
	p, err := s.a.Push.Unfinished(ctx, document)
	return p != nil, err
}

// ReturnedOf is copies'.
func (s sentCopies) ReturnedOf(ctx context.Context, id string) (all []copies.Sent, review copies.Amount, err error) {
	returned, err := s.a.Push.ReturnedTo(ctx, id)
	if err != nil {
		return nil, review, err
	}

	for _, p := range returned {
		all = append(all, sentCopy(p))
	}
	review.Count, review.Bytes, err = s.a.Push.UnderReview(ctx, id)
	return all, review, err
}
