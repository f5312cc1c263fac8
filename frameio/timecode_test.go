package frameio

import (
	"testing"

	"pgregory.net/rapid"
)

func TestTimecode(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		frame int64
		fps   float64
		want  string
	}{
		{0, 25, "00:00:00:00"},
		{61, 24, "00:00:02:13"},
		{90000, 25, "01:00:00:00"},
		{11974, 29.97, "00:06:39;16"}, // seen on a live account
		{1799, 29.97, "00:00:59;29"},
		{1800, 29.97, "00:01:00;02"},
		{17982, 29.97, "00:10:00;00"},
		{3600, 59.94, "00:01:00;04"},
		{24, 23.976, "00:00:01:00"},
		{750, 12.5, "00:01:00:00"},
		{13, 12.5, "00:00:01:00"},
		{12, 12.5, "00:00:00:12"},
		{16458, 27.43, "00:10:00:00"}, // the average of a variable rate
		{7, 0, "frame 7"},
	} {
		if got := Timecode(tc.frame, tc.fps); got != tc.want {
			t.Errorf("Timecode(%d, %v) = %s, want %s", tc.frame, tc.fps, got, tc.want)
		}
	}
}

// A timecode stands for the frame that it was made of.
func TestFramesAreReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fps := rapid.OneOf(rapid.SampledFrom([]float64{12.5, 23.976, 24, 25, 29.97, 30, 50, 59.94, 60}),
			rapid.Float64Range(1, 120)).Draw(t, "fps")
		frame := rapid.Int64Range(0, 10_000_000).Draw(t, "frame")
		code := Timecode(frame, fps)
		if got, ok := Frames(code, fps); !ok || got != frame {
			t.Fatalf("frame %d at %v is %s, which is read as %d, %v; want the same frame", frame, fps, code, got, ok)
		}
	})

	for _, text := range []string{"", "soon", "1:2", "-1:00:00:00", "00:00:00:x"} {
		if got, ok := Frames(text, 25); ok {
			t.Errorf("%q is read as frame %d, want nothing", text, got)
		}
	}
}

func TestEachFrameHasItsOwnTimecode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fps := rapid.SampledFrom([]float64{12.5, 23.976, 24, 25, 27.43, 29.97, 30, 50, 59.94, 60}).Draw(t, "fps")
		frame := rapid.Int64Range(0, 10_000_000).Draw(t, "frame")
		if a, b := Timecode(frame, fps), Timecode(frame+1, fps); a >= b && len(a) == len(b) {
			t.Fatalf("frame %d is %s and the next %s, want it after the first", frame, a, b)
		}
	})
}

func TestFrameRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"25": 25, "29.97": 29.97, " 23.976 FPS": 23.976, "30000/1001": 30000.0 / 1001,
		"": 0, "x": 0, "-5": 0, "1/0": 0, "NaN": 0, "1e9": 0,
	} {
		if got := FrameRate(text); got != want {
			t.Errorf("FrameRate(%q) = %v, want %v", text, got, want)
		}
	}
}

func FuzzFrameRate(f *testing.F) {
	f.Add("25", int64(1))
	f.Add("30000/1001", int64(1800))
	f.Fuzz(func(t *testing.T, text string, frame int64) {
		fps := FrameRate(text)
		if fps < 0 || fps > 1000 {
			t.Fatalf("FrameRate(%q): got %v, want 0 to 1000", text, fps)
		}
		if Timecode(frame, fps) == "" {
			t.Fatalf("the timecode of frame %v at %v: got none, want one", frame, fps)
		}
	})
}
