package nuxeosim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// wishes are what a request asks to see of documents.
type wishes struct {
	schemas   []string // "*" for all
	enrichers []string
	fetch     []string
}

// wishesOf collects the headers that ask for parts, under all their names.
func wishesOf(r *http.Request) wishes {
	return wishes{
		schemas: wanted(r, "properties", "X-NXproperties", "X-NXDocumentProperties"),
		enrichers: wanted(r, "enrichers.document", "enrichers-document", "X-NXenrichers.document",
			"X-NXenrichers-document", "X-NXContext-Category"),
		fetch: wanted(r, "fetch.document", "fetch-document", "X-NXfetch.document", "X-NXfetch-document"),
	}
}

func wanted(r *http.Request, names ...string) []string {
	var out []string
	for _, name := range names {
		for _, v := range append(r.Header.Values(name), r.URL.Query()[name]...) {
			for word := range strings.SplitSeq(v, ",") {
				if word = strings.TrimSpace(word); word != "" {
					out = append(out, word)
				}
			}
		}
	}

	return out
}

// docJSON is the entity "document" as the request wants it.
func (c *call) docJSON(n *node) map[string]any { return c.docWith(n, wishesOf(c.r)) }

func (c *call) docWith(n *node, w wishes) map[string]any {
	s := c.s
	m := map[string]any{
		"entity-type": "document", "repository": "default", "uid": n.id, "path": n.path(), "type": n.typ,
		"state":        n.lifeCycle(),
		"isCheckedOut": n.checkedOut && !n.isVersion(), "isRecord": false, "retainUntil": nil, "hasLegalHold": false,
		"isUnderRetentionOrLegalHold": false, "isVersion": n.isVersion(), "isProxy": false,
		"changeToken": n.changeToken(),
		"isTrashed":   n.trashed, "title": n.title(), "facets": s.repo.facets(n), "schemas": s.schemasJSON(n),
	}

	if p := holder(n).parent; p != nil {
		m["parentRef"] = p.id
	}

	if t, is := n.props["dc:modified"].(time.Time); is {
		m["lastModified"] = formatTime(t)
	}

	n.addVersionParts(m)
	c.addFetched(m, n, w)
	if len(w.schemas) > 0 {
		m["properties"] = c.propertiesJSON(n, w.schemas)
	}

	if len(w.enrichers) > 0 {
		m["contextParameters"] = c.enrich(n, w.enrichers)
	}

	return m
}

func (n *node) addVersionParts(m map[string]any) {
	if !n.isVersion() {
		return
	}
	m["versionableId"] = n.sourceID
	live := n.source
	m["isLatestVersion"] = live != nil && len(live.versions) > 0 && live.versions[len(live.versions)-1] == n
	m["isLatestMajorVersion"] = live != nil && latestMajor(live) == n
}

func latestMajor(live *node) *node {
	for _, v := range slices.Backward(live.versions) {
		if v.long("uid:minor_version") == 0 {
			return v
		}
	}
	return nil
}

// addFetched adds the parts that come only when they are fetched. There is no
// field that says "locked".
func (c *call) addFetched(m map[string]any, n *node, w wishes) {
	if slices.Contains(w.fetch, "versionLabel") {
		m["versionLabel"] = n.versionLabel()
	}
	if slices.Contains(w.fetch, "lock") && n.lock != nil {
		m["lockOwner"], m["lockCreated"] = n.lock.owner, formatTime(n.lock.at)
	}
}

func (s *Server) schemasJSON(n *node) []any {
	out := []any{}
	for _, name := range s.repo.schemas(n) {
		if sch := s.repo.types.schemas[name]; sch != nil {
			out = append(out, map[string]any{"name": sch.name, "prefix": sch.prefix})
		}
	}
	return out
}

func (c *call) propertiesJSON(n *node, wanted []string) map[string]any {
	m := map[string]any{}
	for _, name := range c.s.repo.schemas(n) {
		sch := c.s.repo.types.schemas[name]
		if sch == nil || !slices.Contains(wanted, "*") && !slices.Contains(wanted, name) &&
			!slices.Contains(wanted, sch.prefix) {
			continue
		}
		for _, f := range sch.root.fields {
			key := sch.key(f)
			m[key] = c.valueJSON(f.typ, n.props[key], blobPlace{n, key})
		}
	}

	return m
}

