// Package frameio knows what the connector assumes of Frame.io's API V4: the cases, and
// the scene that they are tried in.
//
// Everything happens in one folder of a project that is named to it, and with webhooks
// and custom actions of the project's workspace whose names begin with the same random
// word. They lead to an address that nobody has.
package frameio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/conformance"
)

// Case is an assumption about Frame.io. Admin is set for what needs the right to manage
// the workspace.
type Case = conformance.Case[*Scene]

// Cases are all of them.
func Cases() []Case {
	var all []Case
	for _, list := range [][]Case{
		peopleCases, treeCases, pageCases, uploadCases, fileCases, stackCases, commentCases,
		fieldCases, hookCases, errorCases,
	} {
		all = append(all, list...)
	}
	return all
}

// Suffix ends the names of the folders that cases are tried in.
const Suffix = "-nuxeo-conformance"

// nowhere is the address of webhooks and actions.
const nowhere = "https://conformance.invalid/"

// Setup says where and in whose name the cases are tried.
type Setup struct {
	// URL is https://api.frame.io for the real service.
	URL string
	// Token is the access token of whoever tries them.
	Token string
	// Account and ProjectID are where the folder is made.
	Account, ProjectID string
	// Prefix begins every name.
	Prefix string
	// Source is an address that Frame.io can fetch a small file from, whose content is
	// SourceText; without it what needs it is not tried.
	Source, SourceText string
	// Manages says that who tries it may manage the workspace.
	Manages bool
	// HTTP is the client to use; nil is a plain one.
	HTTP *http.Client
}

// World is a project that has been prepared.
type World struct {
	Setup
	*v4.Client
	project frameio.Project
	home    frameio.Folder
	count   int
}

// Plan tells what Prepare and the cases will make.
func (s Setup) Plan() []string {
	return []string{
		"folder " + s.Prefix + Suffix + " in project " + s.ProjectID +
			", with files, folders, stacks and comments in it",
		"webhooks and custom actions whose names begin with " + s.Prefix + ", which lead to " + nowhere,
	}
}

func (s Setup) http() *http.Client {
	next := s.HTTP
	if next == nil {
		next = &http.Client{}
	}
	return &http.Client{Transport: patient{next}, Timeout: 2 * time.Minute}
}

// patient waits where a budget is used up.
type patient struct{ next *http.Client }

// RoundTrip sends a request until it is not refused for its budget any more.
func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 30*time.Second) {
		resp, err := p.transport().RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusTooManyRequests || r.Body != nil && r.GetBody == nil {
			return resp, err
		}

		_ = resp.Body.Close() // it says no more than the status
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(wait):
		}

		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func (p patient) transport() http.RoundTripper {
	if p.next.Transport != nil {
		return p.next.Transport
	}
	return http.DefaultTransport
}

// Connect makes the client.
func (s Setup) Connect() (*v4.Client, error) {
	return v4.New(s.URL, s.http(), func(context.Context, string) (string, error) { return s.Token, nil })
}

// Prepare makes the folder.
func Prepare(ctx context.Context, s Setup) (*World, error) {
	c, err := s.Connect()
	if err != nil {
		return nil, err
	}

	w := &World{Setup: s, Client: c}
	if w.project, err = c.Project(ctx, s.Account, s.ProjectID); err != nil {
		return nil, err
	}

	w.home, err = c.CreateFolder(ctx, s.Account, w.project.RootFolder, s.Prefix+Suffix)
	return w, err
}

// Left lists what runs have left in the project, by prefix: the id of the folder.
func Left(ctx context.Context, s Setup) (map[string]string, error) {
	c, err := s.Connect()
	if err != nil {
		return nil, err
	}

	p, err := c.Project(ctx, s.Account, s.ProjectID)
	if err != nil {
		return nil, err
	}

	left := map[string]string{}
	for f, err := range c.Folders(ctx, s.Account, p.RootFolder) {
		if err != nil {
			return nil, err
		}
		if prefix, is := strings.CutSuffix(f.Name, Suffix); is {
			left[prefix] = f.ID
		}
	}

	return left, nil
}

// Close removes everything that was made.
func (w *World) Close(ctx context.Context) error { return Remove(ctx, w.Setup, w.Prefix, w.home.ID) }

