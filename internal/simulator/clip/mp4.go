package clip

import (
	"encoding/binary"
	"math"
)

// ticks is how many units of time a second has in a file.
const ticks = 90_000

// mp4 puts coded pictures into a file whose index comes first, so that it plays while
// it is being fetched.
func mp4(samples [][]byte, fps float64) []byte {
	head := box("ftyp", []byte("isom"), long(512), []byte("isomiso2avc1mp41"))
	// The index names where the pictures are, and where that is depends on its length only.
	size := len(index(samples, fps, 0))
	out := append(head, index(samples, fps, len(head)+size+8)...)
	return append(out, box("mdat", samples...)...)
}

func index(samples [][]byte, fps float64, first int) []byte {
	each := int(math.Round(ticks / fps))
	length := long(each * len(samples))
	return box("moov",
		box("mvhd",
			long(0), long(0), long(0), long(ticks), length, long(0x10000), short(0x100), make([]byte, 10), matrix(),
			make([]byte, 24), long(2)),
		box("trak",
			box("tkhd",
				long(3), long(0), long(0), long(1), long(0), length, make([]byte, 16), matrix(), long(Width<<16),
				long(Height<<16)),
			box("mdia",
				box("mdhd", long(0), long(0), long(0), long(ticks), length, short(0x55C4), short(0)),
				box("hdlr", long(0), long(0), []byte("vide"), make([]byte, 12), []byte("video\x00")),
				box("minf",
					box("vmhd", long(1), make([]byte, 8)),
					box("dinf", box("dref", long(0), long(1), box("url ", long(1)))),
					table(samples, each, first)))))
}

// table tells a player of each picture how long it is shown and where it is.
func table(samples [][]byte, each, first int) []byte {
	sizes := make([][]byte, 0, len(samples)+3)
	sizes = append(sizes, long(0), long(0), long(len(samples)))
	for _, s := range samples {
		sizes = append(sizes, long(len(s)))
	}

	return box("stbl",
		box("stsd", long(0), long(1), entry()),
		box("stts", long(0), long(1), long(len(samples)), long(each)),
		box("stss", long(0), long(1), long(1)), // the first one stands by itself
		box("stsc", long(0), long(1), long(1), long(len(samples)), long(1)),
		box("stsz", sizes...),
		box("stco", long(0), long(1), long(first)))
}

// entry says how the pictures are coded.
func entry() []byte {
	seq, pics := sequence(), pictures()
	config := box("avcC",
		[]byte{1, profileBaseline, baselineConstraints, levelThree, 0xFF, 0xE1}, short(len(seq)), seq,
		[]byte{1}, short(len(pics)), pics)
	return box("avc1",
		make([]byte, 6), short(1), make([]byte, 16), short(Width), short(Height), long(72<<16), long(72<<16), long(0),
		short(1), make([]byte, 32), short(24), short(0xFFFF), config)
}

func box(kind string, parts ...[]byte) []byte {
	size := 8
	for _, p := range parts {
		size += len(p)
	}

	out := append(make([]byte, 0, size), long(size)...)
	out = append(out, kind...)
	for _, p := range parts {
		out = append(out, p...)
	}

	return out
}

// sized puts the length of a unit before it.
func sized(unit []byte) []byte { return append(long(len(unit)), unit...) }

// matrix leaves a picture where it is.
func matrix() []byte {
	m := make([]byte, 36)
	copy(m, long(1<<16))
	copy(m[16:], long(1<<16))
	copy(m[32:], long(1<<30))
	return m
}

func long(n int) []byte  { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
func short(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
