package transfer

import (
	"encoding/json"
	"maps"
	"testing"

	"pgregory.net/rapid"
)

func TestSumsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Sums(rapid.MapOf(rapid.IntRange(0, 20_000), rapid.Uint32()).Draw(t, "sums"))
		b, err := json.Marshal(State{Sums: s, Hashed: 7})
		if err != nil {
			t.Fatal(err)
		}
		var back State
		if err := json.Unmarshal(b, &back); err != nil || !maps.Equal(back.Sums, s) && len(s) > 0 || back.Hashed != 7 {
			t.Fatalf("%v came back as %v, %v; want the same", s, back, err)
		}
	})
}

func FuzzSums(f *testing.F) {
	f.Add([]byte(`"AAECAwQ"`))
	f.Add([]byte(`"x"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var s Sums
		if s.UnmarshalJSON(text) != nil {
			return
		}
		for i := range s {
			if i < 0 || i > maxIndex {
				t.Fatalf("there is the index %d, want 0 to %d", i, maxIndex)
			}
		}
	})
}
