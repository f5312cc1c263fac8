package nuxeosim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// route serves what needs somebody to be signed in.
func (s *Server) route(c *call, seg []string) (*answer, error) {
	if len(seg) > 1 && seg[0] == "site" && (seg[1] == "automation" || seg[1] == "api") {
		seg = seg[1:]
	}

	switch {
	case len(seg) >= 2 && seg[0] == "api" && seg[1] == "v1":
		return s.routeAPI(c, seg[2:])
	case len(seg) == 2 && seg[0] == "json" && seg[1] == "cmis":
		return c.cmis()
	case len(seg) >= 1 && seg[0] == "automation":
		return automationRoute(c, seg[1:])
	case len(seg) == 2 && seg[0] == "authentication" && seg[1] == "token":
		return classicToken(c)
	case len(seg) >= 4 && seg[0] == "nxfile":
		return nxfile(c, seg[1:])
	case len(seg) == 2 && seg[0] == "oauth2" && seg[1] == "authorize_submit":
		return c.oauthSubmit()
	}

	return nil, notFound("no such page")
}

var apiRoutes = map[string]func(*call, []string) (*answer, error){
	"id": idRoute, "path": pathRoute, "upload": uploadRoute, "me": me, "user": userRoute, "group": groupRoute,
	"token":      tokenRoute,
	"automation": automationRoute, "search": searchRoute, "config": configRoute, "capabilities": capabilities,
	"oauth2":    oauth2Route,
	"directory": directoryRoute, "task": taskRoute, "workflow": workflowRoute,
}

func (s *Server) routeAPI(c *call, seg []string) (*answer, error) {
	if len(seg) >= 2 && seg[0] == "repo" {
		if seg[1] != "default" {
			return nil, notFound("Repository not found: %s", seg[1])
		}
		seg = seg[2:]
	}

	if len(seg) == 0 {
		return nil, notFound("no such resource")
	}

	h := apiRoutes[seg[0]]
	if h == nil {
		return nil, notFound("no such resource: %s", seg[0])
	}

	return h(c, seg[1:])
}

func capabilities(c *call, _ []string) (*answer, error) {
	return ok(map[string]any{
		"entity-type": "capabilities",
		"server": map[string]any{
			"distributionName":    "lts",
			"distributionVersion": c.s.opt.LTS + ".6",
			"distributionServer":  "tomcat",
		},
		"cluster":    map[string]any{"enabled": false},
		"repository": map[string]any{"default": map[string]any{"queryBlobKeys": false}},
	}), nil
}

// cmis is the part of the CMIS service document that clients read to learn the
// version.
func (c *call) cmis() (*answer, error) {
	return ok(map[string]any{"default": map[string]any{
		"repositoryId": "default", "productName": "Nuxeo OpenCMIS Connector", "productVersion": c.s.opt.LTS + ".6",
	}}), nil
}

func idRoute(c *call, seg []string) (*answer, error) {
	if len(seg) == 0 {
		return nil, notFound("no document id")
	}
	return c.docRoute(seg[0], seg[1:])
}

// pathRoute reads the path up to the first adapter.
func pathRoute(c *call, seg []string) (*answer, error) {
	end := slices.IndexFunc(seg, func(p string) bool { return strings.HasPrefix(p, "@") })
	if end < 0 {
		end = len(seg)
	}
	return c.docRoute("/"+strings.Join(seg[:end], "/"), seg[end:])
}

// document finds what a reference names, if the user may read it.
func (c *call) document(ref string) (*node, error) {
	n := c.s.repo.resolve(ref)
	if n == nil {
		return nil, notFound("%s", ref)
	}
	return n, c.demand(n, "Read")
}

// docRoute serves a document or one of its adapters.
func (c *call) docRoute(ref string, rest []string) (*answer, error) {
	if len(rest) > 0 {
		return c.adapter(ref, rest)
	}

	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		return c.getDocument(ref)
	case http.MethodPost:
		return c.postDocument(ref)
	case http.MethodPut:
		return c.putDocument(ref)
	case http.MethodDelete:
		return c.deleteDocument(ref)
	}

	return nil, methodNotAllowed()
}

func (c *call) getDocument(ref string) (*answer, error) {
	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	n, err := c.document(ref)
	if err != nil {
		return nil, err
	}
	return ok(c.docJSON(n)), nil
}

// docBody is the entity "document" that a client sends.
type docBody struct {
	EntityType  string         `json:"entity-type"`
	Name        string         `json:"name"`
	Type        string         `json:"type"`
	UID         string         `json:"uid"`
	ChangeToken *string        `json:"changeToken"`
	Properties  map[string]any `json:"properties"`
}

const maxBody = 64 << 20

// readJSON decodes the body.
func (c *call) readJSON(into any) error {
	if err := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, maxBody)).Decode(into); err != nil {
		return badRequest("Cannot parse the body: %v", err)
	}
	return nil
}

