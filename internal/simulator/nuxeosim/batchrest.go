package nuxeosim

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// uploadRoute serves /api/v1/upload/….
func uploadRoute(c *call, seg []string) (*answer, error) {
	switch {
	case len(seg) == 0:
		return c.beginBatch("default", http.StatusCreated)
	case seg[0] == "handlers":
		return c.uploadHandlers(seg[1:])
	case seg[0] == "new" && len(seg) == 2:
		return c.beginBatch(seg[1], http.StatusOK)
	case len(seg) == 1:
		return c.batchItself(seg[0])
	}
	return c.batchPart(seg)
}

func (s *Server) handlers() []string { return append([]string{"default"}, s.opt.Handlers...) }

func (c *call) uploadHandlers(seg []string) (*answer, error) {
	if len(seg) == 1 {
		if !slices.Contains(c.s.handlers(), seg[0]) {
			return nil, errEmpty404
		}
		return ok(map[string]any{"name": seg[0]}), nil
	}

	list := []any{}
	for _, h := range c.s.handlers() {
		list = append(list, map[string]any{"name": h})
	}

	return ok(map[string]any{"handlers": list}), nil
}

func (c *call) beginBatch(handler string, status int) (*answer, error) {
	if c.r.Method != http.MethodPost {
		return nil, methodNotAllowed()
	}

	if !slices.Contains(c.s.handlers(), handler) {
		return nil, badRequest("Unknown batch handler: %s", handler)
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	b := c.s.newBatch(handler)
	if status == http.StatusOK {
		return ok(b.info()), nil
	}

	return created(map[string]any{"batchId": b.id}), nil
}

func (c *call) batchItself(id string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	b := c.s.batch(id)
	if b == nil {
		return nil, errEmpty404
	}

	switch c.r.Method {
	case http.MethodDelete:
		c.s.dropBatch(id)
		return nil, nil
	case http.MethodGet:
		if len(b.uploads) == 0 {
			return nil, nil
		}
		return ok(b.entries()), nil
	}

	return nil, methodNotAllowed()
}

func (b *batch) entries() []any {
	list := []any{}
	for _, i := range slices.Sorted(maps.Keys(b.uploads)) {
		list = append(list, b.uploads[i].status())
	}
	return list
}

func (b *batch) info() map[string]any {
	return map[string]any{"provider": b.handler, "fileEntries": b.entries(), "batchId": b.id}
}

func (u *upload) kind() string {
	if u.chunked {
		return "chunked"
	}
	return "normal"
}

func (u *upload) status() map[string]any {
	m := map[string]any{"name": u.name, "size": u.size, "uploadType": u.kind()}
	if u.chunked {
		u.addChunks(m)
	}
	return m
}

func (u *upload) addChunks(m map[string]any) {
	m["uploadedChunkIds"] = slices.Sorted(maps.Keys(u.chunks))
	m["chunkCount"] = u.count
}

// batchPart serves what lies below a batch.
func (c *call) batchPart(seg []string) (*answer, error) {
	id := seg[0]
	switch {
	case seg[1] == "info" && len(seg) == 2:
		return c.batchInfo(id)
	case seg[1] == "refreshToken":
		return nil, failure(http.StatusNotImplemented, "The default handler has no credentials")
	case seg[1] == "execute" && len(seg) == 3:
		return c.executeOnBatch(id, -1, seg[2])
	}

	file, err := strconv.Atoi(seg[1])
	if err != nil || file < 0 {
		return &answer{status: http.StatusBadRequest, text: "fileIdx request path parameter must be a number"}, nil
	}

	switch {
	case len(seg) == 2:
		return c.batchFile(id, file)
	case seg[2] == "complete":
		return nil, conflict("The default handler cannot complete an upload")
	case seg[2] == "execute" && len(seg) == 4:
		return c.executeOnBatch(id, file, seg[3])
	}

	return nil, errEmpty404
}

func (c *call) batchInfo(id string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	b := c.s.batch(id)
	if b == nil {
		return nil, errEmpty404
	}
	return ok(b.info()), nil
}

func (c *call) batchFile(id string, file int) (*answer, error) {
	if c.r.Method == http.MethodPost {
		return c.uploadChunk(id, file)
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	b := c.s.batch(id)
	if b == nil || b.uploads[file] == nil {
		return nil, errEmpty404
	}

	u := b.uploads[file]
	switch c.r.Method {
	case http.MethodGet:
		return &answer{status: u.httpStatus(http.StatusOK), json: u.status()}, nil
	case http.MethodDelete:
		c.s.dropUpload(u)
		delete(b.uploads, file)
		return nil, nil
	}

	return nil, methodNotAllowed()
}

// httpStatus is 202 while chunks are missing.
func (u *upload) httpStatus(whenComplete int) int {
	if u.complete() {
		return whenComplete
	}
	return http.StatusAccepted
}

func (c *call) uploadChunk(id string, file int) (*answer, error) {
	if strings.HasPrefix(c.r.Header.Get("Content-Type"), "multipart/") {
		return &answer{status: http.StatusBadRequest, text: "Request cannot be a multipart: not supported"}, nil
	}

	a, err := readArrival(c.r, c.s.opt.Untrue)
	if err != nil {
		return nil, err
	}

	if !c.s.hasBatch(id) {
		return nil, errEmpty404
	}

	u, err := c.s.receive(id, file, a, c.r.Body)
	if err != nil {
		return nil, err
	}

	return c.uploadAnswer(id, file, u), nil
}

func (s *Server) hasBatch(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batch(id) != nil
}

// uploadAnswer words numbers as strings where Nuxeo does.
func (c *call) uploadAnswer(id string, file int, u *upload) *answer {
	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	m := map[string]any{
		"uploaded": "true", "batchId": id, "fileIdx": strconv.Itoa(file), "uploadType": u.kind(),
		"uploadedSize": strconv.FormatInt(c.r.ContentLength, 10),
	}
	if u.chunked {
		u.addChunks(m)
	}

	return &answer{status: u.httpStatus(http.StatusCreated), json: m}
}

// readArrival reads the upload headers. Any X-Upload-Type but "chunked" means a
// whole file.
func readArrival(r *http.Request, untrue *Untruths) (arrival, error) {
	h := r.Header
	a := arrival{count: 1, length: r.ContentLength, mime: h.Get("X-File-Type")}
	a.name = h.Get("X-File-Name")
	if untrue.PlusInNames {
		a.name = strings.ReplaceAll(a.name, "+", "%2B")
	}

	if plain, err := url.QueryUnescape(a.name); err == nil {
		a.name = plain
	}

	if a.mime == "" {
		a.mime = "application/octet-stream"
	}

	if !untrue.TypesAsSent {
		a.mime = typeByName(a.mime, a.name)
	}

	if h.Get("X-Upload-Type") != "chunked" {
		return a, nil
	}

	a.chunked = true
	return a, a.readNumbers(h)
}

func (a *arrival) readNumbers(h http.Header) error {
	for name, set := range map[string]func(int64){
		"X-Upload-Chunk-Index": func(n int64) { a.index = int(n) },
		"X-Upload-Chunk-Count": func(n int64) { a.count = int(n) },
		"X-File-Size":          func(n int64) { a.total = n },
	} {
		n, err := strconv.ParseInt(h.Get(name), 10, 64)
		if err != nil {
			return badRequest("%s header must be a number", name)
		}
		set(n)
	}
	return nil
}

// executeOnBatch runs an operation with the files of a batch as its input.
func (c *call) executeOnBatch(id string, file int, op string) (*answer, error) {
	if c.r.Method != http.MethodPost {
		return nil, methodNotAllowed()
	}

	if !c.s.hasBatch(id) {
		return nil, errEmpty404
	}

	blobs, err := c.batchBlobs(id, file)
	if err != nil {
		return nil, err
	}

	if c.r.Header.Get("X-Batch-No-Drop") != "true" {
		defer c.s.forgetBatch(id)
	}

	return c.runOperation(op, nil, blobs)
}

// batchBlobs joins one file of a batch, or all with -1.
func (c *call) batchBlobs(id string, file int) ([]*blob, error) {
	files := []int{file}
	if file < 0 {
		files = c.s.batchFiles(id)
	}

	var out []*blob
	for _, i := range files {
		b, err := c.s.join(id, i, c.transactionLimit())
		if err != nil {
			return nil, err
		}
		if b == nil {
			return nil, errEmpty404
		}
		out = append(out, b)
	}

	return out, nil
}

func (s *Server) batchFiles(id string) []int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if b := s.batches[id]; b != nil {
		return slices.Sorted(maps.Keys(b.uploads))
	}
	return nil
}

func (s *Server) forgetBatch(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropBatch(id)
}
