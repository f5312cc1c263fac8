package nuxeosim

import (
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
)

// readingOperations change nothing.
var readingOperations = []string{
	"Repository.Query", "Repository.GetDocument", "Document.Query", "Document.Fetch", "Document.GetChildren",
	"Document.GetParent",
	"Document.GetVersions", "Document.GetLastVersion", "Document.GetChild", "Document.GetBlob", "Document.GetBlobs",
	"Audit.QueryWithPageProvider", "Proxy.GetSourceDocument", "User.Get",
}

// Reads reports whether a request changes nothing by its nature, as a query by
// automation does, which is a POST.
func Reads(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead ||
		strings.Contains(r.URL.Path, "/automation/") && slices.Contains(readingOperations, path.Base(r.URL.Path))
}

// opCall is the call of an operation.
type opCall struct {
	*call
	params  map[string]any
	context map[string]any
	input   []*node
	list    bool // the input was a list
	blobs   []*blob
}

// operation runs under the lock of the repository.
type operation func(*opCall) (*answer, error)

// operations are those every Nuxeo has and clients of ours may use.
var operations map[string]operation

var aliases = map[string]string{
	"Notification.SendMail": "Document.Mail", "Document.Query": "Repository.Query",
	"Document.TrashDocument":   "Document.Trash",
	"Document.UntrashDocument": "Document.Untrash", "Document.Checkin": "Document.CheckIn",
	"Document.Checkout": "Document.CheckOut",
	"Blob.Attach":       "Blob.AttachOnDocument", "NuxeoPrincipal.Get": "User.Get",
	"Document.Fetch": "Repository.GetDocument",
	"Blob.Get":       "Document.GetBlob", "Blob.GetAll": "Document.GetBlobs", "Blob.Remove": "Blob.RemoveFromDocument",
	"UserWorkspace.Get": "User.GetUserWorkspace", "GetLiveDocument": "Proxy.GetSourceDocument",
	"Audit.PageProvider": "Audit.QueryWithPageProvider",
	"Document.AddACL":    "Document.AddPermission", "Collection.AddToFavorites": "Document.AddToFavorites",
	"Collection.RemoveFromFavorites": "Document.RemoveFromFavorites", "Notification.SendEvent": "Event.Fire",
	"LogOperation": "Log", "Document.SetLifeCycle": "Document.FollowLifecycleTransition",
}

// automationRoute serves /automation and /automation/{operation}.
func automationRoute(c *call, seg []string) (*answer, error) {
	switch {
	case len(seg) == 0 && c.r.Method == http.MethodGet:
		return ok(c.automationList()), nil
	case len(seg) == 1 && seg[0] == "login":
		return automationLogin(c), nil
	case len(seg) == 1 && c.r.Method == http.MethodGet:
		if c.s.operationOf(seg[0]) == nil {
			return nil, c.s.refused(404, 405, "javax.ws.rs.WebApplicationException")
		}
		return ok(operationJSON(seg[0])), nil
	case len(seg) == 1 && c.r.Method == http.MethodPost:
		return c.runOperation(seg[0], nil, nil)
	case len(seg) > 1 && seg[1] == "@async":
		return c.asyncRoute(seg[0], seg[2:])
	}
	return nil, notFound("no such resource")
}

func canonical(op string) string {
	if to, found := aliases[op]; found {
		return to
	}
	return op
}

func (c *call) automationList() map[string]any {
	list := []any{}
	for _, id := range sortedKeys(operations) {
		list = append(list, operationJSON(id))
	}

	for _, id := range c.s.chainIDs() {
		list = append(list, operationJSON(id))
	}

	return map[string]any{
		"operations": list,
		"chains":     []any{},
		"codecs":     []any{},
		"paths":      map[string]any{"login": "login"},
	}
}

// opBody is what a client sends to an operation.
type opBody struct {
	Params  map[string]any  `json:"-"`
	Raw     json.RawMessage `json:"params"`
	Context map[string]any  `json:"context"`
	Input   json.RawMessage `json:"input"`
}

// runOperation reads the call and runs it. A reference given by the address is
// the input, and so are the files of a batch.
func (c *call) runOperation(name string, ref *string, blobs []*blob) (*answer, error) {
	a, err := c.operate(name, ref, blobs)
	var e *restError
	if errors.As(err, &e) && c.s.operationOf(name) != nil && e.msg != "" && !c.s.opt.Untrue.BareMessages {
		worded := *e
		worded.msg = "Failed to invoke operation: " + name + ", Failed to invoke operation " + name + ", " + e.msg
		err = &worded
	}

	if err == nil && c.r.Header.Get("X-NXVoidOperation") == "true" {
		return nil, nil
	}

	return a, err
}

