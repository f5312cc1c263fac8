package notify_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

var josh = work.Viewer{Login: "josh"}

// A scene is a bound folder with a channel, and a clock that the test moves.
type scene struct {
	*testenv.Bed
	clock    *testenv.Clock
	bound    binding.Binding
	receiver *testenv.Receiver
	channel  notify.Channel
	secret   string
}

// open binds the folder and adds a channel of a kind that is told of everything.
func open(t *testing.T, kind notify.Kind, opts ...testenv.Option) *scene {
	t.Helper()
	s := &scene{clock: new(testenv.Clock)}
	// Frame.io lives by the same clock: calls from far in the past are refused.
	both := []testenv.Option{testenv.By(s.clock), testenv.Frameio(func(o *frameiosim.Options) { o.Now = s.clock.Now })}
	s.Bed = testenv.New(t, append(both, opts...)...)
	s.bound, s.receiver = s.Bind("Publish"), s.Receive()
	s.channel, s.secret = s.add(kind, s.receiver.URL)
	return s
}

// add adds a channel.
func (s *scene) add(kind notify.Kind, address string) (notify.Channel, string) {
	s.T.Helper()
	c, secret, err := s.App.Notify.Save(s.T.Context(), josh, s.bound.ID, notify.Form{Kind: kind, Address: &address})
	if err != nil {
		s.T.Fatal(err)
	}
	return c, secret
}

func isDelivery(v work.View) bool { return v.Kind == notify.KindDelivery }

// publish publishes assets as josh, and waits for them.
func (s *scene) publish(assets ...string) {
	s.T.Helper()
	s.Run(s.Josh, assets...)
	s.SettleBut(isDelivery)
}

// idle reports whether no message is being sent or due. A clock that moved before an attempt has ended would put
// the next one off by as much.
func (s *scene) idle() bool {
	s.T.Helper()
	all, _, err := s.App.Engine.Items(s.T.Context(), testenv.Viewer, work.Filter{Kind: notify.KindDelivery})
	if err != nil {
		s.T.Fatal(err)
	}
	return !slices.ContainsFunc(all, func(v work.View) bool {
		return !v.State.Final() && (v.State != work.Waiting || !v.NotBefore.After(s.clock.Now()))
	})
}

// told waits until so many messages have come, and returns them.
func (s *scene) told(n int) []testenv.Received {
	s.T.Helper()
	s.Comes(fmt.Sprintf("message %d", n), func() bool { return len(s.receiver.Got()) >= n })
	if got := s.receiver.Got(); len(got) > n {
		s.T.Fatalf("%d messages came, want %d; the last is %s", len(got), n, got[len(got)-1].Body)
	}
	return s.receiver.Got()
}

// log is the log of the channel, newest first.
func (s *scene) log() []notify.Delivery {
	s.T.Helper()
	list, _, err := s.App.Notify.Log(s.T.Context(), josh, s.bound.ID, s.channel.ID, "")
	if err != nil {
		s.T.Fatal(err)
	}
	return list
}

// is waits until the newest delivery is in a state.
func (s *scene) is(state notify.DeliveryState) notify.Delivery {
	s.T.Helper()
	s.Comes("the state "+string(state), func() bool { l := s.log(); return len(l) > 0 && l[0].State == state })
	return s.log()[0]
}

func payload(t *testing.T, m testenv.Received) (p notify.Payload) {
	t.Helper()
	if err := json.Unmarshal([]byte(m.Body), &p); err != nil {
		t.Fatalf("the body %q: %v", m.Body, err)
	}
	return p
}

// verify checks a message as a receiver of Frame.io's webhooks does.
func (s *scene) verify(m testenv.Received) {
	s.T.Helper()
	if err := v4.Verify([]byte(m.Body), m.Header.Get(notify.TimestampHeader), m.Header.Get(notify.SignatureHeader),
		s.clock.Now(), s.secret); err != nil {
		s.T.Errorf("the signature %q: %v", m.Header.Get(notify.SignatureHeader), err)
	}
}

