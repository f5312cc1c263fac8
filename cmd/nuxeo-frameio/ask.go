package main

import (
	"bufio"
	"errors"
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
	answer, err := t.line()
	if err != nil && err != io.EOF {
		return err
	}

	// Anything but a yes is a no.
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}

	return fault.New(fault.Canceled, "Nothing was done.")
}

// interactive reports whether there is a person to ask.
func (t *terminal) interactive() bool {
	in, ok := t.in.(*os.File)
	return ok && term.IsTerminal(int(in.Fd()))
}

// secretFlags are those of a client secret. What is given as a flag can be read in the
// list of processes, and stays in the history of the shell.
type secretFlags struct {
	ClientSecret     *string `name:"client-secret" env:"-" help:"Its client secret. Others on this machine can read it here: rather give it in a file." xor:"secret"`
	ClientSecretFile string  `name:"client-secret-file" env:"-" help:"File with its client secret; - reads it from standard input, and asks at a terminal." placeholder:"FILE" xor:"secret"`
}

// clientSecret is the one that was given; nil: none was.
func (f secretFlags) clientSecret(t *terminal) (*string, error) {
	switch f.ClientSecretFile {
	case "":
		return f.ClientSecret, nil
	case "-":
		text, err := t.hidden("Client secret: ")
		return &text, err
	}

	text, err := readSecret(f.ClientSecretFile)
	return &text, err
}

// hidden asks for a secret, which is not shown at a terminal.
func (t *terminal) hidden(question string) (string, error) {
	_, _ = fmt.Fprint(t.err, question)
	if t.interactive() {
		return t.password(int(t.in.(*os.File).Fd()))
	}

	line, err := t.line()
	if err != nil && err != io.EOF {
		return "", err
	}

	return strings.TrimRight(line, "\r\n"), nil
}

// password reads a line that is not shown. A person who leaves instead sees again what they type.
func (t *terminal) password(fd int) (string, error) {
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}

	// While it is being read, the terminal does not show it.
	text, err := t.unlessStopped(func() (string, error) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	})
	if t.ctx.Err() != nil {
		return "", errors.Join(t.ctx.Err(), term.Restore(fd, before))
	}

	_, _ = fmt.Fprintln(t.err)
	return text, err
}

// line reads a line of the input, as bufio's ReadString does.
func (t *terminal) line() (string, error) {
	if t.lines == nil {
		t.lines = bufio.NewReader(t.in)
	}
	return t.unlessStopped(func() (string, error) { return t.lines.ReadString('\n') })
}

// unlessStopped reads until the program is to stop. What still reads then ends with the program.
func (t *terminal) unlessStopped(read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}

	// A read cannot be interrupted, so it is left behind.
	answers := make(chan answer, 1)
	go func() {
		text, err := read()
		answers <- answer{text, err}
	}()

	select {
	case <-t.ctx.Done():
		_, _ = fmt.Fprintln(t.err) // the question stays in a line of its own
		return "", t.ctx.Err()
	case a := <-answers:
		return a.text, a.err
	}
}
