// Package support gathers what somebody who is asked for help wants to know of an installation, in one archive.
//
// It owns what is in the archive and how that is called. Invariants: nothing in it opens anything: settings come
// masked, no table's content is in it but counts and what items say of their failures, and every file is searched
// for what looks like a secret once more; it holds no comment; what cannot be found out is said to be so, and the
// rest is there all the same; its size is bounded. It changes nothing.
package support

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Setting is a setting as it may be shown.
type Setting struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default string `json:"default"`
}

// Finding is what came of one check of the installation.
type Finding struct{ Name, Mark, Detail, Remedy string }

// Sources are asked when an archive is written.
type Sources struct {
	DB          *store.DB
	Engine      *work.Engine
	Maintenance *maintenance.Service
	Metrics     http.Handler
	// Doctor looks through the installation; nil: nobody does.
	Doctor   func(ctx context.Context, found func(Finding))
	Settings []Setting
	// Secrets are those of the settings, which must not be in it.
	Secrets       []string
	Node, Version string
	Now           func() time.Time
}

// part is a file of the archive.
type part struct {
	name, what string
	find       func(context.Context) ([]byte, error)
}

// parts are the files in the order in which they are written: what the doctor finds comes early, since
// the versions repeat some of it.
func (s *archive) parts() []part {
	return []part{
		{"doctor.txt", "what the doctor finds", s.doctor},
		{"versions.json", "program, database, package in Nuxeo, Go, system", s.versions},
		{"settings.json", "every setting; secrets are hidden", s.settings},
		{"queue.json", "items by kind and state, and how long the oldest waits", s.queue},
		{"failures.json", "items that failed or are tried again, with their history", s.failures},
		{"nodes.json", "the nodes, the chores, and whether there is a pause", s.nodes},
		{"tables.json", "the schema and how many rows each table has", s.tables},
		{"metrics.txt", "the metrics of the node that wrote this", s.metrics},
	}
}

// archive is one that is being written.
type archive struct {
	Sources
	hide  func(string) string
	packs string // what the doctor says of the package in Nuxeo
}

// Write writes the archive. The comment of each file in it says what it is.
func (s Sources) Write(ctx context.Context, w io.Writer) error {
	a := &archive{Sources: s, hide: hiding(s.Secrets)}
	z := zip.NewWriter(w)
	for _, p := range a.parts() {
		content, err := p.find(ctx)
		if err != nil { // the rest is wanted all the more
			f := fault.From(err)
			content = fmt.Appendf(nil, "This could not be found out: %s\n", f.Error())
			p.what += "; it could not be found out"
		}

		if err := a.add(z, p, content); err != nil {
			return err
		}
	}

	return z.Close()
}

func (s *archive) add(z *zip.Writer, p part, content []byte) error {
	to, err := z.CreateHeader(&zip.FileHeader{
		Name: p.name, Comment: p.what, Method: zip.Deflate, Modified: s.Now().UTC(),
	})
	if err == nil {
		_, err = io.WriteString(to, s.hide(string(content)))
	}
	return err
}

func lines(v any, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}
