// Package reaction has Nuxeo do what the configuration says when something happens to a document: run an
// automation chain or a scripted operation, or follow a transition of the life cycle, as the person.
//
// It owns the kind of items "reaction": one event of one document, below the document.
//
// Invariants: an event has one reaction, however often it is told; that Nuxeo is about to be asked is
// recorded before, and every repeat carries the same idempotency key, for which Nuxeo gives its first answer
// again; once Nuxeo may have forgotten the key nothing is repeated but by a person, who is told that the
// outcome is not known. What is done has the id of its event, by which it can recognize a repeat. A reaction
// that fails is shown and undoes nothing; nothing waits for it. What comes from outside is never sent so
// that Nuxeo would evaluate it.
package reaction

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Kind is the kind of the items.
const Kind = "reaction"

// Ran is how a reaction ends that Nuxeo has carried out.
const Ran = "ran"

// transition begins an action that is a transition of the life cycle.
const transition = "transition:"

// follow is the operation that follows a transition.
const follow = "Document.FollowLifecycleTransition"

// An Action is what Nuxeo does: the id of an automation chain or of a scripted operation, such as
// javascript.afterApproval, or a transition of the life cycle, such as transition:approve.
type Action string

// Operation is the id of the operation that Nuxeo is asked for.
func (a Action) Operation() string {
	if _, is := a.transition(); is {
		return follow
	}
	return string(a)
}

func (a Action) transition() (name string, is bool) { return strings.CutPrefix(string(a), transition) }

// Valid reports whether a can be asked for.
func (a Action) Valid() bool {
	name := strings.TrimPrefix(string(a), transition)
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	})
}

// People is what a reaction needs of identity.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
}

// A Service reacts to events.
type Service struct {
	Engine *work.Engine
	People People
	// Actions are what Nuxeo does on each event; most have none.
	Actions map[event.Name]Action
	Audit   *audit.Log
	Now     func() time.Time
}

// A state is what a reaction keeps besides its row. The action is kept as it was when it happened.
type state struct {
	Event  event.Event `json:"event"`
	Action Action      `json:"action"`
	// Asked is when Nuxeo was first asked without having answered yet; zero: it was not, or said that
	// nothing was done. Round tells the keys of what was given up from later ones.
	Asked time.Time `json:"asked,omitzero"`
	Round int       `json:"round,omitempty"`
}

// DocumentUID returns the uid of the document that a reaction is about. It is empty for items of other
// kinds.
func DocumentUID(it work.Item) string {
	if it.Kind != Kind {
		return ""
	}
	return it.Parent
}

// On adds the reaction to an event, if it has one. It is an event.Listener.
func (s *Service) On(ctx context.Context, tx *sql.Tx, e event.Event) ([]string, error) {
	action := s.Actions[e.Name]
	if action == "" {
		return nil, nil
	}

	return s.Engine.Add(ctx, tx, work.New{
		Kind: Kind, Parent: e.Document, Subject: string(e.Name) + " " + e.ID, Title: e.Title,
		Owner: e.Owner, Actor: e.Person, Requester: e.Requester,
		Data: state{Event: e, Action: action},
	})
}

// params are the parameters of a chain. A Nuxeo may evaluate a text that begins with expr:, so that one from
// outside never does.
func (st state) params() map[string]any {
	if name, is := st.Action.transition(); is {
		return map[string]any{"value": name}
	}

	e := st.Event
	out := map[string]any{}
	for name, value := range map[string]string{
		"event": string(e.Name), "eventId": e.ID, "eventTime": e.At.UTC().Format(time.RFC3339),
		"repeated": strconv.FormatBool(st.Round > 0), "document": e.Document, "person": e.Person,
		"account": e.Account, "workspace": e.Workspace, "project": e.Project, "file": e.File, "asset": e.Asset,
		"push": e.Push, "status": e.Status,
	} {
		if strings.HasPrefix(value, "expr:") {
			value = " " + value
		}
		out[name] = value
	}

	return out
}

// Undo notes that the outcome of what was asked is not known, so that a retry asks anew and says so.
func (w Worker) Undo(ctx context.Context, t *work.Task) error {
	var st state
	if err := t.Load(&st); err != nil || st.Asked.IsZero() {
		return err
	}

	st.Asked, st.Round = time.Time{}, st.Round+1
	return t.Save(ctx, st)
}

// personGone turns the error that a person cannot be acted for into one that ends the reaction: to wait
// for them could take for ever.
func personGone(err error, person string) error {
	if fault.Is(err, fault.NeedsOwner, fault.NotConnected) {
		return fault.New(fault.Forbidden, "The connector cannot act as %s in Nuxeo any more.", person).
			With("Have them sign in to the connector, then retry.").Because(err)
	}
	return err
}

// A Reaction is what Nuxeo did, or is to do, because of an event.
type Reaction struct {
	work.Item
	Event  event.Event
	Action Action
}

// Newest returns the newest reaction about a document, or nil. The caller has checked that the viewer may
// read the document.
func (s *Service) Newest(ctx context.Context, document string) (*Reaction, error) {
	items, err := s.Engine.ItemsOf(ctx, document, Kind)
	if err != nil || len(items) == 0 {
		return nil, err
	}

	it := items[len(items)-1]
	var st state
	if err := it.Load(&st); err != nil {
		return nil, err
	}

	return &Reaction{Item: it, Event: st.Event, Action: st.Action}, nil
}
