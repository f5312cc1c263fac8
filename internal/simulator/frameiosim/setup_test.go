package frameiosim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// world is a server with one account, a workspace, a project and four people.
type world struct {
	t                                      *testing.T
	sim                                    *Server
	web                                    *httptest.Server
	owner, content, member, stranger       string // person ids
	account, workspace, project, root, acc string // acc: the account's base path
	token                                  string // who calls: the owner at first
}

func setup(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	opt := Options{Seed: 1, ActionBackoff: time.Millisecond, RateFactor: -1}
	for _, f := range change {
		f(&opt)
	}

	sim, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}

	w := &world{t: t, sim: sim, web: httptest.NewServer(sim)}
	sim.SetURL(w.web.URL)
	t.Cleanup(func() {
		w.web.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})

	w.people()
	w.account = sim.AddAccount("Studio", w.owner)
	sim.AddMember(w.account, w.content, RoleContentAdmin)
	sim.AddMember(w.account, w.member, RoleMember)
	w.workspace = sim.AddWorkspace(w.account, "Features")
	w.project, w.root = sim.AddProject(w.workspace, "Film")
	w.acc = "/v4/accounts/" + w.account
	return w
}

func (w *world) people() {
	w.owner = w.sim.AddPerson("Olga Owner", "olga@example.com")
	w.content = w.sim.AddPerson("Carl Content", "carl@example.com")
	w.member = w.sim.AddPerson("Mia Member", "mia@example.com")
	w.stranger = w.sim.AddPerson("Stan Stranger", "stan@example.com")
	w.token = w.sim.AccessToken(w.owner)
}

// as gives the same world seen by another person.
func (w *world) as(person string) *world {
	other := *w
	other.token = w.sim.AccessToken(person)
	return &other
}

type reply struct {
	t      *testing.T
	Status int
	Header http.Header
	Raw    []byte
	JSON   map[string]any
}

// call asks the API; body nil sends none.
func (w *world) call(method, path string, body any) *reply {
	w.t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}

	req, err := http.NewRequest(method, w.web.URL+path, in)
	if err != nil {
		w.t.Fatal(err)
	}

	if w.token != "" {
		req.Header.Set("Authorization", "Bearer "+w.token)
	}

	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}

	return w.do(req)
}

func (w *world) do(req *http.Request) *reply {
	w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}

	r := &reply{t: w.t, Status: resp.StatusCode, Header: resp.Header, Raw: raw}
	if bytes.HasPrefix(raw, []byte("{")) && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(raw, &r.JSON); err != nil {
			w.t.Fatalf("reading the answer to %s %s: %v in %s", req.Method, req.URL, err, raw)
		}
	}

	return r
}

// want fails the test unless the status is as given.
func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("status %d, want %d: %s", r.Status, status, r.Raw)
	}
	return r
}

func (w *world) get(path string) *reply { w.t.Helper(); return w.call("GET", path, nil) }

// data is the object in an answer's data.
func (r *reply) data() map[string]any {
	r.t.Helper()
	d, ok := r.JSON["data"].(map[string]any)
	if !ok {
		r.t.Fatalf("no data object in %s, want one", r.Raw)
	}
	return d
}

func (r *reply) items() (out []map[string]any) {
	r.t.Helper()
	list, ok := r.JSON["data"].([]any)
	if !ok {
		r.t.Fatalf("no data list in %s, want one", r.Raw)
	}

	for _, item := range list {
		out = append(out, item.(map[string]any))
	}

	return out
}

// column picks one key of all items.
func (r *reply) column(key string) string {
	var out []string
	for _, item := range r.items() {
		out = append(out, item[key].(string))
	}
	return strings.Join(out, " ")
}

func (r *reply) detail() string {
	errs, _ := r.JSON["errors"].([]any)
	if len(errs) == 0 {
		return ""
	}
	return errs[0].(map[string]any)["detail"].(string)
}

func wrap(kv ...any) object {
	data := object{}
	for i := 0; i < len(kv); i += 2 {
		data[kv[i].(string)] = kv[i+1]
	}
	return object{"data": data}
}

func ptr[T any](v T) *T { return &v }

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func (c *clock) use(o *Options) { o.Now = c.Now }
