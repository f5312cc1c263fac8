package nuxeosim

import (
	"net/http"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/clip"
)

// thumbnail answers @rendition/thumbnail: the picture itself where browsers show
// it, else one with the document's title on it, where Nuxeo has an icon for what it cannot draw.
func (c *call) thumbnail(ref string) (*answer, error) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return nil, methodNotAllowed()
	}

	c.s.mu.RLock()
	n, err := c.document(ref)
	var shown bool
	var title string
	if err == nil {
		b := c.s.blobAt(n, "file:content")
		title = n.title()
		shown = b != nil && slices.Contains([]string{"image/jpeg", "image/png", "image/gif", "image/webp"}, b.mime)
	}

	c.s.mu.RUnlock()
	if err != nil {
		return nil, err
	}

	if shown {
		return c.download(ref, "file:content")
	}

	picture := clip.Still(title)
	return &answer{stream: func(c *call) error {
		c.w.Header().Set("Content-Type", "image/png")
		_, _ = c.w.Write(picture) // whoever asked may have left
		return nil
	}}, nil
}
