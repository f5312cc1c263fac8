package clip

import (
	"image"
	"image/color"
)

// A picture is coded in blocks of 16 by 16 dots; the last row reaches below the picture
// and is cropped.
const (
	block      = 16
	columns    = Width / block
	rows       = (Height + block - 1) / block
	blockBytes = block*block + 2*block*block/4 // brightness, and two colours of half the size
)

// Syntax elements of ITU-T H.264 that are used here.
const (
	unitPicture  = 0x41 // a picture that builds on the one before
	unitKey      = 0x65 // a picture of its own
	unitSequence = 0x67
	unitPictures = 0x68

	sliceP, sliceI       = 5, 7
	rawInI, rawInP       = 25, 30 // I_PCM: the block as it is
	noDeblocking         = 1
	frameNumberBits      = 4
	profileBaseline      = 66
	baselineConstraints  = 0xC0
	levelThree           = 30
	orderAsSent          = 2
	croppedBelow         = (rows*block - Height) / 2
	withDeblockingSwitch = 1
)

// encoder turns pictures into units of H.264. The zero value begins a video.
type encoder struct {
	frames int
	last   [rows * columns][blockBytes]byte
}

// frame codes the next picture: all of it at the beginning, then only what changed.
func (e *encoder) frame(p *image.Paletted) []byte {
	now := blocks(p)
	var w bits
	if e.frames == 0 {
		w.head(sliceI, 0)
		w.golomb(0)   // idr_pic_id
		w.write(2, 0) // no_output_of_prior_pics, long_term_reference
	} else {
		w.head(sliceP, e.frames)
		w.write(3, 0) // no override, no reordering, no marking
	}

	w.signed(0) // slice_qp_delta
	w.golomb(noDeblocking)

	skipped := 0
	for i := range now {
		switch {
		case e.frames == 0:
			w.golomb(rawInI)
		case now[i] == e.last[i]:
			skipped++
			continue
		default:
			w.golomb(skipped)
			w.golomb(rawInP)
			skipped = 0
		}

		w.align(0)
		w.out = append(w.out, now[i][:]...)
	}

	if skipped > 0 {
		w.golomb(skipped)
	}

	kind := byte(unitPicture)
	if e.frames == 0 {
		kind = unitKey
	}

	e.frames, e.last = e.frames+1, now
	return sized(unit(kind, &w))
}

// head begins a slice that is a whole picture.
func (w *bits) head(kind, number int) {
	w.golomb(0) // first_mb_in_slice
	w.golomb(kind)
	w.golomb(0) // pic_parameter_set_id
	w.write(frameNumberBits, number%(1<<frameNumberBits))
}

// sequence tells a decoder of the video, pictures of how its pictures are coded.
func sequence() []byte {
	var w bits
	w.write(8, profileBaseline)
	w.write(8, baselineConstraints)
	w.write(8, levelThree)
	w.golomb(0)                   // seq_parameter_set_id
	w.golomb(frameNumberBits - 4) // log2_max_frame_num_minus4
	w.golomb(orderAsSent)
	w.golomb(1)   // max_num_ref_frames
	w.write(1, 0) // gaps_in_frame_num_value_allowed
	w.golomb(columns - 1)
	w.golomb(rows - 1)
	w.write(1, 1) // frame_mbs_only
	w.write(1, 1) // direct_8x8_inference
	w.write(1, 1) // frame_cropping
	for _, n := range []int{0, 0, 0, croppedBelow} {
		w.golomb(n)
	}

	w.write(1, 0) // vui_parameters_present
	return unit(unitSequence, &w)
}

func pictures() []byte {
	var w bits
	w.golomb(0)   // pic_parameter_set_id
	w.golomb(0)   // seq_parameter_set_id
	w.write(2, 0) // CAVLC, no bottom_field_pic_order
	w.golomb(0)   // one slice group
	w.golomb(0)   // one reference in each list
	w.golomb(0)
	w.write(3, 0) // no weights
	for range 3 {
		w.signed(0) // qp, qs and chroma offset
	}

	w.write(1, withDeblockingSwitch)
	w.write(2, 0) // no constrained intra prediction, no redundant pictures
	return unit(unitPictures, &w)
}

// unit closes what was written and guards it against looking like a start code.
func unit(kind byte, w *bits) []byte {
	w.write(1, 1)
	w.align(0)
	out := make([]byte, 1, len(w.out)+8)
	out[0] = kind
	zeros := 0
	for _, b := range w.out {
		if zeros == 2 && b <= 3 {
			out = append(out, 3)
			zeros = 0
		}
		out = append(out, b)
		if zeros++; b != 0 {
			zeros = 0
		}
	}

	return out
}

// blocks are the bytes of a picture as H.264 stores them.
func blocks(p *image.Paletted) (all [rows * columns][blockBytes]byte) {
	tones := make([]color.YCbCr, len(p.Palette))
	for i, c := range p.Palette {
		tones[i] = color.YCbCrModel.Convert(c).(color.YCbCr)
		tones[i] = narrow(tones[i])
	}

	at := func(x, y int) color.YCbCr { return tones[p.ColorIndexAt(x, min(y, Height-1))] }
	for i := range all {
		left, top, b := i%columns*block, i/columns*block, all[i][:0]
		for n := range block * block {
			b = append(b, at(left+n%block, top+n/block).Y)
		}
		for n := range block * block / 4 {
			b = append(b, at(left+n%(block/2)*2, top+n/(block/2)*2).Cb)
		}
		for n := range block * block / 4 {
			b = append(b, at(left+n%(block/2)*2, top+n/(block/2)*2).Cr)
		}
	}

	return all
}

// narrow brings a colour from the range of pictures into that of television.
func narrow(c color.YCbCr) color.YCbCr {
	chroma := func(v uint8) uint8 { return uint8(128 + (int(v)-128)*224/255) }
	return color.YCbCr{Y: uint8(16 + int(c.Y)*219/255), Cb: chroma(c.Cb), Cr: chroma(c.Cr)}
}

// bits writes numbers of any width one after the other, the highest bit first.
type bits struct {
	out  []byte
	free int // bits of the last byte that are not taken
}

func (w *bits) write(width, value int) {
	for i := width - 1; i >= 0; i-- {
		if w.free == 0 {
			w.out, w.free = append(w.out, 0), 8
		}
		w.free--
		w.out[len(w.out)-1] |= byte(value>>i&1) << w.free
	}
}

func (w *bits) align(bit int) {
	for w.free > 0 {
		w.write(1, bit)
	}
}

// golomb writes a number as H.264 does that of which small ones are frequent.
func (w *bits) golomb(value int) {
	width := 0
	for n := value + 1; n > 1; n >>= 1 {
		width++
	}
	w.write(width, 0)
	w.write(width+1, value+1)
}

func (w *bits) signed(value int) {
	if value > 0 {
		w.golomb(2*value - 1)
		return
	}
	w.golomb(-2 * value)
}
