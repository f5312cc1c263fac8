package addon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/ui"
)

const (
	folder = "/default-domain/workspaces/film"
	admin  = "Administrator"
)

// nuxeo is a running server with the package installed.
type nuxeo struct {
	*testing.T
	sim  *nuxeosim.Server
	base string
}

type obj = map[string]any

func install(t *testing.T, opt nuxeosim.Options) nuxeo {
	t.Helper()
	n := start(t, opt)
	n.sim.SetProperty("nuxeo.frameio.url", "https://frameio.example.com")
	if err := n.sim.InstallPackage(build(t, "0.1.0-dev").data); err != nil {
		t.Fatal(err)
	}

	n.sim.MkDoc(folder, "Workspace", nil)
	n.sim.SetACL(folder, "members", "ReadWrite", true)
	return n
}

func start(t *testing.T, opt nuxeosim.Options) nuxeo {
	t.Helper()
	sim, err := nuxeosim.New(opt)
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
	return nuxeo{T: t, sim: sim, base: ts.URL + "/nuxeo/api/v1"}
}

// call makes a request and demands a status; headers are "Name: value".
func (n nuxeo) call(status int, user, method, path string, body obj, headers ...string) obj {
	n.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		n.Fatal(err)
	}

	req, err := http.NewRequest(method, n.base+path, bytes.NewReader(data))
	if err != nil {
		n.Fatal(err)
	}

	req.SetBasicAuth(user, user)
	req.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}

	return n.answer(status, req)
}

func (n nuxeo) answer(status int, req *http.Request) obj {
	n.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		n.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		n.Fatalf("%s %s: %d, want %d: %s (%v)", req.Method, req.URL.Path, resp.StatusCode, status, data, err)
	}

	out := obj{}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &out); err != nil {
			n.Fatal(err)
		}
	}

	return out
}

// same compares parts of answers as JSON.
func (n nuxeo) same(got, want any) {
	n.Helper()
	a, errA := json.Marshal(got)
	b, errB := json.Marshal(want)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		n.Errorf("got %s, want %s", a, b)
	}
}

func (n nuxeo) file(user string) (uid string) {
	n.Helper()
	doc := obj{"entity-type": "document", "type": "File", "name": "a", "properties": obj{"dc:title": "a"}}
	return n.call(201, user, "POST", "/path"+folder, doc)["uid"].(string)
}

// write changes the title; without a version there is no answer to a write with
// a source.
func (n nuxeo) write(status int, user, uid, title string, headers ...string) {
	n.Helper()
	body := obj{"entity-type": "document", "properties": obj{"dc:title": title}}
	n.call(status, user, "PUT", "/id/"+uid, body, headers...)
}

// versions demands the labels of all versions.
func (n nuxeo) versions(uid string, want ...string) {
	n.Helper()
	got := []string{}
	for _, v := range n.sim.Versions(uid) {
		got = append(got, v.VersionLabel)
	}
	n.same(got, append([]string{}, want...))
}

func TestEveryLineTakesThePackage(t *testing.T) {
	t.Parallel()
	for _, lts := range []string{"2021", "2023", "2025"} {
		t.Run(lts, func(t *testing.T) {
			t.Parallel()
			n := install(t, nuxeosim.Options{LTS: lts})
			n.same(n.sim.Packages(), []string{"nuxeo-web-ui", "nuxeo-frameio"})
		})
	}
}

func (n nuxeo) page(name string) string {
	n.Helper()
	resp, err := http.Get(strings.TrimSuffix(n.base, "api/v1") + "ui/" + name)
	if err != nil {
		n.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		n.Fatalf("GET %s: %d, %v; want 200", name, resp.StatusCode, err)
	}

	return string(data)
}

// Web UI finds the elements by the name of the package, our texts beside its
// own, and where the connector is.
func TestWebUILoadsTheElements(t *testing.T) {
	t.Parallel()
	n := start(t, nuxeosim.Options{Properties: map[string]string{"nuxeo.frameio.url": "https://frameio.example.com"}})
	if err := n.sim.InstallPackage(buildWith(t, "1.2.3", sample).data); err != nil {
		t.Fatal(err)
	}

	for name, want := range map[string]string{
		"nuxeo-frameio.bundle.js": string(sample.elements),
		"i18n/messages.json":      `"frameio.tab":"Frame IO"`,
		"i18n/messages-fr.json":   `"frameio.tab":"Frame IO"`,
		"config.jsp":              `"frameio":{"url":"https://frameio.example.com"}`,
		"config":                  `["nuxeo-frameio"]`,
	} {
		if got := n.page(name); !strings.Contains(got, want) {
			t.Errorf("%s is %s, want %s in it", name, got, want)
		}
	}

	if got := n.page("i18n/messages.json"); !strings.Contains(got, `"browser.view"`) {
		t.Errorf("the texts of Web UI: got %.200s, want browser.view among them", got)
	}
}

