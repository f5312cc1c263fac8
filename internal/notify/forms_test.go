package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
)

var at = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// hostile is a name from outside that tries everything.
const hostile = "<!channel> <https://evil.example|here> & *bold* [x](https://evil.example)\n`code` | end>"

func service() *Service {
	s := New(Settings{})
	s.Document = func(uid string) string { return "https://nuxeo.example/ui/#!/doc/" + uid }
	s.Item = func(id string) string { return "https://connector.example/items/" + id }
	return s
}

// Slack refuses a message whose section is too long, whatever it tells.
func TestALongTitleIsCut(t *testing.T) {
	t.Parallel()
	m := hostileMessage()
	m.Delivery.Title = headline(m.Events, Place{Title: strings.Repeat("<&>", 2000)}, Channel{})
	for _, block := range service().slack(m)["blocks"].([]object) {
		if text := block["text"].(object)["text"].(string); len(text) > 3000 {
			t.Errorf("a section has %d bytes, want at most the 3000 that Slack takes: %.60s…", len(text), text)
		}
	}
}

// hostileMessage has an event of each name about a document with such a name, and as many more that it cannot
// name them all.
func hostileMessage() message {
	m := message{Delivery: Delivery{ID: "delivery"}, Place: Place{Binding: "binding", Folder: "folder", Title: hostile}}
	for i, name := range append(Told, event.Returned, event.Arrived, event.Arrived, event.Arrived, event.Arrived) {
		m.Events = append(m.Events, event.Event{
			ID: fmt.Sprint(i), Name: name, At: at, Subject: event.Subject{
				Document: fmt.Sprint("doc", i), Title: hostile, Author: hostile, Text: hostile, Reason: hostile,
				Status: hostile, Requester: hostile, Since: at.Add(-8 * 24 * time.Hour),
			},
		})
	}
	inOrder(m.Events)
	m.Delivery.Title = headline(m.Events, m.Place, Channel{})
	return m
}

// texts are all strings within JSON.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		all = append(all, v)
	case []any:
		for _, one := range v {
			all = append(all, texts(one)...)
		}
	case map[string]any:
		for _, one := range v {
			all = append(all, texts(one)...)
		}
	}
	return all
}

func decoded(t *testing.T, s *Service, to Kind, m message) (v map[string]any) {
	t.Helper()
	b, err := s.body(to, m)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 28<<10 {
		t.Errorf("the body for %s has %d bytes, want at most 28 KiB, as Teams takes", to, len(b))
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Nobody is mentioned, and nothing is linked, by a name in Slack.
func TestSlackShowsNamesAsTheyAre(t *testing.T) {
	t.Parallel()
	m := hostileMessage()
	v := decoded(t, service(), Slack, m)
	blocks, _ := v["blocks"].([]any)
	if len(blocks) != 1+maxLines+2 {
		t.Errorf("there are %d blocks, want a headline, ten lines, how many more, and a link", len(blocks))
	}
	for _, text := range texts(v) {
		for _, bad := range []string{"<!", "<https://evil"} {
			if strings.Contains(text, bad) {
				t.Errorf("the text %q has %q, want it escaped", text, bad)
			}
		}
		if len([]rune(text)) > 3000 {
			t.Errorf("a text has %d characters, want at most 3,000", len([]rune(text)))
		}
	}
}

// A text of Teams' cards is a run, in which nothing is marked up, and a link leads to Nuxeo only.
func TestTeamsShowsNamesAsTheyAre(t *testing.T) {
	t.Parallel()
	v := decoded(t, service(), Teams, hostileMessage())
	attachments, _ := v["attachments"].([]any)
	if v["type"] != "message" || len(attachments) != 1 {
		t.Fatalf("the message is %v, want one attachment", v)
	}
	card, _ := attachments[0].(map[string]any)["content"].(map[string]any)
	body, _ := card["body"].([]any)
	if card["type"] != "AdaptiveCard" || len(body) != 1+maxLines+1 {
		t.Errorf("the card is a %v with %d blocks, want an AdaptiveCard with 12", card["type"], len(body))
	}
	for _, b := range body {
		if kind := b.(map[string]any)["type"]; kind != "RichTextBlock" {
			t.Errorf("a block is a %v, want none that reads Markdown", kind)
		}
	}
	var links func(v any)
	links = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				links(one)
			}
		case map[string]any:
			if u, is := v["url"].(string); is && !strings.HasPrefix(u, "https://nuxeo.example/") {
				t.Errorf("a link leads to %s, want only those to Nuxeo", u)
			}
			for _, one := range v {
				links(one)
			}
		}
	}
	links(card)
}

// The same events make the same message, whatever the order they are read in.
func TestAMessageStaysWhatItIs(t *testing.T) {
	t.Parallel()
	s, m := service(), hostileMessage()
	first, err := s.body(Webhook, m)
	if err != nil {
		t.Fatal(err)
	}
	for i, j := 0, len(m.Events)-1; i < j; i, j = i+1, j-1 {
		m.Events[i], m.Events[j] = m.Events[j], m.Events[i]
	}
	inOrder(m.Events)
	if again, err := s.body(Webhook, m); err != nil || string(again) != string(first) {
		t.Errorf("read in another order the message is %s, %v; want %s", again, err, first)
	}
	want := "1 failed, 1 needs work, 1 overdue, 1 new comment, 1 approved, 1 came back, 5 arrived: "
	if !strings.HasPrefix(m.Delivery.Title, want) {
		t.Errorf("the headline is %q, want it to begin with %q", m.Delivery.Title, want)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "30": 30 * time.Second, "99999999999": mostAsked,
		at.Add(time.Minute).Format("Mon, 02 Jan 2006 15:04:05 GMT"): time.Minute,
		at.Add(-time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT"):  0,
	} {
		if got := retryAfter(text, at); got != want {
			t.Errorf("Retry-After %q is %s, want %s", text, got, want)
		}
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	const want = "v0=7d06e4dcbb54167f0033658ac8c45abe35b1fa257ff38a448e290762b595f902" // by another program
	if got := Sign("secret", "1700000000", []byte(`{"a":1}`)); got != want {
		t.Errorf("the signature is %q, want %q", got, want)
	}
}
