package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// A question can be left, wherever it is read from: the program ends as one that was stopped,
// nothing was written, and the terminal shows again what is typed.
func TestQuestionsCanBeLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "connector.toml")
	asks := []string{"init", "--config", file}
	hides := []string{
		"init", "--config", file, "--public-url", "http://localhost", "--nuxeo-url", "http://127.0.0.1:1/nuxeo",
	}

	for _, c := range []struct {
		name, typed, question string
		args                  []string
	}{
		{"a line", "", "Address of the connector", asks},
		{"a login", "", "Nuxeo login", []string{"login", "--server", "http://127.0.0.1:1", "--user="}},
		{"a secret", "\n\n\nnuxeo\nme@example.org\nAdmin\n", "which is not shown", hides},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			keyboard, in := pseudoTerminal(t)
			before := state(t, in)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			errs := said{wrote: make(chan struct{}, 1)}
			code := make(chan int, 1)
			go func() { code <- run(ctx, c.args, in, io.Discard, &errs) }()
			if _, err := keyboard.WriteString(c.typed); err != nil {
				t.Fatal(err)
			}

			awaits(t, &errs, c.question)
			if c.name == "a secret" {
				// Nothing tells that a terminal has changed.
				looks := time.NewTicker(time.Millisecond)
				defer looks.Stop()
				for deadline := time.Now().Add(10 * time.Second); reflect.DeepEqual(state(t, in), before); <-looks.C {
					if time.Now().After(deadline) {
						t.Fatal("the terminal after 10 s: got what is typed shown, want it hidden")
					}
				}
			}

			stop()
			select {
			case got := <-code:
				if got != exitFailure || !strings.Contains(errs.String(), "\nnuxeo-frameio: It was stopped.\n") {
					t.Errorf("got %d and %q, want 1 and that it was stopped", got, errs.String())
				}
			case <-time.After(10 * time.Second):
				t.Fatal("10 s after the stop: got the question still open, want the command to have ended")
			}

			if !reflect.DeepEqual(state(t, in), before) {
				t.Errorf("the terminal afterwards: got %+v, want %+v", state(t, in), before)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
				t.Errorf("it wrote %v, want nothing", left)
			}
		})
	}
}

// awaits waits for a text.
func awaits(t *testing.T, s *said, text string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !strings.Contains(s.String(), text) {
		select {
		case <-s.wrote:
		case <-deadline:
			t.Fatalf("got %q, want %q", s.String(), text)
		}
	}
}

func state(t *testing.T, f *os.File) *term.State {
	t.Helper()
	s, err := term.GetState(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pseudoTerminal is a keyboard and what it types into.
func pseudoTerminal(t *testing.T) (keyboard, in *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	fd := int(keyboard.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}

	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}

	in, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}

	return keyboard, in
}
