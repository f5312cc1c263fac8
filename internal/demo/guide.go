package demo

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// guideFiles are what the guide's page runs, built by `make ui`.
//
//go:embed all:guide/dist
var guideFiles embed.FS

const (
	guideShell = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" ` +
		`content="width=device-width, initial-scale=1">` +
		`<title>nuxeo-frameio: the demo</title><link rel="icon" href="data:,"><link rel="stylesheet" ` +
		`href="/guide.css"></head><body><demo-guide></demo-guide>` +
		`<noscript>This page needs JavaScript.</noscript><script type="module" src="/guide.js"></script></body></html>`
	guideUnbuilt = `<!doctype html><html lang="en"><title>nuxeo-frameio: the demo</title><p>The guide was not built. ` +
		`Run <code>make demo</code>, or <code>make ui</code> before <code>go build</code>.</p></html>`
	guidePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
		"base-uri 'none'; frame-ancestors 'none'"
)

// Task is one step of the guide: what to click, what to expect, and whether it
// has happened.
type Task struct {
	Name   string     `json:"name"`
	Title  string     `json:"title"`
	Do     []string   `json:"do"`
	Expect string     `json:"expect"`
	Links  []TaskLink `json:"links"`
	Done   bool       `json:"done"`
}

// TaskLink is where a step is done.
type TaskLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// guide leads a person through the main job. Steps tick themselves off by what
// both systems hold, whichever way a person got there; what was seen once stays.
type guide struct {
	stage *Stage
	mu    sync.Mutex
	seen  map[string]bool
}

func (s *Stage) guide(context.Context) (err error) {
	g := &guide{stage: s, seen: map[string]bool{}}
	s.GuideURL, err = s.serve(portGuide, g.handler())
	return err
}

func (g *guide) handler() http.Handler {
	mux := http.NewServeMux()
	files, err := fs.Sub(guideFiles, "guide/dist")
	if err != nil {
		panic(err) // the folder is embedded
	}

	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /{$}", g.page)
	mux.HandleFunc("GET /tasks", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(g.tasks(r.Context())) // the browser may be gone
	})

	return mux
}

func (g *guide) page(w http.ResponseWriter, _ *http.Request) {
	h, body := w.Header(), guideShell
	if _, err := guideFiles.Open("guide/dist/guide.js"); err != nil {
		body = guideUnbuilt
	}
	h.Set("Content-Security-Policy", guidePolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, body) // the browser may be gone
}

// tasks are the steps as they stand.
func (g *guide) tasks(ctx context.Context) []Task {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := g.stage.tasks()
	for i, done := range g.stage.progress(ctx) {
		all[i].Done = g.seen[all[i].Name] || done
		g.seen[all[i].Name] = all[i].Done
	}
	return all
}

// Tasks are the steps of the guide as they stand, for tests.
func (s *Stage) Tasks(ctx context.Context) ([]Task, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.GuideURL+"/tasks", nil)
	if err != nil {
		return nil, err
	}

	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}

	var all []Task
	err = errors.Join(json.NewDecoder(resp.Body).Decode(&all), resp.Body.Close())
	return all, err
}

// progress says of each task whether what it leads to is there.
func (s *Stage) progress(ctx context.Context) []bool {
	teaser, arrived := s.Nuxeo.Doc(s.at.folder + "/Teaser")
	trailer, _ := s.Nuxeo.Doc(s.at.draft)
	under := slices.Contains(trailer.Facets, "FrameioAsset")
	films, _ := s.Nuxeo.Doc(s.at.folder)
	bound := slices.Contains(films.Facets, binding.Facet)
	return []bool{
		s.nuxeoSaw("josh"),
		s.App.Identity.Connected(ctx, "josh") == nil,
		bound,
		len(s.Nuxeo.Children(s.at.folder)) > 1, // the drafts were there
		arrived && slices.Contains(teaser.Facets, "FrameioAsset"),
		s.frameioSaw("files.show", "media_links.high_quality"),
		arrived && len(s.Nuxeo.Versions(teaser.UID)) > 1,
		len(s.Mail.Messages()) > 0,
		under, under && len(s.Nuxeo.Comments(trailer.UID)) > 0, len(s.Nuxeo.Versions(trailer.UID)) > 0 &&
			trailer.LockOwner == "",
		s.mirrored(), s.refreshed(ctx),
		arrived && !bound,
	}
}

// mirrored reports whether the folder shows that it follows one of Frame.io.
func (s *Stage) mirrored() bool {
	d, _ := s.Nuxeo.Doc(s.at.mirror)
	return slices.Contains(d.Facets, foldersync.Facet)
}

// refreshed reports whether a person has refreshed a folder by hand.
func (s *Stage) refreshed(ctx context.Context) bool {
	all, _, err := s.App.Sync.List(ctx, work.Viewer{Admin: true}, "")
	return err == nil && slices.ContainsFunc(all, func(q foldersync.Sync) bool {
		return q.Last != nil && q.Last.Why == foldersync.ByHand && q.Last.State == foldersync.Done
	})
}

// nuxeoSaw reports whether a person has used Nuxeo's pages.
func (s *Stage) nuxeoSaw(login string) bool {
	for _, r := range s.Nuxeo.Requests() {
		if r.User == login {
			return true
		}
	}
	return false
}

// frameioSaw reports whether an operation was called, with a word in its query.
func (s *Stage) frameioSaw(class string, words ...string) bool {
	for _, r := range s.Frameio.Requests() {
		query, err := url.QueryUnescape(r.Query)
		if err == nil && r.Class == class && !slices.ContainsFunc(words, func(w string) bool {
			return !strings.Contains(query, w)
		}) {
			return true
		}
	}
	return false
}
