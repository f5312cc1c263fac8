package testenv

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Story tells what has become of all items until now, for a test that waited in vain:
// the newest first, of each the state and the end of its history.
func (b *Bed) Story() string {
	items, more, err := b.App.Engine.Items(context.Background(), Viewer, work.Filter{Limit: longestStory})
	if err != nil {
		return fmt.Sprintf("; reading the items: %v", err)
	}

	var out strings.Builder
	fmt.Fprintf(&out, "\n%s: the items, newest first", time.Now().Format(clockTime))
	for _, v := range items {
		fmt.Fprintf(&out, "\n- %s %q is %s", v.Kind, v.Title, v.State)
		if !v.State.Final() {
			fmt.Fprintf(&out, " at step %q, attempt %d, due %s", v.Step, v.Attempt,
				v.NotBefore.Local().Format(clockTime))
		}
		if v.Message != "" {
			fmt.Fprintf(&out, ": %s (%s)", v.Message, v.Code)
		}
		out.WriteString(b.historyOf(v.ID))
	}

	if more {
		out.WriteString("\n- and older ones")
	}

	return out.String()
}

const (
	clockTime    = "15:04:05.000"
	longestStory = 30 // items
	lastEvents   = 8  // lines of each history
)

func (b *Bed) historyOf(item string) string {
	events, err := b.App.Engine.History(context.Background(), item)
	if err != nil {
		return fmt.Sprintf("; reading its history: %v", err)
	}

	var out strings.Builder
	for _, e := range events[max(0, len(events)-lastEvents):] {
		fmt.Fprintf(&out, "\n    %s %s %s", e.At.Local().Format(clockTime), e.Event, e.Detail)
	}

	return out.String()
}
