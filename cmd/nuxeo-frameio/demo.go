package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/loglevel"
)

type demoCmd struct {
	Once  bool   `env:"-" help:"Play the story, say of each step whether it held, and end."`
	Story bool   `env:"-" help:"Play the story by itself, instead of leading you through it."`
	WebUI string `name:"web-ui" env:"-" help:"Show a build of the real Nuxeo Web UI, of this folder (its dist), over the simulated Nuxeo." placeholder:"FOLDER"`
	Log   string `env:"-" help:"Least level that is logged: ${enum}." enum:"debug,info,warn,error,none" default:"none"`

	rehearsal
}

// Run shows the demo; with --once it fails unless every step held.
func (c *demoCmd) Run(t *terminal) error {
	log, level := slog.New(slog.DiscardHandler), (*loglevel.Level)(nil)
	if c.Log != "none" {
		var err error
		if log, level, err = newLeveled(t.err, c.Log, "text"); err != nil {
			return err
		}
	}

	// With --once, steps are told one by one, and nothing else.
	out := t.out
	if c.Once {
		out = io.Discard
	}

	opt := demo.Options{Out: out, Log: log, Level: level, AnyPort: c.Once}
	if c.WebUI != "" {
		opt.WebUI = os.DirFS(c.WebUI)
	}

	// A real Nuxeo is looked at and agreed to before anything is made there.
	if done, err := c.inReal(t, &opt); done || err != nil {
		return err
	}

	// Whatever happens from here on, all of it is taken down again.
	stage, err := demo.Start(t.ctx, opt)
	if err != nil {
		return err
	}
	defer func() {
		if err := stage.Stop(); err != nil && opt.Real != nil {
			t.printf("Something is left in Nuxeo: %v\nRemove it with demo --nuxeo %s --clean-up.\n", err, c.Nuxeo)
		}
	}()

	if c.Once {
		return stage.Tell(t.ctx, func(s demo.Step) { c.line(t, s) })
	}

	return c.stay(t, stage)
}

// inReal prepares the demo for a real Nuxeo, if it is to be played in one; done: that was
// all that was asked for.
func (c *demoCmd) inReal(t *terminal, opt *demo.Options) (done bool, err error) {
	switch {
	case c.Nuxeo == "" && c.CleanUp:
		return true, fault.Field("nuxeo", "Give --nuxeo with its address.",
			"In which Nuxeo is something to be removed?")
	case c.Nuxeo == "":
		return false, nil
	case c.CleanUp:
		return true, c.cleanUp(t)
	case !c.Once && !c.Story:
		return true, fault.Field("nuxeo", "Give --once or --story as well.",
			"The guide leads through a simulated Nuxeo only.")
	}

	// Say what is going to be made, and ask.
	real, err := c.real(t)
	if err != nil {
		return true, err
	}

	opt.Real, opt.Scratch = &real, demo.Plan()
	return false, c.agreed(t, "make, and remove at the end", opt.Scratch)
}

func (c *demoCmd) line(t *terminal, s demo.Step) {
	if s.Err != nil {
		t.printf("STORY %s failed: %v\n", s.Name, s.Err)
		return
	}
	t.printf("STORY %s ok\n", s.Name)
}

// stay plays the story in sight and keeps everything running.
func (c *demoCmd) stay(t *terminal, stage *demo.Stage) error {
	t.printf("nuxeo-frameio demo: both systems are simulated on this machine; the connector is the real one.\n")
	_, _ = io.WriteString(t.out, stage.Addresses(program())) // our own lines, which printf would make one
	if c.Story {
		t.printf("The story:\n\n")
		start := time.Now()
		err := stage.Tell(t.ctx, func(s demo.Step) {
			if s.Err != nil {
				t.printf("✗ %s: %v\n\n", s.Name, s.Err)
				return
			}
			t.printf("✓ %s\n\n", s.Name)
		})
		if err != nil && t.ctx.Err() == nil {
			return err
		}
		if err == nil {
			t.printf("Told in %s. Everything stays up; look around.\n", time.Since(start).Round(100*time.Millisecond))
		}
	}

	t.printf("Ctrl-C ends it.\n")
	<-t.ctx.Done()
	t.printf("\nStopping …\n")
	return nil
}

// program is how to call this program from the current folder.
func program() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}

	if here, err := os.Getwd(); err == nil {
		if below, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(below) {
			path = below
			if !strings.ContainsRune(path, filepath.Separator) {
				path = "." + string(filepath.Separator) + path // or the shell looks elsewhere
			}
		}
	}

	return quoted(path)
}

// quoted is a word of a shell.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r > 127 || strings.ContainsRune("/._-+:@%,", r) || unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	if strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
