package frameiosim

import (
	"embed"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

// face is what the browser runs, built by `make ui`; without it there is the
// plain page only.
//
//go:embed all:face/dist
var face embed.FS

const (
	faceShell = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" ` +
		`content="width=device-width, initial-scale=1">` +
		`<title>Frame.io (simulated)</title><link rel="icon" href="data:,"><link rel="stylesheet" ` +
		`href="/face/face.css"></head><body><sim-frameio></sim-frameio>` +
		`<noscript>This page needs JavaScript. There is a <a href="/plain">plain one</a> too.</noscript><script ` +
		`type="module" src="/face/face.js"></script></body></html>`
	facePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; " +
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// faceUpload bounds what a browser can upload; it is kept in memory.
	faceUpload = 256 << 20
)

// mountFace serves the pages that people see, and what these ask for. They are
// not Frame.io's: they show what a person there can do that concerns a
// connector, and say that they are a simulation.
func (s *Server) mountFace(mux *http.ServeMux) {
	files, err := fs.Sub(face, "face/dist")
	if err != nil {
		panic(err) // the folder is embedded
	}

	mux.Handle("GET /face/", http.StripPrefix("/face/", http.FileServerFS(files)))
	mux.HandleFunc("GET /{$}", s.faceOrPlain)
	mux.HandleFunc("GET /projects/{rest...}", s.faceOrPlain)
	mux.HandleFunc("GET /project/{project}/view/{id}", s.faceOrPlain)
	for where, do := range map[string]func(*http.Request) (any, error){
		"GET /_sim/face": func(*http.Request) (any, error) { return s.faceWorld(), nil },
		"GET /_sim/face/folders/{id}": func(r *http.Request) (any, error) {
			return s.faceFolder(r.PathValue("id")), nil
		},
		"GET /_sim/face/assets/{id}": func(r *http.Request) (any, error) {
			return s.faceAsset(r.PathValue("id")), nil
		},
		"POST /_sim/face/files":         s.faceUpload,
		"POST /_sim/face/comments/{id}": s.faceComplete,
	} {
		mux.HandleFunc(where, func(w http.ResponseWriter, r *http.Request) { serveAdmin(w, r, do) })
	}
}

func (s *Server) faceOrPlain(w http.ResponseWriter, r *http.Request) {
	if _, err := face.Open("face/dist/face.js"); err != nil {
		s.treePage(w, nil)
		return
	}

	h := w.Header()
	h.Set("Content-Security-Policy", facePolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, faceShell) // the browser may be gone
}

// faceUpload takes a whole file: POST /_sim/face/files?folder=&name=&person=[&stack=].
// With stack it becomes the newest version of that file or stack.
func (s *Server) faceUpload(r *http.Request) (any, error) {
	q := r.URL.Query()
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, faceUpload))
	if err != nil {
		return nil, err
	}

	fps, _ := strconv.ParseFloat(q.Get("fps"), 64) // unknown is 0
	duration, _ := strconv.ParseFloat(q.Get("duration"), 64)
	id := s.AddFile(q.Get("folder"), q.Get("name"), Bytes(body), WithCreator(q.Get("person")),
		WithMedia(Media{FPS: fps, Duration: duration}))
	if onto := q.Get("stack"); onto != "" {
		s.putOn(onto, id)
	}

	return object{"id": id}, nil
}

// putOn makes a file the newest version of a file or stack.
func (s *Server) putOn(asset, file string) {
	s.mu.RLock()
	isStack := s.mustNode(asset).kind == kindStack
	s.mu.RUnlock()
	if isStack {
		s.AddToStack(asset, file)
		return
	}
	s.Stack(asset, file)
}

func (s *Server) faceComplete(r *http.Request) (any, error) {
	s.CompleteComment(r.PathValue("id"), strings.EqualFold(r.URL.Query().Get("completed"), "true"))
	return object{}, nil
}
