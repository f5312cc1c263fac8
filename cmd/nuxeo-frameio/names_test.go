package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// hostile is a name that clears the screen, begins a line of its own and turns the
// direction of writing around; what it is called stays.
const hostile = "\x1b[2J\u009b31mहिन्दी\r\nnuxeo-frameio: done\tAme\u0301lie\u202Egpj.exe"

// What people named anything reaches the terminal as letters.
func TestNamesDoNothingToTheTerminal(t *testing.T) {
	t.Parallel()
	name := hostile
	item := api.Item{
		Id:      "1",
		Title:   name,
		State:   api.ItemStateFailed,
		Message: &name,
		Remedy:  &name,
		History: &[]api.Event{{At: time.Now(), Event: "failed", Detail: name}},
	}

	for what, print := range map[string]func(*terminal) error{
		"table":  func(s *terminal) error { return table(s, "none", "A\tB", [][]string{{name, name}}) },
		"show":   func(s *terminal) error { return showItem(s, item) },
		"printf": func(s *terminal) error { s.printf("%s %v\n", name, fault.New(fault.Gone, "%s", name)); return nil },
		"error":  func(s *terminal) error { fail(s.out, fault.Field(name, name, "%s", name)); return nil },
		"cause":  func(s *terminal) error { fail(s.out, fault.New(fault.Internal, "%s", name)); return nil },
		"JSON":   func(s *terminal) error { return printJSON(s, map[string]string{"name": name}) },
		"screen": func(s *terminal) error { v := newScreen(s); v.put(item); v.draw(); return nil },
		"log": func(s *terminal) error {
			for _, format := range []string{"text", "json"} {
				log, err := newLog(s.out, "info", format)
				if err != nil {
					return err
				}
				log.Info(name, slog.String("name", name))
			}
			return nil
		},
	} {
		var out bytes.Buffer
		if err := print(&terminal{ctx: t.Context(), out: &out, err: &out}); err != nil {
			t.Errorf("printing %s: %v", what, err)
		}

		text := out.String()
		if strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), plain.Unsafe) ||
			strings.Contains(text, "\nnuxeo-frameio: done") {
			t.Errorf("%s prints %q, want no unsafe character, and no line that a name made up", what, text)
		}

		if what != "log" && (!strings.Contains(text, "हिन्दी") || !strings.Contains(text, "Ame\u0301lie")) {
			t.Errorf("%s: letters are missing, want हिन्दी and Ame\u0301lie in %q", what, text)
		}

		if what == "JSON" {
			var back map[string]string
			if err := json.Unmarshal(out.Bytes(), &back); err != nil || back["name"] != name {
				t.Errorf("read back from JSON: %q, %v; want %q", back, err, name)
			}
		}
	}
}
