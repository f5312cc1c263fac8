package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestFromKeepsCodeThroughWrapping(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("publish(a1): %w", New(Locked, "The document is locked by julia.").With("Unlock it."))
	got := From(err)
	if got.Code != Locked || got.Message != "The document is locked by julia." || got.Remedy != "Unlock it." {
		t.Fatalf("the fault is %+v, want it locked, with its message and its remedy", got)
	}

	if got.Err.Error() != "publish(a1): The document is locked by julia." {
		t.Errorf("the cause is %q, want the whole chain", got.Err)
	}
}

func TestEveryCodeSaysWhatHappensNext(t *testing.T) {
	t.Parallel()
	for code, row := range table {
		if row.status < 400 || row.status > 599 {
			t.Errorf("%s: the status is %d, want 400 to 599", code, row.status)
		}
	}

	for _, tc := range []struct {
		err  error
		want Disposition
	}{
		{fmt.Errorf("x: %w", context.DeadlineExceeded), Retry},
		{context.Canceled, Drop},
		{errors.New("no idea"), Retry},
		{New(Forbidden, "no"), Fail},
		{&Error{Code: Throttled, RetryAfter: time.Second}, Wait},
	} {
		if got := Then(tc.err); got != tc.want {
			t.Errorf("Then(%v) = %v, want %v", tc.err, got, tc.want)
		}
	}
}

// What passes by itself is tried again before anything is given up for good.
func TestPassing(t *testing.T) {
	t.Parallel()
	for code, want := range map[Code]bool{
		Unavailable: true, Internal: true, Mismatch: true, Throttled: true, NotReady: true,
		NeedsOwner: false, NotConnected: false, Forbidden: false, Gone: false, Stale: false, Canceled: false,
	} {
		if got := Passing(New(code, "it went wrong")); got != want {
			t.Errorf("%s passes by itself: %v, want %v", code, got, want)
		}
	}
}

// A sentence repeats only the beginning of what somebody sent.
func TestSentencesAreShort(t *testing.T) {
	t.Parallel()
	type state string
	long := strings.Repeat("ä", 10_000)
	for _, err := range []*Error{
		New(Invalid, "No item is %q.", long),
		Field("state", "", "No item is %q.", state(long)),
	} {
		if n := len(err.Message); n > 600 || !strings.HasSuffix(err.Message, "ä…\".") {
			t.Errorf("a sentence of a text of 20,000 bytes has %d, %.40q, want at most 600", n, err.Message)
		}
	}

	if err := New(Invalid, "%d of %v", 3, "x"); err.Message != "3 of x" {
		t.Errorf("got %q, want 3 of x", err.Message)
	}
}