// Web UI shows a key where a language has no text for it, as its translate falls back to
// nothing: each language has all our texts, in English where we have no other.
func TestNoLanguageShowsKeys(t *testing.T) {
	t.Parallel()
	texts, err := ui.Messages()
	if err != nil {
		t.Fatal(err)
	}

	n := start(t, nuxeosim.Options{})
	if got, want := slices.Sorted(slices.Values(webUILanguages)), n.sim.Languages(); !slices.Equal(got, want) {
		t.Errorf("texts are added to those of Web UI in %v, want all that it has: %v", got, want)
	}

	if err := n.sim.InstallPackage(buildWith(t, "1.2.3", webParts{sample.elements, texts}).data); err != nil {
		t.Fatal(err)
	}

	read := func(data string) map[string]string {
		words := map[string]string{}
		if err := json.Unmarshal([]byte(data), &words); err != nil {
			t.Fatal(err)
		}
		return words
	}

	ours := read(string(texts[""]))
	for _, language := range append([]string{""}, webUILanguages...) {
		words := read(n.page("i18n/" + path.Base(messagesName(language))))
		for key := range ours {
			if words[key] == "" {
				t.Fatalf("%q shows the key %s, want a text", language, key)
			}
		}
		if words["browser.view"] == "" {
			t.Errorf("%q has lost the texts of Web UI, want them kept", language)
		}
	}

	if got, want := read(n.page("i18n/messages-fr-FR.json"))["frameio.sync.tab"],
		read(string(texts["fr"]))["frameio.sync.tab"]; got != want {
		t.Errorf("the tab is called %q in French, want %q", got, want)
	}
}

func TestWithoutWebUIThePackageIsRefused(t *testing.T) {
	t.Parallel()
	n := start(t, nuxeosim.Options{WithoutWebUI: true})
	if err := n.sim.InstallPackage(buildWith(t, "1.2.3", sample).data); err == nil ||
		!strings.Contains(err.Error(), "nuxeo-web-ui") {
		t.Errorf("installing without Web UI: got %v, want nuxeo-web-ui named", err)
	}
}

func TestInstalledTypes(t *testing.T) {
	t.Parallel()
	n := install(t, nuxeosim.Options{})
	schema := n.call(200, admin, "GET", "/config/schemas/frameio", nil)
	fields := obj{}
	for name, typ := range model["frameio"] {
		fields[name] = manualNames.Replace(typ)
	}

	fields["fields"] = obj{"type": "complex[]", "fields": obj{
		"fieldId": "string", "name": "string", "type": "string", "value": "string",
	}}
	n.same(schema["@prefix"], "frameio")
	n.same(schema["fields"], fields)

	facet := n.call(200, admin, "GET", "/config/facets/FrameioAsset", nil)
	n.same(facet["schemas"].([]any)[0].(obj)["name"], "frameio")

	facet = n.call(200, admin, "GET", "/config/facets/FrameioBinding", nil)
	bindings := facet["schemas"].([]any)[0].(obj)["fields"].(obj)["bindings"].(obj)
	fields = obj{}
	for name, typ := range binding {
		fields[name] = manualNames.Replace(typ)
	}

	n.same(bindings, obj{"type": "complex[]", "fields": fields})
}

func TestInstalledProvider(t *testing.T) {
	t.Parallel()
	n := install(t, nuxeosim.Options{})
	p := n.call(200, admin, "GET", "/oauth2/provider/frameio", nil)
	n.same(p["description"], "Frame.io Provider")
	n.same(p["scopes"], []string{"openid", "email", "profile", "offline_access", "additional_info.roles"})
	n.same([]any{p["isEnabled"], p["isAvailable"]}, []any{false, false})
	if id, _ := p["clientId"].(string); id != "" {
		t.Errorf("the client id is %q, want none", id)
	}
}

func TestInstalledConfiguration(t *testing.T) {
	t.Parallel()
	n := install(t, nuxeosim.Options{})
	for name, want := range map[string]string{
		"org.nuxeo.web.ui.frameio.url":                                      "https://frameio.example.com",
		"org.nuxeo.ecm.platform.comment.service.notification.autosubscribe": "false",
	} {
		got, _ := n.sim.ConfigurationProperty(name)
		n.same(got, want)
	}
}

