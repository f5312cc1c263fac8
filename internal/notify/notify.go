// Package notify tells where teams talk what happens to the documents of a binding: in Slack, in Teams, and to
// a receiver of one's own, which gets it signed.
//
// It owns the tables channels, deliveries, channel_events and channel_targets and the kind of items "delivery".
// A channel is a place of one binding; a delivery is one message to it. What happens is recorded for each
// channel in the transaction of the event, and gathered for a moment, so that much at once is one message.
//
// Invariants: nothing waits for a receiver, whatever it does; an event is told to a channel once; a message
// that is not accepted is sent again for more than a day, always with the same id and the same content, then
// stays as failed until a person retries it, and is never dropped; that it is about to be sent is recorded
// before. One whose answer was lost may come twice, with the same id. A receiver is called by one message at
// a time, whatever nodes there are. Its address is a secret: sealed, shown but for the host, in no error and in
// no log. What it answers is bounded, followed nowhere and never shown.
package notify

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// KindDelivery is the kind of the items.
const KindDelivery = "delivery"

// A Kind is a kind of channels: what reads the messages.
type Kind string

// The kinds of channels.
const (
	Slack   Kind = "slack"   // an incoming webhook
	Teams   Kind = "teams"   // a webhook of the app Workflows
	Webhook Kind = "webhook" // a receiver of one's own
)

// Told are the events that a channel can be told. What comes back has arrived.
var Told = []event.Name{
	event.Arrived, event.Commented, event.Approved, event.Rejected, event.Overdue, event.Failed,
}

// A Channel is where a binding tells what happens.
type Channel struct {
	ID, Binding string
	Kind        Kind
	Name        string // what people call it; may be empty
	Place       string // all of its address that is shown
	Events      []event.Name
	// OverdueDays is after how many days under review a document is told to be overdue.
	OverdueDays int
	Changed     time.Time
	ChangedBy   string

	target          string
	address, secret []byte // sealed
}

// wants reports whether a channel is told of an event.
func (c Channel) wants(e event.Event) bool {
	name := e.Name
	if name == event.Returned {
		name = event.Arrived
	}
	return slices.Contains(c.Events, name) && (name != event.Overdue || e.At.Sub(e.Since) >= c.overdueAfter())
}

func (c Channel) overdueAfter() time.Duration { return time.Duration(c.OverdueDays) * 24 * time.Hour }

// A Vault seals addresses and secrets.
type Vault interface {
	Seal(sealContext, secret string) []byte
	Open(sealContext string, sealed []byte) (string, error)
	// Key returns an unguessable text for words, the same each time.
	Key(act ...string) string
}

// A Place is a binding as messages name it.
type Place struct {
	Binding, Folder, FolderPath, Title string
	Owner                              string
	Live                               bool // it is in force, or ending
}

// Settings are the choices of the configuration.
type Settings struct {
	// Gather is how long what happens is gathered into one message, Digest the same of comments.
	Gather, Digest time.Duration
	// Senders is how many messages one node sends at once.
	Senders int
}

// A Service keeps channels and tells them what happens.
type Service struct {
	DB     *store.DB
	Engine *work.Engine
	Vault  Vault
	Audit  *audit.Log
	Now    func() time.Time
	Set    Settings
	// Client calls receivers, and only those that may be called. It follows no redirect.
	Client *http.Client
	// Allowed says why an address is not one that may be called.
	Allowed func(address string) error
	// Editable returns a binding if the person may change it.
	Editable func(ctx context.Context, who work.Viewer, binding string) (Place, error)
	// Find returns a binding, whoever asks.
	Find func(ctx context.Context, binding string) (Place, error)
	// Document returns the address of a document in Nuxeo, Item that of an item on our pages.
	Document, Item func(id string) string

	sending chan struct{}
}

// New returns a service with its settings. Its other fields have to be set before it is used.
func New(set Settings) *Service {
	return &Service{Set: set, sending: make(chan struct{}, max(1, set.Senders))}
}

// The columns of this package that the vault seals.
var (
	SealedAddress = sealed("address")
	SealedSecret  = sealed("secret")
)

func sealed(column string) identity.Sealed {
	return identity.Sealed{
		Table:   "channels",
		Column:  column,
		Key:     []string{"id"},
		Context: func(k []string) string { return sealContext(k[0], column) },
	}
}

func sealContext(channel, column string) string { return "channels/" + channel + "/" + column }
