package frameiosim

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
)

// treeRows bounds each list of assets on the page of the whole tree.
const treeRows = 500

// treeSpace is a workspace on the page.
type treeSpace struct {
	Account, Name string
	Actions       []ActionView
	People        []Person // who may run them
	Projects      []treeProject
}

type treeProject struct {
	Name string
	Rows []treeRow
	More bool
}

// treeRow is a file, folder or stack.
type treeRow struct {
	Depth                  int
	Kind, ID, Name, Status string
	Upload                 string // where it stands, when that is not the end
	File                   bool
	Size                   int64
	Comments               []treeComment
}

type treeComment struct {
	Reply                bool
	Who, At, Text, State string
}

// treeResult is what came of running an action from the page.
type treeResult struct {
	What, Title, Text string
	Bad               bool
}

// mountTree serves a page with everything there is, where a person's hand in
// Frame.io can be played: running a custom action. Frame.io's own pages are not
// simulated.
func (s *Server) mountTree(mux *http.ServeMux) {
	mux.HandleFunc("GET /plain", func(w http.ResponseWriter, _ *http.Request) { s.treePage(w, nil) })
	run := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.treePage(w, s.runFromPage(r)) })
	mux.Handle("POST /plain", http.NewCrossOriginProtection().Handler(run))
}

func (s *Server) runFromPage(r *http.Request) *treeResult {
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	action, person, asset := r.PostFormValue("action"), r.PostFormValue("person"), r.PostFormValue("asset")
	result, err := s.RunAction(r.Context(), action, person, []string{asset})
	out := &treeResult{What: s.runText(action, person, asset), Title: result.Title, Text: result.Description}
	switch {
	case err != nil:
		out.Bad, out.Title, out.Text = true, "This cannot be done.", err.Error()
	case !result.OK():
		out.Bad, out.Title, out.Text = true, "The custom action did not answer well.",
			fmt.Sprintf("%d attempts, the last: %s", result.Attempts, result.Error)
	case result.Title == "":
		out.Title = "The custom action answered without a message."
	}

	for _, f := range result.Fields {
		out.Text += fmt.Sprintf(" It asks for %q, which cannot be entered here.", f.Label)
	}

	return out
}

func (s *Server) runText(actionID, personID, assetID string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, p, n := s.actions[actionID], s.people[personID], s.nodes[assetID]
	if a == nil || p == nil || n == nil {
		return ""
	}
	return fmt.Sprintf("%s ran %q on %s", p.name, a.name, n.name)
}

func (s *Server) treePage(w http.ResponseWriter, result *treeResult) {
	spaces := s.treeSpaces()
	var b bytes.Buffer
	if err := treeTemplate.Execute(&b, object{"Spaces": spaces, "Result": result, "Bound": treeRows}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}

	h := w.Header()
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes()) // the browser may be gone
}

func (s *Server) treeSpaces() (out []treeSpace) {
	people := s.People()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, a := range s.accountSeq {
		for _, w := range a.workspaces {
			if !w.deleted {
				out = append(out, s.treeSpace(w, people))
			}
		}
	}

	return out
}

// maxRunners is how many people can run actions from the page.
const maxRunners = 3

func (s *Server) treeSpace(w *workspace, people []Person) treeSpace {
	v := treeSpace{Account: w.account.name, Name: w.name}
	for _, a := range w.actionViews() {
		if a.Active {
			v.Actions = append(v.Actions, a)
		}
	}

	for _, p := range people {
		if w.visible(p.ID) && len(v.People) < maxRunners {
			v.People = append(v.People, p)
		}
	}

	for _, p := range w.projects {
		if !p.deleted {
			t := treeProject{Name: p.name}
			s.treeAdd(&t, p.root, 0)
			v.Projects = append(v.Projects, t)
		}
	}

	return v
}

func (s *Server) treeAdd(t *treeProject, n *node, depth int) {
	for _, child := range n.children {
		if t.More = t.More || len(t.Rows) >= treeRows; t.More {
			return
		}

		row := treeRow{
			Depth: depth,
			Kind:  map[kind]string{kindFile: "file", kindFolder: "folder", kindStack: "version stack"}[child.kind],
			ID:    child.id,
			Name:  child.name,
		}

		if f := child.file; f != nil {
			row.File, row.Size, row.Status = true, f.size, s.approval(child)
			if up := s.status(f); up == "created" {
				row.Upload = "not all bytes are here"
			}
			row.Comments = s.treeComments(f.comments, false, nil)
		}

		t.Rows = append(t.Rows, row)
		s.treeAdd(t, child, depth+1)
	}
}

// approval is the option that the field Status has.
func (s *Server) approval(n *node) string {
	for f, v := range n.file.values {
		ids, _ := v.([]string)
		if f.name != "Status" {
			continue
		}
		for _, o := range f.options {
			if slices.Contains(ids, o.id) {
				return o.name
			}
		}
	}
	return ""
}

func (s *Server) treeComments(list []*comment, reply bool, out []treeComment) []treeComment {
	for _, c := range list {
		if c.deleted || !reply && c.parent != nil || len(out) >= treeRows {
			continue
		}

		v := treeComment{Reply: reply, Who: "a guest", Text: c.text}
		if p := s.people[c.owner]; p != nil {
			v.Who = p.name
		}

		if c.timestamp != nil {
			v.At = fmt.Sprintf("frame %d", *c.timestamp)
		}

		if c.annotation != "" {
			v.State = "with a drawing"
		}

		if !c.completed.IsZero() {
			v.State = "resolved"
		}

		out = append(out, v)
		if !reply {
			out = s.treeComments(c.replies, true, out)
		}
	}
	return out
}
