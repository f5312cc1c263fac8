package transfer

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// memory is a source and sink in one; its switches are the faults.
type memory struct {
	mu      sync.Mutex
	data    []byte
	got     map[int][]byte
	cut     func(off int64) int64 // how many bytes a read from off gives before it breaks; 0: all
	refuse  func(part Part, try int) error
	tries   map[int]int
	opened  int
	openErr error
}

func (m *memory) Open(_ context.Context, off, n int64) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opened++
	if m.openErr != nil {
		return nil, m.openErr
	}

	if m.cut != nil {
		if c := m.cut(off); c > 0 && c < n {
			n = c
		}
	}

	return io.NopCloser(bytes.NewReader(m.data[off : off+n])), nil
}

func (m *memory) Put(_ context.Context, p Part, body io.Reader) error {
	m.mu.Lock()
	m.tries[p.Index]++
	try := m.tries[p.Index]
	m.mu.Unlock()
	if m.refuse != nil {
		if err := m.refuse(p, try); err != nil {
			_, _ = io.CopyN(io.Discard, body, p.Length/4)
			if _, lends := body.(io.WriterTo); lends {
				_, _ = copyWide(&full{left: p.Length / 4}, io.LimitReader(body, p.Length))
			}
			return err
		}
	}

	// As net/http does: a little is read into the buffer that has the head, and the connection gets the rest.
	var b bytes.Buffer
	head, err := io.CopyN(&b, body, min(p.Length, 100))
	if err == nil {
		_, err = copyWide(&b, io.LimitReader(body, p.Length-head))
	}
	if err != nil {
		return err
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	m.got[p.Index] = b.Bytes()
	return nil
}

// full is a connection that breaks after some bytes.
type full struct{ left int64 }

func (f *full) Write(p []byte) (int, error) {
	n := min(f.left, int64(len(p)))
	if f.left -= n; n < int64(len(p)) {
		return int(n), io.ErrShortWrite
	}
	return int(n), nil
}

func newMemory(size int) *memory {
	m := &memory{data: make([]byte, size), got: map[int][]byte{}, tries: map[int]int{}}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.data {
		m.data[i] = byte(r.Uint32())
	}
	return m
}

func (m *memory) check(t interface{ Fatalf(string, ...any) }, plan Plan) {
	var all []byte
	for i := range plan.Count() {
		all = append(all, m.got[i]...)
	}
	if !bytes.Equal(all, m.data) {
		t.Fatalf("what arrived, %d bytes, is not what was sent, want all %d of it", len(all), len(m.data))
	}
}

func options() Options {
	return Options{Streams: 3, Tries: 3, Idle: time.Minute}
}

func TestPlanCoversTheFileExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plan := Plan{
			Size:     rapid.Int64Range(0, 5_000_000_000_000).Draw(t, "size"),
			PartSize: rapid.Int64Range(1<<20, 1<<30).Draw(t, "part"),
		}

		n := plan.Count()
		first, last := plan.Part(0), plan.Part(n-1)
		if first.Offset != 0 || last.Offset+last.Length != plan.Size {
			t.Fatalf("the parts %+v … %+v do not cover %+v, want the first at 0 and the last at its end", first, last,
				plan)
		}

		i := rapid.IntRange(0, n-1).Draw(t, "i")
		p := plan.Part(i)
		if p.Length < 0 || p.Length > plan.PartSize || i+1 < n && p.Offset+p.Length != plan.Part(i+1).Offset {
			t.Fatalf("part %d of %+v is %+v, want it within the part size, and the next right after it", i, plan, p)
		}
	})
}

func TestBothWaysDeliverEverySizeWithFaults(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 999, 1000, 1001, 5000, 5_000_001}
	for _, size := range sizes {
		for _, digest := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/%v", size, digest), func(t *testing.T) {
				t.Parallel()
				m := newMemory(size)
				plan := Plan{Size: int64(size), PartSize: max(1000, int64(size)/7)}
				m.cut = func(off int64) int64 { return 1 + off%977 + int64(size)/3 }
				m.refuse = func(p Part, try int) error {
					if p.Index%2 == 1 && try == 1 {
						return errors.New("reset")
					}
					return nil
				}

				o := options()
				if digest {
					o.Hash = md5.New
				}

				s, sum, err := Run(t.Context(), plan, State{}, m, m, o)
				if err != nil {
					t.Fatal(err)
				}

				m.check(t, plan)
				if want := md5.Sum(m.data); digest && string(sum) != hex.EncodeToString(want[:]) {
					t.Errorf("the digest is %s, want %x", sum, want)
				}

				if len(s.Parts) != plan.Count() {
					t.Errorf("%d parts have arrived, want %d", len(s.Parts), plan.Count())
				}
			})
		}
	}
}