// What is published together is one message, the failures first, signed, when all of it has ended.
func TestManyAtOnceAreOneMessage(t *testing.T) {
	t.Parallel()
	s := open(t, notify.Webhook)
	var assets []string
	for i := range 25 {
		assets = append(assets, s.Add(s.Root, fmt.Sprintf("Take %d.mov", i), testenv.Bytes('a', 100+i)))
	}
	bad := s.Add(s.Root, "Gone.mov", testenv.Bytes('b', 50))
	if err := s.App.Engine.Pause(t.Context(), "Administrator", "so that one is gone when its turn comes"); err != nil {
		t.Fatal(err)
	}
	s.Run(s.Josh, append(assets, bad)...)
	s.Frameio.Delete(bad)
	if err := s.App.Engine.Resume(t.Context(), "Administrator"); err != nil {
		t.Fatal(err)
	}
	s.SettleBut(isDelivery)
	if got := s.receiver.Got(); len(got) != 0 {
		t.Errorf("%d messages came at once, want none before the moment has passed", len(got))
	}

	s.clock.Move(time.Minute)
	m := s.told(1)[0]
	s.verify(m)
	p := payload(t, m)
	diff.Equal(t, "counts", p.Counts, map[event.Name]int{event.Arrived: 25, event.Failed: 1})
	if p.Version != 1 || p.Kind != "events" || p.Delivery != m.Delivery() || p.Binding.ID != s.bound.ID ||
		len(p.Events) != 26 || p.Events[0].Name != event.Failed || p.Events[0].Reason == "" {
		t.Errorf("the payload is %s, want version 1 with 26 events, the failure first", m.Body)
	}
	if !strings.HasPrefix(p.Title, "1 failed, 25 arrived: ") {
		t.Errorf("the title is %q, want the counts", p.Title)
	}

	last := p.Events[25]
	if !strings.HasSuffix(last.Address, "/ui/#!/doc/"+last.Document) || last.Requester != "josh" {
		t.Errorf("the last event is %+v, want the address of its document, and josh", last)
	}

	d := s.is(notify.Delivered)
	if d.Events != 26 || d.Attempts != 1 || d.Status != 200 || d.ID != m.Delivery() {
		t.Errorf("the log says %+v, want 26 events delivered at once", d)
	}
}

// A review tells what becomes of it: comments as a digest, the judgement, what is overdue, and the return.
func TestAReviewIsTold(t *testing.T) {
	t.Parallel()
	s := open(t, notify.Webhook, testenv.Telling(frameiosim.Healthy), testenv.Config(func(c *app.Config) {
		c.Push.Rejected = "In Progress"
	}))
	document := s.Kept("Cut", []byte("pictures"))
	out, err := s.App.Push.Accept(t.Context(), "josh", s.PushRequest(document))
	if err != nil {
		t.Fatal(err)
	}
	s.SettleBut(isDelivery)
	p := s.OnePush(out.Pushes[0].ID)
	if err := s.App.Webhooks.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}

	// Comments, answers and drawings are one message, a quarter of an hour after the first.
	s.Remark(p.File, "Too long")
	s.Comes("the first comment", s.Says(document, "Too long"))
	s.Remark(p.File, "Too loud")
	s.Comes("all six in one message", func() bool { l := s.log(); return len(l) == 1 && l[0].Events == 6 })
	s.clock.Move(14 * time.Minute)
	if l := s.log(); l[0].State != notify.Gathering {
		t.Errorf("the log is %+v, want one message that gathers", l)
	}
	s.clock.Move(2 * time.Minute)
	got := payload(t, s.told(1)[0])
	if got.Counts[event.Commented] != 6 || got.Events[0].Text != "Too long" || got.Events[0].Author == "" {
		t.Errorf("the digest is %+v, want six comments with text and author", got)
	}

	// The judgement.
	s.Frameio.SetStatus(p.File, "In Progress")
	s.Comes("the judgement", s.StatusIs(document, "In Progress"))
	s.Comes("its message", func() bool { return len(s.log()) == 2 })
	s.clock.Move(time.Minute)
	if got := payload(t, s.told(2)[1]); got.Counts[event.Rejected] != 1 || got.Events[0].Status != "In Progress" {
		t.Errorf("the judgement is told as %+v, want one that needs work", got)
	}

	// Overdue, told once however often it is looked for.
	chore := func() {
		if err := s.App.Notify.LookForOverdue(t.Context(), s.App.Push.TellOverdue); err != nil {
			t.Fatal(err)
		}
	}
	chore()
	s.clock.Move(7 * 24 * time.Hour)
	chore()
	chore()
	s.clock.Move(time.Minute)
	if got := payload(t, s.told(3)[2]); got.Counts[event.Overdue] != 1 || got.Events[0].Since.IsZero() {
		t.Errorf("told as overdue is %+v, want the document, once", got)
	}
	s.is(notify.Delivered)
	chore()
	if l := s.log(); len(l) != 3 {
		t.Errorf("there are %d messages after it was looked for again, want 3", len(l))
	}
}

