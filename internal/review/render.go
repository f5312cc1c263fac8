package review

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Guest is the author of comments whose author Frame.io does not name.
const Guest = "external reviewer"

// maxText bounds the text of one comment in Nuxeo; Frame.io allows 40,000 characters of up to four
// bytes.
const maxText = 4 * 40_000

// An entity is what is kept of a comment in Nuxeo besides its text: the words as written, what the
// tab needs to place them, and the original comment. It is written in ASCII, which Nuxeo stores
// unchanged.
type entity struct {
	FileID     string          `json:"fileId"`
	Resolved   bool            `json:"resolved"`
	Edited     bool            `json:"edited,omitempty"` // on Frame.io; Nuxeo calls every comment modified
	Author     string          `json:"author"`
	Words      string          `json:"words"`
	Frame      *int64          `json:"frame,omitempty"`
	Duration   *int64          `json:"durationFrames,omitempty"`
	Timecode   string          `json:"timecode,omitempty"`
	Page       *int64          `json:"page,omitempty"`
	Annotation json.RawMessage `json:"annotation,omitempty"`
	Raw        json.RawMessage `json:"raw,omitempty"`
}

func xpath(annotation bool) string {
	if annotation {
		return "file:content"
	}
	return ""
}

// render returns the Nuxeo comment. Its text begins with author and timecode, since Nuxeo shows its
// own author, and ends with the words. All of it is plain text.
func (i *Importer) render(t Target, kind string, c frameio.Comment) nuxeo.Comment {
	// A comment may have a timecode alone; the frame follows from it.
	if c.Timestamp == nil && c.Timecode != "" {
		if frame, ok := frameio.Frames(c.Timecode, t.FrameRate); ok {
			frame += i.FrameBase
			c.Timestamp = &frame
		}
	}

	// The entity keeps all that we know, for ourselves and for later versions of us.
	e := entity{
		FileID: t.FileID, Resolved: c.Completed, Edited: edited(c), Author: author(c),
		Words: clean(c.Text) + attachments(c), Duration: c.Duration, Page: c.Page,
		Annotation: drawing(c.Annotation), Raw: valid(c.Raw),
	}

	// The first line says what Nuxeo has no fields for.
	head := []string{e.Author}
	if c.Timestamp != nil {
		frame := *c.Timestamp - i.FrameBase
		e.Frame, e.Timecode = &frame, span(frame, c.Duration, t.FrameRate)
		head = append(head, e.Timecode)
	} else if c.Timecode != "" {
		e.Timecode = oneLine(c.Timecode)
		head = append(head, e.Timecode)
	}

	if c.Annotation != "" {
		head = append(head, "with a drawing")
	}

	if c.Completed {
		head = append(head, "resolved")
	}

	b, err := json.Marshal(e)
	if err != nil { // only raw JSON could be at fault
		e.Raw, e.Annotation = nil, nil
		b, _ = json.Marshal(e)
	}

	return nuxeo.Comment{
		Text:     oneLine(strings.Join(head, " · ")) + "\n" + e.Words,
		EntityID: entityID(kind, c.ID), Origin: Origin, Entity: ascii(b), XPath: xpath(kind == kindAnnotation),
		Created: c.Created, Modified: c.Updated,
	}
}

// attachments describes what a comment carries besides its text.
func attachments(c frameio.Comment) string {
	var out strings.Builder
	if p := c.Proposal; p != nil {
		switch {
		case p.Selection != "" && p.Suggestion != "":
			fmt.Fprintf(&out, "\nChange “%s” to “%s”", oneLine(p.Selection), oneLine(p.Suggestion))
		case p.Suggestion != "":
			fmt.Fprintf(&out, "\nAdd “%s”", oneLine(p.Suggestion))
		case p.Selection != "":
			fmt.Fprintf(&out, "\nAbout “%s”", oneLine(p.Selection))
		}
	}

	for _, a := range c.Attachments {
		fmt.Fprintf(&out, "\nAttached: %s (%s)", oneLine(a.Name), plain.Size(a.Size))
	}

	return out.String()
}

// ascii escapes everything in JSON that is not ASCII, which occurs only in strings.
func ascii(b []byte) string {
	var out strings.Builder
	for _, r := range string(b) {
		switch {
		case r < 0x7f:
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}

	return out.String()
}

// edited reports whether the words were changed after they were written. Resolving a comment does
// not count.
func edited(c frameio.Comment) bool { return c.Edited.After(c.Created) }

func author(c frameio.Comment) string {
	if c.Owner.Name == "" {
		return Guest
	}
	return c.Owner.Name
}

func span(frame int64, duration *int64, fps float64) string {
	start := frameio.Timecode(frame, fps)
	if duration == nil || *duration <= 1 {
		return start
	}
	return start + " – " + frameio.Timecode(frame+*duration-1, fps)
}

// drawing returns the shapes as JSON. What is not JSON becomes a string.
func drawing(annotation string) json.RawMessage {
	if annotation == "" {
		return nil
	}
	if json.Valid([]byte(annotation)) {
		return json.RawMessage(annotation)
	}
	b, _ := json.Marshal(annotation) // a string always marshals
	return b
}

func valid(raw []byte) json.RawMessage {
	if !json.Valid(raw) {
		return nil
	}
	return raw
}

// oneLine keeps a name on its line.
func oneLine(s string) string { return strings.TrimSpace(plain.Line(clean(s))) }

// clean bounds a text and removes what is not text. Markup stays as plain letters.
func clean(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "…"
	}
	return plain.Text(s)
}