// blobPlace is where a value is, for the address of a blob.
type blobPlace struct {
	n     *node
	xpath string
}

func (p blobPlace) in(step string) blobPlace { return blobPlace{p.n, p.xpath + "/" + step} }

// valueJSON copies a value as JSON has it.
func (c *call) valueJSON(t *fieldType, v any, at blobPlace) any {
	switch v := v.(type) {
	case time.Time:
		return formatTime(v)
	case *blob:
		return c.blobJSON(v, at)
	case map[string]any:
		return c.complexJSON(t, v, at)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = c.valueJSON(t.item, e, at.in(strconv.Itoa(i)))
		}
		return out
	case nil:
		return emptyJSON(t)
	}
	return v
}

// emptyJSON is how an absent value shows: lists and structures are never null.
func emptyJSON(t *fieldType) any {
	switch t.kind {
	case kindList:
		return []any{}
	case kindComplex:
		m := map[string]any{}
		for _, f := range t.fields {
			m[f.name] = emptyJSON(f.typ)
		}
		return m
	}
	return nil
}

func (c *call) complexJSON(t *fieldType, v map[string]any, at blobPlace) map[string]any {
	m := map[string]any{}
	for _, f := range t.fields {
		m[f.name] = c.valueJSON(f.typ, v[f.name], at.in(f.name))
	}
	return m
}

// blobJSON is a blob; note that its length is a string.
func (c *call) blobJSON(b *blob, at blobPlace) map[string]any {
	address := c.blobURL(b, at)
	m := map[string]any{
		"name": b.name, "mime-type": b.mime, "encoding": nil, "digestAlgorithm": nil, "digest": nil,
		"length": strconv.FormatInt(b.length, 10), "data": address, "blobUrl": address,
	}
	if b.digest != "" {
		m["digest"], m["digestAlgorithm"] = b.digest, c.s.opt.DigestAlgorithm
	}

	if c.s.opt.DirectDownload {
		m["data"] = c.s.directURL(at)
	}

	return m
}

func (c *call) blobURL(b *blob, at blobPlace) string {
	return fmt.Sprintf("%s/nxfile/default/%s/%s/%s?changeToken=%s", c.s.url, at.n.id, at.xpath, url.PathEscape(b.name),
		at.n.changeToken())
}

// list is the entity "documents" over one page.
type pageOf struct {
	size, index, total int
	offset             int
	nodes              []*node
}

func (c *call) listJSON(p pageOf) map[string]any {
	entries := make([]any, 0, len(p.nodes))
	w := wishesOf(c.r)
	for _, n := range p.nodes {
		entries = append(entries, c.docWith(n, w))
	}
	m := p.json(c.s.opt.UnknownCount)
	m["entity-type"], m["entries"], m["maxPageSize"] = "documents", entries, c.s.opt.MaxPageSize
	return m
}

// json is what every paged entity says of its page.
func (p pageOf) json(unknown bool) map[string]any {
	pages := 1 // an empty page is one
	if p.size > 0 && p.total > 0 {
		pages = (p.total + p.size - 1) / p.size
	}

	next := p.offset+len(p.nodes) < p.total
	m := map[string]any{
		"isPaginable": true, "resultsCount": p.total, "pageSize": p.size, "resultsCountLimit": 0,
		"currentPageSize": len(p.nodes), "currentPageIndex": p.index, "currentPageOffset": p.offset,
		"numberOfPages":           pages,
		"isPreviousPageAvailable": p.offset > 0, "isNextPageAvailable": next, "isLastPageAvailable": next,
		"isSortable": true,
		"hasError":   false, "errorMessage": nil, "totalSize": p.total, "pageIndex": p.index, "pageCount": pages,
	}
	if unknown {
		m["resultsCount"], m["totalSize"], m["numberOfPages"], m["pageCount"] = -2, -2, 0, 0
	}

	return m
}
