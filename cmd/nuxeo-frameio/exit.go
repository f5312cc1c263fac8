package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// The exit codes. They are documented in exitHelp and in the manual.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitSignIn      = 3
	exitForbidden   = 4
	exitNotFound    = 5
	exitConflict    = 6
	exitUnavailable = 7
)

const exitHelp = `Exit codes: 0 done, 1 failed, 2 wrong input, 3 sign in or connect first, 4 not allowed, 5 not ` +
	`found, 6 contradicts what is there, 7 a system cannot be reached.`

var exitCodes = map[fault.Code]int{
	fault.Invalid: exitUsage, fault.Unauthenticated: exitSignIn, fault.NotConnected: exitSignIn,
	fault.Forbidden: exitForbidden, fault.NotFound: exitNotFound, fault.Gone: exitNotFound,
	fault.Conflict: exitConflict, fault.Locked: exitConflict,
	fault.Unavailable: exitUnavailable, fault.NotReady: exitUnavailable, fault.Throttled: exitUnavailable,
}

// usage reads an error of the command line's parser.
func usage(err error) error {
	var f *fault.Error
	var parse *kong.ParseError
	if errors.As(err, &f) {
		return err
	}

	if errors.As(err, &parse) {
		return fault.New(fault.Invalid, "%s", parse.Error()).With("See nuxeo-frameio --help.")
	}

	return fault.New(fault.Invalid, "%s", err.Error())
}

// fail prints an error and returns its exit code.
func fail(errs io.Writer, err error) int {
	if err == nil {
		return exitOK
	}

	f := fault.From(err)
	message := f.Message
	if whole, twice := strings.CutSuffix(message, ".."); twice { // what it quotes ended with one
		message = whole + "."
	}

	// What went wrong; of a mistake of ours, all that is known.
	_, _ = fmt.Fprintf(errs, "nuxeo-frameio: %s\n", plain.Line(message))
	if f.Code == fault.Internal {
		_, _ = fmt.Fprintf(errs, "  %s\n",
			strings.NewReplacer("\n", "\n  ", "\t", " ").Replace(plain.Text(err.Error())))
	}

	// Where it is, and what to do about it.
	if f.Field != "" {
		_, _ = fmt.Fprintf(errs, "  field: %s\n", plain.Line(f.Field))
	}

	if f.Remedy != "" {
		_, _ = fmt.Fprintf(errs, "  %s\n", plain.Line(f.Remedy))
	}

	if code, ok := exitCodes[f.Code]; ok {
		return code
	}

	return exitFailure
}
