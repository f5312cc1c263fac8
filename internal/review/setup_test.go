package review

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/tables"
)

// world is a document in Nuxeo that gets the comments of a file. Josh brings
// them; what people add in Nuxeo is julia's.
type world struct {
	*testing.T
	sim      *nuxeosim.Server
	julia    *nuxeo.Client
	writes   int
	left     int
	doc      string
	target   Target
	importer *Importer
}

func setup(t *testing.T, opts ...nuxeosim.Options) *world {
	t.Helper()
	var opt nuxeosim.Options
	for _, o := range opts {
		opt = o
	}

	sim, err := nuxeosim.New(opt)
	if err != nil {
		t.Fatal(err)
	}

	srv := httptest.NewServer(sim)
	t.Cleanup(func() { srv.Close(); _ = sim.Close() })
	sim.SetURL(srv.URL + "/nuxeo")
	db, err := store.Open(t.Context(), tables.Address(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })
	// Without kept connections nothing is sent twice behind the client's back.
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	nx, err := nuxeo.New(srv.URL+"/nuxeo", hc, nuxeo.Basic("josh", "josh"))
	if err != nil {
		t.Fatal(err)
	}

	w := &world{T: t, sim: sim, julia: nx.As(nuxeo.Basic("julia", "julia"))}
	sim.MkDoc("/default-domain/workspaces/film", "Workspace", nil)
	sim.SetACL("/default-domain/workspaces/film", "members", "ReadWrite", true)
	w.doc = sim.MkDoc("/default-domain/workspaces/film/f.mov", "File", map[string]any{"dc:title": "f.mov"})
	w.target = Target{LinkID: w.link(db), DocumentUID: w.doc, FileID: "file-1", FrameRate: 25}
	w.importer = &Importer{
		DB:      db,
		Nuxeo:   nx,
		Now:     time.Now,
		Writer:  "josh",
		Changed: func() { w.writes++ },
		Skipped: func() { w.left++ },
		Key:     func(act ...string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(act, " ")))) },
	}

	return w
}

func (w *world) link(db *store.DB) string {
	w.Helper()
	var l link.Link
	err := db.Tx(w.Context(), func(tx *sql.Tx) (err error) {
		l, err = link.Acquire(w.Context(), tx, time.Now(), "folder",
			link.Asset{Account: "a", Key: "file-1", Files: []string{"file-1"}}, "item")
		return err
	})
	if err != nil {
		w.Fatal(err)
	}

	return l.ID
}

func (w *world) run(comments ...frameio.Comment) error {
	return w.importer.Import(w.Context(), w.target, listed(comments...))
}

// listed is a listing of comments that goes well.
func listed(comments ...frameio.Comment) iter.Seq2[frameio.Comment, error] {
	return func(yield func(frameio.Comment, error) bool) {
		for _, c := range comments {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (w *world) must(comments ...frameio.Comment) {
	w.Helper()
	if err := w.run(comments...); err != nil {
		w.Fatal(err)
	}
}

var olga = frameio.User{ID: "u1", Name: "Olga Owner"}

func comment(id, text string, replies ...frameio.Comment) frameio.Comment {
	raw, _ := json.Marshal(map[string]string{"id": id, "text": text}) // strings always encode
	return frameio.Comment{ID: id, FileID: "file-1", Text: text, Owner: olga, Replies: replies, Raw: raw}
}

func drawn(c frameio.Comment) frameio.Comment {
	c.Annotation = `[{"tool":"line","x":0.5}]`
	return c
}

// shown is a comment in Nuxeo as "kind name: text", with its replies indented.
// Comments are named by their id on Frame.io, or by who wrote them.
func (w *world) shown() string {
	w.Helper()
	all := w.sim.Comments(w.doc)
	var lines []string
	var below func(parent, indent string)
	below = func(parent, indent string) {
		for _, c := range all {
			if c.ParentID != parent {
				continue
			}

			kind, name := "comment",
				strings.TrimSuffix(strings.TrimPrefix(c.EntityID, "frameio:comment:"), drawingSuffix)
			if c.Annotation {
				kind = "drawing"
			}

			if c.Origin != Origin {
				name = c.Author
			}

			_, text, _ := strings.Cut("\n"+w.read(c), "\n")
			if c.Origin == Origin && text != removedText {
				_, text, _ = strings.Cut(text, "\n")
			}

			lines = append(lines, indent+kind+" "+name+": "+text)
			below(c.ID, indent+"  ")
		}
	}

	below(w.doc, "")
	return strings.Join(lines, "\n")
}

// read is what a browser shows of a comment in Nuxeo, which may hold nothing but text.
func (w *world) read(c nuxeosim.CommentView) string {
	w.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(c.Text), &html.Node{
		Type: html.ElementNode, Data: "div",
		DataAtom: atom.Div,
	})
	if err != nil {
		w.Fatal(err)
	}

	var text strings.Builder
	for _, n := range nodes {
		switch n.Type {
		case html.TextNode:
			text.WriteString(n.Data)
		case html.CommentNode: // the sanitizer parts braces with empty ones
		default:
			w.Errorf("the comment %.80q is shown with the element <%s>, want text only", c.Text, n.Data)
		}
	}

	return text.String()
}

func (w *world) wants(lines ...string) {
	w.Helper()
	got := strings.Split(w.shown(), "\n")
	slices.Sort(got)
	want := slices.Clone(lines)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.Fatalf("Nuxeo shows\n%s\nwant\n%s", w.shown(), strings.Join(lines, "\n"))
	}
}

// calls counts the requests that fn makes.
func (w *world) calls(fn func()) int {
	before := len(w.sim.Requests())
	fn()
	return len(w.sim.Requests()) - before
}

// of finds a comment in Nuxeo by its id on Frame.io.
func (w *world) of(id string) nuxeosim.CommentView {
	w.Helper()
	for _, c := range w.sim.Comments(w.doc) {
		if c.EntityID == EntityID(id) || c.EntityID == EntityID(id)+drawingSuffix {
			return c
		}
	}
	w.Fatalf("%s is not in Nuxeo:\n%s", id, w.shown())
	return nuxeosim.CommentView{}
}

// entity is what is kept with a comment in Nuxeo.
func (w *world) entity(id string) (e entity) {
	w.Helper()
	if err := json.Unmarshal([]byte(w.of(id).Entity), &e); err != nil {
		w.Fatal(err)
	}
	return e
}

// reply is a person's answer in Nuxeo.
func (w *world) reply(on, text string) {
	w.Helper()
	if _, err := w.julia.CreateComment(w.Context(), on, nuxeo.Comment{Text: text}, ""); err != nil {
		w.Fatal(err)
	}
}

var errKilled = errors.New("killed")