// What receivers may answer, or not: nothing is lost, nothing is in the way, and each repeat has the same id.
func TestAReceiverThatFailsGetsItLater(t *testing.T) {
	t.Parallel()
	s := open(t, notify.Slack)
	s.receiver.Answer(
		testenv.Says(http.StatusInternalServerError, "no_text"),
		testenv.Says(http.StatusFound, ""),
		testenv.Says(http.StatusNotFound, strings.Repeat("x", 1<<20)),
		func(w http.ResponseWriter, _ *http.Request) { // no HTTP at all
			c, _, _ := http.NewResponseController(w).Hijack()
			_, _ = c.Write([]byte("SSH-2.0 " + s.receiver.URL + "\r\n"))
			_ = c.Close()
		},
		func(w http.ResponseWriter, _ *http.Request) { // cut
			c, _, _ := http.NewResponseController(w).Hijack()
			_ = c.Close()
		},
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "nonsense")
			w.WriteHeader(http.StatusTooManyRequests)
		},
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1800")
			w.WriteHeader(http.StatusTooManyRequests)
		},
	)
	s.publish(s.Add(s.Root, "Teaser.mov", testenv.Bytes('t', 500)))
	s.Only() // the document came, whatever the receiver does
	s.clock.Move(time.Minute)
	for n := 1; n <= 7; n++ {
		s.told(n)
		s.Comes("the record", func() bool { return s.log()[0].Attempts == n && s.idle() })
		d := s.log()[0]
		if d.Problem == "" || strings.Contains(d.Problem, "verysecret") || strings.Contains(d.Problem, "xx") {
			t.Errorf("attempt %d: the problem is %q, want one without address and answer", n, d.Problem)
		}
		if n == 7 && d.Due.Sub(s.clock.Now()) < 29*time.Minute {
			t.Errorf("after Retry-After the next attempt is in %s, want half an hour", d.Due.Sub(s.clock.Now()))
		}
		s.clock.Move(d.Due.Sub(s.clock.Now()) + time.Second)
	}

	s.told(8)
	d := s.is(notify.Delivered)
	if ids := s.receiver.Deliveries(); len(ids) != 1 || ids[0] != d.ID || d.Attempts != 8 {
		t.Errorf("%d attempts had the ids %v, want 8 with %s", d.Attempts, ids, d.ID)
	}
	for _, m := range s.receiver.Got() {
		if m.Body != s.receiver.Got()[0].Body {
			t.Errorf("a repeat says %s, want what was said first: %s", m.Body, s.receiver.Got()[0].Body)
		}
	}
}

