package explain

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// pushed is what is recorded of a push.
type pushed struct {
	team, project, folder, file string
	by, endedBy, digest         string
	size                        int64
	created, opened, ended      time.Time
	gone                        bool
}

// fill tells a push as a tie.
func (p pushed) fill(t *tied) {
	t.Name = strings.Trim(strings.Join([]string{p.team, p.project, p.folder}, " / "), " /")
	if t.Asset = p.file; p.file != "" {
		t.Files, t.Content = []string{p.file}, &Content{File: p.file, Size: p.size, Digest: p.digest, At: p.opened}
	}

	// A file that is gone cannot come back.
	if p.gone && t.State == "open" {
		t.Why, t.Remedy = "Its file is not on Frame.io any more.",
			"Release the lock: `nuxeo-frameio locks release "+t.ID+"`."
	}

	// Its story.
	t.events = append(t.events, Event{At: p.created, What: "was pushed to " + t.Name, By: p.by})
	if !p.opened.IsZero() {
		t.events = append(t.events, Event{At: p.opened, What: "arrived on Frame.io as " + p.file})
	}

	if !p.ended.IsZero() {
		t.events = append(t.events, Event{At: p.ended, What: endings[t.State], By: p.endedBy})
	}
}

// endings tell how a push ended.
var endings = map[string]string{
	"returned": "came back from review", "failed": "could not be pushed",
	"canceled": "was not pushed: somebody stopped it", "released": "is not waited for any more",
}

// An itemStory is an item with what it says about a document.
type itemStory struct {
	work.View
	job     job
	history []work.Event
}

// job is what items keep of bringing an asset, as far as a story tells it.
type job struct {
	Link     string `json:"link"`
	Document string `json:"document"`
	File     struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Size int64  `json:"size"`
	} `json:"file"`
	Target struct {
		Folder string `json:"folder"`
	} `json:"target"`
}

// items are the newest that were about a tie, newest first. Items belong to people, but
// all who may read the document may know what happened to it. While there is no document,
// those are the people who may read the folder that it was to come into.
func (s *Service) items(ctx context.Context, who work.Viewer, t tied, document string) ([]itemStory, error) {
	ids, err := s.itemIDs(ctx, t)
	if err != nil {
		return nil, err
	}

	var out []itemStory
	for _, id := range ids {
		one := itemStory{}
		if one.View, err = s.Items.Item(ctx, work.Viewer{Admin: true}, id); fault.Is(err, fault.NotFound) {
			continue // it was forgotten meanwhile
		}

		if err != nil {
			return nil, err
		}

		// Items of other assets may have the same subject.
		var state struct{ Job job }
		if err := one.Load(&state); err != nil {
			return nil, err
		}

		if one.job = state.Job; one.foreign(t, document) {
			continue
		}

		// There is no document yet whose rights could be asked.
		if document == "" {
			if sees, err := s.reads(ctx, who, one.job.Target.Folder); err != nil {
				return nil, err
			} else if !sees {
				continue
			}
		}

		if one.history, err = s.Items.History(ctx, id); err != nil {
			return nil, err
		}

		out = append(out, one)
	}

	return out, nil
}

// foreign says that an item brought the asset into another document, before this one
// was there or under another link.
func (it itemStory) foreign(t tied, document string) bool {
	return it.job.Document != "" && it.job.Document != document || it.job.Link != "" &&
		t.linked != "" && it.job.Link != t.linked
}

func (s *Service) itemIDs(ctx context.Context, t tied) (ids []string, err error) {
	query, args := t.itemsQuery()
	return store.Strings(ctx, s.DB.Reader, query, args...)
}

