package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/tables"
)

// stage is a service between a real database and a simulated Frame.io.
type stage struct {
	*testing.T
	*Service
	sim                      *frameiosim.Server
	url                      string
	account, workspace, root string
	owner, member            string // person ids
	watched                  []WatchedWorkspace
	mu                       sync.Mutex
	looked                   []Hint
	fails                    int // how many looks fail
	now                      time.Time
	ahead                    time.Duration // by how much the clock of another node is
}

// Frameio is People's: olga heads the account, mia is a member.
func (s *stage) Frameio(_ context.Context, login string) (*v4.Client, error) {
	person, ok := map[string]string{"olga": s.owner, "mia": s.member}[login]
	if !ok {
		return nil, fault.New(fault.NeedsOwner, "%s is not connected.", login)
	}
	return v4.New(s.url, http.DefaultClient, func(context.Context, string) (string, error) {
		return s.sim.AccessToken(person), nil
	})
}

// ServiceFrameio is People's: there is no service credential.
func (s *stage) ServiceFrameio(context.Context) (*v4.Client, error) {
	return nil, fault.New(fault.NotFound, "There is none.")
}

func setup(t *testing.T) *stage {
	t.Helper()
	return setupWith(&stage{T: t})
}

func setupWith(s *stage, change ...func(*frameiosim.Options)) *stage {
	t := s.T
	t.Helper()
	s.Service, s.now = New(), time.Unix(1_800_000_000, 0)
	opt := frameiosim.Options{RateFactor: -1}
	for _, f := range change {
		f(&opt)
	}

	var err error
	if s.sim, err = frameiosim.New(opt); err != nil {
		t.Fatal(err)
	}

	web := httptest.NewServer(s.sim)
	t.Cleanup(func() {
		web.Close()
		if err := s.sim.Close(); err != nil {
			t.Error(err)
		}
	})

	s.url = web.URL
	s.sim.SetURL(web.URL)
	s.owner, s.member = s.sim.AddPerson("Olga", "olga@example.org"), s.sim.AddPerson("Mia", "mia@example.org")
	s.account = s.sim.AddAccount("Studio", s.owner)
	s.sim.AddMember(s.account, s.member, frameiosim.RoleMember)
	s.workspace = s.sim.AddWorkspace(s.account, "Post")
	_, s.root = s.sim.AddProject(s.workspace, "Film")
	s.watched = []WatchedWorkspace{{
		Account: s.account, Workspace: s.workspace, Logins: []string{"mia", "nobody", "olga"},
	}}
	s.store()
	return s
}

func (s *stage) store() {
	db, err := store.Open(s.Context(), tables.Address(s.T, s.TempDir()))
	if err != nil {
		s.Fatal(err)
	}

	s.Cleanup(func() {
		if err := db.Close(); err != nil {
			s.Error(err)
		}
	})

	vault, err := identity.OpenVault(s.Context(), db, nil, filepath.Join(s.TempDir(), "key"))
	if err != nil {
		s.Fatal(err)
	}

	s.DB, s.Vault, s.People, s.Log, s.PublicURL = db, vault, s, slog.New(slog.DiscardHandler),
		"https://connector.example.org"
	s.Now = func() time.Time { return s.now }
	s.LatestPlausible = func() time.Time { return s.now.Add(s.ahead + store.AheadAtMost) }
	s.Watched = func(context.Context) ([]WatchedWorkspace, error) { return s.watched, nil }
	s.Handle = s.look
}

func (s *stage) look(_ context.Context, h Hint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked = append(s.looked, h)
	if s.fails > 0 {
		s.fails--
		return errors.New("not now")
	}
	return nil
}

func (s *stage) reconcile() maintenance.Report {
	s.Helper()
	var r maintenance.Report
	if err := s.Reconcile(s.Context(), &r); err != nil {
		s.Fatal(err)
	}
	return r
}

// id is that of our only webhook, as its address names it.
func (s *stage) id() string {
	s.Helper()
	hooks := s.sim.Webhooks(s.workspace)
	if len(hooks) != 1 {
		s.Fatalf("there are %d webhooks, want 1", len(hooks))
	}

	id, ok := strings.CutPrefix(hooks[0].URL, s.PublicURL+"/frameio/events/")
	if !ok || !hooks[0].Active || len(hooks[0].Events) != len(Events) {
		s.Fatalf("the webhook is %+v, want an active one at %s/frameio/events/ for all events", hooks[0], s.PublicURL)
	}

	return id
}

func TestOneWebhookPerWatchedWorkspace(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.reconcile() // by olga: mia may not, nobody is not there
	id := s.id()
	secret, err := s.Secret(t.Context(), id)
	if err != nil || secret != s.sim.Webhooks(s.workspace)[0].Secret {
		t.Fatalf("the secret is %q, %v; want Frame.io's, %q", secret, err, s.sim.Webhooks(s.workspace)[0].Secret)
	}

	made := s.sim.Calls("webhooks.create")
	s.reconcile()
	if s.id() != id || s.sim.Calls("webhooks.create") != made || s.sim.Calls("webhooks.update") != 0 {
		t.Errorf("a webhook that is right: got it changed (%s, was %s), want it left alone", s.id(), id)
	}

	s.watched = nil
	if r := s.reconcile(); r.Removed != 1 || len(s.sim.Webhooks(s.workspace)) != 0 {
		t.Errorf("without anything to watch %d were removed and %d are left, want 1 and 0", r.Removed,
			len(s.sim.Webhooks(s.workspace)))
	}

	if _, err := s.Secret(t.Context(), id); !fault.Is(err, fault.NotFound) {
		t.Errorf("the secret of what was removed: got %v, want not found", err)
	}
}

