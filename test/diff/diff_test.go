package diff_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
)

// heard is a test that keeps what is said to it.
type heard struct {
	testing.TB
	said []string
}

func (h *heard) Helper() {}

func (h *heard) Errorf(format string, args ...any) {
	h.said = append(h.said, fmt.Sprintf(format, args...))
}

type state string

type pair struct {
	name  string
	Count int
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		compare func(h *heard)
		want    []string // what the message has; nothing: there is none
	}{
		"equal": {compare: func(h *heard) { diff.Equal(h, "it", []pair{{"a", 1}}, []pair{{"a", 1}}) }},
		"equal by an option": {compare: func(h *heard) {
			diff.Equal(h, "it", nil, []string{}, cmpopts.EquateEmpty())
		}},
		"a number": {
			func(h *heard) { diff.Equal(h, "the size", int64(3), 4) },
			[]string{"the size: got 3, want 4"},
		},
		"text": {
			func(h *heard) { diff.Equal(h, "the state", state("open"), "") },
			[]string{`the state: got "open", want ""`},
		},
		"bytes": {
			func(h *heard) { diff.Equal(h, "the body", []byte("a"), []byte("b")) },
			[]string{`the body: got "a", want "b"`},
		},
		"a short list": {
			func(h *heard) { diff.Equal(h, "the steps", []string{"a b", "c"}, nil) },
			[]string{`the steps: got ["a b", "c"], want []`},
		},
		"nil is not empty": {
			func(h *heard) { diff.Equal(h, "the steps", []string{}, nil) },
			[]string{"the steps (-want +got):\n", "[]string"},
		},
		"a struct, with a field that is not exported": {
			func(h *heard) { diff.Equal(h, "the pair", pair{"a", 1}, pair{"b", 1}) },
			[]string{"the pair (-want +got):\n", `"b"`, `"a"`},
		},
		"lines": {
			func(h *heard) { diff.Equal(h, "the text", "one\ntwo\n", "one\nthree\n") },
			[]string{"the text (-want +got):\n"},
		},
		"a long list": {
			func(h *heard) { diff.Equal(h, "the ids", make([]int, 90), make([]int, 91)) },
			[]string{"the ids (-want +got):\n"},
		},
		"values of no type": {
			func(h *heard) { diff.Equal[any](h, "the property", nil, "x") },
			[]string{`the property: got <nil>, want "x"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &heard{TB: t}
			c.compare(h)
			said := strings.Join(h.said, "\n")
			if (said == "") != (c.want == nil) {
				t.Fatalf("the comparison says %q, want %q", said, c.want)
			}
			for _, w := range c.want {
				if !strings.Contains(said, w) {
					t.Errorf("the message is %q, want %q in it", said, w)
				}
			}
		})
	}
}
