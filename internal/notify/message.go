package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// testTitle is what a test message says.
const testTitle = "Test message: Frame.io and Nuxeo will be told here."

// A message is what is told, before it is put into the form of a kind of channels.
type message struct {
	Delivery
	Place
	Events []event.Event
	Test   bool
}

// body is a message in the form that a kind of channels reads.
func (s *Service) body(to Kind, m message) ([]byte, error) {
	switch to {
	case Slack:
		return json.Marshal(s.slack(m))
	case Teams:
		return json.Marshal(s.teams(m))
	}
	return json.Marshal(s.webhook(m))
}

// urgency is the order in which events are told: what somebody has to do something about comes first.
var urgency = []event.Name{
	event.Failed, event.Rejected, event.Overdue, event.Commented, event.Approved, event.Returned, event.Arrived,
}

// inOrder puts events into the order in which they are told.
func inOrder(all []event.Event) {
	slices.SortFunc(all, func(a, b event.Event) int {
		return cmp.Or(cmp.Compare(slices.Index(urgency, a.Name), slices.Index(urgency, b.Name)), a.At.Compare(b.At),
			cmp.Compare(a.ID, b.ID))
	})
}

// counts counts events by name.
func counts(all []event.Event) map[event.Name]int {
	n := map[event.Name]int{}
	for _, e := range all {
		n[e.Name]++
	}
	return n
}

// headline is a message in a line, like "2 failed, 305 arrived: Spots".
func headline(all []event.Event, at Place, c Channel) string {
	n := counts(all)
	var parts []string
	for _, name := range urgency {
		if n[name] > 0 {
			parts = append(parts, plain.Number(n[name])+" "+counted(name, n[name]))
		}
	}
	return strings.Join(parts, ", ") + ": " + cut(cmp.Or(at.Title, at.FolderPath, c.Name), 200)
}

// counted is what so many of an event are called after their number.
func counted(name event.Name, n int) string {
	switch {
	case name == event.Rejected && n == 1:
		return "needs work"
	case name == event.Commented && n == 1:
		return "new comment"
	}
	return map[event.Name]string{
		event.Failed: "failed", event.Rejected: "need work", event.Overdue: "overdue",
		event.Commented: "new comments", event.Approved: "approved", event.Returned: "came back",
		event.Arrived: "arrived",
	}[name]
}

// maxLines is how many events a message names; of the others it tells how many they are.
const maxLines = 10

// A line tells one event.
type line struct {
	Title, Address string // of what it is about; the address may be empty
	Text           string
}

// lines are the events that a message names, and how many it does not.
func (s *Service) lines(m message) (named []line, more int) {
	for _, e := range m.Events[:min(len(m.Events), maxLines)] {
		named = append(named, line{
			Title: cut(cmp.Or(e.Title, "Without a title"), 150), Address: s.addressOf(e), Text: said(e),
		})
	}
	return named, len(m.Events) - len(named)
}

// addressOf is where to look at what an event is about: the document in Nuxeo, or what failed on our pages.
func (s *Service) addressOf(e event.Event) string {
	switch {
	case e.Document != "":
		return s.Document(e.Document)
	case e.Item != "":
		return s.Item(e.Item)
	}
	return ""
}

// said says an event in words that follow the title.
func said(e event.Event) string {
	switch e.Name {
	case event.Failed:
		return "failed: " + cut(e.Reason, 300)
	case event.Rejected:
		return "needs work (" + cut(e.Status, 50) + ")"
	case event.Approved:
		return "is approved"
	case event.Overdue:
		days := int(e.At.Sub(e.Since) / (24 * time.Hour))
		if e.Status != "" {
			return fmt.Sprintf("is under review for %s (%s)", plain.Count(days, "day"), cut(e.Status, 50))
		}
		return "is under review for " + plain.Count(days, "day")
	case event.Commented:
		return fmt.Sprintf("%s: %s", cut(cmp.Or(e.Author, "Somebody"), 80), cut(e.Text, 300))
	case event.Returned:
		return "came back from review" + by(e)
	}
	return "arrived" + by(e)
}

func by(e event.Event) string {
	if e.Requester == "" {
		return ""
	}
	return ", published by " + cut(e.Requester, 80)
}

// cut is a text in one line of at most so many characters.
func cut(text string, most int) string {
	r := []rune(plain.Line(text))
	if len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return string(r)
}

// rest says how many events a message does not name.
func rest(more int) string { return fmt.Sprintf("… and %s more.", plain.Number(more)) }
