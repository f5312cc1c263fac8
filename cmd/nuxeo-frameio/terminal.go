package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// size is that of the terminal that is written to; ok reports whether it is one.
func (t *terminal) size() (width, height int, ok bool) {
	f, is := t.out.(*os.File)
	if !is || !term.IsTerminal(int(f.Fd())) {
		return 0, 0, false
	}

	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 1 || height < 1 {
		return 80, 24, true
	}

	return width, height, true
}

// colourful reports whether a terminal is to be coloured: not when NO_COLOR says so, nor when
// it can't be.
func colourful(isTerminal bool, environment func(string) string) bool {
	return isTerminal && environment("NO_COLOR") == "" && environment("TERM") != "dumb"
}

// painted is a text that begins and ends a colour, and is printed as it is.
type painted string

// colours are those of the marks that lines begin with.
var colours = map[rune]string{'✓': "32", '✗': "31", '!': "33", '▶': "36", '–': "2"}

// marked paints the mark that a line begins with, where there are colours.
func (t *terminal) marked(line string) painted {
	line = plain.Line(line)
	mark, n := utf8.DecodeRuneInString(line)
	if colour := colours[mark]; colour != "" && t.colour {
		return painted("\x1b[" + colour + "m" + line[:n] + "\x1b[0m" + line[n:])
	}
	return painted(line)
}

// narrow writes lines as wide as the terminal at most.
func (t *terminal) narrow(lines []byte) error {
	width, _, ok := t.size()
	if !ok {
		_, err := t.out.Write(lines)
		return err
	}

	// A line that wraps would tear a table apart.
	var b bytes.Buffer
	for line := range strings.Lines(string(lines)) {
		b.WriteString(clip(strings.TrimRight(line, " \n"), width) + "\n")
	}

	_, err := t.out.Write(b.Bytes())
	return err
}

// patience is how long a call is waited for without a word.
const patience = 2 * time.Second

// http is a client of a system that says when it is being waited for.
func (t *terminal) http(what string) *http.Client {
	return &http.Client{Transport: waiting{http.DefaultTransport, t.err, what}, CheckRedirect: stayThere}
}

// stayThere refuses a redirect to another scheme, host or port: it would take the sign-in along.
func stayThere(r *http.Request, via []*http.Request) error {
	if first := via[0].URL; r.URL.Scheme != first.Scheme || r.URL.Host != first.Host {
		return fault.New(fault.Refused, "%s sends on to %s, and your sign-in stays here.", first.Host, r.URL.Host).
			With("Give the address that is meant with --server.")
	}
	if len(via) >= 10 {
		return errors.New("too many redirects")
	}
	return nil
}

// waiting tells people what the program waits for when an answer takes its time.
type waiting struct {
	next http.RoundTripper
	errs io.Writer
	what string
}

// RoundTrip is that of http.RoundTripper.
func (w waiting) RoundTrip(r *http.Request) (*http.Response, error) {
	tell := time.AfterFunc(patience, func() {
		_, _ = fmt.Fprintf(w.errs, "Waiting for %s at %s to answer …\n", w.what, plain.Line(r.URL.Host))
	})
	defer tell.Stop()
	return w.next.RoundTrip(r)
}
