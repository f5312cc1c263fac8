// Package fault is the error of this program: a machine code, a sentence for a
// person, what the person can do, and the cause.
//
// It owns the table that turns a code into an HTTP status and into what a step
// does next (try again, wait, give up). Invariants: a message never carries
// a token, a secret or a signed address, because messages are shown to people
// and stored; the cause is for the log, and the code that makes a cause keeps it
// clean. It leaves to others where errors come from and how they are shown.
package fault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Code names a kind of failure for machines. Codes are part of the REST
// interface and of the exit codes of the command line.
type Code string

// The codes, from the person's mistakes to the world's.
const (
	Invalid         Code = "invalid"         // wrong input; Field says where
	Unauthenticated Code = "unauthenticated" // no one is signed in
	NotConnected    Code = "not_connected"   // the person has no usable Frame.io sign-in
	Forbidden       Code = "forbidden"       // signed in, but not allowed
	NotFound        Code = "not_found"       // it is not there, or not for this person
	Conflict        Code = "conflict"        // it contradicts what is there
	Locked          Code = "locked"          // another person has locked the document
	Gone            Code = "gone"            // it was there once
	NotReady        Code = "not_ready"       // wait: the other side is not finished yet
	Throttled       Code = "throttled"       // a rate limit; RetryAfter says how long
	Unavailable     Code = "unavailable"     // the other side cannot be reached or fails
	Refused         Code = "refused"         // the other side refuses, and would again
	Mismatch        Code = "mismatch"        // bytes are not what they should be
	NeedsOwner      Code = "needs_owner"     // there is no one to act as
	Stale           Code = "stale"           // another worker has taken the item over
	Canceled        Code = "canceled"        // a person stopped it
	Internal        Code = "internal"        // a mistake of ours
)

// Error is what every failure of this program can be read as.
type Error struct {
	Code    Code
	Message string // one sentence for a person
	Remedy  string // what the person can do, empty when nothing
	Page    string // of ours, like /activity, where that can be done in a browser
	Field   string // the wrong field, for Invalid
	// RetryAfter is how long the other side asked to be left alone; zero when
	// it did not say.
	RetryAfter time.Duration
	Err        error // the cause, for the log
}

// Error gives the sentence and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error from a code and a sentence.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: sentence(format, args)}
}

// longest is how many bytes a text within a sentence may have: it may be what a stranger
// has sent, and a sentence is shown, stored and logged.
const longest = 500

func sentence(format string, args []any) string {
	short := slices.Clone(args)
	for i, arg := range short {
		if v := reflect.ValueOf(arg); v.Kind() == reflect.String && v.Len() > longest {
			short[i] = strings.ToValidUTF8(v.String()[:longest], "") + "…"
		}
	}
	return fmt.Sprintf(format, short...)
}

// Field makes an Invalid error that names the field and the remedy.
func Field(field, remedy, format string, args ...any) *Error {
	return &Error{Code: Invalid, Field: field, Remedy: remedy, Message: sentence(format, args)}
}

// With returns the error with a remedy.
func (e *Error) With(remedy string) *Error {
	e.Remedy = remedy
	return e
}

// At returns the error with the page of ours on which its remedy can be done.
func (e *Error) At(page string) *Error {
	e.Page = page
	return e
}

// Because returns the error with a cause.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// From reads any error as an Error. A context that ended is Canceled or
// Unavailable, and anything unclassified is Internal.
func From(err error) *Error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return &Error{
			Code:       e.Code,
			Message:    e.Message,
			Remedy:     e.Remedy,
			Page:       e.Page,
			Field:      e.Field,
			RetryAfter: e.RetryAfter,
			Err:        err,
		}
	case errors.Is(err, context.Canceled):
		return New(Canceled, "It was stopped.").Because(err)
	case errors.Is(err, context.DeadlineExceeded):
		return New(Unavailable, "It took too long.").Because(err)
	}

	// A system that we call knows its own errors.
	if r, ok := remote(err); ok {
		return fromRemote(r, err)
	}

	return New(Internal, "Something went wrong in the connector.").
		With("Try again; if it stays, give the administrator the correlation id.").Because(err)
}

// CodeOf is the code that From would give; empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}

// Is reports whether err has one of the codes.
func Is(err error, codes ...Code) bool {
	c := CodeOf(err)
	for _, code := range codes {
		if c == code {
			return true
		}
	}
	return false
}

// Disposition is what a step does after a failure.
type Disposition int

// What can be done.
const (
	Fail  Disposition = iota // give up and tell the person
	Retry                    // try again, a limited number of times, waiting longer each time
	Wait                     // look again later; not a failure
	Drop                     // stop at once without a trace: it is not ours any more
)

type row struct {
	status int
	then   Disposition
}

var table = map[Code]row{
	Invalid:         {http.StatusBadRequest, Fail},
	Unauthenticated: {http.StatusUnauthorized, Fail},
	NotConnected:    {http.StatusConflict, Fail},
	Forbidden:       {http.StatusForbidden, Fail},
	NotFound:        {http.StatusNotFound, Fail},
	Conflict:        {http.StatusConflict, Fail},
	Locked:          {http.StatusConflict, Fail},
	Gone:            {http.StatusGone, Fail},
	NotReady:        {http.StatusServiceUnavailable, Wait},
	Throttled:       {http.StatusTooManyRequests, Wait},
	Unavailable:     {http.StatusBadGateway, Retry},
	Refused:         {http.StatusUnprocessableEntity, Fail},
	Mismatch:        {http.StatusBadGateway, Retry},
	NeedsOwner:      {http.StatusConflict, Wait},
	Stale:           {http.StatusConflict, Drop},
	Canceled:        {http.StatusServiceUnavailable, Drop},
	Internal:        {http.StatusInternalServerError, Retry},
}

// Status is the HTTP status that tells a code.
func (c Code) Status() int { return table[c].status }

// Then is what a step does after an error.
func Then(err error) Disposition { return table[CodeOf(err)].then }

// Passing reports whether the same may succeed later without anyone doing anything: the
// other side is not well, not ready, or asks for less.
func Passing(err error) bool {
	return Then(err) == Retry || Is(err, NotReady, Throttled)
}

// Permanent says of an error that trying the same again at once is useless.
func Permanent(err error) bool {
	switch Then(err) {
	case Fail, Drop, Wait:
		return true
	}
	return false
}
