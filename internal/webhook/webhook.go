// Package webhook keeps one webhook in each workspace that somebody watches, and
// takes what they tell. What they lose it reads in the audit log.
//
// It owns the tables webhooks, hints, audit_marks and audit_seen. An event is a
// hint: it says where to look, and nothing it says is believed. It comes late, twice, in another order
// or not at all, so a thing that was told of is one row however often it was
// told, and who wants to know looks at it as often as it was told since, at
// least once.
//
// Invariants: an event that was answered is on disk; a call that is not
// signed with the secret of our own webhook of that workspace learns nothing;
// a webhook whose secret was lost is deleted and made anew; there is one per
// workspace; a workspace that nobody watches any more gets its webhook taken
// away. Which workspaces are watched, and what to do about a hint, is for those
// to say who need it.
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

// The kinds of things that are told of; others are of no use to anybody.
const (
	File    = "file" // version stacks as well
	Folder  = "folder"
	Comment = "comment"
)

// Events are those we ask for.
var Events = []string{
	"file.copied", "file.created", "file.deleted", "file.ready", "file.updated", "file.upload.completed",
	"file.versioned",
	"folder.copied", "folder.created", "folder.deleted", "folder.updated", "comment.created", "comment.updated",
	"comment.deleted",
	"comment.completed", "comment.uncompleted", "metadata.value.updated",
}

// Hint names a thing on Frame.io that something happened to.
type Hint struct {
	Kind, Resource     string
	Account, Workspace string
}

// Place is a workspace that is watched, and who may do it, in the order in which
// they are asked.
type Place struct {
	Account, Workspace string
	Logins             []string
}

// People is what hint needs of identity.
type People interface {
	Frameio(ctx context.Context, login string) (*v4.Client, error)
	// ServiceFrameio acts as the service credential; NotFound without one.
	ServiceFrameio(ctx context.Context) (*v4.Client, error)
}

// Vault seals the secrets of webhooks.
type Vault interface {
	Seal(place, secret string) []byte
	Open(place string, sealed []byte) (string, error)
}

// Service keeps webhooks and hands on hints.
type Service struct {
	DB        *store.DB
	People    People
	Vault     Vault
	Now       func() time.Time
	Log       *slog.Logger
	PublicURL string // of the connector, without a trailing slash
	// NoWebhooks makes none, and takes away those that are there; the audit log is
	// read all the same.
	NoWebhooks bool
	// Watched lists the workspaces that are watched.
	Watched func(context.Context) ([]Place, error)
	// Missed is told of a place where things may have happened that nothing tells of;
	// nil: nobody wants to know.
	Missed func(context.Context, Place) error
	// Look does what a hint is for; it is called again after an error.
	Look func(context.Context, Hint) error

	wake chan struct{}
}

// New is a service; its fields are to be set before it is used.
func New() *Service { return &Service{wake: make(chan struct{}, 1)} }

// Sealed is the column of this package that the vault seals.
var Sealed = identity.Sealed{
	Table:  "webhooks",
	Column: "secret",
	Key:    []string{"id"},
	Place:  func(k []string) string { return secretPlace(k[0]) },
}

func secretPlace(id string) string { return "webhooks/" + id }

func (s *Service) address(id string) string { return s.PublicURL + "/frameio/events/" + id }

// Secret is what calls to our address with this id are signed with. NotFound
// when there is no such webhook.
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

	return s.Vault.Open(secretPlace(id), sealed)
}

// Take puts an event on disk, if it is one that somebody may want to know of. The
// place is that of the webhook, whatever the event says.
func (s *Service) Take(ctx context.Context, id string, e v4.Event) error {
	kind := kindOf(e)
	if kind == "" {
		return nil
	}

	h := Hint{Kind: kind, Resource: e.Resource}
	now := store.Millis(s.Now())
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT account_id, workspace_id FROM webhooks
			WHERE id = $1`, id).Scan(&h.Account, &h.Workspace)
		if errors.Is(err, sql.ErrNoRows) { // it was taken away meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		return errors.Join(tell(ctx, tx, h, now), hear(ctx, tx, h, now))
	})
	if err == nil {
		s.Wake()
	}

	return err
}

// tell makes a thing one that has to be looked at from now on.
func tell(ctx context.Context, tx *sql.Tx, h Hint, now int64) error {
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

// Wake makes the pump look at once.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}
