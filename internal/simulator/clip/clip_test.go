package clip_test

import (
	"bytes"
	"image/png"
	"os"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/clip"
)

func TestStill(t *testing.T) {
	t.Parallel()
	p, err := png.Decode(bytes.NewReader(clip.Still("Teaser.mp4")))
	if err != nil {
		t.Fatal(err)
	}

	tones := map[any]bool{}
	for y := range clip.Height {
		for x := range clip.Width {
			tones[p.At(x, y)] = true
		}
	}

	if len(tones) != 3 {
		t.Errorf("the picture has %d colours, want the ground, the name and a line", len(tones))
	}

	if bytes.Equal(clip.Still("Teaser.mp4"), clip.Still("Making of.mov")) {
		t.Error("two names have the same picture, want different ones")
	}
}

// What a browser makes of a clip is looked at in the browser tests.
func TestVideo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		fps, seconds float64
		least, most  int
	}{
		{"unknown", 0, 0, 100_000, 200_000},
		{"one frame", 25, 0.01, 80_000, 100_000},
		{
			"a name that is so long that it is broken into lines, and is longer than fits on four of them for all that",
			29.97, 4, 100_000, 200_000,
		},
		{"films are cut off", 25, 7200, 600_000, 1_500_000},
		{"Größe 表 \x00", 24, 1, 80_000, 130_000},
	} {
		video := clip.Video(test.name, test.fps, test.seconds)
		if len(video) < test.least || len(video) > test.most {
			t.Errorf("%q has %d bytes, want %d to %d", test.name, len(video), test.least, test.most)
		}
		if got := clip.Plays(bytes.NewReader(video)); got != "video/mp4" {
			t.Errorf("%q plays as %q, want video/mp4", test.name, got)
		}
	}
}

func TestPlays(t *testing.T) {
	t.Parallel()
	film, err := os.ReadFile("../../demo/media/making_of.mov")
	if err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name         string
		content      []byte
		plays, shows string
	}{
		{"QuickTime with H.264", film, "video/mp4", ""},
		{"cut off before its index", film[:40], "", ""},
		{"no video", []byte("0123456789"), "", ""},
		{"nothing", nil, "", ""},
		{"a box of no length", []byte("\x00\x00\x00\x00ftyp\x00\x00\x00\x00\x00"), "", ""},
		{"a length that is too large", []byte("\x00\x00\x00\x01ftyp\xff\xff\xff\xff\xff\xff\xff\xff"), "", ""},
		{"WebM", []byte("\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1f\x42\x82\x84webm"), "video/webm", ""},
		{"picture", clip.Still("a"), "", "image/png"},
	} {
		plays, shows := clip.Plays(bytes.NewReader(test.content)), clip.Shows(bytes.NewReader(test.content))
		if plays != test.plays || shows != test.shows {
			t.Errorf("%s: plays as %q and shows as %q, want %q and %q", test.name, plays, shows, test.plays, test.shows)
		}
	}
}
