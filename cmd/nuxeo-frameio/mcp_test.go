package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
)

// anAgent is a client of the command, as josh, whose person answers each question with the next of the answers.
type anAgent struct {
	*mcp.ClientSession
	t       *testing.T
	asked   []string
	answers []string
}

// agentOf starts the command on a stage of its own.
func agentOf(t *testing.T, answers ...string) (*anAgent, *demo.Stage) {
	t.Helper()
	stage, err := demo.Start(t.Context(), demo.Options{Log: slog.New(slog.DiscardHandler), AnyPort: true})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = stage.Stop() })
	if err := stage.ConnectEveryone(t.Context()); err != nil {
		t.Fatal(err)
	}

	toUs, fromAgent := io.Pipe()
	toAgent, fromUs := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), []string{"mcp", "--server", stage.URL, "--user", "josh", "--password", "josh"},
			toUs, fromUs, t.Output())
		_ = fromUs.Close()
	}()

	a := &anAgent{t: t, answers: answers}
	c := mcp.NewClient(&mcp.Implementation{Name: "test"}, &mcp.ClientOptions{ElicitationHandler: a.answer})
	if a.ClientSession, err = c.Connect(t.Context(), &mcp.IOTransport{Reader: toAgent, Writer: fromAgent},
		nil); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		_, _ = a.Close(), fromAgent.Close()
		if code := <-ended; code != 0 {
			t.Errorf("the command ended with %d, want 0", code)
		}
	})

	return a, stage
}

// answer is what the person says.
func (a *anAgent) answer(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
	a.asked = append(a.asked, r.Params.Message)
	said := a.answers[0]
	a.answers = a.answers[1:]
	return &mcp.ElicitResult{Action: said, Content: map[string]any{}}, nil
}

// does calls a tool and reads what it answers.
func (a *anAgent) does(tool string, arguments map[string]any, into any) (text string, failed bool) {
	a.t.Helper()
	r, err := a.CallTool(a.t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		a.t.Fatalf("calling the tool %s: %v", tool, err)
	}

	text = r.Content[0].(*mcp.TextContent).Text
	if into != nil {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			a.t.Fatalf("%s answered %q, want JSON: %v", tool, text, err)
		}
	}

	return text, r.IsError
}

// bindingOf binds the folder of the demo, and is the id of that.
func bindingOf(t *testing.T, stage *demo.Stage) string {
	t.Helper()
	if code := run(t.Context(), []string{
		"bind", "/default-domain/workspaces/films", "--team", "post production", "--name", "Archive",
		"--server", stage.URL, "--user", "josh", "--password", "josh",
	}, strings.NewReader(""), io.Discard, t.Output()); code != 0 {
		t.Fatalf("binding ended with %d, want 0", code)
	}

	var list struct{ Bindings []struct{ ID string } }
	var out strings.Builder
	run(t.Context(), []string{"bindings", "--json", "--server", stage.URL, "--user", "josh", "--password", "josh"},
		strings.NewReader(""), &out, t.Output())
	if err := json.Unmarshal([]byte(`{"bindings":`+out.String()+`}`), &list); err != nil || len(list.Bindings) != 1 {
		t.Fatalf("the bindings are %s, want one (%v)", out.String(), err)
	}

	return list.Bindings[0].ID
}

// Nothing is published but what the person agreed to.
func TestAnAgentAsksBeforeItPublishes(t *testing.T) {
	t.Parallel()
	a, stage := agentOf(t, "decline", "accept")
	publish := map[string]any{"binding": bindingOf(t, stage), "assets": []string{stage.Names()["TEASER"]}}

	if text, failed := a.does("publish_assets", publish, nil); failed || !strings.Contains(text, `"done":false`) {
		t.Errorf("declined, it answers %q, want that nothing was done", text)
	}

	if n := len(itemsOf(a)); n != 0 {
		t.Errorf("declined, there are %d items, want 0", n)
	}

	var accepted struct{ Interaction, Message string }
	if text, failed := a.does("publish_assets", publish, &accepted); failed || accepted.Interaction == "" {
		t.Fatalf("accepted, it answers %q, want an interaction", text)
	}

	want := `Publish 1 asset from Frame.io into "/default-domain/workspaces/films"? A folder brings all that is ` +
		`in it. ` +
		`It is about "` + stage.Names()["TEASER"] + `".`
	if !slices.Equal(a.asked, []string{want, want}) {
		t.Errorf("asked %q, want twice %q", a.asked, want)
	}

	as := []string{"--server", stage.URL, "--user", "josh", "--password", "josh"}
	watch := append([]string{"items", "watch", "--parent", accepted.Interaction}, as...)
	if code := run(t.Context(), watch, strings.NewReader(""), io.Discard, t.Output()); code != 0 {
		t.Fatalf("watching it arrive ended with %d, want 0", code)
	}

	items := itemsOf(a)
	if len(items) != 1 || items[0].State != "done" {
		t.Fatalf("the items are %v, want one that is done", items)
	}

	document := items[0].Document
	if text, failed := a.does("explain", map[string]any{"of": document}, nil); failed ||
		!strings.Contains(text, "Teaser") {
		t.Errorf("explain answers %q, want the story of Teaser", text)
	}
}

