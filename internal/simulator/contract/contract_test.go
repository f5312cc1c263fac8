package contract

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// document has, in small, every oddity that Load relaxes.
const document = `
openapi: 3.0.0
info: {title: small, version: "4"}
servers: [{url: "https://api.example.com"}]
paths:
  /v4/things:
    get:
      operationId: things.index
      parameters:
        - {name: include, in: query, schema: {type: string, enum: [owner, replies]}}
        - {name: page_size, in: query, schema: {type: integer, maximum: 100}}
      responses:
        "200":
          description: OK
          headers: {x-ratelimit-limit: {required: true, schema: {type: integer}}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
        "404": {description: none, content: {application/json: {schema: {type: object, required: [errors]}}}}
    post:
      operationId: things.create
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string}}}}}}
      responses: {"204": {description: none, content: {"*": {schema: {type: string}}}}}
components:
  schemas:
    TimeStamp: {oneOf: [{type: string, nullable: true}, {type: integer, nullable: true}]}
    Link: {type: object, required: [url], properties: {url: {type: string}}}
    MediaLinksCollection: {type: object, properties: {original: {$ref: "#/components/schemas/Link"}}}
    CommentWithIncludes: {allOf: [{type: object, properties: {owner: {$ref: "#/components/schemas/Link"}}}]}
    Thing:
      additionalProperties: false
      allOf:
        - {type: object, required: [at], properties: {at: {$ref: "#/components/schemas/TimeStamp"}}}
        - {type: object, properties: {links: {$ref: "#/components/schemas/MediaLinksCollection"}, comment: {$ref: "#/components/schemas/CommentWithIncludes"}}}
`

type bench struct {
	t        *testing.T
	contract *Contract
	status   int
	body     string
	mu       sync.Mutex
	reports  []string
	server   *httptest.Server
}

func setup(t *testing.T) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "api.yaml")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}

	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}

	b := &bench{t: t, contract: c}
	b.server = httptest.NewServer(c.Middleware(b, b.report))
	t.Cleanup(b.server.Close)
	return b
}

func (b *bench) report(v string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reports = append(b.reports, v)
}

func (b *bench) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if in, _ := io.ReadAll(r.Body); r.Method == http.MethodPost && len(in) == 0 {
		b.report("the body was eaten")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("x-ratelimit-limit", "100")
	w.WriteHeader(b.status)
	_, _ = io.WriteString(w, b.body)
}

// ask sends a request and gives what was reported.
func (b *bench) ask(method, path, in string, status int, body string) []string {
	b.t.Helper()
	b.status, b.body, b.reports = status, body, nil
	req, err := http.NewRequest(method, b.server.URL+path, strings.NewReader(in))
	if err != nil {
		b.t.Fatal(err)
	}

	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}

	got, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != status || string(got) != body {
		b.t.Errorf("the answer is %d %s, want %d %s unchanged", resp.StatusCode, got, status, body)
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.reports)
}

func TestMiddleware(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const good = `{"at":null,"links":{"original":null},"comment":{"owner":null}}`
	for _, c := range []struct {
		name, method, path, in string
		status                 int
		body, want             string // want: the prefix of the one report, empty for none
	}{
		{"all relaxations", "GET", "/v4/things", "", 200, good, ""},
		{"a list of includes", "GET", "/v4/things?include=owner,replies", "", 200, good, ""},
		{"a wrong item", "GET", "/v4/things?include=owner,colour", "", 200, good, InRequest},
		{"repeated include", "GET", "/v4/things?include=owner&include=replies", "", 200, good, InRequest},
		{"a wrong parameter", "GET", "/v4/things?page_size=101", "", 200, good, InRequest},
		{"no such path", "GET", "/v4/nothing", "", 404, `{"errors":[]}`, InRequest},
		{"a wrong answer", "GET", "/v4/things", "", 200, `{"at":true}`, InAnswer},
		{"a wrong link", "GET", "/v4/things", "", 200, `{"at":1,"links":{"original":{}}}`, InAnswer},
		{"no such status", "GET", "/v4/things", "", 418, `{}`, InAnswer},
		{"a wrong error", "GET", "/v4/things", "", 404, `{}`, InAnswer},
		{"server errors are not described", "GET", "/v4/things", "", 500, `oops`, ""},
		{"not the API", "GET", "/assets/x", "", 200, `bytes`, ""},
		{"a body", "POST", "/v4/things", `{"name":"x"}`, 204, "", ""},
		{"a wrong body", "POST", "/v4/things", `{"name":5}`, 204, "", InRequest},
	} {
		got := b.ask(c.method, c.path, c.in, c.status, c.body)
		if c.want == "" && len(got) != 0 || c.want != "" &&
			(len(got) != 1 || !strings.HasPrefix(got[0], c.want+": "+c.method+" "+strings.Split(c.path, "?")[0])) {
			t.Errorf("%s: reported %q, want %q", c.name, got, c.want)
		}
	}
}

func TestMissingHeader(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var reports []string
	h := b.contract.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"at":1}`)
	}), func(v string) { reports = append(reports, v) })

	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v4/things", nil))
	if len(reports) != 1 || !strings.Contains(strings.ToLower(reports[0]), "x-ratelimit-limit") {
		t.Errorf("the reports are %q, want one about x-ratelimit-limit", reports)
	}
}

func TestCovered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ask("GET", "/v4/things", "", 200, `{"at":true}`) // a wrong answer covers nothing
	if covered, total, missing := b.contract.Covered(); covered != 0 || total != 2 ||
		strings.Join(missing, " ") != "things.create things.index" {
		t.Errorf("%d of %d are covered, missing %v; want none of 2", covered, total, missing)
	}

	b.ask("GET", "/v4/things", "", 200, `{"at":1}`)
	if covered, _, missing := b.contract.Covered(); covered != 1 || strings.Join(missing, " ") != "things.create" {
		t.Errorf("%d are covered, missing %v; want 1, and things.create", covered, missing)
	}
}

func TestFromEnv(t *testing.T) {
	t.Setenv(EnvFile, "")
	if _, err := FromEnv(); !errors.Is(err, ErrUnset) {
		t.Errorf("without the variable: got %v, want %v", err, ErrUnset)
	}
	t.Setenv(EnvFile, filepath.Join(t.TempDir(), "none.json"))
	if _, err := FromEnv(); err == nil || errors.Is(err, ErrUnset) {
		t.Errorf("a file that is not there: got %v, want another error than %v", err, ErrUnset)
	}
}
