package notify_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// join has another node work on the same database.
func (s *scene) join() {
	s.T.Helper()
	c := s.Config
	c.Data = s.T.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	other, err := app.New(ctx, c, app.World{
		Now: s.clock.Now, Node: "another", Work: testenv.Quick, Queue: s.clock.Queue,
	})
	if err != nil {
		stop()
		s.T.Fatal(err)
	}

	done := make(chan struct{})
	go func() { defer close(done); _ = other.Run(ctx) }() // it ends with the test
	s.T.Cleanup(func() { stop(); <-done; _ = other.Close() })
}

// However many work on them, each message is accepted once, and the attempts are apart as the receiver asks.
func TestEachMessageIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	s := open(t, notify.Webhook, testenv.Twice(), testenv.Config(func(c *app.Config) {
		c.EncryptionKey = []string{base64.StdEncoding.EncodeToString([]byte("the key that all nodes have: 32b"))}
	}))
	if pg.Chosen() { // SQLite has one node, whose jobs are done twice at once
		s.join()
	}

	refuse := testenv.Says(http.StatusServiceUnavailable, "")
	s.receiver.Answer(refuse, refuse)
	const messages = 3
	for i := range messages {
		s.publish(s.Add(s.Root, fmt.Sprintf("Take %d.mov", i), testenv.Bytes('a', 100+i)))
	}

	// The clock goes on when nothing is due any more: each jump has all chores done.
	s.clock.Move(time.Minute)
	s.Comes("all are delivered", func() bool {
		n := 0
		for _, d := range s.log() {
			if d.State == notify.Delivered {
				n++
			}
		}
		if n < messages && s.idle() {
			s.clock.Move(30 * time.Second)
		}
		return n == messages
	})
	if got, ids := len(s.receiver.Got()), len(s.receiver.Deliveries()); got != messages+2 || ids != messages {
		t.Errorf("%d messages came with %d ids, want %d with %d", got, ids, messages+2, messages)
	}
}
