package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// sureFlag is that of commands that take something away.
type sureFlag struct {
	Yes bool `short:"y" env:"-" help:"Do not ask."`
}

// sure asks at a terminal whether to go on. Where there is none nobody can be asked, and
// --yes must say so.
func (f sureFlag) sure(t *terminal, question string) error {
	if f.Yes {
		return nil
	}
	if !t.interactive() {
		return fault.Field("yes", "Give --yes if it shall be done.", "There is no terminal to ask at: %s", question)
	}
	_, _ = fmt.Fprintf(t.err, "%s [y/N] ", plain.Line(question))
	answer, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return fault.New(fault.Canceled, "Nothing was done.")
}

// interactive reports whether somebody can be asked.
func (t *terminal) interactive() bool {
	in, ok := t.in.(*os.File)
	return ok && term.IsTerminal(int(in.Fd()))
}
