package nuxeosim

import (
	"bytes"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"slices"
)

// thumbnail answers @rendition/thumbnail: the picture itself where browsers show
// it, else a made-up one, as Nuxeo has an icon for what it cannot draw.
func (c *call) thumbnail(ref string) (*answer, error) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return nil, methodNotAllowed()
	}
	c.s.mu.RLock()
	n, err := c.document(ref)
	var shown bool
	if err == nil {
		b := c.s.blobAt(n, "file:content")
		shown = b != nil && slices.Contains([]string{"image/jpeg", "image/png", "image/gif", "image/webp"}, b.mime)
	}
	c.s.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	if shown {
		return c.download(ref, "file:content")
	}
	picture := madeUp(n.id)
	return &answer{stream: func(c *call) error {
		c.w.Header().Set("Content-Type", "image/png")
		_, _ = c.w.Write(picture) // whoever asked may have left
		return nil
	}}, nil
}

// madeUp is a picture of one colour, which is always the same for an id.
func madeUp(id string) []byte {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash never fails
	v := h.Sum32()
	tone := color.RGBA{R: 60 + byte(v)%120, G: 60 + byte(v>>8)%120, B: 60 + byte(v>>16)%120, A: 255}
	p := image.NewPaletted(image.Rect(0, 0, 320, 180), color.Palette{tone})
	var b bytes.Buffer
	_ = png.Encode(&b, p) // memory takes all
	return b.Bytes()
}
