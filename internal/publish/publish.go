// Package publish turns runs of custom actions on Frame.io into items, and the items into documents.
//
// It owns the table interactions and the kinds of items "publish" (one asset), "expand" (one folder)
// and "notice" (the mail about all of them).
//
// Invariants: an interaction is on disk before it is answered, and answered without waiting for any
// remote system; a repeated delivery gets the same answer and adds nothing; the person who runs an
// action can do no more in Nuxeo than they, or the binder who delegated, may. Ingest imports the
// assets; package mail delivers the mail.
package publish

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/tracing"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Kinds of items.
const (
	KindPublish = "publish"
	KindExpand  = "expand"
	KindNotice  = "notice"
)

// People is what publish needs from identity.
type People interface {
	PersonOnFrameio(ctx context.Context, userID string) (identity.Person, error)
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
	// Usable returns why we cannot act as a person, as far as is known, or nil.
	Usable(ctx context.Context, login string) error
}

// A Mailer sends mail.
type Mailer interface {
	// Send returns the outcome, in the words of an item's.
	Send(ctx context.Context, m mail.Message) (outcome string, err error)
}

// A Service accepts interactions and works on their items.
type Service struct {
	DB     *store.DB
	Engine *work.Engine
	People People
	Ingest *ingest.Service
	Mail   Mailer
	Events *event.Service
	// Stands reports whether the binding of a custom action is in force, and whether it is ending and only
	// takes back what is under review; it fails if the binding has that action no more.
	// Binding returns it as it is now. Orphan records that it needs an owner.
	Stands  func(ctx context.Context, action string) (stands, ending bool, err error)
	Binding func(ctx context.Context, binding string) (Binding, error)
	Orphan  func(ctx context.Context, binding, reason string) error
	Now     func() time.Time
	// PublicURL is the connector's address, without a trailing slash.
	PublicURL string
	// MaxAssets bounds what a selected folder may hold.
	MaxAssets int

	insertion *sql.Stmt
	expanding atomic.Int32 // folders that are being listed
}

// A Resource is what was selected on Frame.io.
type Resource struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// An Interaction is a verified run of a custom action.
type Interaction struct {
	ActionID      string // our id of the custom action
	InteractionID string // Frame.io's
	Step          string // "open", or a hash of the submitted form
	Binding       Binding
	AccountID     string
	WorkspaceID   string
	UserID        string
	Requester     string // the Nuxeo login, if known already
	Resources     []Resource

	kept bool // until the person who runs it has connected
}

// A Binding is where an interaction publishes to.
type Binding struct {
	ID, Folder, DocumentType, Owner string
	// Publishers says who may publish: Connected, or everyone.
	Publishers string
}

// An Answer is the message that Frame.io shows to the person.
type Answer struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	// Fields make the message a form.
	Fields []Field `json:"fields,omitempty"`
}

func pushed(n int) Answer {
	if n == 1 {
		return Answer{Title: "Success", Description: "Asset pushed to Nuxeo."}
	}
	return Answer{Title: "Success", Description: fmt.Sprintf("%d assets pushed to Nuxeo.", n)}
}

// Accept records an interaction with its items and returns the answer. Concurrent calls share a
// transaction. A repeated call gets the answer of the first.
func (s *Service) Accept(ctx context.Context, in Interaction) (_ Answer, err error) {
	ctx, end := tracing.Start(ctx, "accept")
	defer func() { end(err) }()
	// Choose the answer: done, or a form to connect first.
	in.Resources = distinct(in.Resources)
	answer := pushed(len(in.Resources))
	may, err := s.mayPublish(ctx, in.Binding, in.UserID)
	if err != nil {
		return answer, err
	}

	if in.kept = !may; in.kept {
		answer = s.connectFirst()
	}

	// A person who has to connect may have submitted the form instead of following its link.
	if in.Step != "open" && in.Binding.Publishers == Connected {
		if recorded, found, err := s.answerResubmitted(ctx, in); found || err != nil {
			return recorded, err
		}
	}

	// Record it. A statement under a context that can end costs the driver a goroutine.
	var woken []string
	uncanceled := context.WithoutCancel(ctx)
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		woken, err = s.insert(uncanceled, tx, in, answer)
		return err
	})
	if errors.Is(err, errRecorded) {
		return s.recordedAnswer(ctx, in)
	}

	if err == nil && !in.kept {
		s.Engine.Wake(woken...)
	}

	return answer, err
}

// errRecorded reports that an interaction has been recorded already.
var errRecorded = errors.New("this interaction is known")

func distinct(resources []Resource) []Resource {
	seen := map[Resource]bool{}
	var out []Resource
	for _, r := range resources {
		if !seen[r] {
			out = append(out, r)
		}
		seen[r] = true
	}

	return out
}

// insertInteraction leaves out the column round, by which older programs number their mails. It stays in the
// schema: they name it in their statements, and may run beside this program during an upgrade.
const insertInteraction = `INSERT INTO interactions (id, action_id, interaction_id, step, binding_id,
	account_id, user_id,
		resources, answer, correlation, received, kept)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (action_id, interaction_id, step) DO NOTHING`

// Prepare prepares the statement that every call runs. It is called once, before the service is
// used.
func (s *Service) Prepare(ctx context.Context) (err error) {
	s.insertion, err = s.DB.Prepare(ctx, insertInteraction)
	return err
}

func (s *Service) execInsert(ctx context.Context, tx *sql.Tx, args ...any) (sql.Result, error) {
	if s.insertion == nil {
		return tx.ExecContext(ctx, insertInteraction, args...)
	}
	return tx.StmtContext(ctx, s.insertion).ExecContext(ctx, args...)
}

func (s *Service) insert(ctx context.Context, tx *sql.Tx, in Interaction, answer Answer) ([]string, error) {
	resources, err := json.Marshal(in.Resources)
	if err != nil {
		return nil, err
	}

	text, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}

	id := uuid.Must(uuid.NewV7()).String()
	res, err := s.execInsert(ctx, tx, id, in.ActionID, in.InteractionID, in.Step, in.Binding.ID, in.AccountID,
		in.UserID, string(resources), string(text), requestid.ID(ctx), store.Millis(s.Now()), in.kept)
	if err != nil {
		return nil, err
	}

	if n, err := res.RowsAffected(); n == 0 || err != nil {
		return nil, errors.Join(err, errRecorded)
	}

	all := newItems(id, in)
	if in.kept {
		for i := range all {
			all[i].NotBefore = s.Now().Add(keepFor)
			all[i].Why = fault.New(fault.NotConnected, "It waits until the person who published it connects Nuxeo.").
				With("Connect Nuxeo and Frame.io; it will then resume by itself.")
		}
	}

	return s.Engine.Add(ctx, tx, all...)
}

// recordedAnswer returns the answer recorded for a repeated interaction.
func (s *Service) recordedAnswer(ctx context.Context, in Interaction) (Answer, error) {
	var text string
	var answer Answer
	err := s.DB.Reader.QueryRowContext(ctx, `SELECT answer FROM interactions WHERE action_id = $1
		AND interaction_id = $2 AND step = $3`,
		in.ActionID, in.InteractionID, in.Step).Scan(&text)
	if err != nil {
		return answer, err
	}

	err = json.Unmarshal([]byte(text), &answer)
	return answer, err
}