func (c *call) operate(name string, ref *string, blobs []*blob) (*answer, error) {
	if c.s.operationOf(name) == nil {
		return nil, c.s.refused(404, 405, "javax.ws.rs.WebApplicationException")
	}

	if !c.mayRun(name) {
		return nil, errEmpty404
	}

	if c.r.Method != http.MethodPost {
		return nil, methodNotAllowed()
	}

	body, files, err := c.readCall()
	if err != nil {
		return nil, err
	}

	return c.perform(name, ref, body, append(blobs, files...))
}

// administrators' are the operations that others find nothing of.
var administrators = map[string]bool{"Document.Mail": true, "Audit.QueryWithPageProvider": true}

func (c *call) mayRun(name string) bool {
	op := canonical(name)
	return c.user.admin || !administrators[op] || op == "Document.Mail" && c.s.opt.Untrue.MailForAll
}

// perform carries out a call that was read.
func (c *call) perform(name string, ref *string, body opBody, blobs []*blob) (*answer, error) {
	op := c.s.operationOf(name)
	j := joiner{call: c}
	params, err := j.walk(body.Params)
	defer func() { j.done() }()
	if err != nil {
		return nil, err
	}

	oc := &opCall{call: c, context: body.Context, blobs: blobs}
	if oc.params, _ = params.(map[string]any); string(body.Raw) == "null" && !c.s.opt.Untrue.PlainStatuses {
		return nil, badRequest("java.lang.IllegalArgumentException: Unexpected end of stream.")
	}

	if err := evaluateParams(oc.params); err != nil {
		return nil, err
	}

	if needsNoLock[canonical(name)] || operations[canonical(name)] == nil {
		return oc.answerUnlocked(op, ref, body.Input)
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if err := oc.resolve(ref, body.Input); err != nil {
		return nil, err
	}

	return op(oc)
}

// needsNoLock are operations that wait for somebody else and lock for
// themselves.
var needsNoLock = map[string]bool{"Document.Mail": true}

func (oc *opCall) answerUnlocked(op operation, ref *string, input json.RawMessage) (*answer, error) {
	oc.s.mu.RLock()
	err := oc.resolve(ref, input)
	oc.s.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	return op(oc)
}

// resolve finds the input: "doc:…", "docs:a,b", a bare reference, or a document
// entity.
func (oc *opCall) resolve(ref *string, input json.RawMessage) error {
	if ref != nil {
		n, err := oc.document(*ref)
		oc.input = []*node{n}
		return err
	}

	var text string
	if len(input) == 0 || string(input) == "null" {
		return nil
	}

	if json.Unmarshal(input, &text) != nil {
		var entity struct {
			UID string `json:"uid"`
		}
		if json.Unmarshal(input, &entity) != nil || entity.UID == "" {
			return badRequest("Cannot resolve the input")
		}
		text = entity.UID
	}

	return oc.resolveText(text)
}

func (oc *opCall) resolveText(text string) error {
	rest, list := strings.CutPrefix(text, "docs:")
	oc.list = list
	for ref := range strings.SplitSeq(strings.TrimPrefix(rest, "doc:"), ",") {
		if ref = strings.TrimSpace(ref); ref == "" {
			continue
		}
		n, err := oc.document(ref)
		if err != nil {
			return err
		}
		oc.input = append(oc.input, n)
	}

	return nil
}

// each applies a step to the input and answers with it.
func (oc *opCall) each(step func(*node) error) (*answer, error) {
	if len(oc.input) == 0 {
		return nil, badRequest("The operation needs a document as input")
	}

	for _, n := range oc.input {
		if err := step(n); err != nil {
			return nil, err
		}
	}

	return oc.output(oc.input), nil
}

func (oc *opCall) output(list []*node) *answer {
	switch {
	case len(list) == 0 && !oc.list:
		return nil
	case oc.list: // without pages
		all := oc.listJSON(pageOf{nodes: list})
		return ok(map[string]any{"entity-type": all["entity-type"], "entries": all["entries"]})
	}
	return ok(oc.docJSON(list[0]))
}

func (oc *opCall) str(name string) string {
	if oc.params[name] == nil {
		return ""
	}
	return printed(oc.params[name])
}

func (oc *opCall) flag(name string, otherwise bool) bool {
	if oc.params[name] == nil {
		return otherwise
	}
	return truth(oc.params[name])
}

// need is a parameter that must be there.
func (oc *opCall) need(name string) (string, error) {
	if v := oc.str(name); v != "" {
		return v, nil
	}
	return "", oc.s.refused(400, 500, "Missing required parameter: %s", name)
}

// strings reads a list, or a string with commas.
func (oc *opCall) strings(name string) []string {
	if list, is := oc.params[name].([]any); is {
		var out []string
		for _, v := range list {
			out = append(out, printed(v))
		}
		return out
	}
	return strings.FieldsFunc(oc.str(name), func(r rune) bool { return r == ',' || r == ' ' })
}
