package nuxeo

import (
	"strings"
	"testing"
)

func TestSameDigest(t *testing.T) {
	t.Parallel()
	md5, sha256 := strings.Repeat("0a", 16), strings.Repeat("0a", 32)
	for _, c := range []struct {
		a, b        string
		same, known bool
	}{
		{md5, md5, true, true},
		{md5, strings.ToUpper(md5), true, true},
		{md5, strings.Repeat("0b", 16), false, true},
		{md5, sha256, false, false},
		{md5, "", false, false},
		{"", "", false, false},
		{"a key of the store", md5, false, false},
		{"a key of the store", "a key of the store", true, true},
		{"a key of the store", "another key", false, false},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if same, known := SameDigest(pair[0], pair[1]); same != c.same || known != c.known {
				t.Errorf("%q and %q: same %v, known %v; want %v, %v", pair[0], pair[1], same, known, c.same, c.known)
			}
		}
	}
}
