// Package repository gives tests a simulated Nuxeo by itself, over real HTTP, for packages that need nothing else of
// the connector: their programs are smaller, and begin sooner, than those of package testenv.
package repository

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Folder is the path of a workspace, which everybody may read.
const Folder = "/default-domain/workspaces/videos"

// Nobody is a login as whom nobody can act.
const Nobody = "nobody"

// Repository is a Nuxeo.
type Repository struct {
	*nuxeosim.Server
	url    string
	client *http.Client
}

// New starts a Nuxeo, which ends with the test.
func New(t testing.TB) *Repository {
	t.Helper()
	sim, err := nuxeosim.New(nuxeosim.Options{})
	if err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(sim)
	t.Cleanup(func() { server.Close(); _ = sim.Close() })
	sim.SetURL(server.URL + "/nuxeo")
	return &Repository{sim, server.URL + "/nuxeo", server.Client()}
}

// Nuxeo is a client that acts as a person, whose password is the login.
func (r *Repository) Nuxeo(_ context.Context, login string) (*nuxeo.Client, error) {
	if login == Nobody {
		return nil, fault.New(fault.NeedsOwner, "Nobody can act as %s.", login)
	}
	return nuxeo.New(r.url, r.client, nuxeo.Basic(login, login))
}

// Make makes a document with a title in Folder, and returns its uid.
func (r *Repository) Make(title, kind string) string {
	return r.MkDoc(Folder+"/"+title, kind, map[string]any{"dc:title": title})
}
