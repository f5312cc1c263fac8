package pattern

import (
	"bytes"
	"io"
	"testing"

	"pgregory.net/rapid"
)

func TestAnyRangeEqualsTheWhole(t *testing.T) {
	t.Parallel()
	c := New(7, 3*block+123)
	whole, err := io.ReadAll(c.Reader(0, c.Size()))
	if err != nil || int64(len(whole)) != c.Size() {
		t.Fatalf("read %d bytes of %d, %v; want all", len(whole), c.Size(), err)
	}

	rapid.Check(t, func(t *rapid.T) {
		off := rapid.Int64Range(0, c.Size()).Draw(t, "off")
		n := rapid.Int64Range(0, c.Size()-off).Draw(t, "n")
		part, err := io.ReadAll(c.Reader(off, n))
		if err != nil || !bytes.Equal(part, whole[off:off+n]) {
			t.Fatalf("the range %d+%d differs, %v; want the bytes of the whole", off, n, err)
		}
		var written bytes.Buffer
		if err := c.WriteRange(&written, off, n); err != nil || !bytes.Equal(written.Bytes(), part) {
			t.Fatalf("writing the range %d+%d: got %d bytes, %v; want those that are read", off, n, written.Len(), err)
		}
		if !c.Matches(part, off) {
			t.Fatalf("range %d+%d beside itself: got no match, want one", off, n)
		}
	})
}

func TestMisplacedAndForeignBytesAreNoticed(t *testing.T) {
	t.Parallel()
	c := New(7, 4*block)
	second, _ := io.ReadAll(c.Reader(block, block))
	if c.Matches(second, 0) {
		t.Error("the second block in place of the first: got a match, want none")
	}

	second[77] ^= 1
	if c.Matches(second, block) {
		t.Error("a flipped bit: got a match, want none")
	}

	if New(8, 100).Matches(second[:100], 0) {
		t.Error("another seed's bytes: got a match, want none")
	}
}