func TestWebhooksAreRepaired(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.reconcile()
	id := s.id()
	fio, err := s.Frameio(t.Context(), "olga")
	if err != nil {
		t.Fatal(err)
	}

	if err := fio.UpdateWebhook(t.Context(), s.account, s.sim.Webhooks(s.workspace)[0].ID,
		[]string{"file.ready"}); err != nil {
		t.Fatal(err)
	}

	s.reconcile()
	if s.id() != id {
		t.Errorf("the webhook: got %s, want %s as before", s.id(), id)
	}

	if err := fio.DeleteWebhook(t.Context(), s.account, s.sim.Webhooks(s.workspace)[0].ID); err != nil {
		t.Fatal(err)
	}

	s.reconcile()
	if s.id() != id { // made anew under the same address
		t.Errorf("the webhook: got %s, want %s as before", s.id(), id)
	}

	if secret, err := s.Secret(t.Context(), id); err != nil || secret != s.sim.Webhooks(s.workspace)[0].Secret {
		t.Errorf("the secret is %q, %v; want %q, not that of the one before", secret, err,
			s.sim.Webhooks(s.workspace)[0].Secret)
	}
}

// A webhook was made, and the process died before it knew the secret.
func TestAWebhookWithoutASecretIsMadeAnew(t *testing.T) {
	t.Parallel()
	s := setup(t)
	h, err := s.recordIntent(t.Context(), s.watched[0])
	if err != nil {
		t.Fatal(err)
	}

	fio, err := s.Frameio(t.Context(), "olga")
	if err != nil {
		t.Fatal(err)
	}

	for range 2 {
		if err := s.create(t.Context(), fio, "olga", h); err != nil {
			t.Fatal(err)
		}
	}

	if _, err := s.DB.Writer.ExecContext(t.Context(), `UPDATE webhooks SET remote_id = '', secret = NULL`); err != nil {
		t.Fatal(err)
	}

	s.reconcile()
	if s.id() != h.id {
		t.Errorf("the webhook: got %s, want %s as before", s.id(), h.id)
	}
}

func TestNobodyMayMakeIt(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.watched[0].Logins = []string{"mia"}
	r := s.reconcile()
	if len(s.sim.Webhooks(s.workspace)) != 0 || len(r.Lines) != 1 || !strings.Contains(r.Lines[0], "has no webhook") {
		t.Errorf("%d webhooks, the upkeep tells %q; want none, and that the workspace has no webhook",
			len(s.sim.Webhooks(s.workspace)), r.Lines)
	}
}

func (s *stage) take(kind, resource string) {
	s.Helper()
	if err := s.Record(s.Context(), s.id(), v4.Event{
		Type:      "x",
		Account:   "elsewhere",
		Workspace: "elsewhere",
		Resource:  resource,
		Kind:      kind,
	}); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) pump() []Hint {
	s.Helper()
	s.looked = nil
	for more := true; more; {
		var err error
		if more, err = s.Pump(s.Context()); err != nil {
			s.Fatal(err)
		}
	}

	return s.looked
}

func TestAThingIsLookedAtOnceHoweverOftenItWasToldOf(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.reconcile()
	for range 3 {
		s.take("file", "f")
		s.take("comment", "c")
		s.take("version_stack", "v")
	}

	s.take("project", "p") // of no use
	got := s.pump()
	if len(got) != 3 || !slices.Contains(got, Hint{File, "f", s.account, s.workspace}) ||
		!slices.Contains(got, Hint{Comment, "c", s.account, s.workspace}) {
		t.Errorf("looked at %+v, want three, f and c among them, at our places, not those that the event named", got)
	}

	if again := s.pump(); len(again) != 0 {
		t.Errorf("looked again at %+v, want nothing", again)
	}
}

func TestAHintThatComesMeanwhileIsNotLost(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.reconcile()
	s.take("file", "f")
	told := false
	s.Handle = func(ctx context.Context, h Hint) error {
		if !told {
			told = true
			s.now = s.now.Add(time.Second)
			s.take("file", "f") // while we look
		}
		return s.look(ctx, h)
	}

	if got := s.pump(); len(got) != 1 {
		t.Fatalf("looked at %+v, want one", got)
	}

	if got := s.pump(); len(got) != 1 {
		t.Errorf("what came meanwhile is looked at as %+v, want one", got)
	}
}

func TestAHintIsLookedAtAgainAfterAnError(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.reconcile()
	s.fails = 2
	s.take("file", "f")
	for looks := 1; looks <= 3; looks++ {
		if got := s.pump(); len(got) != 1 {
			t.Fatalf("look %d was at %+v, want one", looks, got)
		}
		if got := s.pump(); len(got) != 0 {
			t.Fatalf("looked at once again at %+v, want nothing before its time", got)
		}
		s.now = s.now.Add(time.Hour)
	}

	if got := s.pump(); len(got) != 0 {
		t.Errorf("after it went well looked at %+v, want nothing", got)
	}

	s.fails = 100
	s.take("file", "f")
	n := 0
	for len(s.pump()) > 0 {
		n++
		s.now = s.now.Add(time.Hour)
	}

	if n != maxTries {
		t.Errorf("given up after %d looks, want %d", n, maxTries)
	}
}

// A node that died gives back what it looked at.
func TestAHintOfADeadNodeIsLookedAtByAnother(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.reconcile()
	s.take("file", "f")
	if mine, err := s.claim(t.Context()); err != nil || len(mine) != 1 {
		t.Fatalf("the claim of what is due: %v, %v; want one", mine, err)
	}

	if got := s.pump(); len(got) != 0 {
		t.Errorf("looked at by two: %+v, want nothing for the second", got)
	}

	s.now = s.now.Add(claimFor + time.Second)
	if got := s.pump(); len(got) != 1 {
		t.Errorf("after its node died looked at %+v, want one", got)
	}
}
