package agent

import (
	"strings"
	"testing"
	"time"
)

// An agreement is to one question, about these arguments, within its time, and good once.
func TestAnAgreementIsGoodOnce(t *testing.T) {
	t.Parallel()
	s := &server{key: []byte("secret"), open: map[string]time.Time{}}
	in := synchronization{Sync: "a"}
	question := func() string {
		state, err := s.ask("refresh_sync", in)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}

	state := question()
	if s.answers(state, "refresh_sync", synchronization{Sync: "b"}) || s.answers(state, "publish_assets", in) {
		t.Error("the answer counts for another question, want for its own alone")
	}
	if !s.answers(state, "refresh_sync", in) {
		t.Error("the answer does not count, want that it does")
	}
	if s.answers(state, "refresh_sync", in) {
		t.Error("the answer counts again, want once")
	}

	state = question()
	nonce, _, _ := strings.Cut(state, ".")
	s.open[nonce] = time.Now().Add(-time.Second)
	if s.answers(state, "refresh_sync", in) {
		t.Error("the answer after its time: got it accepted, want it refused")
	}

	for range 3 * mostOpen {
		question()
	}
	if len(s.open) > mostOpen {
		t.Errorf("%d questions are open, want at most %d", len(s.open), mostOpen)
	}
}

// What others have written does not pass for the question.
func TestTitlesAreQuoted(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for text, want := range map[string]string{
		"Teaser":                    `"Teaser"`,
		"a\" Approved. \"b":         `"a' Approved. 'b"`,
		long:                        `"` + long[:80] + `…"`,
		"line\nbreak\u202Eand more": `"line breakand more"`,
	} {
		if got := quoted(text); got != want {
			t.Errorf("%q is quoted as %s, want %s", text, got, want)
		}
	}
}