// itemsQuery finds items by their parents and what they are about. A synchronization
// adds a time to what it brings between two runs.
func (t tied) itemsQuery() (string, []any) {
	if t.Kind == ByPush {
		return `SELECT id FROM items WHERE parent = $1 AND kind = 'push' AND subject = $2`, []any{t.batch, t.ID}
	}

	// The subject of an item is the kind and id of what it was about then, a file or its stack.
	args, subjects, later := []any{t.folder, mostItems}, []string{}, ""
	if t.Kind == BySync {
		args[0] = t.ID
	}

	for _, key := range append([]string{t.Asset}, t.Files...) {
		for _, kind := range []string{"file", "version_stack"} {
			args = append(args, kind+" "+key)
			subjects = append(subjects, fmt.Sprintf("$%d", len(args)))
			later += fmt.Sprintf(" OR items.subject LIKE $%d || ' at %%'", len(args))
		}
	}

	// A synchronization's items are below its runs or itself,
	in := strings.Join(subjects, ", ")
	if t.Kind == BySync {
		return `SELECT id FROM items WHERE parent IN (SELECT id FROM sync_runs WHERE sync_id = $1 UNION ALL
			SELECT CAST($1 AS TEXT)) AND kind = 'sync-asset'
			AND (items.subject IN (` + in + `)` + later + `) ORDER BY id DESC LIMIT $2`, args
	}

	// those of a binding below the interactions with its actions.
	return `SELECT items.id FROM bindings b JOIN interactions i ON i.binding_id = b.id JOIN items ON items.parent = i.id
		AND items.kind = 'publish'
		WHERE b.folder_uid = $1 AND items.subject IN (` + in + `) ORDER BY items.id DESC LIMIT $2`, args
}

// learn takes from items what the tie itself does not tell: when the content came,
// and what the newest came to.
func (t *tied) learn(items []itemStory) {
	for i, it := range items {
		if i == 0 {
			t.newest(it)
		}
		if t.Kind == ByBinding && it.State == work.Done && it.Finished.After(t.CommentsAt) {
			t.CommentsAt = it.Finished // they come with everything else
		}
		if c := t.Content; c != nil && it.brought() && it.job.File.ID == c.File && c.At.IsZero() {
			c.At, c.Name = it.Finished, it.job.File.Name
		}
	}
}

// newest judges by the item that was last.
func (t *tied) newest(it itemStory) {
	switch {
	case it.State == work.Failed && t.State != Conflict:
		if t.Kind != ByPush {
			t.State = Failed
		}
		t.Why, t.Remedy = it.Message, it.Remedy
	case !it.State.Final() && t.Kind != ByPush && t.State == InPlace:
		t.State, t.Why, t.Remedy = UnderWay, it.Message, it.Remedy
	case it.State == work.Done && it.Outcome == "conflict" && t.State == InPlace && t.Kind == ByBinding:
		t.State = Conflict
	}
}

// brought says that the item gave the document new content.
func (it itemStory) brought() bool {
	return it.State == work.Done && (it.Outcome == "created" || it.Outcome == "updated" || it.Outcome == "returned")
}

// events are what an item tells, without its single steps.
func (it itemStory) events() []Event {
	var out []Event
	if it.Kind != "push" { // of which its own record tells
		out = append(out, Event{At: it.Created, What: asked[it.Kind], By: it.who(), Item: it.ID})
	}

	// The history says in its detail who did something, if a person did.
	for _, e := range it.history {
		if what := it.phrase(e); what != "" {
			by, _ := strings.CutPrefix(e.Detail, "by ")
			if by == e.Detail {
				by = ""
			}
			out = append(out, Event{At: e.At, What: what, By: by, Item: it.ID})
		}
	}

	return out
}

var asked = map[string]string{
	"publish":    "was published on Frame.io",
	"sync-asset": "was to be brought by the synchronization",
}

func (it itemStory) who() string {
	if it.Requester != "" {
		return it.Requester
	}
	return it.Owner
}

// phrase tells an event in words; empty when it is of no interest.
func (it itemStory) phrase(e work.Event) string {
	switch e.Event {
	case "step", "acting":
		return ""
	case string(work.Done):
		return it.outcome(e.Detail)
	case string(work.Failed):
		return strings.TrimRight("failed: "+it.Message, ": ")
	case string(work.Canceled):
		return "was stopped"
	}

	// Other events are rare enough to be told as they are.
	if e.Detail == "" || strings.HasPrefix(e.Detail, "by ") {
		return e.Event
	}

	return e.Event + ": " + e.Detail
}

// outcome tells what an item came to.
func (it itemStory) outcome(outcome string) string {
	file := ""
	if f := it.job.File; f.ID != "" {
		file = fmt.Sprintf(" from %s (file %s, %d bytes)", f.Name, f.ID, f.Size)
	}

	switch outcome {
	case "created":
		return "came into Nuxeo" + file
	case "updated":
		return "was updated" + file
	case "unchanged":
		return "was looked at, and the content was the same"
	case "returned":
		return "came back from review" + file
	case "conflict":
		return "was left alone: both sides had changed it" + file
	case "sent":
		return ""
	}

	return outcome
}
