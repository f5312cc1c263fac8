package main

import (
	"bufio"
	"fmt"
	"io"
	"net/mail"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// questions are asked one after the other, each until it has an answer that will do. Without
// a terminal the answers are lines of the input.
type questions struct {
	t     *terminal
	none  bool // nothing is asked: the usual answers are given
	lines *bufio.Reader
}

// text asks for a line; none is the usual answer. What check refuses is asked again, or, where
// nobody is asked, an error.
func (q *questions) text(question, usual string, check func(string) error) (string, error) {
	if check == nil {
		check = func(string) error { return nil }
	}

	if q.none {
		return usual, check(usual)
	}

	for {
		_, _ = fmt.Fprintf(q.t.err, "%s [%s]: ", plain.Line(question), plain.Line(plain.Address(usual)))
		line, err := q.line()
		if err != nil {
			return "", err
		}

		answer := strings.TrimSpace(line)
		if answer == "" {
			answer = usual
		}

		err = check(answer)
		if err == nil {
			return answer, nil
		}

		f := fault.From(err)
		_, _ = fmt.Fprintf(q.t.err, "  ✗ %s %s\n", plain.Line(f.Message), plain.Line(f.Remedy))
	}
}

// into asks for a setting.
func (q *questions) into(chosen map[string]string, name, question, usual string, check func(string) error) error {
	answer, err := q.text(question, usual, check)
	if err != nil {
		return err
	}
	keep(chosen, name, answer, usual)
	return nil
}

// secret asks for one that is not shown; nothing leaves it as it is.
func (q *questions) secret(chosen map[string]string, name, question, old string) error {
	if q.none {
		return nil
	}

	state := "none"
	if old != "" {
		state = "as it is"
	}

	_, _ = fmt.Fprintf(q.t.err, "%s, which is not shown [%s]: ", question, state)
	var answer string
	if q.t.interactive() {
		b, err := term.ReadPassword(int(q.t.in.(*os.File).Fd()))
		_, _ = fmt.Fprintln(q.t.err)
		if err != nil {
			return err
		}
		answer = string(b)
	} else {
		line, err := q.line()
		if err != nil {
			return err
		}
		answer = strings.TrimRight(line, "\r\n")
	}

	if answer != "" {
		chosen[name] = answer
	}

	return nil
}

// yes asks whether to go on, which is what no answer says.
func (q *questions) yes(question string) (bool, error) {
	answer, err := q.text(question+" (yes or no)", "yes", oneOf("yes", "y", "no", "n"))
	return strings.HasPrefix(answer, "y"), err
}

// line reads an answer. That there is none any more is an error: nobody may be taken to have
// said yes by not being there.
func (q *questions) line() (string, error) {
	if q.lines == nil {
		q.lines = bufio.NewReader(q.t.in)
	}

	line, err := q.lines.ReadString('\n')
	if err == io.EOF && line == "" {
		return "", fault.Field("yes", "Give --yes, and as flags what is not the usual.", "There is nobody to answer.")
	}

	if err != nil && err != io.EOF {
		return "", err
	}

	return line, nil
}

func oneOf(words ...string) func(string) error {
	return func(answer string) error {
		if slices.Contains(words, answer) {
			return nil
		}
		return fault.New(fault.Invalid, "%q is none of them.", answer).With("Answer " + strings.Join(words,
			" or ") + ".")
	}
}

func needed(answer string) error {
	if answer == "" {
		return fault.New(fault.Invalid, "This is needed.").With("Give it, or begin again and choose otherwise.")
	}
	return nil
}

func checkAddress(answer string) error {
	if _, err := mail.ParseAddress(answer); err != nil {
		return fault.Field("mail-from", "Give one like frameio@example.com.", "%q is not an address of mail.", answer)
	}
	return nil
}

func checkPort(answer string) error {
	if n, err := strconv.Atoi(answer); err != nil || n < 1 || n > 65535 {
		return fault.Field("mail-smtp-port", "Use 587.", "%q is not a port.", answer)
	}
	return nil
}
