package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Real is a real Nuxeo that has the connector's package, in which the story is played:
// a rehearsal on a staging server.
type Real struct {
	URL             string
	Login, Password string // of an administrator
}

// scratchMark begins the names of all that the story makes in a real Nuxeo.
const scratchMark = "nxf-demo-"

// workspaces is where it makes its own.
const workspaces = "/default-domain/workspaces"

// Scratch is what the story makes in a real Nuxeo: a workspace with all that is in it,
// two people, and their login tokens.
type Scratch struct {
	Workspace string // its path
	People    []string
}

// Plan is a scratch with names that nothing has yet.
func Plan() Scratch {
	prefix := scratchMark + strings.ToLower(rand.Text()[:6])
	return Scratch{Workspace: workspaces + "/" + prefix, People: []string{prefix + "-josh", prefix + "-julia"}}
}

// client is Nuxeo as the administrator.
func (r Real) client() (*nuxeo.Client, error) {
	return nuxeo.New(r.URL, &http.Client{Timeout: 5 * time.Minute}, nuxeo.Basic(r.Login, r.Password))
}

// Check says why the story cannot be played there; nil: it can.
func (r Real) Check(ctx context.Context) error {
	nx, err := r.client()
	if err != nil {
		return fault.Field("nuxeo", "Give a full one, like https://nuxeo.example.com/nuxeo.",
			"%q is not an address of a Nuxeo.", r.URL)
	}

	// The story makes users, and needs the connector's package.
	me, err := nx.Me(ctx)
	if err != nil {
		return err
	}

	if !me.Administrator {
		return fault.New(fault.Forbidden, "%s is not an administrator of %s.", r.Login, r.URL).
			With("The story makes two people: sign in as an administrator.")
	}

	there, err := nx.HasFacet(ctx, "FrameioAsset")
	if err == nil && !there {
		err = fault.New(fault.NotFound, "%s does not have the connector's package.", r.URL).
			With("Install it: `nuxeo-frameio package -o .`, then `nuxeoctl mp-install`.")
	}

	return err
}

// Make makes the people and the workspace, in which they may write.
func (r Real) Make(ctx context.Context, s Scratch, password string) error {
	nx, err := r.client()
	if err != nil {
		return err
	}

	for _, login := range s.People {
		name := login[strings.LastIndex(login, "-")+1:]
		user := map[string]any{"entity-type": "user", "id": login, "properties": map[string]any{
			"username": login, "firstName": name, "lastName": "Demo", "email": login + "@example.invalid",
			"password": password, "groups": []string{"members"},
		}}
		if err := nx.Do(ctx, http.MethodPost, "api/v1/user", user, nil); err != nil {
			return fmt.Errorf("making the person %s: %w", login, err)
		}
	}

	above, err := nx.GetByPath(ctx, workspaces, nuxeo.Fetch{})
	if err != nil {
		return fmt.Errorf("looking for %s: %w", workspaces, err)
	}

	name := s.Workspace[strings.LastIndex(s.Workspace, "/")+1:]
	doc, err := nx.Create(ctx, above.UID, nuxeo.NewDocument{
		Name:       name,
		Type:       "Workspace",
		Properties: map[string]any{"dc:title": name},
	}, nuxeo.WriteOptions{})
	if err != nil {
		return fmt.Errorf("making the workspace %s: %w", s.Workspace, err)
	}

	for _, login := range s.People {
		params := map[string]any{"users": []string{login}, "permission": "ReadWrite"}
		if err := nx.Operation(ctx, "Document.AddPermission", "doc:"+doc.UID, params, nil, nuxeo.WriteOptions{},
			nil); err != nil {
			return fmt.Errorf("letting %s write in %s: %w", login, s.Workspace, err)
		}
	}

	return nil
}

// Left finds what stories that were broken off have left.
func (r Real) Left(ctx context.Context) (all []Scratch, err error) {
	nx, err := r.client()
	if err != nil {
		return nil, err
	}

	var users struct {
		Entries []struct {
			ID string `json:"id"`
		} `json:"entries"`
	}

	if err := nx.Do(ctx, http.MethodGet, "api/v1/user/search?q="+scratchMark+"&pageSize=1000", nil,
		&users); err != nil {
		return nil, fmt.Errorf("looking for people: %w", err)
	}

	// A workspace and its people share a mark in their names.
	byName := map[string]*Scratch{}
	of := func(name string) *Scratch {
		if byName[name] == nil {
			byName[name] = &Scratch{}
		}
		return byName[name]
	}

	for _, u := range users.Entries {
		if strings.HasPrefix(u.ID, scratchMark) {
			s := of(u.ID[:strings.LastIndex(u.ID, "-")]) // the mark has one
			s.People = append(s.People, u.ID)
		}
	}

	where := "ecm:path STARTSWITH " + nuxeo.Quote(workspaces) +
		" AND ecm:primaryType = 'Workspace' AND ecm:isVersion = 0 AND ecm:name LIKE " + nuxeo.Quote(scratchMark+"%")
	for d, err := range nx.Query(ctx, where, "", nuxeo.Fetch{}) {
		if err != nil {
			return nil, fmt.Errorf("looking for workspaces: %w", err)
		}
		of(d.Path[strings.LastIndex(d.Path, "/")+1:]).Workspace = d.Path
	}

	for _, s := range byName {
		all = append(all, *s)
	}

	return all, nil
}

// Remove removes a scratch for good. What is gone already is no failure.
func (r Real) Remove(ctx context.Context, s Scratch) error {
	nx, err := r.client()
	if err != nil {
		return err
	}

	var errs []error
	if s.Workspace != "" {
		doc, err := nx.GetByPath(ctx, s.Workspace, nuxeo.Fetch{})
		if err == nil {
			err = nx.Delete(ctx, doc.UID)
		}
		if err != nil && !nuxeo.NotFound(err) {
			errs = append(errs, fmt.Errorf("removing %s: %w", s.Workspace, err))
		}
	}

	for _, login := range s.People {
		if err := nx.Do(ctx, http.MethodDelete, "api/v1/user/"+login, nil, nil); err != nil && !nuxeo.NotFound(err) {
			errs = append(errs, fmt.Errorf("removing the person %s: %w", login, err))
		}
	}

	return errors.Join(errs...)
}
