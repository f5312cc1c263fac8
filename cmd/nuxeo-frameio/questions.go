package main

import (
	"fmt"
	"io"
	"net/mail"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// questions are asked one after the other, each until it has an answer that will do. Without
// a terminal the answers are lines of the input.
type questions struct {
	t    *terminal
	none bool // nothing is asked: the usual answers are given
	// The settings that are asked for, as the environment may have them.
	flags []*kong.Flag
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

		// Say what is wrong with it, and ask again.
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
	q.keep(chosen, name, answer, usual)
	return nil
}

// keep notes an answer, unless it is what holds anyway and nobody has chosen.
func (q *questions) keep(chosen map[string]string, name, answer, usual string) {
	if answer != usual {
		q.outweighed(name)
	}
	if _, there := chosen[name]; there || answer != usual {
		chosen[name] = answer
	}
}

// outweighed says so when the environment has a setting that the person has chosen: what it has
// holds, whatever is in the file.
func (q *questions) outweighed(name string) {
	for _, flag := range q.flags {
		if env := inEnvironment(flag); flag.Name == name && env != "" {
			_, _ = fmt.Fprintf(q.t.err, "  ! %s is set in the environment, which is stronger than the file: what you "+
				"choose for %s holds only where it is not.\n", env, name)
		}
	}
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
		var err error
		if answer, err = q.t.password(int(q.t.in.(*os.File).Fd())); err != nil {
			return err
		}
	} else {
		line, err := q.line()
		if err != nil {
			return err
		}
		answer = strings.TrimRight(line, "\r\n")
	}

	// Nothing typed keeps what there is.
	if answer != "" {
		q.outweighed(name)
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
	line, err := q.t.line()
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
