package egress

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Patient gives each call a time to be answered, and then to each step of the
// answer's body: a slow link is no fault, a silent one is. A call that grants
// the remote transaction more gets as much itself.
func Patient(next http.RoundTripper, answer, silence time.Duration) http.RoundTripper {
	return patient{next, answer, silence}
}

type patient struct {
	next            http.RoundTripper
	answer, silence time.Duration
}

// errSilence is why a call was ended.
var errSilence = errors.New("silence")

func silent(limit time.Duration) error {
	return fault.New(fault.Unavailable, "Nothing came for %s.", limit).Because(errSilence)
}

// RoundTrip is http.RoundTripper's.
func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	limit := p.answer
	if s, err := strconv.Atoi(r.Header.Get("Nuxeo-Transaction-Timeout")); err == nil {
		limit += time.Duration(s) * time.Second
	}

	// Until the answer begins, one limit holds,
	ctx, cancel := context.WithCancelCause(r.Context())
	dog := time.AfterFunc(limit, func() { cancel(silent(limit)) })
	resp, err := p.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		dog.Stop()
		defer cancel(nil)
		return nil, why(ctx, err)
	}

	dog.Stop()

	// then another, which each read sets again.
	dog = time.AfterFunc(p.silence, func() { cancel(silent(p.silence)) })
	resp.Body = &watched{ReadCloser: resp.Body, ctx: ctx, dog: dog, silence: p.silence, end: cancel}
	return resp, nil
}

// why is the reason that ended a call, if we ended it.
func why(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errSilence) {
		return cause
	}
	return err
}

// watched is a body that ends when nothing comes any more.
type watched struct {
	io.ReadCloser
	ctx     context.Context
	dog     *time.Timer
	silence time.Duration
	end     context.CancelCauseFunc
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if n > 0 {
		w.dog.Reset(w.silence)
	}
	if err != nil && err != io.EOF {
		err = why(w.ctx, err)
	}
	return n, err
}

func (w *watched) Close() error {
	w.dog.Stop()
	defer w.end(nil)
	return w.ReadCloser.Close()
}
