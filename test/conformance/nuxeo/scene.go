// Package nuxeo knows what the connector assumes of a Nuxeo server with its package: the
// cases, and the scene that they are tried in.
//
// Everything happens in one folder of its own, with people and a client of its own when
// an administrator tries it. Their names begin with a random word, so that nothing which
// was there is touched; the folder is made first and removed last, so that it tells what
// an aborted run has left.
package nuxeo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/conformance"
)

// Case is an assumption about Nuxeo.
type Case = conformance.Case[*Scene]

// Cases are all of them.
func Cases() []Case {
	var all []Case
	for _, list := range [][]Case{
		aboutCases, peopleCases, signInCases, oauthCases, originCases, documentCases, nameCases, tokenCases,
		facetCases, versionCases, valueCases,
		policyCases, lockCases, rightsCases, uploadCases, attachCases, blobCases, keyCases, commentCases,
		remarkCases, textCases,
		queryCases, searchCases, trashCases, moveCases, errorCases, mailCases, packageCases, raceCases,
		importCases, asyncCases, lifeCycleCases, fetchCases, accountCases, providerCases, shownCases, homeCases,
	} {
		all = append(all, list...)
	}

	return all
}

// Probes are the cases for who runs the connector: they touch nothing but the folder that
// they are tried in, and say what helps.
func Probes() []Case {
	return slices.DeleteFunc(Cases(), func(k Case) bool { return k.Helps == "" })
}

// Suffix ends the names of the folders that cases are tried in.
const Suffix = "-frameio-conformance"

// Setup says on which server and in whose name the cases are tried.
type Setup struct {
	// URL is the server's address with the context path.
	URL string
	// Login and Password are of whoever tries them.
	Login, Password string
	// Parent is where the folder is made; empty: /default-domain/workspaces.
	Parent string
	// Alone makes nobody, and leaves out what needs others than who tries the cases.
	Alone bool
	// Prefix begins every name.
	Prefix string
	// JWTSecret is the server's nuxeo.jwt.secret; without it what needs it is not tried.
	JWTSecret string
	// HTTP is the client to use; nil is a plain one.
	HTTP *http.Client
	// Patience is how long to wait for what the server does later; 0: a minute.
	Patience time.Duration
}

// World is a server that has been prepared.
type World struct {
	Setup
	me      nuxeo.User
	self    *Person
	home    *nuxeo.Document
	version nuxeo.Server
	count   int
}

// Plan tells what Prepare will make.
func (s Setup) Plan(administrator bool) []string {
	plan := []string{"folder " + s.parent() + "/" + s.Prefix + Suffix + " and documents in it"}
	if administrator {
		for _, login := range s.logins() {
			plan = append(plan, "user "+login+" <"+login+"@example.invalid>")
		}
		plan = append(plan, "OAuth 2 client "+s.Prefix+"-client")
	}
	return append(plan, "login tokens of the application "+s.Prefix)
}

func (s Setup) parent() string {
	if s.Parent == "" {
		return "/default-domain/workspaces"
	}
	return strings.TrimRight(s.Parent, "/")
}

func (s Setup) logins() []string {
	return []string{s.Prefix + "-ann", s.Prefix + "-bob", s.Prefix + "-eve"}
}

// Client is the client of whoever tries the cases.
func (s Setup) Client() (*nuxeo.Client, error) {
	hc := s.HTTP
	if hc == nil {
		hc = &http.Client{Timeout: time.Minute}
	}
	return nuxeo.New(s.URL, hc, nuxeo.Basic(s.Login, s.Password))
}