// itemsOf are the items of Teaser that the agent sees.
func itemsOf(a *anAgent) (items []struct{ Title, State, Document string }) {
	var list struct {
		Items []struct{ Title, State, Document string }
	}
	a.does("list_items", map[string]any{}, &list)
	return slices.DeleteFunc(list.Items, func(i struct{ Title, State, Document string }) bool {
		return !strings.HasPrefix(i.Title, "Teaser")
	})
}

// A client cannot agree to what its person was not asked.
func TestAnAgentCannotAgreeByItself(t *testing.T) {
	t.Parallel()
	a, stage := agentOf(t, "decline")
	r, err := a.CallTool(t.Context(), &mcp.CallToolParams{
		Name:           "publish_assets",
		Arguments:      map[string]any{"binding": bindingOf(t, stage), "assets": []string{stage.Names()["TEASER"]}},
		InputResponses: mcp.InputResponseMap{"confirm": &mcp.ElicitResult{Action: "accept"}},
		RequestState:   "made up",
	})
	if err != nil || len(a.asked) != 1 || len(itemsOf(a)) != 0 {
		t.Errorf("asked %q, %d items, %v %v; want one question and nothing done", a.asked, len(itemsOf(a)), r, err)
	}
}

// What the connector refuses is an answer with its reason and remedy, and ends nothing.
func TestAnAgentIsToldWhatIsRefused(t *testing.T) {
	t.Parallel()
	a, _ := agentOf(t)
	for _, id := range []string{"../../provider", "..", ".", ""} {
		if text, failed := a.does("describe_document", map[string]any{"document": id}, nil); !failed {
			t.Errorf("the document %q, which is none, answers %q, want an error", id, text)
		}
	}

	if text, failed := a.does("publish_assets", map[string]any{"binding": "none", "assets": []string{"x"}},
		nil); !failed {
		t.Errorf("a binding that is none answers %q, want an error", text)
	}

	if _, failed := a.does("list_bindings", map[string]any{}, nil); failed {
		t.Error("a call afterwards: got it refused, want an answer")
	}
}

