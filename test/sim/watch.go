package sim

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// watch looks at Nuxeo after each write of the connector's: which contents each
// document had, one after the other, and by whom.
type watch struct {
	w    *world
	mu   sync.Mutex
	docs map[string]*history
	// batches are the uploads that the connector has sent bytes into, and so
	// must have recorded.
	batches map[string]bool
	// writes counts what the connector wrote, but for mails.
	writes int
	// damaged says that Nuxeo once held what nobody had sent.
	damaged bool
}

var batchID = regexp.MustCompile(`/upload/(batchId-[^/]+)`)

// history is the contents that a document had, by digest.
type history struct {
	source   string // dc:source when it was made
	contents []held
	gone     bool
}

type held struct {
	digest string
	by     writer
}

// A writer is who gave a document a content.
type writer string

const (
	connector writer = "the connector"
	restoring writer = "the connector, from a version"
	person    writer = "a person"
)

// around is put in front of the simulated Nuxeo.
func (k *watch) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		defer func() {
			if m := batchID.FindStringSubmatch(r.URL.Path); m != nil && r.Method == http.MethodPost {
				k.uploaded(m[1])
			}
			if !isRead(r) {
				k.count(r)
				by := connector
				if strings.HasSuffix(r.URL.Path, "/Document.RestoreVersion") {
					by = restoring
				}
				k.look(by)
			}
		}()
		next.ServeHTTP(out, r)
	})
}

func (k *watch) count(r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/Document.Mail") || strings.HasSuffix(r.URL.Path, "/token") {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writes++
}

func (k *watch) written() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.writes
}

func (k *watch) uploaded(batch string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.batches[batch] = true
}

func (k *watch) damage() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.damaged = true
}

// leftBatches are uploads with content that are still there.
func (k *watch) leftBatches() (left []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range k.w.Nuxeo.BatchIDs() {
		if k.batches[id] {
			left = append(left, id)
		}
	}
	return left
}

// byPerson looks after something that a person did beside the connector.
func (k *watch) byPerson() { k.look(person) }

func (k *watch) look(by writer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.w.Systems == nil || k.w.Folder == "" { // it is being set up
		return
	}

	there := map[string]bool{}
	k.below(k.w.Folder, by, there)
	for uid, h := range k.docs {
		if !there[uid] && !h.gone {
			h.gone = true
			if last := h.contents; len(last) > 0 && last[len(last)-1].by == person && by != person {
				k.w.violate("kept content: document %s was removed with what a person had put there", uid)
			}
		}
	}
}

func (k *watch) below(folder string, by writer, there map[string]bool) {
	for _, d := range k.w.Nuxeo.Children(folder) {
		if d.Type == "Folder" {
			k.below(d.UID, by, there)
			continue
		}
		there[d.UID] = true
		k.seen(d, by)
	}
}

func (k *watch) seen(d nuxeosim.DocView, by writer) {
	h := k.docs[d.UID]
	if h == nil {
		source, _ := d.Properties["dc:source"].(string)
		h = &history{source: source}
		k.docs[d.UID] = h
	}

	digest := ""
	if d.Content != nil {
		digest = d.Content.Digest
	}

	if n := len(h.contents); n > 0 {
		if h.contents[n-1].digest == digest {
			return
		}
		if before := h.contents[n-1].digest; before != "" && by != person && !k.inVersions(d.UID, before) {
			k.w.violate("kept content: %q got another content, and no version holds what it had before", d.Title)
		}
	}

	h.contents = append(h.contents, held{digest, by})
	k.w.trace("%q now holds %.8s, by %s", d.Title, digest, by)
}

func (k *watch) inVersions(uid, digest string) bool {
	return slices.ContainsFunc(k.w.Nuxeo.Versions(uid), func(v nuxeosim.DocView) bool {
		return v.Content != nil && v.Content.Digest == digest
	})
}

// byPerson reports whether a person has put the content there.
func (h *history) byPerson(digest string) bool {
	return slices.Contains(h.contents, held{digest, person})
}

// replacedByPerson reports whether a person has replaced the content.
func (h *history) replacedByPerson(digest string) bool {
	for i := range len(h.contents) - 1 {
		if h.contents[i].digest == digest && h.contents[i+1].by == person {
			return true
		}
	}
	return false
}

// had reports whether it was ever there.
func (h *history) had(digest string) bool {
	return slices.ContainsFunc(h.contents, func(c held) bool { return c.digest == digest })
}

// versions are those that the contents of a document must have left behind: what
// the connector replaces and what it brings.
func (h *history) versions() (out []string) {
	add := func(digest string) {
		if digest != "" && (len(out) == 0 || out[len(out)-1] != digest) {
			out = append(out, digest)
		}
	}

	for i, c := range h.contents {
		if c.by == person {
			continue
		}
		if i > 0 && !slices.Contains(out, h.contents[i-1].digest) {
			add(h.contents[i-1].digest)
		}
		if c.by != restoring { // a version holds it already
			add(c.digest)
		}
	}

	return out
}