// Remove removes what a run with a prefix has left, and at last its folder.
func Remove(ctx context.Context, s Setup, prefix, folder string) error {
	c, err := s.Connect()
	if err != nil {
		return err
	}

	w := &World{Setup: s, Client: c}
	p, err := c.Project(ctx, s.Account, s.ProjectID)
	if err != nil {
		return err
	}

	var errs []error
	for h, err := range c.Webhooks(ctx, s.Account, p.WorkspaceID) {
		if err == nil && strings.HasPrefix(h.Name, prefix) {
			err = c.DeleteWebhook(ctx, s.Account, h.ID)
		}
		errs = append(errs, err)
	}

	for a, err := range c.Actions(ctx, s.Account, p.WorkspaceID) {
		if err == nil && strings.HasPrefix(a.Name, prefix) {
			err = c.DeleteAction(ctx, s.Account, a.ID)
		}
		errs = append(errs, err)
	}

	a, err := w.raw(ctx, "DELETE", "folders/"+folder, nil)
	if err == nil && a.Status != http.StatusNoContent && a.Status != http.StatusNotFound {
		err = fmt.Errorf("removing the folder: %d", a.Status)
	}

	return errors.Join(append(errs, err)...)
}

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
	if k.Admin && !w.Manages {
		t.NotTried("it needs the right to manage the workspace")
	}
	w.count++
	return &Scene{Trial: t, World: w, name: fmt.Sprintf("%03d-%s", w.count, k.Name)}
}

// Folder is the folder of the case, which is made when it is first asked for.
func (s *Scene) Folder() string {
	if s.folder == "" {
		s.folder = s.made(s.home.ID, s.name)
	}
	return s.folder
}

// made makes a folder.
func (s *Scene) made(parent, name string) string {
	f, err := s.CreateFolder(s.Context(), s.Account, parent, name)
	s.Must(err)
	return f.ID
}

// answer is what came.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// data is the object in the answer.
func (a *answer) data() map[string]any {
	var m struct {
		Data map[string]any `json:"data"`
	}
	_ = json.Unmarshal([]byte(a.Body), &m) // another kind of body is none
	return m.Data
}

// Raw sends a request below the account; the body goes as data.
func (s *Scene) Raw(method, path string, body any) *answer {
	a, err := s.raw(s.Context(), method, path, body)
	s.Must(err)
	return a
}

func (w *World) raw(ctx context.Context, method, path string, body any) (*answer, error) {
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(map[string]any{"data": body})
		if err != nil {
			return nil, err
		}
		reader = strings.NewReader(string(b))
	}

	r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(w.URL, "/")+"/v4/accounts/"+w.Account+
		"/"+path, reader)
	if err != nil {
		return nil, err
	}

	r.Header.Set("Authorization", "Bearer "+w.Token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}

	return w.sent(r)
}

const maxAnswer = 16 << 20

func (w *World) sent(r *http.Request) (*answer, error) {
	resp, err := w.http().Do(r)
	if err != nil {
		return nil, errors.New("no answer") // the address may be a secret
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return &answer{Status: resp.StatusCode, Header: resp.Header, Body: string(b)}, err
}

// plain asks an address without credentials.
func (s *Scene) plain(method, address, span string) *answer {
	r, err := http.NewRequestWithContext(s.Context(), method, address, nil)
	if err != nil {
		s.Stop("the address is none")
	}

	if span != "" {
		r.Header.Set("Range", span)
	}

	a, err := s.sent(r)
	s.Must(err)
	return a
}

// status notes when an error does not have the status, 0 for none.
func (s *Scene) status(what string, err error, want int) {
	if got := v4.StatusOf(err); got != want || want == 0 && err != nil {
		s.Differ("%s: %v, want status %d", what, err, want)
	}
}

// created makes a file of which nothing has arrived.
func (s *Scene) created(folder, name string, size int64) frameio.Upload {
	up, err := s.CreateUpload(s.Context(), s.Account, folder, name, size)
	s.Must(err)
	return up
}

// filled uploads a file and waits until it is whole.
func (s *Scene) filled(folder, name, text string) frameio.Upload {
	up := s.created(folder, name, int64(len(text)))
	rest := text
	for _, p := range up.Parts {
		s.Must(v4.PutPart(s.Context(), s.http(), p, up.MediaType, strings.NewReader(rest[:p.Size])))
		rest = rest[p.Size:]
	}

	if !s.Soon(func() bool {
		st, err := s.UploadStatus(s.Context(), s.Account, up.ID)
		s.Must(err)
		return st.Complete
	}) {
		s.Stop("the upload of %s does not become complete", name)
	}

	return up
}

// all collects what a listing gives.
func all[T any](s *Scene, seq iter.Seq2[T, error]) []T {
	out := []T{}
	for v, err := range seq {
		s.Must(err)
		out = append(out, v)
	}
	return out
}

// names of what a listing gives.
func names[T any](list []T, name func(T) string) []string {
	out := []string{}
	for _, v := range list {
		out = append(out, name(v))
	}
	return out
}

func fileName(f frameio.File) string { return f.Name }
