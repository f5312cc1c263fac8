package nuxeosim

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
)

// treeRows bounds the page of the whole tree.
const treeRows = 500

// treeRow is a folder or document on the page.
type treeRow struct {
	Depth    int
	Doc      DocView
	Facts    []treeFact // the facets of Frame.io
	Comments []treeComment
	Versions []DocView
}

type treeFact struct{ Name, Value string }

type treeComment struct {
	Depth int
	CommentView
}

// treeRoute shows every folder and document on one read-only page, so that a
// link to a document, whose id is in the fragment, finds it without a script and
// without a sign-in. It stands in for Web UI where the face was not built.
func treeRoute(c *call, _ []string) (*answer, error) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return nil, methodNotAllowed()
	}

	rows, more := c.s.tree()
	a, err := page(treePage, http.StatusOK, map[string]any{
		"Rows":  rows,
		"More":  more,
		"Bound": treeRows,
		"LTS":   c.s.opt.LTS,
		"Face":  c.s.hasFace(),
	})
	if err == nil {
		a.header = map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; " +
				"form-action 'self'", "Cache-Control": "no-store",
		}
	}

	return a, err
}

// tree lists what is not hidden, parents first, and reports whether there is more.
func (s *Server) tree() (rows []treeRow, more bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var walk func(n *node, depth int)
	walk = func(n *node, depth int) {
		for _, child := range n.children {
			if more = more || len(rows) >= treeRows; more {
				return
			}
			if !s.repo.hidden(child) {
				rows = append(rows, s.treeRow(child, depth))
				walk(child, depth+1)
			}
		}
	}

	walk(s.repo.resolve("/"), 0)
	return rows, more
}

// treeRow looks at a document; the caller holds mu.
func (s *Server) treeRow(n *node, depth int) treeRow {
	row := treeRow{Depth: depth, Doc: s.view(n)}
	for _, key := range sortedKeys(row.Doc.Properties) {
		if text := factText(row.Doc.Properties[key]); text != "" && strings.HasPrefix(key, "frameio") {
			row.Facts = append(row.Facts, treeFact{key, text})
		}
	}

	for _, v := range n.versions {
		row.Versions = append(row.Versions, s.view(v))
	}

	row.Comments = commentRows(n, 0, nil)
	return row
}

// commentRows are the comments on a document, each followed by its replies.
func commentRows(n *node, depth int, out []treeComment) []treeComment {
	for _, c := range commentsOf(n) {
		if len(out) >= treeRows {
			break
		}

		view := CommentView{
			ID:         c.id,
			Text:       c.text("comment:text"),
			Author:     c.text("comment:author"),
			Annotation: c.typ == "Annotation",
			Created:    c.created(),
		}

		out = commentRows(c, depth+1, append(out, treeComment{depth, view}))
	}
	return out
}

func factText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case []any:
		words := make([]string, len(v))
		for i := range v {
			words[i] = factText(v[i])
		}
		return strings.Join(words, ", ")
	case map[string]any:
		var words []string
		for _, key := range sortedKeys(v) {
			words = append(words, key+" "+factText(v[key]))
		}
		return strings.Join(words, ", ")
	}
	return fmt.Sprint(v)
}

var treeWords = template.FuncMap{
	"size": func(n int64) string {
		if n < 1000 {
			return fmt.Sprintf("%d B", n)
		}
		f, units := float64(n)/1000, []string{"KB", "MB", "GB", "TB"}
		for len(units) > 1 && f >= 1000 {
			f, units = f/1000, units[1:]
		}
		return fmt.Sprintf("%.1f %s", f, units[0])
	},
	"time":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") },
	"indent": func(depth int) int { return min(depth, 12) * 3 / 2 },
	"newest": func(v []DocView) []DocView { v = slices.Clone(v); slices.Reverse(v); return v },
}

