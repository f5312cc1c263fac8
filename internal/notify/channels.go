package notify

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

const (
	// maxChannels is how many channels a binding may have.
	maxChannels = 10
	// maxName bounds the name of a channel, in characters.
	maxName = 80
	// maxAddress bounds an address, in bytes; those of Teams have a few hundred.
	maxAddress = 2000
	// maxOverdue bounds the days after which something is overdue, and usualOverdue is what nobody chose.
	maxOverdue, usualOverdue = 365, 7
)

const columns = `id, binding_id, kind, name, place, target, address, secret, events, overdue, changed, changed_by`

func scan(row store.Row) (c Channel, err error) {
	var events string
	var changed int64
	err = row.Scan(&c.ID, &c.Binding, &c.Kind, &c.Name, &c.Place, &c.target, &c.address, &c.secret, &events,
		&c.OverdueDays, &changed, &c.ChangedBy)
	for name := range strings.SplitSeq(events, ",") {
		c.Events = append(c.Events, event.Name(name))
	}
	c.Changed = store.Time(changed)
	return c, err
}

// List lists the channels of a binding for who may change it.
func (s *Service) List(ctx context.Context, who work.Viewer, binding string) ([]Channel, error) {
	if _, err := s.Editable(ctx, who, binding); err != nil {
		return nil, err
	}
	return channelsOf(ctx, s.DB.Reader, binding)
}

func channelsOf(ctx context.Context, db store.Queryer, binding string) ([]Channel, error) {
	return store.All(ctx, db, scan, `SELECT `+columns+` FROM channels WHERE binding_id = $1 ORDER BY id`, binding)
}

// A Form is what a person fills in to add a channel, or to change one. What is nil stays as it is, or is what
// nobody chose.
type Form struct {
	ID          string // empty: a new one
	Kind        Kind   // of a new one
	Name        *string
	Address     *string
	Events      []event.Name
	OverdueDays *int
	NewSecret   bool // the secret that signs is replaced
}

// Save adds a channel to a binding, or changes one, as a person. The secret with which messages are signed is
// returned when it is new, and never again.
func (s *Service) Save(ctx context.Context, who work.Viewer, binding string, f Form) (Channel, string, error) {
	at, err := s.Editable(ctx, who, binding)
	if err != nil {
		return Channel{}, "", err
	}

	c := Channel{Binding: binding, Kind: f.Kind, Events: slices.Clone(Told), OverdueDays: usualOverdue}
	if f.ID != "" {
		if c, err = s.channel(ctx, binding, f.ID); err != nil {
			return c, "", err
		}
	} else {
		id, err := uuid.NewV7()
		if err != nil {
			return c, "", err
		}
		c.ID = id.String()
	}

	if err := f.fill(&c); err != nil {
		return c, "", err
	}

	if err := s.address(&c, f); err != nil {
		return c, "", err
	}

	secret := ""
	if c.Kind == Webhook && (f.NewSecret || len(c.secret) == 0) {
		secret = newSecret()
		c.secret = s.Vault.Seal(sealContext(c.ID, "secret"), secret)
	}

	c.Changed, c.ChangedBy = s.Now(), who.Login
	return c, secret, s.store(ctx, who, at, c)
}

// fill puts what was filled in into a channel, checked.
func (f Form) fill(c *Channel) error {
	switch c.Kind {
	case Slack, Teams, Webhook:
	default:
		return fault.Field("kind", "Give slack, teams or webhook.", "%q is not a kind of channel.", c.Kind)
	}

	if f.Name != nil {
		c.Name = plain.Line(strings.TrimSpace(*f.Name))
		if utf8.RuneCountInString(c.Name) > maxName {
			return fault.Field("name", "Use a shorter one.", "The name has more than %d characters.", maxName)
		}
	}

	if f.OverdueDays != nil {
		c.OverdueDays = *f.OverdueDays
		if c.OverdueDays < 1 || c.OverdueDays > maxOverdue {
			return fault.Field("overdue_days", fmt.Sprintf("Give a number from 1 to %d.", maxOverdue),
				"Nothing can be overdue after %d days.", c.OverdueDays)
		}
	}

	if f.Events == nil {
		return nil
	}

	// In our order, each once.
	c.Events = nil
	for _, name := range Told {
		if slices.Contains(f.Events, name) {
			c.Events = append(c.Events, name)
		}
	}

	for _, name := range f.Events {
		if !slices.Contains(Told, name) {
			return fault.Field("events", "Give some of arrived, commented, approved, rejected, overdue, failed.",
				"%q is not something that can be told.", name)
		}
	}

	if len(c.Events) == 0 {
		return fault.Field("events", "Choose something, or remove it.", "The channel would be told nothing.")
	}

	return nil
}

