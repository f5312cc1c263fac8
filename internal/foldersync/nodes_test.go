package foldersync_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	database "github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// river is the queue of a node, as in production.
func river(t *testing.T, node string) func(*database.DB) work.Queue {
	return func(db *database.DB) work.Queue {
		q, err := work.NewRiver(db, node, 2, time.Minute, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
}

// second starts another node on the bed's database, and counts the documents that it
// makes.
func second(b *testenv.Bed, t *testing.T) *atomic.Int64 {
	t.Helper()
	c, made := b.Config, new(atomic.Int64)
	c.Data = t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	a, err := app.New(ctx, c, app.World{
		Node: "second", Queue: river(t, "second"), Work: testenv.Quick,
		Wrap: func(system string, next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				if system == "nuxeo" && r.Method == http.MethodPost &&
					strings.HasPrefix(r.URL.Path, "/nuxeo/api/v1/id/") {
					made.Add(1)
				}
				return next.RoundTrip(r)
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}

	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})

	return made
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls it.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Two nodes on one database bring a tree together, and nothing twice.
func TestTwoNodesShareARun(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) {
		c.Database, c.EncryptionKey = pg.Database(t), []string{base64.StdEncoding.EncodeToString(make([]byte, 32))}
	}), testenv.World(func(w *app.World) { w.Node, w.Queue = "first", river(t, "first") }))

	want := map[string][]byte{}
	for i := range 4 {
		day := fmt.Sprintf("Day %d", i)
		folder := b.Frameio.AddFolder(b.Root, day)
		want["/"+day] = nil
		for k := range 8 {
			name, data := fmt.Sprintf("Cut %d", 8*i+k), testenv.Bytes(byte('a'+k), 200+8*i)
			b.Frameio.AddComment(b.Add(folder, name+".mov", data),
				frameiosim.CommentSpec{Text: "Seen.", OwnerID: b.Julia})
			want["/"+day+"/"+name] = data
		}
	}

	made := second(b, t)
	b.Watch()
	m := b.Mirrored()
	m.Is(want)
	m.Settled(want)
	for path := range want {
		if name := path[strings.LastIndex(path, "/")+1:]; strings.HasPrefix(name, "Cut") {
			if c := b.Nuxeo.Comments(m.At(m.Folder, name).UID); len(c) != 1 {
				t.Errorf("%s has %d comments, want 1", name, len(c))
			}
		}
	}

	first := 0
	for _, w := range b.Writes() {
		if strings.HasPrefix(w, "POST /nuxeo/api/v1/id/") {
			first++
		}
	}

	if first == 0 || made.Load() == 0 {
		t.Errorf("one node has made %d documents and the other %d, want some by each", first, made.Load())
	}
}
