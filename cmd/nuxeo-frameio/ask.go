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
		b, err := term.ReadPassword(int(t.in.(*os.File).Fd()))
		_, _ = fmt.Fprintln(t.err)
		return string(b), err
	}

	line, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}

	return strings.TrimRight(line, "\r\n"), nil
}
