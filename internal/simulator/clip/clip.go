// Package clip makes small videos and pictures with a name on them, for what a
// simulator shows of files that nobody has rendered.
//
// A clip is H.264 in MP4 and plays in every browser. Nothing is compressed in it: its
// first picture is stored as it is, and each later one stores only the few blocks in
// which the counter of frames changes. So it takes no encoder, about 90 kB for the
// picture and 400 bytes for a frame. It has no sound.
package clip

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// The size of pictures and clips.
const (
	Width  = 320
	Height = 180
)

const (
	letterWidth  = 7 // of the font
	letterHeight = 13
	margin       = 20
	mostLines    = 4
)

// MostSeconds is how long a clip is at most, whatever is asked for.
const MostSeconds = 60

// Video makes a clip with a name on it that counts its frames, so that one sees where
// one is. What is unknown is 0: it has 24 frames a second then, and lasts 5 seconds.
func Video(name string, fps, seconds float64) []byte {
	if fps <= 0 {
		fps = 24
	}

	if seconds <= 0 {
		seconds = 5
	}

	frames := max(1, int(math.Round(fps*min(seconds, MostSeconds))))

	card, enc := titleCard(name), encoder{}
	samples := make([][]byte, frames)
	for n := range frames {
		counter(card, n, fps)
		samples[n] = enc.frame(card)
	}

	return mp4(samples, fps)
}

// Still is a picture with a name on it, as PNG: how a clip of that name begins.
func Still(name string) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, titleCard(name)) // memory takes all
	return b.Bytes()
}

// titleCard is a name on a ground of one of a few colours, always the same for a name.
func titleCard(name string) *image.Paletted {
	p := image.NewPaletted(image.Rect(0, 0, Width, Height), palette(name))
	for y := Height - 6; y < Height; y++ {
		for x := range Width {
			p.SetColorIndex(x, y, accent)
		}
	}

	lines := wrap(name, (Width-2*margin)/(2*letterWidth))
	top := (Height - 2*letterHeight*len(lines)) / 2
	for n, line := range lines {
		left := (Width - 2*letterWidth*len([]rune(line))) / 2
		write(p, line, left, top+2*letterHeight*n, 2)
	}

	return p
}

// The colours of a palette.
const (
	ground uint8 = iota
	text
	accent
)

func palette(name string) color.Palette {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	tones := [][2]color.RGBA{
		{{29, 53, 87, 255}, {69, 123, 157, 255}},
		{{64, 36, 84, 255}, {150, 96, 190, 255}},
		{{22, 72, 62, 255}, {56, 150, 122, 255}},
		{{92, 42, 36, 255}, {206, 110, 84, 255}},
		{{70, 60, 24, 255}, {196, 164, 66, 255}},
		{{36, 52, 66, 255}, {108, 140, 164, 255}},
	}

	tone := tones[h.Sum32()%uint32(len(tones))]
	return color.Palette{ground: tone[0], text: color.RGBA{240, 242, 246, 255}, accent: tone[1]}
}

// wrap breaks a name into lines of so many letters, at spaces where there are any. What
// does not fit ends in dots.
func wrap(name string, width int) []string {
	var lines []string
	rest := []rune(name)
	for len(rest) > width && len(lines) < mostLines-1 {
		cut, skip := width, 0
		for i := width; i > width/3; i-- {
			if rest[i] == ' ' {
				cut, skip = i, 1
				break
			}
		}
		lines = append(lines, string(rest[:cut]))
		rest = rest[cut+skip:]
	}

	if len(rest) > width {
		rest = append(rest[:width-3:width-3], []rune("...")...)
	}

	return append(lines, string(rest))
}

// counter writes a time and a frame into the lower right corner.
func counter(p *image.Paletted, frame int, fps float64) {
	rate := max(1, int(math.Round(fps)))
	line := fmt.Sprintf("%02d:%02d frame %4d", frame/rate/60, frame/rate%60, frame)
	left, top := Width-16-letterWidth*len(line), Height-6-16
	for y := top; y < top+letterHeight; y++ {
		for x := left; x < Width-16; x++ {
			p.SetColorIndex(x, y, ground)
		}
	}

	write(p, line, left, top, 1)
}

// write puts a line of text on a picture, each dot of a letter as scale dots.
func write(p *image.Paletted, line string, left, top, scale int) {
	mask := image.NewAlpha(image.Rect(0, 0, letterWidth*len([]rune(line)), letterHeight))
	d := font.Drawer{Dst: mask, Src: image.Opaque, Face: basicfont.Face7x13, Dot: fixed.P(0, basicfont.Face7x13.Ascent)}
	d.DrawString(line)
	for y := range letterHeight * scale {
		for x := range mask.Rect.Dx() * scale {
			at := image.Pt(left+x, top+y)
			if mask.AlphaAt(x/scale, y/scale).A > 127 && at.In(p.Rect) {
				p.SetColorIndex(at.X, at.Y, text)
			}
		}
	}
}