// Prepare makes the folder and, if whoever tries the cases is an administrator, the
// people: ann and bob who may write in it, and eve who may only read.
func Prepare(ctx context.Context, s Setup) (*World, error) {
	c, err := s.Client()
	if err != nil {
		return nil, err
	}

	w := &World{Setup: s, self: person(c, s.Login, s.Password)}
	if w.me, err = c.Me(ctx); err != nil {
		return nil, err
	}

	if w.version, err = c.About(ctx); err != nil && !nuxeo.NotFound(err) {
		return nil, err
	}

	parent, err := c.GetByPath(ctx, s.parent(), nuxeo.Fetch{})
	if err != nil {
		return nil, err
	}

	folder := nuxeo.NewDocument{
		Name:       s.Prefix + Suffix,
		Type:       "Folder",
		Properties: map[string]any{"dc:title": s.Prefix + Suffix},
	}

	if w.home, err = c.Create(ctx, parent.UID, folder, nuxeo.WriteOptions{}); err != nil {
		return nil, err
	}

	if w.Administrator() {
		err = w.invite(ctx)
	}

	return w, err
}

func person(c *nuxeo.Client, login, password string) *Person {
	auth := nuxeo.Basic(login, password)
	return &Person{Client: c.As(auth), Login: login, Password: password, auth: auth}
}

// invite makes the people and gives them their rights.
func (w *World) invite(ctx context.Context) error {
	for i, login := range w.logins() {
		body := map[string]any{"entity-type": "user", "id": login, "properties": map[string]any{
			"username": login, "password": w.password(login), "firstName": []string{"Ann", "Bob", "Eve"}[i],
			"lastName": "Case",
			"email":    login + "@example.invalid", "groups": []string{"members"},
		}}

		a, err := w.raw(ctx, w.self, request{method: "POST", path: "api/v1/user", json: body})
		if err != nil {
			return err
		}

		if a.Status != http.StatusCreated {
			return fmt.Errorf("making user %s: %d %s", login, a.Status, a.Body)
		}
	}

	for login, permission := range map[string]string{
		w.logins()[0]: "ReadWrite",
		w.logins()[1]: "ReadWrite",
		w.logins()[2]: "Read",
	} {
		params := map[string]any{"users": []string{login}, "permission": permission}
		if err := w.self.Operation(ctx, "Document.AddPermission", "doc:"+w.home.UID, params, nil, nuxeo.WriteOptions{},
			nil); err != nil {
			return err
		}
	}

	return nil
}

// password is nobody's secret: the people can only reach the folder, and soon are gone.
func (w *World) password(login string) string { return login + "-Pw1!" }

// Close removes everything that was made.
func (w *World) Close(ctx context.Context) error { return Remove(ctx, w.Setup, w.Prefix, w.home.UID) }

// Remove removes what a run with a prefix has left: the people, the client, and at last
// the folder.
func Remove(ctx context.Context, s Setup, prefix, folder string) error {
	c, err := s.Client()
	if err != nil {
		return err
	}

	w := &World{Setup: Setup{Prefix: prefix}, self: person(c, s.Login, s.Password)}
	paths := []string{"api/v1/oauth2/client/" + prefix + "-client"}
	for _, login := range w.logins() {
		paths = append(paths, homePath(login), "api/v1/user/"+login)
	}

	var errs []error
	for _, path := range paths {
		a, err := w.raw(ctx, w.self, request{method: "DELETE", path: path})
		if err == nil && a.Status >= 500 {
			err = fmt.Errorf("DELETE %s: %d", path, a.Status)
		}
		errs = append(errs, err)
	}

	if errors.Join(errs...) != nil {
		return errors.Join(errs...)
	}

	return c.Delete(ctx, folder)
}

// homePath is where somebody's workspace is, which Nuxeo makes for what they keep.
func homePath(login string) string { return "api/v1/path/default-domain/UserWorkspaces/" + login }

// Left lists the folders that runs have left, by their prefix.
func Left(ctx context.Context, c *nuxeo.Client) (map[string]string, error) {
	left := map[string]string{}
	for d, err := range c.Query(ctx, "ecm:primaryType = 'Folder' AND dc:title LIKE '%"+Suffix+"' AND ecm:isVersion = 0",
		"", nuxeo.Fetch{}) {
		if err != nil {
			return nil, err
		}
		if prefix, is := strings.CutSuffix(d.Title, Suffix); is {
			left[prefix] = d.UID
		}
	}

	return left, nil
}

