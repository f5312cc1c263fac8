package main

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
)

func TestColoursByTheTerminal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		terminal bool
		noColor  string
		term     string
		want     bool
	}{
		{true, "", "xterm", true},
		{false, "", "xterm", false},
		{true, "1", "xterm", false},
		{true, "", "dumb", false},
	} {
		got := colourful(c.terminal, func(name string) string {
			return map[string]string{
				"NO_COLOR": c.noColor,
				"TERM":     c.term,
			}[name]
		})
		if got != c.want {
			t.Errorf("%+v: got %v, want %v", c, got, c.want)
		}
	}
}

// A mark is coloured, what is behind it stays as it was, and so does what others have called.
func TestMarksAreColoured(t *testing.T) {
	t.Parallel()
	for colour, want := range map[bool]string{
		false: "✗ Nuxeo                down [31m\n",
		true:  "\x1b[31m✗\x1b[0m Nuxeo                down [31m\n",
	} {
		var out bytes.Buffer
		s := &terminal{ctx: t.Context(), out: &out, err: &out, colour: colour}
		printFinding(s, doctor.Finding{Name: "Nuxeo", Mark: doctor.Broken, Detail: "down \x1b[31m"})
		if got := out.String(); strings.ReplaceAll(got, "\uFFFD", "") != want {
			t.Errorf("colour %v: got %q, want %q", colour, got, want)
		}
	}
}

// slow answers after a while.
type slow time.Duration

func (s slow) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(time.Duration(s))
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
}

// Who waits is told for what, once and not at once.
func TestWaitingIsSaid(t *testing.T) {
	t.Parallel()
	for takes, want := range map[time.Duration]string{
		patience - time.Millisecond: "",
		time.Minute:                 "Waiting for the connector at frameio.test to answer …\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var said said
			w := waiting{slow(takes), &said, "the connector"}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://frameio.test/api/v1/me", nil)
			if err != nil {
				t.Fatal(err)
			}

			resp, err := w.RoundTrip(r)
			if err != nil || resp.StatusCode != http.StatusNoContent {
				t.Errorf("the call: got %v, %v; want 204", resp, err)
			}

			synctest.Wait()
			if got := said.String(); got != want {
				t.Errorf("after %s: got %q, want %q", takes, got, want)
			}
		})
	}
}

// said is what several wrote.
type said struct {
	mu    sync.Mutex
	text  strings.Builder
	wrote chan struct{} // nil: nobody waits for more
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrote != nil {
		select {
		case s.wrote <- struct{}{}:
		default: // who waits looks at all of it anyway
		}
	}
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
