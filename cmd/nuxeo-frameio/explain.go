package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type explainCmd struct {
	clientFlags
	Of string `arg:"" name:"document-or-asset" help:"Uid or path of a document, or id of a file or version stack."`
}

// Run tells why a document and its asset are as they are.
func (c *explainCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.Explain(t.ctx, &api.ExplainParams{Of: c.Of})
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got.Stories)
		}

		for i, s := range got.Stories {
			if i > 0 {
				t.printf("\n")
			}
			tellStory(t, s)
		}

		return nil
	})
}

func tellStory(t *terminal, s api.Story) {
	switch {
	case s.Document == nil:
		t.printf("The asset has no document yet.\n")
	case s.Path == nil:
		t.printf("The document %s is not in Nuxeo any more.\n", *s.Document)
	default:
		t.printf("%s\n%s (%s)\n", plain.Line(str(s.Title)), *s.Path, *s.Document)
	}

	if len(s.Ties) == 0 {
		t.printf("Nothing ties it to Frame.io.\n")
	}

	// What keeps it in step with Frame.io, and how that is going.
	for _, tie := range s.Ties {
		t.printf("\n%s\n", tieText(tie))
		for _, line := range tieLines(tie) {
			t.printf("  %s\n", line)
		}
	}

	// Its history.
	if len(s.Events) > 0 {
		t.printf("\nWhat happened:\n")
	}

	for _, e := range s.Events {
		t.printf("  %s  %s\n", e.At.Local().Format(time.DateTime), eventText(e))
	}
}

func tieText(t api.StoryTie) string {
	switch {
	case t.Kind == api.StoryTieKindPush:
		return fmt.Sprintf("Pushed to %s (push %s)", plain.Line(t.Name), t.Id)
	case t.Kind == api.StoryTieKindSync:
		return fmt.Sprintf("Mirrored in %s from %s (sync %s)", t.Folder, plain.Line(t.Name), t.Id)
	case t.Id == "":
		return "Published into a folder that is not bound any more"
	}
	return fmt.Sprintf("Published into %s by %q (binding %s)", t.Folder, plain.Line(t.Name), t.Id)
}

func tieLines(t api.StoryTie) []string {
	var lines []string
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, fmt.Sprintf("%-9s %s", name, value))
		}
	}

	add("state", t.State)
	add("why", str(t.Why))
	add("to do", str(t.Remedy))
	add("asset", t.Asset)
	add("files", strings.Join(t.Files, ", "))
	add("content", contentText(t.Content))
	if t.CommentsAt != nil {
		add("comments", "looked at "+t.CommentsAt.Local().Format(time.DateTime))
	}

	return lines
}

func contentText(c *api.StoryContent) string {
	if c == nil {
		return ""
	}

	text := "file " + c.File
	if c.Name != nil {
		text += " " + plain.Line(*c.Name)
	}

	text += ", " + plain.Size(c.Size)
	if c.Digest != nil {
		text += ", " + *c.Digest
	}

	if c.At != nil {
		text += ", since " + c.At.Local().Format(time.DateTime)
	}

	return text
}

func eventText(e api.StoryEvent) string {
	text := plain.Line(e.What)
	if e.By != nil {
		text += ", by " + plain.Line(*e.By)
	}
	return text
}