// pageStyle is how the pages of the simulator look.
const pageStyle = `<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>
:root{color-scheme:light dark;--line:#8884;--soft:light-dark(#555,#aaa);--card:light-dark(#f5f6f8,#22252a);--mark:light-dark(#0a5fd0,#7db4ff)}
html{background:light-dark(#fff,#121417)}a{color:var(--mark)}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0}.note{color:var(--soft);margin:.2rem 0 1.5rem}
article{border-top:1px solid var(--line);padding:.4rem 0 .5rem;scroll-margin-top:1rem}
article:target{background:var(--card);box-shadow:-.5rem 0 0 var(--mark)}
.type{display:inline-block;min-width:5.5rem;color:var(--soft);font-size:.85rem}.tag{border:1px solid var(--line);border-radius:.6rem;padding:0 .5rem;font-size:.8rem;white-space:nowrap}
.soft,dt{color:var(--soft)}details{margin:.2rem 0 0 5.7rem}summary{cursor:pointer;color:var(--mark);font-size:.9rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.4rem 0;font-size:.9rem}dd{margin:0;overflow-wrap:anywhere}
.comment{white-space:pre-wrap;border-left:3px solid var(--line);padding-left:.7rem;margin:.4rem 0;font-size:.9rem}
.box{max-width:22rem;margin:12vh auto;padding:1.5rem 2rem 2rem;border:1px solid var(--line);border-radius:.6rem;background:var(--card)}
.box label{display:block;margin:.8rem 0}.box input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.45rem}
button{font:inherit;padding:.5rem 1.2rem;cursor:pointer}[role=alert]{color:light-dark(#b00020,#ff8a80)}
</style>`

var treePage = template.Must(template.New("tree").Funcs(treeWords).
	Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Nuxeo (simulated)</title>` + pageStyle +
		`</head><body><main>
<h1>Nuxeo LTS {{.LTS}} <span class="tag">simulation</span></h1>
<p class="note">Everything that this simulated Nuxeo holds, to look at only.
{{if .Face}}<a href="./">The pages like Web UI</a> are for working with it.{{else}}The program was built without the pages like Web UI: <code>make ui</code> builds them.{{end}}</p>
{{range .Rows}}<article id="!/doc/{{.Doc.UID}}" style="padding-left:{{indent .Depth}}rem">
<span class="type">{{.Doc.Type}}</span> <a href="#!/doc/{{.Doc.UID}}">{{.Doc.Title}}</a>
{{if ne .Doc.VersionLabel "0.0"}}<span class="tag">version {{.Doc.VersionLabel}}</span>{{end}}
{{- with .Doc.LockOwner}} <span class="tag">locked by {{.}}</span>{{end}}
{{- if .Doc.IsTrashed}} <span class="tag">in the trash</span>{{end}}
{{- with .Doc.Content}} <span class="soft">{{.Name}}, {{size .Length}}</span>{{end}}
{{- if .Facts}}<details open><summary>Frame.io</summary><dl>{{range .Facts}}<dt>{{.Name}}</dt><dd>{{.Value}}</dd>{{end}}</dl></details>{{end}}
{{- if .Comments}}<details open><summary>Comments: {{len .Comments}}</summary>{{range .Comments}}<div class="comment" style="margin-left:{{indent .Depth}}rem"><span class="soft">{{.Author}}, {{time .Created}}{{if .Annotation}}, annotation{{end}}</span>
{{.Text}}</div>{{end}}</details>{{end}}
{{- if .Versions}}<details><summary>Versions: {{len .Versions}}</summary><dl>{{range newest .Versions}}<dt>{{.VersionLabel}}</dt><dd>{{.Title}}{{with .Content}}, {{.Name}}, {{size .Length}}{{end}}</dd>{{end}}</dl></details>{{end}}
</article>{{else}}<p>There is nothing.</p>{{end}}
{{if .More}}<p class="note">Only the first {{.Bound}} are shown.</p>{{end}}</main></body></html>`))
