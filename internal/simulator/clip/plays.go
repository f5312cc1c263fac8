package clip

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
)

// Content is bytes that are looked into.
type Content interface {
	io.ReaderAt
	Size() int64
}

// looks bounds how much of a content is read to find out what it is.
const looks = 1 << 20

// Plays is the media type under which browsers play a video, by what is in it and not by
// its name; "" when they do not.
func Plays(c Content) string {
	start := read(c, 0, 64)
	switch {
	case bytes.HasPrefix(start, []byte("\x1a\x45\xdf\xa3")) && bytes.Contains(start, []byte("webm")):
		return "video/webm"
	case len(start) > 8 && string(start[4:8]) == "ftyp" && coded(movie(c)):
		return "video/mp4"
	}
	return ""
}

// Shows is the media type under which browsers show a picture, likewise.
func Shows(c Content) string {
	switch kind := http.DetectContentType(read(c, 0, 512)); {
	case kind == "image/jpeg", kind == "image/png", kind == "image/gif", kind == "image/webp":
		return kind
	}
	return ""
}

// movie is the index of an MP4 or QuickTime file, wherever it is in there.
func movie(c Content) []byte {
	for at := int64(0); at < c.Size(); {
		head := read(c, at, 16)
		if len(head) < 8 {
			return nil
		}

		size := int64(binary.BigEndian.Uint32(head))
		if size == 1 && len(head) == 16 {
			size = int64(binary.BigEndian.Uint64(head[8:]) & (1<<62 - 1))
		}

		if string(head[4:8]) == "moov" {
			return read(c, at, min(size, looks))
		}

		if size < 8 {
			return nil // it is the last one, or none
		}

		at += size
	}
	return nil
}

// coded reports whether an index names a way of coding that browsers know.
func coded(index []byte) bool {
	text := string(index)
	for _, codec := range []string{"avc1", "avc3", "vp08", "vp09", "av01"} {
		if strings.Contains(text, codec) {
			return true
		}
	}
	return false
}

func read(c Content, at, n int64) []byte {
	b := make([]byte, max(0, min(n, c.Size()-at)))
	got, _ := c.ReadAt(b, at) // what can be read is what is looked at
	return b[:got]
}
