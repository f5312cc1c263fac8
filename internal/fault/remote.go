package fault

import (
	"errors"
	"net/http"
	"time"
)

// Remote is how the errors of both remote systems read.
type Remote interface {
	error
	System() string            // its name for people
	Status() int               // the HTTP status, 0 when no answer came
	Detail() string            // what it said
	RetryAfter() time.Duration // how long it asked to be left alone
}

// remoteRows tells for the status of a remote answer what it means to us.
var remoteRows = map[int]struct {
	code   Code
	say    string
	remedy string
}{
	http.StatusBadRequest: {Refused, "does not accept it", ""},
	http.StatusUnauthorized: {
		NotConnected, "does not accept the sign-in any more",
		"Sign in again and retry.",
	},
	http.StatusPaymentRequired: {
		Refused, "says that the plan does not include it",
		"Ask the owner of the account.",
	},
	http.StatusForbidden:             {Forbidden, "does not allow it", "Ask for the right, then retry."},
	http.StatusNotFound:              {NotFound, "does not have it (any more), or you may not see it", ""},
	http.StatusConflict:              {Conflict, "says that it contradicts what is there", "Retry."},
	http.StatusGone:                  {Gone, "does not have it any more", ""},
	http.StatusRequestEntityTooLarge: {Refused, "says that it is too large", ""},
	http.StatusUnprocessableEntity:   {Refused, "does not accept it", ""},
	http.StatusTooManyRequests:       {Throttled, "asks us to slow down", ""},
}

func fromRemote(r Remote, err error) *Error {
	status := r.Status()
	if row, ok := remoteRows[status]; ok {
		e := New(row.code, "%s %s: %s.", r.System(), row.say, r.Detail()).With(row.remedy).Because(err)
		e.RetryAfter = r.RetryAfter()
		return e
	}

	if status == 0 {
		return New(Unavailable, "%s cannot be reached.", r.System()).Because(err)
	}

	// The table has no row: only what may pass is worth another try.
	code := Unavailable
	if status >= 300 && status < 500 || status == http.StatusNotImplemented {
		code = Refused
	}

	e := New(code, "%s fails: %d %s.", r.System(), status, r.Detail()).Because(err)
	e.RetryAfter = r.RetryAfter()
	return e
}

// remote finds a remote's error in err.
func remote(err error) (Remote, bool) {
	var r Remote
	ok := errors.As(err, &r)
	return r, ok
}
