// Package webhook keeps one webhook in each watched workspace and records the events it delivers.
// Events that webhooks lose are read from the audit log.
//
// It owns the tables webhooks, hints, audit_marks and audit_seen. An event is a hint: it says where to
// look, and nothing it says is trusted. It comes late, twice, out of order or not at all, so that a
// resource has one row however many events there are, and is looked at at least once after the last.
//
// Invariants: an event that was answered is on disk; a call that is not signed with the secret of our
// webhook of that workspace learns nothing; a webhook whose secret was lost is deleted and created
// again; there is one per workspace; a workspace that is not watched any more loses its webhook. Other
// packages say which workspaces are watched, and handle the hints.
package webhook

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// The kinds of resources with hints. Others are ignored.
const (
	File    = "file" // version stacks as well
	Folder  = "folder"
	Comment = "comment"
)

// Events are those we subscribe to.
var Events = []string{
	"file.copied", "file.created", "file.deleted", "file.ready", "file.updated", "file.upload.completed",
	"file.versioned",
	"folder.copied", "folder.created", "folder.deleted", "folder.updated", "comment.created", "comment.updated",
	"comment.deleted",
	"comment.completed", "comment.uncompleted", "metadata.value.updated",
}

// A Hint names a resource on Frame.io that something happened to.
type Hint struct {
	Kind, Resource     string
	Account, Workspace string
}

// A WatchedWorkspace is a workspace that is watched, with the people who may create its webhook, in
// the order in which they are tried.
type WatchedWorkspace struct {
	Account, Workspace string
	Logins             []string
}

// People is what webhook needs from identity.
type People interface {
	Frameio(ctx context.Context, login string) (*v4.Client, error)
	// ServiceFrameio acts as the service credential; NotFound without one.
	ServiceFrameio(ctx context.Context) (*v4.Client, error)
}

// A Vault seals the secrets of webhooks.
type Vault interface {
	Seal(sealContext, secret string) []byte
	Open(sealContext string, sealed []byte) (string, error)
}

// A Service keeps webhooks and hands on hints.
type Service struct {
	DB     *store.DB
	People People
	Vault  Vault
	Now    func() time.Time
	// LatestPlausible returns the latest time that a living node can have written.
	LatestPlausible func() time.Time
	Log             *slog.Logger
	PublicURL       string // of the connector, without a trailing slash
	// NoWebhooks removes all webhooks; the audit log is still read.
	NoWebhooks bool
	// Watched lists the workspaces that are watched.
	Watched func(context.Context) ([]WatchedWorkspace, error)
	// OnEventsMissed is called for a workspace of which events may be missing without a trace;
	// it may be nil.
	OnEventsMissed func(context.Context, WatchedWorkspace) error
	// Handle handles a hint; it is called again after an error.
	Handle func(context.Context, Hint) error

	wake chan struct{}
}

// New returns a service. Its fields have to be set before it is used.
func New() *Service { return &Service{wake: make(chan struct{}, 1)} }

// Sealed is the column of this package that the vault seals.
var Sealed = identity.Sealed{
	Table:   "webhooks",
	Column:  "secret",
	Key:     []string{"id"},
	Context: func(k []string) string { return secretContext(k[0]) },
}

func secretContext(id string) string { return "webhooks/" + id }

func (s *Service) address(id string) string { return s.PublicURL + "/frameio/events/" + id }

// Secret returns the secret with which calls to the address of a webhook are signed, or a NotFound
// error.
func (s *Service) Secret(ctx context.Context, id string) (string, error) {
	var sealed []byte
	err := s.DB.Reader.QueryRowContext(ctx, `SELECT secret FROM webhooks
		WHERE id = $1 AND secret IS NOT NULL`, id).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.New(fault.NotFound, "There is no such webhook.")
	}

	if err != nil {
		return "", err
	}

	return s.Vault.Open(secretContext(id), sealed)
}

// Record puts an event on disk, unless it is of no use. The workspace is that of the webhook,
// whatever the event says.
func (s *Service) Record(ctx context.Context, id string, e v4.Event) error {
	kind := kindOf(e)
	if kind == "" {
		return nil
	}

	h := Hint{Kind: kind, Resource: e.Resource}
	now := store.Millis(s.Now())

	// The hint, and that it came by webhook, so that the audit log does not repeat it.
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT account_id, workspace_id FROM webhooks
			WHERE id = $1`, id).Scan(&h.Account, &h.Workspace)
		if errors.Is(err, sql.ErrNoRows) { // removed meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		return errors.Join(recordHint(ctx, tx, h, now), markDelivered(ctx, tx, h, now))
	})
	if err == nil {
		s.Wake()
	}

	return err
}

// recordHint makes a resource due from now on.
func recordHint(ctx context.Context, tx *sql.Tx, h Hint, now int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO hints (resource_id, kind, account_id, workspace_id, told, due)
		VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT (resource_id, kind) DO UPDATE SET told = EXCLUDED.told, due = EXCLUDED.due, tries = 0`, h.Resource,
		h.Kind, h.Account, h.Workspace, now)
	return err
}

func kindOf(e v4.Event) string {
	switch e.Kind {
	case "file", "version_stack":
		return File
	case "folder":
		return Folder
	case "comment":
		return Comment
	}
	return ""
}

// Wake makes the pump run at once.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it will run anyway
	}
}