// Administrator reports whether an administrator tries the cases, who makes others.
func (w *World) Administrator() bool { return w.me.Administrator && !w.Alone }

// Version is that of the server.
func (w *World) Version() nuxeo.Server { return w.version }

// Run tries cases; told hears of each.
func (w *World) Run(ctx context.Context, cases []Case, told func(conformance.Result)) []conformance.Result {
	return conformance.Run(ctx, cases, w.scene, told)
}

// Scene is what a case is tried in.
type Scene struct {
	*conformance.Trial
	*World
	folder, name string
}

func (w *World) scene(t *conformance.Trial, k Case) *Scene {
	if k.Admin && !w.Administrator() {
		t.NotTried("it needs an administrator")
	}
	w.count++
	t.Patience = w.Patience
	return &Scene{Trial: t, World: w, name: fmt.Sprintf("%03d-%s", w.count, k.Name)}
}

// Person is somebody with a client in their name.
type Person struct {
	*nuxeo.Client
	Login, Password string
	auth            nuxeo.Auth
}

// as is a person with another way to sign in.
func (p *Person) as(auth nuxeo.Auth) *Person {
	q := *p
	q.Client, q.auth = p.As(auth), auth
	return &q
}

// Admin is an administrator.
func (s *Scene) Admin() *Person { s.needPeople(); return s.self }

// Writer is somebody who may write in the folder: ann, or whoever tries the cases.
func (s *Scene) Writer() *Person {
	if s.Administrator() {
		return s.Ann()
	}
	return s.self
}

// Ann may write.
func (s *Scene) Ann() *Person { return s.person(0) }

// Bob may write, too.
func (s *Scene) Bob() *Person { return s.person(1) }

// Eve may only read.
func (s *Scene) Eve() *Person { return s.person(2) }

// Nobody is without credentials.
func (s *Scene) Nobody() *Person { return s.self.as(nil) }

func (s *Scene) person(i int) *Person {
	s.needPeople()
	login := s.logins()[i]
	return s.signedIn(login, s.password(login))
}

// signedIn is somebody by login and password.
func (s *Scene) signedIn(login, password string) *Person {
	p := s.self.as(nuxeo.Basic(login, password))
	p.Login, p.Password = login, password
	return p
}

func (s *Scene) needPeople() {
	if !s.Administrator() {
		s.NotTried("it needs an administrator")
	}
}

// request is one that the client does not send by itself.
type request struct {
	method, path string // below the context path
	query        url.Values
	header       map[string]string
	json         any
	body         string
	follow       bool // redirects
}

// Answer is what came.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// JSON is the body as an object.
func (a *Answer) JSON() map[string]any {
	var m map[string]any
	_ = json.Unmarshal([]byte(a.Body), &m) // another kind of body is none
	return m
}

// HTML reports whether the body is a page.
func (a *Answer) HTML() bool { return strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") }

// Raw sends a request in the name of a client's credential; nothing but a broken
// connection is an error.
func (s *Scene) Raw(p *Person, q request) *Answer {
	a, err := s.raw(s.Context(), p, q)
	s.Must(err)
	return a
}

const maxAnswer = 16 << 20

func (w *World) raw(ctx context.Context, p *Person, q request) (*Answer, error) {
	if q.json != nil {
		b, err := json.Marshal(q.json)
		if err != nil {
			return nil, err
		}
		q.body = string(b)
	}

	address := p.URL(q.path)
	if q.query != nil {
		address += "?" + q.query.Encode()
	}

	r, err := http.NewRequestWithContext(ctx, q.method, address, strings.NewReader(q.body))
	if err != nil {
		return nil, err
	}

	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}

	for name, value := range q.header {
		r.Header.Set(name, value)
	}

	if p.auth != nil {
		if err := p.auth.Apply(r); err != nil {
			return nil, err
		}
	}

	hc := *p.HTTP()
	if !q.follow {
		hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}

	resp, err := hc.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(b)}, err
}
