package review

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

// A comment of whatever text, drawing and frame becomes one whose first line is
// the head, whose entity is JSON, and whose text is valid.
func FuzzRender(f *testing.F) {
	f.Add("Too dark", "[]", "Julia", int64(50), int64(25), 25.0)
	f.Add("<script>alert(1)</script>\u2028x", `{"tool":"rect"}`, "a\nb\r\u2029", int64(-9), int64(1<<62), 29.97)
	f.Add("\x00\xff", "no json", "", int64(1<<62), int64(0), 0.0)
	i := &Importer{}
	f.Fuzz(func(t *testing.T, text, drawing, author string, frame, duration int64, fps float64) {
		c := frameio.Comment{
			ID:         "c",
			Text:       text,
			Annotation: drawing,
			Timestamp:  &frame,
			Duration:   &duration,
			Raw:        []byte(text),
			Owner:      frameio.User{Name: author},
		}

		k := i.render(Target{FileID: "f", FrameRate: fps}, kindAnnotation, c)
		if !json.Valid([]byte(k.Entity)) || !utf8.ValidString(k.Text) {
			t.Errorf("entity %q, text %q; want valid JSON and valid UTF-8", k.Entity, k.Text)
		}

		head, _, _ := strings.Cut(k.Text, "\n")
		if author := oneLine(author); author != "" && !strings.HasPrefix(head, author) {
			t.Errorf("the head is %q, want it to begin with the author %q", head, author)
		}
	})
}
