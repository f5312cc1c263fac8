package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strings"
)

// ErrMalformed stands for an answer that is no HTTP: it was cut within its head,
// or something else than the system answered.
var ErrMalformed = errors.New("the answer is not HTTP, or was cut within its head")

// discreet is a transport whose errors quote nothing that was answered: the
// library tells the line it cannot read, and that line may be a session's cookie.
type discreet struct{ next http.RoundTripper }

// RoundTrip is http.RoundTripper's.
func (d discreet) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.next.RoundTrip(r)
	if err != nil && quotes(err) {
		err = ErrMalformed
	}
	return resp, err
}

// net/http keeps the type of such an error to itself; what it wraps it in is known
// by its text only.
const broken = "transport connection broken"

func quotes(err error) bool {
	var line textproto.ProtocolError
	if errors.As(err, &line) {
		return true
	}

	if s := err.Error(); !strings.Contains(s, broken) && !strings.Contains(s, "malformed") {
		return false
	}

	var link net.Error
	return !errors.As(err, &link) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) &&
		!errors.Is(err, context.Canceled)
}