// address checks and seals an address that was given.
func (s *Service) address(c *Channel, f Form) error {
	if f.Address == nil || *f.Address == "" {
		if len(c.address) == 0 {
			return fault.Field("address", "Copy it from where it was made; it begins with https://.",
				"The address is missing.")
		}
		return nil
	}

	address := strings.TrimSpace(*f.Address)
	if len(address) > maxAddress {
		return fault.Field("address", "Copy it from where it was made.",
			"The address has more than %d bytes.", maxAddress)
	}

	if err := s.Allowed(address); err != nil {
		f := fault.From(err)
		return fault.Field("address", f.Remedy, "%s", f.Message)
	}

	u, err := url.Parse(address)
	if err != nil {
		return fault.Field("address", "Copy it from where it was made.", "This is not the address of a webhook.")
	}

	c.Place = u.Scheme + "://" + u.Host + "/…"
	c.target = s.Vault.Key("channel", address)
	c.address = s.Vault.Seal(sealContext(c.ID, "address"), address)
	return nil
}

// newSecret is a secret with which messages are signed.
func newSecret() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return hex.EncodeToString(secret)
}

// store writes a channel.
func (s *Service) store(ctx context.Context, who work.Viewer, at Place, c Channel) error {
	var names []string
	for _, name := range c.Events {
		names = append(names, string(name))
	}

	set := audit.Entry{
		Who: who.Login, What: audit.ChannelSet, About: at.FolderPath,
		Detail: c.String() + ": " + strings.Join(names, ", "),
	}
	return s.Audit.Do(ctx, s.DB, func(tx *sql.Tx) (audit.Entry, error) {
		others := 0
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM channels WHERE binding_id = $1 AND id <> $2`,
			c.Binding, c.ID).Scan(&others); err != nil {
			return set, err
		}
		if others >= maxChannels {
			return set, fault.New(fault.Conflict, "A binding can have %d channels.", maxChannels).
				With("Remove one of them.")
		}

		_, err := tx.ExecContext(ctx, `INSERT INTO channels (`+columns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, place = excluded.place, target = excluded.target,
				address = excluded.address, secret = excluded.secret, events = excluded.events,
				overdue = excluded.overdue, changed = excluded.changed, changed_by = excluded.changed_by`,
			c.ID, c.Binding, c.Kind, c.Name, c.Place, c.target, c.address, c.secret, strings.Join(names, ","),
			c.OverdueDays, store.Millis(c.Changed), c.ChangedBy)
		return set, err
	})
}

// Remove removes a channel, with what it was still to be told and the log.
func (s *Service) Remove(ctx context.Context, who work.Viewer, binding, id string) error {
	at, err := s.Editable(ctx, who, binding)
	if err != nil {
		return err
	}

	c, err := s.channel(ctx, binding, id)
	if err != nil {
		return err
	}

	removed := audit.Entry{Who: who.Login, What: audit.ChannelRemoved, About: at.FolderPath, Detail: c.String()}
	return s.Audit.Do(ctx, s.DB, func(tx *sql.Tx) (audit.Entry, error) { return removed, forget(ctx, tx, id) })
}

// forget deletes all that there is of a channel. Its items find it gone.
func forget(ctx context.Context, tx *sql.Tx, id string) error {
	for _, statement := range []string{
		`DELETE FROM channel_events WHERE channel_id = $1`,
		`DELETE FROM deliveries WHERE channel_id = $1`,
		`DELETE FROM channels WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, id); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) channel(ctx context.Context, binding, id string) (Channel, error) {
	c, err := scan(s.DB.Reader.QueryRowContext(ctx, `SELECT `+columns+` FROM channels
		WHERE id = $1 AND binding_id = $2`, id, binding))
	if errors.Is(err, sql.ErrNoRows) {
		return c, fault.New(fault.NotFound, "The binding has no such channel.").
			With("`nuxeo-frameio notify list` and the dialog of the binding show them.")
	}
	return c, err
}

// String names a channel without its address.
func (c Channel) String() string {
	kind := map[Kind]string{Slack: "Slack", Teams: "Teams", Webhook: "Webhook"}[c.Kind]
	if c.Name != "" {
		return kind + " " + c.Name
	}
	return kind + " at " + c.Place
}