// What nobody accepts for more than a day stays, to be retried by hand.
func TestAMessageIsGivenUpAfterADayAndRetriedByHand(t *testing.T) {
	t.Parallel()
	s := open(t, notify.Teams)
	down := testenv.Says(http.StatusBadGateway, "")
	s.receiver.Answer(down, down, down, down)
	s.publish(s.Add(s.Root, "Teaser.mov", testenv.Bytes('t', 500)))
	for n, later := range []time.Duration{time.Minute, 25 * time.Hour, 2 * time.Hour} {
		s.clock.Move(later)
		want := notify.Waiting
		if n == 2 {
			want = notify.Failed
		}
		s.Comes(fmt.Sprintf("attempt %d, with the state %s", n+1, want), func() bool {
			d := s.log()[0]
			return d.Attempts == n+1 && d.State == want && d.Status == http.StatusBadGateway && s.idle()
		})
	}

	failed := s.log()[0]
	s.receiver.Forget()
	d, err := s.App.Notify.Retry(t.Context(), josh, s.bound.ID, s.channel.ID, failed.ID)
	if err != nil || d.State != notify.Delivered || d.Attempts != failed.Attempts+1 {
		t.Errorf("the retry by hand came to %+v, %v; want it delivered", d, err)
	}
	if ids := s.receiver.Deliveries(); len(ids) != 1 {
		t.Errorf("the attempts have the ids %v, want one", ids)
	}
	_, err = s.App.Notify.Retry(t.Context(), josh, s.bound.ID, s.channel.ID, failed.ID)
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("to retry what was delivered: got %v, want a conflict", err)
	}
}

// A receiver that does not answer holds up its own messages only.
func TestASlowReceiverHoldsUpNobody(t *testing.T) {
	t.Parallel()
	s := open(t, notify.Webhook, testenv.Config(func(c *app.Config) { c.Notify.Gather = 3 * time.Second }))
	hang := make(chan struct{})
	s.receiver.Answer(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})

	// Two messages go to both, and the first is not answered by the slow one.
	other := s.Receive()
	s.add(notify.Slack, other.URL)
	s.publish(s.Add(s.Root, "One.mov", testenv.Bytes('1', 500)))
	s.clock.Move(3 * time.Second)
	s.told(1)
	s.publish(s.Add(s.Root, "Two.mov", testenv.Bytes('2', 600)))
	s.clock.Move(3 * time.Second)
	s.Comes("both messages to the other", func() bool { return len(other.Got()) == 2 })
	if ids := s.receiver.Deliveries(); len(ids) != 1 {
		t.Errorf("the slow one has got the messages %v, want the first only", ids)
	}

	close(hang)
	s.Comes("the second message to the slow one", func() bool {
		s.clock.Move(10 * time.Second)
		return len(s.receiver.Deliveries()) == 2
	})
}

// A lost answer, and a process that dies between sending and recording, repeat the same id and no other.
func TestALostAnswerRepeatsTheSameMessage(t *testing.T) {
	t.Parallel()
	for _, when := range []testenv.Moment{testenv.Before, testenv.After, testenv.Lost} {
		t.Run(when.String(), func(t *testing.T) {
			t.Parallel()
			s := open(t, notify.Webhook)
			s.publish(s.Add(s.Root, "Teaser.mov", testenv.Bytes('t', 500)))

			s.FailAt(1, when)
			s.clock.Move(time.Minute)
			if when == testenv.Lost {
				s.is(notify.Waiting)
				s.clock.Move(time.Minute)
			} else {
				s.Comes("the death", s.Dead)
				s.Restart()
				s.clock.Move(time.Minute)
			}

			s.is(notify.Delivered)
			want := 2
			if when == testenv.Before {
				want = 1
			}
			if got, ids := s.receiver.Got(), s.receiver.Deliveries(); len(got) != want || len(ids) != 1 {
				t.Errorf("%d messages came with the ids %v, want %d with one", len(got), ids, want)
			}
		})
	}
}

