package app

import (
	"context"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/media"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/webhook"
)

// triedFor is how long what was left half made is looked for again.
const triedFor = 7 * 24 * time.Hour

// chores are what this installation does regularly, whatever node does it.
func (a *App) chores() []maintenance.Chore {
	return []maintenance.Chore{
		{
			Name: "history",
			What: "forgets items, and the calls they came from, that finished longer ago than history-keep; " +
				"links stay",
			Every: 6 * time.Hour,
			Do:    a.forget,
		},
		{
			Name: "audit", What: "forgets entries of the audit that are older than audit-keep", Every: 6 * time.Hour,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				r.Removed, err = a.Audit.Prune(ctx, a.world.Now().Add(-a.Config.AuditKeep))
				return r, err
			},
		},
		{
			Name: "sign-ins", What: "removes sessions and sign-ins that are over", Every: time.Hour,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				r.Removed, err = a.Identity.Clean(ctx)
				return r, err
			},
		},
		{
			Name: "tickets", What: "removes tickets for media that have ended", Every: time.Hour,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				r.Removed, err = a.Media.Clean(ctx)
				return r, err
			},
		},
		{
			Name:  "clean-ups",
			What:  "tries again to remove what failed or cancelled items left half made",
			Every: time.Hour,
			Do:    a.cleanUp,
		},
		{
			Name: "links", What: "lets go of links whose item is no longer under way", Every: 10 * time.Minute,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				n, err := link.ReleaseStale(ctx, a.DB)
				r.Removed = int(n)
				return r, err
			},
		},
		{Name: "update-locks", What: "gives back locks that were taken to replace a content and could not be " +
			"given back", Every: 10 * time.Minute, Do: func(ctx context.Context) (r maintenance.Report, err error) {
			err = a.Ingest.ReleaseLeftLocks(ctx, &r, a.Identity.Nuxeo)
			return r, err
		}},
		{
			Name: "metadata", What: "finds documents that do not tell of their assets any more, a minute after a " +
				"change " +
				"and once a day, and repairs them", Every: time.Minute,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.Repair.Look(ctx, &r)
				return r, err
			},
		},
		{
			Name:  "keys",
			What:  "seals secrets anew that are under an older encryption key",
			Every: 10 * time.Minute,
			Do:    a.reseal,
		},
		{
			Name: "owners", What: "finds bindings whose owner cannot act any more, or can again", Every: time.Hour,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.Binding.CheckOwners(ctx, &r, func(ctx context.Context, b binding.Binding) error {
					return a.Publish.Resume(ctx, b.ID, "")
				})
				return r, err
			},
		},
		{
			Name: "kept", What: "starts calls that were kept for people who have connected since",
			Every: 10 * time.Minute,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.Publish.ReleaseAllKept(ctx, &r)
				return r, err
			},
		},
		{
			Name: "uploads", What: "removes half-made files on Frame.io that pushes left behind", Every: time.Hour,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.Push.Reap(ctx, &r)
				return r, err
			},
		},
		{
			Name: "locks", What: "compares locks with pushes: gives back those whose push has ended, tells of pushes " +
				"whose lock is gone", Every: 24 * time.Hour,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.Push.CheckLocks(ctx, &r)
				return r, err
			},
		},
		{
			Name: "webhooks", What: "makes the webhooks on Frame.io those that are wanted", Every: time.Hour,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.Webhooks.Reconcile(ctx, &r)
				return r, err
			},
		},
		{
			Name: "reviews", What: "looks at everything that is under review, as webhooks may have lost something",
			Every: 15 * time.Minute, Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.reviews.CheckAll(ctx, &r)
				return r, err
			},
		},
		{
			Name: "copies", What: "moves or deletes the copies on Frame.io of what came back whose time has come",
			Every: time.Minute, Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.Copies.BeginDue(ctx, &r)
				return r, err
			},
		},
		{
			Name: "overdue", What: "tells channels of documents that are under review for longer than they want",
			Every: time.Hour, Do: a.overdue,
		},
		{
			Name: "syncs", What: "begins the synchronizations whose time has come, or of which Frame.io told something",
			Every: 15 * time.Second, Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.Sync.RunDue(ctx, &r)
				return r, err
			},
		},
		{
			Name: "changes", What: "reads in Frame.io's audit log what webhooks may have lost", Every: time.Minute,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.Webhooks.CatchUp(ctx, &r)
				return r, err
			},
		},
		{
			Name: "actions", What: "removes custom actions on Frame.io that no binding has", Every: 24 * time.Hour,
			Do: func(ctx context.Context) (r maintenance.Report, err error) {
				err = a.Binding.Reap(ctx, &r)
				return r, err
			},
		},
	}
}

func (a *App) forget(ctx context.Context) (r maintenance.Report, err error) {
	before := a.world.Now().Add(-a.Config.HistoryKeep)
	n, err := a.Engine.Forget(ctx, before)
	if n > 0 {
		r.Note("%d items", n)
	}

	r.Removed = n
	if err != nil {
		return r, err
	}

	// What belongs to items goes after them.
	if err := a.Push.Forget(ctx, before, &r); err != nil {
		return r, err
	}

	if err := a.Sync.Forget(ctx, before, &r); err != nil {
		return r, err
	}

	if err := a.Notify.Forget(ctx, before, &r); err != nil {
		return r, err
	}

	err = a.Publish.Forget(ctx, before, &r)
	return r, err
}

// Sealed is every column that the vault seals.
func Sealed() []identity.Sealed {
	return append(slices.Clone(identity.Columns), binding.Sealed, media.Sealed, push.Sealed, webhook.Sealed, sealedHead,
		sealedCheckpoint, notify.SealedAddress, notify.SealedSecret)
}

// The ends of the audit's chains and their checkpoints.
var (
	sealedHead       = auditColumn("head")
	sealedCheckpoint = auditColumn("checkpoint")
)

func auditColumn(name string) identity.Sealed {
	return identity.Sealed{
		Table:   "audit_chains",
		Column:  name,
		Key:     []string{"node"},
		Context: func(k []string) string { return audit.Place(k[0], name) },
	}
}

func (a *App) reseal(ctx context.Context) (r maintenance.Report, err error) {
	n, err := a.vault.Reseal(ctx, a.DB, Sealed()...)
	if n > 0 {
		r.Note("%d secrets are sealed with the newest key now", n)
	}
	return r, err
}

func (a *App) cleanUp(ctx context.Context) (r maintenance.Report, err error) {
	titles, err := a.Engine.CleanUpAgain(ctx, a.world.Now().Add(-triedFor))
	for _, title := range titles {
		r.Add("looking again for what is left of %s", title)
	}
	return r, err
}
