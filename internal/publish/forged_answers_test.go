package publish_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// impostor answers each creation of a type with a document of somebody else's, as Nuxeo
// does for an idempotency key that somebody has used before.
type impostor struct {
	next http.Handler
	typ  string

	mu   sync.Mutex
	uid  string
	keys []string
}

func (p *impostor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	uid := p.uid
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		p.keys = append(p.keys, key)
	}

	p.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	r.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct {
		Entity string `json:"entity-type"`
		Type   string `json:"type"`
	}

	if r.Method == http.MethodPost && json.Unmarshal(body, &sent) == nil && sent.Entity == "document" &&
		sent.Type == p.typ && uid != "" {
		r.Method, r.URL.Path, r.Body = http.MethodGet, "/nuxeo/api/v1/id/"+uid, http.NoBody
		r.Header.Set("properties", "*")
		r.Header.Del("Idempotency-Key")
	}

	p.next.ServeHTTP(w, r)
}

// A creation that is answered with somebody else's document fails, and nothing goes
// into that one.
func TestAnswerOfAnotherIsNotTaken(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"File", "Folder"} {
		t.Run(typ, func(t *testing.T) {
			t.Parallel()
			p := &impostor{typ: typ}
			b := testenv.New(t, testenv.AroundNuxeo(func(next http.Handler) http.Handler { p.next = next; return p }))
			b.Bind("Publish")
			hers := b.Nuxeo.MkDoc("/default-domain/workspaces/hers", typ, map[string]any{"dc:title": "Hers"})
			p.mu.Lock()
			p.uid = hers
			p.mu.Unlock()

			folder := b.Frameio.AddFolder(b.Root, "Day 1")
			b.Add(folder, "Cut.mov", testenv.Bytes('1', 1000))
			b.Run(b.Josh, folder)
			failed := ""
			for _, v := range b.Settle() {
				if v.State == work.Failed {
					failed = v.Message
				}
			}

			if !strings.Contains(failed, "another document than the one it was asked to make") {
				t.Errorf("the item failed with %q, want that another document came", failed)
			}

			if d, _ := b.Nuxeo.Doc(hers); d.Content != nil || slices.Contains(d.Facets, "FrameioAsset") ||
				len(b.Nuxeo.Children(hers)) > 0 {
				t.Errorf("her document holds %+v with %d children, want nothing of ours", d,
					len(b.Nuxeo.Children(hers)))
			}
		})
	}
}

// Whoever knows every id cannot know a key: it is made of nothing that is shown.
func TestKeysAreMadeOfNothingThatIsShown(t *testing.T) {
	t.Parallel()
	p := &impostor{}
	b := testenv.New(t, testenv.AroundNuxeo(func(next http.Handler) http.Handler { p.next = next; return p }))
	b.Bind("Publish")
	folder := b.Frameio.AddFolder(b.Root, "Day 1")
	file := b.Add(folder, "Cut.mov", testenv.Bytes('1', 1000))
	b.Remark(file, "dark")
	b.Run(b.Josh, folder)
	b.Settle()

	p.mu.Lock()
	defer p.mu.Unlock()
	form := regexp.MustCompile(`^nuxeo-frameio-[0-9a-f]{32}$`)
	for _, key := range p.keys {
		if !form.MatchString(key) {
			t.Errorf("key %q, want %s", key, form)
		}
	}

	if len(p.keys) < 4 {
		t.Errorf("%d keys, want those of a folder, a document, comments and a mail", len(p.keys))
	}
}

// deadKey says of the first key under which a document of a type is made that its request
// is still running, as Nuxeo does for a day when it was killed meanwhile.
type deadKey struct {
	next http.Handler

	mu   sync.Mutex
	dead string
}

func (p *deadKey) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	r.Body = io.NopCloser(bytes.NewReader(body))
	if p.refuses(r.Header.Get("Idempotency-Key"), body) {
		w.WriteHeader(http.StatusConflict)
		return
	}

	p.next.ServeHTTP(w, r)
}

func (p *deadKey) refuses(key string, body []byte) bool {
	if key == "" || !bytes.Contains(body, []byte(`"type":"File"`)) {
		return false
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead == "" {
		p.dead = key
	}

	return key == p.dead
}

// A key that Nuxeo says is in use for ever is given up, once it was seen that nothing came
// of it.
func TestADeadKeyIsGivenUp(t *testing.T) {
	t.Parallel()
	p, clock := &deadKey{}, &testenv.Clock{}
	b := testenv.New(t, testenv.By(clock), testenv.AroundNuxeo(func(next http.Handler) http.Handler {
		p.next = next
		return p
	}))

	b.Bind("Publish")
	b.Run(b.Josh, b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000)))
	b.Until(func(v work.View) bool {
		return v.Kind == "publish" && v.State == work.Waiting && strings.Contains(v.Message, "still making")
	})

	clock.Move(3 * time.Minute)
	b.AllDone()
	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('1', 1000)}})
	if !strings.Contains(b.Histories(), "another key") {
		t.Errorf("the history says %s, want that another key was taken", b.Histories())
	}
}
