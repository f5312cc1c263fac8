package metrics

import (
	"net/http"
	"strings"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ratelimit"
)

// The systems that are called.
const (
	Nuxeo   = "nuxeo"
	Frameio = "frameio"
	Files   = "files" // where Frame.io keeps the content of files
	// Receivers are where channels are told what happens.
	Receivers = "receivers"
)

// Class tells calls of a system apart by what they are for, without ids and
// names.
func Class(system string, r *http.Request) string {
	path := r.URL.Path
	switch {
	case system == Files:
		return r.Method + " original"
	case system == Receivers: // the path is a secret
		return r.Method + " message"
	case system == Frameio && strings.HasPrefix(path, "/v4/"):
		return ratelimit.Class(r.Method, path)
	case system == Frameio:
		return r.Method + " sign-in"
	}

	// Nuxeo has pages as well, all of one class.
	_, below, api := strings.Cut(path, "/api/v1/")
	if !api {
		return r.Method + " page"
	}

	return r.Method + " " + nuxeoClass(strings.Split(strings.Trim(below, "/"), "/"))
}

// nuxeoClass keeps the first word of a path, the operation, and the adapter.
func nuxeoClass(words []string) string {
	if words[0] == "automation" && len(words) > 1 {
		return words[0] + "/" + words[1]
	}

	for _, w := range words {
		if strings.HasPrefix(w, "@") {
			return words[0] + "/" + w
		}
	}

	return words[0]
}

// maxClasses is more than there are calls in the program.
const maxClasses = 64

// classes are those seen so far. A redirect may lead to any path, so their
// number has an end.
type classes struct {
	mu   sync.Mutex
	seen map[string]map[string]bool
}

func newClasses() *classes { return &classes{seen: map[string]map[string]bool{}} }

func (c *classes) of(system string, r *http.Request) string {
	class := Class(system, r)
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.seen[system]
	if known == nil {
		known = map[string]bool{}
		c.seen[system] = known
	}

	// A metric must not have a label for every path that a caller thinks of.
	if !known[class] && len(known) >= maxClasses {
		return "other"
	}

	known[class] = true
	return class
}
