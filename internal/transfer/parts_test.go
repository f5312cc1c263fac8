package transfer

import (
	"encoding/json"
	"maps"
	"testing"

	"pgregory.net/rapid"
)

func TestPartsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Parts(rapid.MapOf(rapid.IntRange(0, 20_000), rapid.Just(true)).Draw(t, "parts"))
		b, err := json.Marshal(State{Parts: s, Hashed: 7})
		if err != nil {
			t.Fatal(err)
		}
		var back State
		if err := json.Unmarshal(b, &back); err != nil || !maps.Equal(back.Parts, s) || back.Hashed != 7 {
			t.Fatalf("%v came back as %v, %v; want the same", s, back, err)
		}
	})
}

// A transfer that an older version has begun goes on.
func TestPartsOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	var s State
	err := json.Unmarshal([]byte(`{"sums":"AAECAwQDBQYHCA","hashed":7,"hash_state":"eA==","sent":9}`), &s)
	if want := (Parts{0: true, 3: true}); err != nil || !maps.Equal(s.Parts, want) || s.Hashed != 7 ||
		string(s.HashState) != "x" || s.Sent != 9 {
		t.Errorf("got %+v, %v; want the parts %v, 7 bytes hashed to x, and 9 sent", s, err, want)
	}
}

func FuzzParts(f *testing.F) {
	f.Add([]byte(`"AAECAwQ"`))
	f.Add([]byte(`"x"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, further := range []int{0, sumSize} {
			parts, err := readParts(text, further)
			if err != nil {
				continue
			}
			for i := range parts {
				if i < 0 || i > maxIndex {
					t.Fatalf("there is the index %d, want 0 to %d", i, maxIndex)
				}
			}
		}
	})
}
