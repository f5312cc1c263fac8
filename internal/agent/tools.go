package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// page is what every list takes.
type page struct {
	Cursor string `json:"cursor,omitempty" jsonschema:"the value of next in the answer before, to go on there"`
	Limit  int    `json:"limit,omitempty" jsonschema:"how many at most: 1 to 100, 25 without it"`
}

// usual is how long a page is when nothing is said.
const usual = 25

// query are the parameters of a list: those of the page, and pairs of name and value.
func (p page) query(pairs ...string) url.Values {
	limit := usual
	if p.Limit > 0 {
		limit = min(p.Limit, 100)
	}
	return given(append(pairs, "cursor", p.Cursor, "limit", strconv.Itoa(limit))...)
}

// given are parameters as pairs of name and value; empty ones are left out.
func given(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// get is a reading call.
func get(query url.Values, path string, ids ...string) Request {
	return Request{Method: http.MethodGet, Path: pathOf(path, ids...), Query: query}
}

// pathOf puts ids into a path; what they contain stays one element.
func pathOf(path string, ids ...string) string {
	escaped := make([]any, len(ids))
	for i, id := range ids {
		escaped[i] = url.PathEscape(id)
	}
	return fmt.Sprintf(path, escaped...)
}

// What the tools take.
type (
	nothing struct{}

	ofWhat struct {
		Of string `json:"of" jsonschema:"the uid or path of a Nuxeo document, or the id of a Frame.io file or version stack"`
	}
	folders struct {
		Search string `json:"search,omitempty" jsonschema:"part of the title, at least two letters"`
		Parent string `json:"parent,omitempty" jsonschema:"the uid of a folder, to see what is in it; without both, the root"`
	}
	inFolder struct {
		Folder string `json:"folder" jsonschema:"the uid of a Nuxeo folder"`
		page
	}
	document struct {
		Document string `json:"document" jsonschema:"the uid of a Nuxeo document"`
	}
	inTeam struct {
		Account string `json:"account" jsonschema:"the account of a team, as push_targets tells it"`
		Team    string `json:"team" jsonschema:"the id of the team"`
	}
	inFrameio struct {
		Account string `json:"account" jsonschema:"the account of a team"`
		Folder  string `json:"folder" jsonschema:"the id of a Frame.io folder; of a project it is its root"`
	}
	synchronization struct {
		Sync string `json:"sync" jsonschema:"the id of a synchronization"`
	}
	pageOfSync struct {
		synchronization
		page
	}
	items struct {
		State   string `json:"state,omitempty" jsonschema:"waiting, running, done, failed or canceled"`
		Binding string `json:"binding,omitempty" jsonschema:"the id of a binding: what arrived through it"`
		Parent  string `json:"parent,omitempty" jsonschema:"the interaction or batch of a publish or push"`
		page
	}
	pushes struct {
		State    string `json:"state,omitempty" jsonschema:"sending, open, returned, released, canceled or failed"`
		Document string `json:"document,omitempty" jsonschema:"the uid of a Nuxeo document"`
		Folder   string `json:"folder,omitempty" jsonschema:"the uid of a bound folder"`
		page
	}
	publication struct {
		Binding string   `json:"binding" jsonschema:"the id of the binding to publish through"`
		Assets  []string `json:"assets" jsonschema:"ids or view addresses of Frame.io files, stacks or folders; 1 to 100"`
	}
	push struct {
		Documents []string `json:"documents" jsonschema:"uids or paths of Nuxeo documents"`
		Team      string   `json:"team" jsonschema:"the id of a workspace, as push_targets tells it"`
		Project   string   `json:"project" jsonschema:"the id of a Frame.io project"`
		Folder    string   `json:"frameio_folder,omitempty" jsonschema:"the id of a folder in it; without it the outermost"`
		Separate  bool     `json:"separate,omitempty" jsonschema:"a linked document becomes an asset of its own"`
	}
)

// reading adds the tools that change nothing.
func (s *server) reading() {
	read(s, "explain", "Explain a document or asset",
		"Why a document and its Frame.io asset are as they are, and what happened to them, oldest first.",
		func(in ofWhat) Request { return get(url.Values{"of": {in.Of}}, "/explain") })
	read(s, "find_folders", "Find folders", "Nuxeo folders that the person may see.",
		func(in folders) Request { return get(given("search", in.Search, "parent", in.Parent), "/folders") })
	read(s, "list_documents", "List what came from Frame.io",
		"Documents in a folder that came from Frame.io, newest first.",
		func(in inFolder) Request { return get(in.query(), "/folders/%s/documents", in.Folder) })
	read(s, "describe_document", "Describe a document", "A document with its versions, fields and Frame.io comments.",
		func(in document) Request { return get(nil, "/documents/%s", in.Document) })
	read(s, "list_bindings", "List bindings",
		"Nuxeo folders that are bound to Frame.io, with the teams that publish there.",
		func(in page) Request { return get(in.query(), "/bindings") })
	read(s, "list_items", "List what arrived or failed",
		"What was published, pushed or mirrored, newest first, each with its state, and for failures reason and "+
			"remedy.",
		func(in items) Request {
			return get(in.query("state", in.State, "binding", in.Binding, "parent", in.Parent), "/items")
		})

	read(s, "list_pushes", "List pushes", "Documents that were pushed to Frame.io for review, newest first.",
		func(in pushes) Request {
			return get(in.query("state", in.State, "document", in.Document, "folder", in.Folder), "/pushes")
		})

	read(s, "push_targets", "Where a document can go",
		"Teams that a document can be pushed to, and why not if it cannot.",
		func(in document) Request { return get(nil, "/documents/%s/targets", in.Document) })
	read(s, "list_projects", "List projects of Frame.io", "The projects of a team that the person may see.",
		func(in inTeam) Request {
			return get(nil, "/frameio/%s/workspaces/%s/projects", in.Account, in.Team)
		})
	read(s, "list_frameio_folders", "List folders of Frame.io", "The folders directly in a folder of Frame.io.",
		func(in inFrameio) Request { return get(nil, "/frameio/%s/folders/%s/folders", in.Account, in.Folder) })
	read(s, "list_syncs", "List synchronizations", "Nuxeo folders that mirror a Frame.io folder tree.",
		func(nothing) Request { return get(nil, "/syncs") })
	read(s, "describe_sync", "Describe a synchronization",
		"A synchronization with its counts and its current or last run.",
		func(in synchronization) Request { return get(nil, "/syncs/%s", in.Sync) })
	read(s, "list_sync_problems", "What a synchronization did not bring", "Entries with a problem or conflict.",
		func(in pageOfSync) Request { return get(in.query(), "/syncs/%s/troubles", in.Sync) })
	read(s, "check_sync", "Compare a synchronization",
		"Begins to compare both sides, which changes nothing. describe_sync tells when it has ended, list_differences "+
			"what it found.",
		func(in synchronization) Request {
			return Request{Method: http.MethodPost, Path: pathOf("/syncs/%s/check", in.Sync)}
		})

	read(s, "list_differences", "What the last check has found",
		"Differences, each with what a refresh would do about it.",
		func(in pageOfSync) Request { return get(in.query(), "/syncs/%s/differences", in.Sync) })
}

// changing adds the tools that ask first.
func (s *server) changing() {
	change(s, "publish_assets", "Publish assets to Nuxeo",
		"Publishes Frame.io assets into a bound Nuxeo folder. The person is asked first.",
		s.askPublish, func(in publication) Request {
			return Request{Method: http.MethodPost, Path: "/publications", Body: in}
		})

	change(s, "push_documents", "Push documents to Frame.io",
		"Sends documents to Frame.io for review and locks them until they come back. The person is asked first, with "+
			"what would be sent.",
		s.askPush, func(in push) Request { return Request{Method: http.MethodPost, Path: "/pushes", Body: in} })
	change(s, "refresh_sync", "Refresh a synchronization",
		"Compares with Frame.io and brings what differs. The person is asked first.",
		s.askRefresh, func(in synchronization) Request {
			return Request{Method: http.MethodPost, Path: pathOf("/syncs/%s/refresh", in.Sync), Body: struct{}{}}
		})
}

// look makes a call and reads what a question is made of.
func (s *server) look(ctx context.Context, r Request, into any) error {
	answer, err := s.call(ctx, r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("what the connector answered to %s %s: %w", r.Method, r.Path, err)
	}
	return nil
}

func (s *server) askPublish(ctx context.Context, in publication) (string, error) {
	var b struct {
		Path string `json:"folder_path"`
	}
	if err := s.look(ctx, get(nil, "/bindings/%s", in.Binding), &b); err != nil {
		return "", err
	}
	return fmt.Sprintf("Publish %s from Frame.io into %s? A folder brings all that is in it. %s",
		plain.Count(len(in.Assets), "asset"), quoted(b.Path), listed(in.Assets)), nil
}

func (s *server) askPush(ctx context.Context, in push) (string, error) {
	var p struct {
		Count int   `json:"count"`
		Bytes int64 `json:"bytes"`
		Left  int   `json:"skipped_count"`
		Next  int   `json:"next"`
	}

	body := map[string]any{"documents": in.Documents, "team": in.Team}
	if err := s.look(ctx, Request{Method: http.MethodPost, Path: "/pushes/preview", Body: body}, &p); err != nil {
		return "", err
	}

	titles, team, project, err := s.pushed(ctx, in)
	if err != nil {
		return "", err
	}

	// Say what would be sent where, so that the person can judge it.
	text := fmt.Sprintf("Push %s (%s) to Frame.io, and lock what is sent until it comes back? To the team %s, "+
		"project %s%s. %s",
		plain.Count(p.Count, "document"), plain.Size(p.Bytes), quoted(team), quoted(project), folderText(in.Folder),
		listed(titles))
	if p.Next > 0 && !in.Separate {
		text += fmt.Sprintf(" %s of them would become the next version of an asset.", plain.Number(p.Next))
	}

	if p.Left > 0 {
		text += fmt.Sprintf(" %s would be left out.", plain.Count(p.Left, "document"))
	}

	return text, nil
}

func (s *server) askRefresh(ctx context.Context, in synchronization) (string, error) {
	var q struct {
		Path string `json:"folder_path"`
	}
	if err := s.look(ctx, get(nil, "/syncs/%s", in.Sync), &q); err != nil {
		return "", err
	}
	return fmt.Sprintf("Compare %s with Frame.io and bring what differs?", quoted(q.Path)), nil
}

// shown is how many of many things a question names.
const shown = 5

// pushed are the titles of the first documents, and the names of team and project. What has no name that the person may
// see is named by its id, or path.
func (s *server) pushed(ctx context.Context, in push) (titles []string, team, project string, err error) {
	team, project = in.Team, in.Project
	account := ""
	for i, d := range in.Documents {
		if i >= shown || strings.HasPrefix(d, "/") { // a path says enough
			titles = append(titles, d)
			continue
		}

		var to struct {
			Title string `json:"title"`
			Teams []struct {
				ID      string `json:"id"`
				Name    string `json:"name"`
				Account string `json:"account"`
			} `json:"teams"`
		}
		if err := s.look(ctx, get(nil, "/documents/%s/targets", d), &to); err != nil {
			return nil, "", "", err
		}

		titles = append(titles, to.Title)
		for _, t := range to.Teams {
			if t.ID == in.Team {
				team, account = t.Name, t.Account
			}
		}
	}

	// None of the documents can go to that team.
	if account == "" {
		return titles, team, project, nil
	}

	// The name of the project, if the person may see it.
	var all struct {
		Projects []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"projects"`
	}
	err = s.look(ctx, get(nil, "/frameio/%s/workspaces/%s/projects", account, in.Team), &all)
	for _, p := range all.Projects {
		if p.ID == in.Project {
			project = p.Name
		}
	}

	return titles, team, project, err
}

// folderText names a folder of the project, if there is one.
func folderText(id string) string {
	if id == "" {
		return ""
	}
	return ", folder " + quoted(id)
}

// listed names the first of many things.
func listed(names []string) string {
	var first []string
	for _, n := range names[:min(len(names), shown)] {
		first = append(first, quoted(n))
	}

	text := strings.Join(first, ", ")
	if more := len(names) - len(first); more > 0 {
		text += " and " + plain.Number(more) + " more"
	}

	return "It is about " + text + "."
}

// quoted is what others have written, in quotation marks and not longer than a line.
func quoted(text string) string {
	const most = 80
	runes := []rune(plain.Line(strings.ReplaceAll(text, `"`, "'")))
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	return `"` + string(runes) + `"`
}