// A run that is cut off anywhere goes on from its state, sending again no more
// than what was under way.
func TestResumesFromAnyState(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 300_000).Draw(t, "size")
		m := newMemory(size)
		plan := Plan{Size: int64(size), PartSize: rapid.Int64Range(1000, 50_000).Draw(t, "part")}
		dies := rapid.IntRange(0, plan.Count()).Draw(t, "dies")
		o := options()
		o.Tries = 1
		if rapid.Bool().Draw(t, "digest") {
			o.Hash = func() hash.Hash { return md5.New() }
		}

		m.refuse = func(p Part, _ int) error {
			if p.Index >= dies {
				return errors.New("gone")
			}
			return nil
		}

		s, sum, err := Run(context.Background(), plan, State{}, m, m, o)
		if dies < plan.Count() {
			if err == nil {
				t.Fatal("a dead sink: got no error, want one")
			}
			m.refuse = nil
			s.Keep(func(i int) bool { return m.got[i] != nil }, plan)
			before := s.done(plan)
			s, sum, err = Run(context.Background(), plan, s, m, m, o)
			if again := s.Sent - before; err == nil && again > plan.Size-before+int64(o.Streams)*plan.PartSize {
				t.Fatalf("%d bytes went again, want at most a part for each stream", again)
			}
		}

		if err != nil {
			t.Fatal(err)
		}

		m.check(t, plan)
		if want := md5.Sum(m.data); o.Hash != nil && string(sum) != hex.EncodeToString(want[:]) {
			t.Fatalf("the digest is %s, want %x", sum, want)
		}
	})
}

func TestKeepDropsWhatTheSinkLost(t *testing.T) {
	t.Parallel()
	plan := Plan{Size: 100, PartSize: 10}
	s := State{Parts: Parts{0: true, 1: true, 2: true}, Hashed: 30, HashState: []byte("x")}
	s.Keep(func(i int) bool { return i != 1 }, plan)
	if len(s.Parts) != 0 || s.Hashed != 0 || s.HashState != nil {
		t.Errorf("with a part lost that was in the digest, kept are %+v, want nothing", s)
	}

	s = State{Parts: Parts{0: true, 5: true}}
	s.Keep(func(i int) bool { return i == 5 }, plan)
	if len(s.Parts) != 1 {
		t.Errorf("kept are the parts %v, want only part 5", s.Parts)
	}
}

func TestChangedSourceEndsAtOnce(t *testing.T) {
	t.Parallel()
	m := newMemory(5000)
	m.openErr = fmt.Errorf("etag differs: %w", ErrChanged)
	_, _, err := Run(t.Context(), Plan{Size: 5000, PartSize: 1000}, State{}, m, m, options())
	if !errors.Is(err, ErrChanged) || m.opened > 5 { // once a part at most
		t.Errorf("opened %d times, %v; want at most 5, and %v", m.opened, err, ErrChanged)
	}
}

func TestSliceEndsBetweenParts(t *testing.T) {
	t.Parallel()
	m := newMemory(5000)
	o := options()
	o.Until = time.Now().Add(-time.Second)
	s, _, err := Run(t.Context(), Plan{Size: 5000, PartSize: 1000}, State{}, m, m, o)
	if !errors.Is(err, ErrSlice) || len(s.Parts) != 0 {
		t.Errorf("a slice that is over: %v with the parts %v; want %v and none", err, s.Parts, ErrSlice)
	}
}

// Parts of whatever sizes cover the file, and bytes that were hashed are found again
// as whole parts.
func TestPlansOfOthersSizes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.Int64Range(1, 1000), 1, 50).Draw(t, "sizes")
		plan := PlanOf(sizes)
		at := int64(0)
		for i, size := range sizes {
			p := plan.Part(i)
			if p.Offset != at || p.Length != size || p.Count != len(sizes) || plan.whole(at) != i {
				t.Fatalf("part %d is %+v, and %d bytes are %d whole parts; want %d bytes there, and %d", i, p, at,
					plan.whole(at), size, i)
			}
			at += size
		}

		if plan.Size != at || plan.whole(at) != len(sizes) {
			t.Fatalf("the parts have %d bytes, want the %d of the plan", at, plan.Size)
		}
	})
}
