package nuxeosim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const folder = "/default-domain/workspaces/film"

// fixture is a running server with a workspace.
type fixture struct {
	*testing.T
	sim    *Server
	base   string
	client *http.Client
}

func setup(t *testing.T, change ...func(*Options)) *fixture {
	t.Helper()
	// What a test is not about is left out; nothing happens behind its back.
	opt := Options{BackgroundAfter: -1, Untrue: &Untruths{
		KeysAtOnce: true, CommentsAsWritten: true, AllCharacters: true, CommentPages: true, CommentsStrangers: true,
		MailForAll: true,
	}}

	for _, c := range change {
		c(&opt)
	}

	sim, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}

	ts := httptest.NewServer(sim)
	t.Cleanup(func() {
		ts.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})

	sim.SetURL(ts.URL + "/nuxeo")
	sim.SetACL("/default-domain/workspaces", "members", "ReadWrite", true)
	sim.MkDoc(folder, "Workspace", nil)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &fixture{T: t, sim: sim, base: ts.URL + "/nuxeo", client: client}
}

// reply is an answer with its body read.
type reply struct {
	*fixture
	status int
	header http.Header
	body   []byte
}

// send makes a request; headers are "Name: value".
func (f *fixture) send(user, method, path string, body any, headers ...string) *reply {
	f.Helper()
	req, err := http.NewRequest(method, f.base+path, reader(f.T, body))
	if err != nil {
		f.Fatal(err)
	}

	if user != "" {
		req.SetBasicAuth(user, user)
	}

	req.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}

	resp, err := f.client.Do(req)
	if err != nil {
		f.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		f.Fatal(err)
	}

	return &reply{fixture: f, status: resp.StatusCode, header: resp.Header, body: data}
}

func reader(t *testing.T, body any) io.Reader {
	switch b := body.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(b)
	case []byte:
		return bytes.NewReader(b)
	}

	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}

	return bytes.NewReader(data)
}

// is demands a status.
func (r *reply) is(status int) *reply {
	r.Helper()
	if r.status != status {
		r.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

// json decodes the body.
func (r *reply) json() map[string]any {
	r.Helper()
	var m map[string]any
	if err := json.Unmarshal(r.body, &m); err != nil {
		r.Fatalf("reading JSON: %v: %s", err, r.body)
	}
	return m
}

// at follows keys into the body.
func (r *reply) at(keys ...any) any {
	r.Helper()
	return dig(r.json(), keys...)
}

func dig(v any, keys ...any) any {
	for _, k := range keys {
		switch k := k.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

// want compares a part of the body.
func (r *reply) want(value any, keys ...any) *reply {
	r.Helper()
	got := r.at(keys...)
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(value)
	if !bytes.Equal(a, b) {
		r.Fatalf("%v is %s, want %s in %s", keys, a, b, r.body)
	}
	return r
}

type obj = map[string]any

func doc(typ, name string, props obj) obj {
	return obj{"entity-type": "document", "type": typ, "name": name, "properties": props}
}

func put(props obj) obj { return obj{"entity-type": "document", "properties": props} }

func (f *fixture) doc(ref string) DocView {
	f.Helper()
	d, found := f.sim.Doc(ref)
	if !found {
		f.Fatalf("there is no document %s, want one", ref)
	}
	return d
}

// batch opens an upload.
func (f *fixture) batch(user string) string {
	f.Helper()
	return f.send(user, "POST", "/api/v1/upload/", nil).is(201).at("batchId").(string)
}

// file makes a File with content as a user.
func (f *fixture) file(user, name, content string) string {
	f.Helper()
	b := f.batch(user)
	f.send(user, "POST", "/api/v1/upload/"+b+"/0", content, "X-File-Name: "+name, "X-File-Type: text/plain",
		"Content-Type: application/octet-stream").is(201)
	return f.send(user, "POST", "/api/v1/path"+folder, doc("File", name, obj{
		"dc:title":     name,
		"file:content": obj{"upload-batch": b, "upload-fileId": "0"},
	})).
		is(201).at("uid").(string)
}

func equalInts(t *testing.T, got, want int, what string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %d, want %d", what, got, want)
	}
}
