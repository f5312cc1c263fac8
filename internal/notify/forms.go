package notify

import (
	"cmp"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
)

// object is a JSON object of others' forms.
type object = map[string]any

// slackText makes a text from outside one that Slack shows as it is: no mention, no link.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// slackMark is likewise, where stars, underscores, waves and backticks would mark it.
var slackMark = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "\u2217", "_", "\u02cd", "~", "\u223c",
	"`", "\u02cb")

// slackLink is a link. Its text may hold everything but what ends it.
func slackLink(address, text string) string {
	text = slackMark.Replace(text)
	if address == "" {
		return "*" + text + "*"
	}
	return "*<" + strings.ReplaceAll(slackText.Replace(address), "|", "%7C") + "|" +
		strings.ReplaceAll(text, "|", "\u00a6") + ">*"
}

// slack is a message as an incoming webhook of Slack takes it (docs.slack.dev, Sending messages using incoming
// webhooks): blocks, of which each section has 3,000 characters at most, and a text for notifications.
func (s *Service) slack(m message) object {
	section := func(text string) object {
		return object{"type": "section", "text": object{"type": "mrkdwn", "text": text}}
	}

	head := "*" + slackMark.Replace(m.Delivery.Title) + "*"
	blocks := []object{section(head)}
	named, more := s.lines(m)
	for _, l := range named {
		blocks = append(blocks, section(slackLink(l.Address, l.Title)+" "+slackText.Replace(l.Text)))
	}
	if more > 0 {
		blocks = append(blocks, section(rest(more)))
	}
	if m.Folder != "" {
		blocks = append(blocks, section(slackLink(s.Document(m.Folder), "Open the folder in Nuxeo")))
	}

	return object{
		"text": slackText.Replace(m.Delivery.Title), "blocks": blocks, "unfurl_links": false, "unfurl_media": false,
	}
}

// teams is a message as a webhook of Teams' app Workflows takes it (learn.microsoft.com, Create incoming webhooks
// with Workflows): an Adaptive Card in the envelope of a message. Texts are runs, in which nothing is marked up.
func (s *Service) teams(m message) object {
	run := func(text string, more object) object {
		r := object{"type": "TextRun", "text": text}
		for k, v := range more {
			r[k] = v
		}
		return r
	}
	block := func(runs ...object) object { return object{"type": "RichTextBlock", "inlines": runs} }

	body := []object{block(run(m.Delivery.Title, object{"weight": "Bolder", "size": "Medium"}))}
	named, more := s.lines(m)
	for _, l := range named {
		title := object{"weight": "Bolder"}
		if l.Address != "" {
			title["selectAction"] = object{"type": "Action.OpenUrl", "url": l.Address}
		}
		body = append(body, block(run(l.Title, title), run(" "+l.Text, nil)))
	}
	if more > 0 {
		body = append(body, block(run(rest(more), nil)))
	}

	card := object{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
		"body": body,
	}
	if m.Folder != "" {
		card["actions"] = []object{{
			"type": "Action.OpenUrl", "title": "Open the folder in Nuxeo", "url": s.Document(m.Folder),
		}}
	}

	return object{"type": "message", "attachments": []object{{
		"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card,
	}}}
}

// payloadVersion changes when a receiver could misread a payload that it could read before. What is only added
// does not change it.
const payloadVersion = 1

// A Payload is what a receiver of one's own gets.
type Payload struct {
	Version int `json:"version"`
	// Kind is "events", or "test".
	Kind string `json:"kind"`
	// Delivery is the id of the message, the same each time that it is sent.
	Delivery string             `json:"delivery"`
	Created  time.Time          `json:"created"`
	Title    string             `json:"title"`
	Binding  PayloadBinding     `json:"binding"`
	Counts   map[event.Name]int `json:"counts"`
	Events   []PayloadEvent     `json:"events"`
}

// A PayloadBinding is the binding that tells.
type PayloadBinding struct {
	ID            string `json:"id"`
	Folder        string `json:"folder"`
	FolderPath    string `json:"folder_path"`
	FolderAddress string `json:"folder_address"`
}

// A PayloadEvent is something that happened. Address is where to look at it: the document in Nuxeo, or the item
// on the connector's pages where there is no document.
type PayloadEvent struct {
	event.Event
	Address string `json:"address,omitempty"`
}

// webhook is a message as a receiver of one's own gets it.
func (s *Service) webhook(m message) Payload {
	p := Payload{
		Version: payloadVersion, Kind: "events", Delivery: m.Delivery.ID, Created: m.Created.UTC(),
		Title: m.Delivery.Title,
		Binding: PayloadBinding{
			ID: m.Place.Binding, Folder: m.Folder, FolderPath: m.FolderPath, FolderAddress: s.Document(m.Folder),
		},
		Counts: counts(m.Events), Events: []PayloadEvent{},
	}
	if m.Test {
		p.Kind = "test"
	}

	for _, e := range m.Events {
		e.At, e.Title = e.At.UTC(), cmp.Or(e.Title, e.Document)
		p.Events = append(p.Events, PayloadEvent{Event: e, Address: s.addressOf(e)})
	}

	return p
}
