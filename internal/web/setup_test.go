// Package web_test looks at the connector's face over real HTTP: the REST interface
// against its own description, who may do what, streams, pages, the receiver of
// custom actions, and that no secret is seen from outside.
package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// face is a connector that is looked at from outside.
type face struct {
	*testenv.Bed
	client *http.Client // checks what it carries against the description
}

func open(t *testing.T, opts ...testenv.Option) *face {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &face{Bed: testenv.New(t, opts...), client: &http.Client{
		Transport: described{t, transport}, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// as is the client with a session.
func (f *face) as(session string) *api.Client {
	f.T.Helper()
	return api.NewClient(f.Config.PublicURL+"/api/v1", f.client, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+session)
	})
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// request is a raw call; empty fields are left out.
type request struct {
	method, path, session, cookie, body string
	header                              http.Header
}

func (f *face) send(q request) answer {
	f.T.Helper()
	ctx, cancel := context.WithTimeout(f.T.Context(), 20*time.Second) // should it be a stream
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, q.method, f.Config.PublicURL+q.path, strings.NewReader(q.body))
	if err != nil {
		f.T.Fatal(err)
	}

	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}

	for name, values := range q.header {
		r.Header[name] = values
	}

	if q.session != "" {
		r.Header.Set("Authorization", "Bearer "+q.session)
	}

	if q.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "nxf_session", Value: q.cookie})
	}

	resp, err := f.client.Do(r)
	if err != nil {
		f.T.Fatalf("asking %s %s: %v", q.method, q.path, err)
	}
	defer resp.Body.Close()
	return answer{status: resp.StatusCode, header: resp.Header, body: read(f.T, resp)}
}

// shown is a value as messages tell it: what its pointers lead to, not where.
func shown(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return string(b)
}

func read(t testing.TB, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("reading %s: %v", resp.Request.URL, err)
	}
	return string(body)
}

func (f *face) get(path, session string) answer {
	f.T.Helper()
	return f.send(request{method: http.MethodGet, path: path, session: session})
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_.-]{6,64}$`)

// problem reads problem details and checks their form.
func (a answer) problem(t testing.TB) api.Problem {
	t.Helper()
	var p api.Problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil ||
		a.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("answered with %d %s %s, want problem details", a.status, a.header.Get("Content-Type"), a.body)
	}

	id := a.header.Get("X-Correlation-Id")
	if p.Status != a.status || p.Title == "" || p.Code == "" || p.Correlation == nil || *p.Correlation != id ||
		!plain.MatchString(id) {
		t.Errorf("the problem is %s, with status %d and correlation %q; want both in it, a title and a code", a.body,
			a.status, id)
	}

	return p
}

// refused wants problem details with a status and a code.
func (a answer) refused(t testing.TB, status int, code string) api.Problem {
	t.Helper()
	p := a.problem(t)
	if a.status != status || p.Code != code {
		t.Errorf("answered with %d %s, want %d %s", a.status, a.body, status, code)
	}
	return p
}

// anonymous is what is left of an answer without its correlation id.
func (a answer) anonymous() answer {
	id := a.header.Get("X-Correlation-Id")
	a.header = a.header.Clone()
	a.header.Del("X-Correlation-Id")
	a.header.Del("Date")
	a.body = strings.ReplaceAll(a.body, id, "ID")
	return a
}

func (f *face) file(name string, size int) string {
	return f.Frameio.AddFile(f.Root, name, frameiosim.Bytes(bytes.Repeat([]byte("f"), size)),
		frameiosim.WithCreator(f.Josh))
}

// another is a second folder in Nuxeo, bound by a login.
func (f *face) another(login, name string) binding.Binding {
	f.T.Helper()
	folder := f.Nuxeo.MkDoc("/default-domain/workspaces/videos", "Folder", map[string]any{"dc:title": name})
	f.Nuxeo.SetACL("/default-domain/workspaces/videos", login, "ReadWrite", true)
	made, item, err := f.App.Binding.Bind(f.T.Context(), login, binding.Request{
		Folder: folder, ActionName: name,
		Workspaces: []string{f.Workspace},
	})
	if err != nil {
		f.T.Fatal(err)
	}

	if v := f.Await(item); v.State != work.Done {
		f.T.Fatalf("the bind is %s with %q and the remedy %q, want it done", v.State, v.Message, v.Remedy)
	}

	return made
}

// join brings a login to Frame.io, into the account, and connects it.
func (f *face) join(login string) (session string) {
	f.T.Helper()
	person := f.Frameio.AddPerson(login, login+"@example.org")
	f.Frameio.AddMember(f.Account, person, frameiosim.RoleOwner)
	return f.Connect(login)
}

// fillCloudServices does what an administrator does in Nuxeo's own form.
func (f *face) fillCloudServices(id, secret string) {
	f.T.Helper()
	address := f.Config.Nuxeo.URL + "/api/v1/oauth2/provider/frameio"
	form := map[string]any{"clientId": id, "clientSecret": secret, "isEnabled": true}
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		body, err := json.Marshal(form)
		if err != nil {
			f.T.Fatal(err)
		}

		r, err := http.NewRequestWithContext(f.T.Context(), method, address, bytes.NewReader(body))
		if err != nil {
			f.T.Fatal(err)
		}

		r.SetBasicAuth("Administrator", "Administrator")
		r.Header.Set("Content-Type", "application/json")
		resp, err := f.client.Do(r)
		if err != nil {
			f.T.Fatal(err)
		}

		there := map[string]any{}
		err = json.NewDecoder(resp.Body).Decode(&there)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			f.T.Fatalf("%s %s: %d %v, want 200 and JSON", method, address, resp.StatusCode, err)
		}

		maps.Copy(there, form)
		form = there
	}
}

func ptr[T any](v T) *T { return &v }