// Nothing of an address is shown, stored in clear or told in an error.
func TestWhoMaySetAChannelAndWhat(t *testing.T) {
	t.Parallel()
	s := open(t, notify.Webhook)
	ctx := t.Context()
	if s.secret == "" || strings.Contains(s.channel.Place, "secret") {
		t.Errorf("the secret is %q, the place %q; want a secret and no path", s.secret, s.channel.Place)
	}

	days := 3
	c, again, err := s.App.Notify.Save(ctx, josh, s.bound.ID, notify.Form{ID: s.channel.ID, OverdueDays: &days})
	if err != nil || again != "" || c.OverdueDays != 3 || c.Place != s.channel.Place {
		t.Errorf("the change came to %+v, %q, %v; want 3 days and the secret kept", c, again, err)
	}
	if _, fresh, err := s.App.Notify.Save(ctx, josh, s.bound.ID, notify.Form{ID: c.ID, NewSecret: true}); err != nil ||
		fresh == "" || fresh == s.secret {
		t.Errorf("another secret: got %q, %v; want a new one", fresh, err)
	}

	for address, code := range map[string]fault.Code{
		"": fault.Invalid, "ftp://127.0.0.1/verysecret": fault.Invalid, "verysecret": fault.Invalid,
		"https://user:verysecret@127.0.0.1/": fault.Invalid, "https://127.0.0.1/#verysecret": fault.Invalid,
		"https://127.0.0.1/" + strings.Repeat("verysecret", 300): fault.Invalid,
	} {
		_, _, err := s.App.Notify.Save(ctx, josh, s.bound.ID, notify.Form{Kind: notify.Slack, Address: &address})
		if !fault.Is(err, code) || strings.Contains(err.Error(), "verysecret") {
			t.Errorf("the address %.40q: got %v, want %s that does not tell it", address, err, code)
		}
	}

	stranger := work.Viewer{Login: "julia"}
	s.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "Everything", false)
	if _, err := s.App.Notify.List(ctx, stranger, s.bound.ID); err == nil {
		t.Error("julia, who may not see the folder, lists its channels; want them refused")
	}

	for range 9 {
		s.add(notify.Slack, s.receiver.URL)
	}
	full := notify.Form{Kind: notify.Slack, Address: &s.receiver.URL}
	if _, _, err := s.App.Notify.Save(ctx, josh, s.bound.ID, full); !fault.Is(err, fault.Conflict) {
		t.Errorf("an eleventh channel: got %v, want a conflict", err)
	}

	if err := s.App.Notify.Remove(ctx, josh, s.bound.ID, c.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.App.Notify.Log(ctx, josh, s.bound.ID, c.ID, ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("the log of a channel that was removed: got %v, want it not found", err)
	}
}

// A test message says at once what becomes of it, and is not sent again.
func TestATestMessage(t *testing.T) {
	t.Parallel()
	s := open(t, notify.Webhook)
	d, err := s.App.Notify.Test(t.Context(), josh, s.bound.ID, s.channel.ID)
	if err != nil || d.State != notify.Delivered {
		t.Errorf("the test came to %+v, %v; want it delivered", d, err)
	}
	m := s.told(1)[0]
	s.verify(m)
	if p := payload(t, m); p.Kind != "test" || len(p.Events) != 0 {
		t.Errorf("the payload is %s, want a test without events", m.Body)
	}

	s.clock.Move(10 * time.Second)
	s.receiver.Answer(testenv.Says(http.StatusForbidden, "invalid_token"))
	d, err = s.App.Notify.Test(t.Context(), josh, s.bound.ID, s.channel.ID)
	if err != nil || d.State != notify.Failed || d.Status != http.StatusForbidden || d.Problem == "" {
		t.Errorf("the refused test came to %+v, %v; want it failed with the status", d, err)
	}
}