func TestFieldsAreKept(t *testing.T) {
	t.Parallel()
	n := install(t, nuxeosim.Options{})
	uid := n.file("josh")
	n.call(200, "josh", "POST", "/id/"+uid+"/@op/Document.AddFacet", obj{"params": obj{"facet": "FrameioAsset"}})
	n.call(200, "josh", "POST", "/id/"+uid+"/@op/Document.AddFacet", obj{"params": obj{"facet": "FrameioBinding"}})
	props := obj{
		"frameio:fileSize": 12345678901, "frameio:frameRate": 23.976, "frameio:uploadDate": "2026-01-02T03:04:05.000Z",
		"frameio:status": "Approved",
		"frameiobinding:bindings": []obj{{
			"bindingId": "b1", "actionName": "To Nuxeo", "description": "d", "documentType": "File",
			"workspaces": []string{"Film", "TV"},
			"creator":    "josh", "created": "2026-01-02T03:04:05.000Z",
		}, {
			"bindingId": "b2", "actionName": "", "description": "", "documentType": "Video", "workspaces": []string{},
			"creator": "josh", "created": "2026-01-02T03:04:05.000Z",
		}},
	}

	n.call(200, "josh", "PUT", "/id/"+uid, obj{"entity-type": "document", "properties": props})
	got := n.call(200, "josh", "GET", "/id/"+uid, nil, "properties: *")["properties"].(obj)
	for key, want := range props {
		n.same(got[key], want)
	}
}

func TestNewContentMakesOneMinorVersion(t *testing.T) {
	t.Parallel()
	n := install(t, nuxeosim.Options{})
	uid := n.file("josh")
	n.write(200, "josh", uid, "1", "source: frameio")
	n.versions(uid, "0.1")
	n.write(200, "julia", uid, "2", "source: frameio") // somebody else: still one
	n.versions(uid, "0.1", "0.2")
	n.write(200, "josh", uid, "3")
	n.write(200, "julia", uid, "4", "source: frameio") // on top of a change that no version holds
	n.versions(uid, "0.1", "0.2", "0.3")
}

func TestMetadataMakesNoVersion(t *testing.T) {
	t.Parallel()
	n := install(t, nuxeosim.Options{})
	uid := n.file("josh")
	people := []string{"julia", "josh"}
	for i := range 50 {
		n.write(204, people[i%2], uid, fmt.Sprint(i), "source: frameio-metadata")
	}

	n.versions(uid)
	n.same(n.call(200, "josh", "GET", "/id/"+uid, nil)["title"], "49")
	n.write(200, "julia", uid, "without a source") // what the policies are there for
	n.versions(uid, "0.1")
}

// examples are the components that the manual shows.
func examples(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, m := range regexp.MustCompile("(?s)```xml\n(.*?)```").FindAllStringSubmatch(manual(t), -1) {
		out[parse(t, "an example", []byte(m[1])).attr("name")] = []byte(m[1])
	}
	return out
}

func TestExamplesOfTheManual(t *testing.T) {
	t.Parallel()
	first := map[string]string{
		"":                          "0.1",
		"com.example.frameio.major": "1.0",
		"com.example.frameio.none":  "",
		"com.example.frameio.film":  "0.1",
	}

	shown := examples(t)
	for name, want := range first {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := install(t, nuxeosim.Options{})
			n.contribute(name, shown)
			uid := n.file("josh")
			if want == "" {
				n.write(204, "julia", uid, "1", "source: frameio")
				n.versions(uid)
				return
			}

			n.write(200, "julia", uid, "1", "source: frameio")
			n.versions(uid, want)
		})
	}
}

func TestExampleForOneType(t *testing.T) {
	t.Parallel()
	n := install(t, nuxeosim.Options{})
	n.contribute("com.example.frameio.film", examples(t))
	uid := n.sim.MkDoc(folder+"/film", "Video", nil)
	n.write(200, "josh", uid, "1", "source: frameio")
	n.versions(uid, "1.0")
}

func TestExampleForComments(t *testing.T) {
	t.Parallel()
	n := install(t, nuxeosim.Options{})
	n.contribute("com.example.comments", examples(t))
	got, _ := n.sim.ConfigurationProperty("org.nuxeo.ecm.platform.comment.service.notification.autosubscribe")
	n.same(got, "true")
}

func (n nuxeo) contribute(name string, shown map[string][]byte) {
	n.Helper()
	if name == "" {
		return
	}
	if err := n.sim.AddContribution(shown[name]); err != nil {
		n.Fatalf("adding the contribution %s: %v", name, err)
	}
}

// An override has to say everything: what it leaves out is not taken from the
// policy of the package.
func TestExamplesAreComplete(t *testing.T) {
	t.Parallel()
	complete := 0
	for name, text := range examples(t) {
		for _, p := range parse(t, name, text).all("extension/policy") {
			complete++
			for _, attr := range []string{"id", "increment", "beforeUpdate", "order"} {
				if p.attr(attr) == "" {
					t.Errorf("%s: the policy %s does not say %s, want all of them", name, p.attr("id"), attr)
				}
			}

			if order, err := strconv.Atoi(p.attr("order")); err != nil || order <= 10 {
				t.Errorf("%s: policy %s has the order %s, want one above 10: Nuxeo refuses others", name, p.attr("id"),
					p.attr("order"))
			}

			if len(p.all("filter-id")) == 0 {
				t.Errorf("%s: the policy %s has no filter, want one", name, p.attr("id"))
			}
		}
	}

	if complete == 0 {
		t.Error("complete policies in the manual: got none, want some")
	}
}