// Each tool does what it is for: what one answers leads to the next, up to a push and a refresh.
func TestEveryToolOfAnAgent(t *testing.T) {
	t.Parallel()
	a, stage := agentOf(t, "accept", "accept", "accept")
	josh := []string{"--server", stage.URL, "--user", "josh", "--password", "josh"}
	do := func(args ...string) {
		t.Helper()
		if code := run(t.Context(), append(args, josh...), strings.NewReader(""), io.Discard, t.Output()); code != 0 {
			t.Fatalf("%v ended with %d, want 0", args, code)
		}
	}
	called := map[string]bool{}
	call := func(tool string, arguments map[string]any, into any) {
		t.Helper()
		called[tool] = true
		if text, failed := a.does(tool, arguments, into); failed {
			t.Errorf("%s answers %q, want no error", tool, text)
		}
	}

	// A published document, and a mirror.
	binding := bindingOf(t, stage)
	do("sync", "add", "/default-domain/workspaces/trailers", "--project", "Autumn campaign")
	var published struct{ Interaction string }
	call("publish_assets", map[string]any{"binding": binding, "assets": []string{stage.Names()["TEASER"]}}, &published)
	do("items", "watch", "--parent", published.Interaction)
	var items struct{ Items []struct{ Document string } }
	call("list_items", map[string]any{"parent": published.Interaction, "state": "done"}, &items)
	document := ""
	for _, i := range items.Items {
		document = cmp.Or(document, i.Document) // the mail is an item, too
	}

	// Looking around.
	var bindings struct{ Bindings []struct{ Folder string } }
	call("list_bindings", map[string]any{"limit": 5}, &bindings)
	folder := bindings.Bindings[0].Folder
	call("find_folders", map[string]any{"search": "films"}, nil)
	call("list_documents", map[string]any{"folder": folder}, nil)
	call("describe_document", map[string]any{"document": document}, nil)
	call("explain", map[string]any{"of": document}, nil)
	call("list_pushes", map[string]any{"folder": folder}, nil)

	// A push.
	var targets struct {
		Teams []struct{ ID, Account, Name string }
	}
	call("push_targets", map[string]any{"document": document}, &targets)
	team := targets.Teams[0]
	var projects struct {
		Projects []struct{ ID, Name, Root string }
	}
	call("list_projects", map[string]any{"account": team.Account, "team": team.ID}, &projects)
	project := projects.Projects[0]
	call("list_frameio_folders", map[string]any{"account": team.Account, "folder": stage.Names()["ROOT"]}, nil)
	var pushed struct{ Count int }
	call("push_documents", map[string]any{
		"documents": []string{document}, "team": team.ID, "project": project.ID, "separate": true,
	}, &pushed)
	want := fmt.Sprintf(`To the team %q, project %q. It is about "Teaser".`, team.Name, project.Name)
	if got := a.asked[len(a.asked)-1]; pushed.Count != 1 || !strings.HasSuffix(got, want) {
		t.Errorf("%d are pushed, asked %q, want 1 and %q at its end", pushed.Count, got, want)
	}

	// A mirror.
	var syncs struct{ Syncs []struct{ ID string } }
	call("list_syncs", nil, &syncs)
	sync := map[string]any{"sync": syncs.Syncs[0].ID}
	call("describe_sync", sync, nil)
	call("list_sync_problems", sync, nil)
	call("check_sync", sync, nil)
	var shown struct{ Check struct{ State string } }
	for range 2000 {
		if call("describe_sync", sync, &shown); shown.Check.State == "done" {
			break
		}
	}
	if shown.Check.State != "done" {
		t.Errorf("the check is %q, want done", shown.Check.State)
	}
	call("list_differences", sync, nil)
	call("refresh_sync", sync, nil)
	if got := a.asked[len(a.asked)-1]; got != `Compare "/default-domain/workspaces/trailers" with Frame.io and bring `+
		`what differs?` {
		t.Errorf("asked %q, want which folder", got)
	}

	list, err := a.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range list.Tools {
		if !called[tool.Name] {
			t.Errorf("nobody has called %s, want every tool tried", tool.Name)
		}
	}
}

// Over HTTP nobody comes in without the key, and only from this machine.
func TestAnAgentOverHTTPBringsTheKey(t *testing.T) {
	t.Parallel()
	stage, err := demo.Start(t.Context(), demo.Options{Log: slog.New(slog.DiscardHandler), AnyPort: true})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = stage.Stop() })
	as := []string{"mcp", "--server", stage.URL, "--user", "josh", "--password", "josh", "--listen"}

	if code := run(t.Context(), append(as, "0.0.0.0:0"), strings.NewReader(""), io.Discard, t.Output()); code == 0 {
		t.Error("listening to other machines: got exit code 0, want it refused")
	}

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	out, in := io.Pipe()
	go func() { ended <- run(ctx, append(as, "127.0.0.1:0"), strings.NewReader(""), in, t.Output()) }()
	var address, key string
	if _, err := fmt.Fscanf(out, "Agents connect to %s with the header\n", &address); err != nil {
		t.Fatal(err)
	}

	if _, err := fmt.Fscanf(out, "Authorization: Bearer %s\n", &key); err != nil ||
		!regexp.MustCompile(`^\w{20,}$`).MatchString(key) {
		t.Fatalf("the key is %q, %v; want at least 20 letters and digits", key, err)
	}

	for bring, want := range map[string]bool{"": false, "Bearer wrong": false, "Bearer " + key: true} {
		c := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil)
		s, err := c.Connect(ctx, &mcp.StreamableClientTransport{
			Endpoint: address, MaxRetries: -1, DisableStandaloneSSE: true,
			HTTPClient: &http.Client{Transport: bringing(bring)},
		}, nil)
		if (err == nil) != want {
			t.Errorf("with %q: %v, want that it comes in: %v", bring, err, want)
		}

		if err == nil {
			_ = s.Close()
		}
	}

	stop()
	if code := <-ended; code != 0 {
		t.Errorf("it ended with %d, want 0", code)
	}
}

// bringing sends a header of its own with each request.
type bringing string

// RoundTrip is that of http.RoundTripper.
func (b bringing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", string(b))
	return http.DefaultTransport.RoundTrip(r)
}
