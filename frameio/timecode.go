package frameio

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// FrameRate reads a frame rate as Frame.io tells it: 25, 29.97, "23.976 fps",
// "30000/1001". Zero means that it is not known.
func FrameRate(text string) float64 {
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(strings.ToLower(text)), "fps"))
	if over, under, ok := strings.Cut(text, "/"); ok {
		return ratio(over, under)
	}

	fps, err := strconv.ParseFloat(text, 64)
	if err != nil || fps <= 0 || fps > 1000 || math.IsNaN(fps) {
		return 0
	}

	return fps
}

func ratio(over, under string) float64 {
	a, err1 := strconv.ParseFloat(over, 64)
	b, err2 := strconv.ParseFloat(under, 64)
	if err1 != nil || err2 != nil || b == 0 || a/b <= 0 || a/b > 1000 || math.IsNaN(a/b) {
		return 0
	}
	return a / b
}

// Timecode shows a frame as HH:MM:SS:FF at a frame rate. Rates of 29.97 and
// 59.94 are shown in drop-frame form (HH:MM:SS;FF), which skips numbers, never
// frames. At an unknown rate it says "frame N".
func Timecode(frame int64, fps float64) string {
	if fps <= 0 || frame < 0 {
		return fmt.Sprintf("frame %d", frame)
	}

	nominal := int64(math.Round(fps))
	if nominal == 0 {
		return fmt.Sprintf("frame %d", frame)
	}

	// Seconds and the frames left over, by the rules of the rate.
	sep := ":"
	s, rest := frame/nominal, frame%nominal
	switch {
	case dropFrame(fps):
		frame, sep = withDropped(frame, nominal), ";"
		s, rest = frame/nominal, frame%nominal
	case !byNumber(fps, nominal):
		s = int64((float64(frame) + 1e-6) / fps)
		rest = frame - int64(math.Ceil(float64(s)*fps-1e-6))
	}

	return fmt.Sprintf("%02d:%02d:%02d%s%02d", s/3600, s/60%60, s%60, sep, rest)
}

// byNumber reports whether frames are counted by a whole number a second, as they are at
// whole rates and at those of television, a thousandth below. At any other, such as 12.5 or
// the average of a variable one, a second has now more and now fewer.
func byNumber(fps float64, nominal int64) bool {
	return math.Abs(fps-float64(nominal)) < 0.005 || math.Abs(fps-float64(nominal)*1000/1001) < 0.005
}

// Frames is the frame that a timecode stands for at a frame rate; ok is false where that
// cannot be told.
func Frames(timecode string, fps float64) (frame int64, ok bool) {
	var h, m, s, f int64
	nominal := int64(math.Round(fps))
	n, err := fmt.Sscanf(strings.ReplaceAll(timecode, ";", ":"), "%d:%d:%d:%d", &h, &m, &s, &f)
	if fps <= 0 || nominal == 0 || n < 3 || err != nil && n < 4 && strings.Count(timecode, ":") > 2 {
		return 0, false
	}

	// Timecodes count at the nominal rate; drop-frame skips numbers, and other fractional rates
	// go by time.
	seconds := h*3600 + m*60 + s
	frame = seconds*nominal + f
	switch {
	case dropFrame(fps):
		minutes := h*60 + m
		frame -= nominal / 15 * (minutes - minutes/10)
	case !byNumber(fps, nominal):
		frame = int64(math.Ceil(float64(seconds)*fps-1e-6)) + f
	}

	return frame, frame >= 0
}

func dropFrame(fps float64) bool {
	return math.Abs(fps-30000.0/1001) < 0.005 || math.Abs(fps-60000.0/1001) < 0.005
}

// withDropped adds the numbers that drop-frame timecode leaves out: two (at 30)
// or four (at 60) at each minute but every tenth.
func withDropped(frame, nominal int64) int64 {
	skip := nominal / 15
	perMinute := nominal*60 - skip
	perTen := perMinute*10 + skip
	tens, rest := frame/perTen, frame%perTen
	frame += tens * 9 * skip
	if rest >= nominal*60 {
		frame += ((rest-nominal*60)/perMinute + 1) * skip
	}

	return frame
}
