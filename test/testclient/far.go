package testclient

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Far is a scratch workspace in a Nuxeo by address that has the package, with a person
// who may write in it.
type Far struct {
	demo.Real
	demo.Scratch
	Person, Password string // of whoever may write
	Folder           string // uid of the workspace
}

// Away makes one; Remove removes it.
func Away(ctx context.Context, at demo.Real) (*Far, error) {
	if err := at.Check(ctx); err != nil {
		return nil, err
	}

	f := &Far{Real: at, Scratch: demo.Plan(), Password: rand.Text()}
	f.Person = f.People[0]
	if err := at.Make(ctx, f.Scratch, f.Password); err != nil {
		return nil, errors.Join(err, f.Remove(ctx))
	}

	nx, err := f.Client()
	if err != nil {
		return nil, err
	}

	doc, err := nx.GetByPath(ctx, f.Workspace, nuxeo.Fetch{})
	if err != nil {
		return nil, errors.Join(err, f.Remove(ctx))
	}

	f.Folder = doc.UID
	return f, nil
}

// Client is Nuxeo as the person.
func (f *Far) Client() (*nuxeo.Client, error) {
	return nuxeo.New(f.URL, &http.Client{Timeout: time.Hour}, nuxeo.Basic(f.Person, f.Password))
}

// Remove removes all of it for good.
func (f *Far) Remove(ctx context.Context) error { return f.Real.Remove(ctx, f.Scratch) }

// Use lets a driver sign in there.
func (f *Far) Use(d *Driver) {
	d.Passwords = map[string]string{f.Login: f.Real.Password, f.Person: f.Password}
	d.Administrator, d.Hint = f.Login, "josh@example.org"
}