// readDoc reads a document and joins the uploads it refers to, which takes its
// time and must be done before the repository is locked. The batches go away
// with the request, whatever becomes of it.
func (c *call) readDoc() (body docBody, ch change, done func(), err error) {
	done = func() {}
	if err := c.readJSON(&body); err != nil {
		return body, ch, done, err
	}

	if body.EntityType != "" && body.EntityType != "document" {
		return body, ch, done, badRequest("Json object with an unexpected entity-type: %s", body.EntityType)
	}

	if ch, err = c.changeHeaders(); err != nil {
		return body, ch, done, err
	}

	j := joiner{call: c}
	props, err := j.walk(body.Properties)
	ch.props, _ = props.(map[string]any)
	return body, ch, j.done, err
}

func (c *call) changeHeaders() (change, error) {
	ch := change{
		source:  c.r.Header.Get("source"),
		option:  strings.ToUpper(c.r.Header.Get("X-Versioning-Option")),
		comment: c.r.Header.Get("Update-Comment"),
	}
	if !slices.Contains([]string{"", "MAJOR", "MINOR", "NONE"}, ch.option) {
		return ch, badRequest("Unknown versioning option: %s", ch.option)
	}

	return ch, nil
}

// joiner replaces references to uploads by blobs.
type joiner struct {
	call    *call
	batches []string
}

func (j *joiner) walk(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		if id, is := v["upload-batch"].(string); is {
			return j.blob(id, v["upload-fileId"])
		}
		for k := range v {
			if v[k], err = j.walk(v[k]); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range v {
			if v[i], err = j.walk(v[i]); err != nil {
				return nil, err
			}
		}
	}

	return v, nil
}

// blob joins one upload. One that is unknown or incomplete is not an error.
func (j *joiner) blob(id string, file any) (any, error) {
	index, err := strconv.Atoi(printed(file))
	if file == nil {
		index, err = 0, nil
	}

	if err != nil {
		return missingBlob{}, nil
	}

	b, err := j.call.s.join(id, index, j.call.transactionLimit())
	if err != nil {
		return nil, err
	}

	j.batches = append(j.batches, id)
	if b == nil {
		return missingBlob{}, nil
	}

	return b, nil
}

func (j *joiner) done() {
	if j.call.r.Header.Get("X-Batch-No-Drop") == "true" {
		return
	}
	for _, id := range j.batches {
		j.call.s.forgetBatch(id)
	}
}

func (c *call) postDocument(ref string) (*answer, error) {
	body, ch, done, err := c.readDoc()
	defer func() { done() }()
	if err != nil {
		return nil, err
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	parent, err := c.document(ref)
	if err != nil {
		return nil, err
	}

	if err := c.demand(parent, "AddChildren"); err != nil {
		return nil, err
	}

	if body.Name == "" || body.Type == "" {
		return nil, badRequest("type or name property is missing")
	}

	n, err := c.s.createDocument(c.user, parent, body.Type, body.Name, ch)
	if err != nil {
		return nil, err
	}

	return c.written(http.StatusCreated, n), nil
}

// written answers a write with the document, or with nothing if nobody wants it.
func (c *call) written(status int, n *node) *answer {
	if c.r.Header.Get("X-NXVoidOperation") == "true" {
		return nil
	}
	return &answer{status: status, json: c.docJSON(n)}
}

// putDocument answers with the last version, not with the document, when a
// version or a source was asked for.
func (c *call) putDocument(ref string) (*answer, error) {
	body, ch, done, err := c.readDoc()
	defer func() { done() }()
	if err != nil {
		return nil, err
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	n, err := c.document(ref)
	if err != nil {
		return nil, err
	}

	if err := c.demand(n, "WriteProperties"); err != nil {
		return nil, err
	}

	if body.ChangeToken != nil {
		if err := checkToken(n, body.UID, *body.ChangeToken); err != nil {
			return nil, err
		}
	}

	before := n.sysToken
	if err := c.s.updateDocument(c.user, n, ch); err != nil {
		return nil, err
	}

	if body.UID != "" && body.ChangeToken != nil && n.sysToken != before && !c.s.opt.Untrue.TokenMovesAlways {
		n.userToken++
	}

	if ch.option == "MAJOR" || ch.option == "MINOR" || ch.option == "" && ch.source != "" {
		if n = n.lastVersion(); n == nil {
			return nil, nil
		}
	}

	return c.written(http.StatusOK, n), nil
}

func (c *call) deleteDocument(ref string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	n, err := c.document(ref)
	if err != nil {
		return nil, err
	}

	if err := c.demand(n, "Remove"); err != nil {
		return nil, err
	}

	if n == c.s.repo.root {
		return nil, forbidden("The root cannot be removed")
	}

	c.s.removeDocument(c.user, n)
	return nil, nil
}
