package review

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

func ptr(n int64) *int64 { return &n }

func TestHeadLine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*frameio.Comment)
		fps    float64
		base   int64
		want   string
	}{
		"whole asset":    {func(*frameio.Comment) {}, 25, 0, "Olga Owner"},
		"guest":          {func(c *frameio.Comment) { c.Owner = frameio.User{} }, 25, 0, "external reviewer"},
		"frame":          {func(c *frameio.Comment) { c.Timestamp = ptr(61) }, 24, 0, "Olga Owner · 00:00:02:13"},
		"first frame":    {func(c *frameio.Comment) { c.Timestamp = ptr(0) }, 25, 0, "Olga Owner · 00:00:00:00"},
		"counted from 1": {func(c *frameio.Comment) { c.Timestamp = ptr(1) }, 25, 1, "Olga Owner · 00:00:00:00"},
		"drop frame":     {func(c *frameio.Comment) { c.Timestamp = ptr(1800) }, 29.97, 0, "Olga Owner · 00:01:00;02"},
		"unknown rate":   {func(c *frameio.Comment) { c.Timestamp = ptr(7) }, 0, 0, "Olga Owner · frame 7"},
		"range": {func(c *frameio.Comment) {
			c.Timestamp, c.Duration = ptr(25), ptr(50)
		}, 25, 0, "Olga Owner · 00:00:01:00 – 00:00:02:24"},
		"range of one": {func(c *frameio.Comment) {
			c.Timestamp, c.Duration = ptr(25), ptr(1)
		}, 25, 0, "Olga Owner · 00:00:01:00"},
		"range of nobody": {func(c *frameio.Comment) { c.Duration = ptr(50) }, 25, 0, "Olga Owner"},
		"drawn, resolved": {func(c *frameio.Comment) {
			c.Annotation, c.Completed = "[]", true
		}, 25, 0, "Olga Owner · with a drawing · resolved"},
	} {
		c := comment("c1", "Words.")
		tc.change(&c)
		got := (&Importer{FrameBase: tc.base}).render(Target{FileID: "f", FrameRate: tc.fps}, kindComment, c)
		if got.Text != tc.want+"\nWords." {
			t.Errorf("%s: the text is %q, want %q", name, got.Text, tc.want+"\nWords.")
		}
	}
}

func TestEntityIsWhatTheTabNeeds(t *testing.T) {
	t.Parallel()
	c := drawn(comment("c1", "Words."))
	c.Timestamp, c.Duration, c.Page, c.Completed = ptr(25), ptr(50), ptr(3), true
	var e entity
	if err := json.Unmarshal([]byte((&Importer{}).render(Target{FileID: "f", FrameRate: 25}, kindAnnotation, c).Entity),
		&e); err != nil {
		t.Fatal(err)
	}

	if e.FileID != "f" || !e.Resolved || *e.Frame != 25 || *e.Duration != 50 || *e.Page != 3 ||
		e.Timecode != "00:00:01:00 – 00:00:02:24" ||
		string(e.Annotation) != c.Annotation || string(e.Raw) != string(c.Raw) {
		t.Errorf("the entity is %+v, want file f, resolved, frames 25 to 75 with their timecode, page 3, and what "+
			"came as it came", e)
	}
}

func TestOddJSONDoesNotBreakTheEntity(t *testing.T) {
	t.Parallel()
	c := comment("c1", "Words.")
	c.Annotation, c.Raw = `[{"broken`, []byte(`{"raw`)
	var e entity
	if err := json.Unmarshal([]byte((&Importer{}).render(Target{FileID: "f"}, kindAnnotation, c).Entity),
		&e); err != nil {
		t.Fatal(err)
	}

	if string(e.Annotation) != `"[{\"broken"` || e.Raw != nil {
		t.Errorf("of broken JSON the entity keeps %s and %s, want it as text, and nothing raw", e.Annotation, e.Raw)
	}
}

// Hostile texts go to Nuxeo, whose pages show them as the letters they are made of,
// whether its sanitizer is on or off, and the words are kept as they were.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("🎬", 40_000)
	for name, opt := range map[string]nuxeosim.Options{
		"as installed": {}, "without sanitizer": {Untrue: &nuxeosim.Untruths{CommentsAsWritten: true}},
		"without filter": {Untrue: &nuxeosim.Untruths{AllCharacters: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, opt)
			for text, want := range map[string]string{
				`<img src=x onerror=alert(1)>`:          `<img src=x onerror=alert(1)>`,
				"Cut to <TITLE CARD> here, a < b & c":   "Cut to <TITLE CARD> here, a < b & c",
				"</p><script>alert(1)</script><!-- a":   "</p><script>alert(1)</script><!-- a",
				"&lt;b&gt; &amp;amp; &#60;i&#62; &copy": "&lt;b&gt; &amp;amp; &#60;i&#62; &copy",
				`${7*7} #{7*7} {{7*7}}`:                 `${7*7} #{7*7} {{7*7}}`,
				"👩\u200d👩\u200d👧 1\u00ad2 \u200e3":      "👩\u200d👩\u200d👧 1\u00ad2 \u200e3",
				"a\x00b\x07c\x1b[31m\u009bd":            "abc[31md",
				"two\r\nlines\n\n\tand a third":         "two\nlines\n\n\tand a third",
				"broken \xff\xfe text":                  "broken  text",
				"'; DROP TABLE links; --":               "'; DROP TABLE links; --",
				long:                                    long,
				"":                                      "",
			} {
				c := comment("c1", text)
				c.Owner.Name = "Eve <b>🎬\r\nAdmin · resolved\u2028x\u2029y\x00"
				w.must(c)
				head, body, _ := strings.Cut(w.read(w.of("c1")), "\n")
				if body != want {
					t.Errorf("Nuxeo shows %.40q, want %.40q", body, want)
				}

				if want := "Eve <b>🎬 Admin · resolved x y"; head != want {
					t.Errorf("Nuxeo shows the name %q, want %q", head, want)
				}

				if got := w.entity("c1").Words; got != want {
					t.Errorf("the entity keeps the words %.40q, want %.40q", got, want)
				}

				if n := w.calls(func() { w.must(c) }); n != 0 {
					t.Errorf("%.40q: %d calls for an unchanged comment, want none", text, n)
				}
			}
		})
	}
}

func TestEntityIsASCII(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := comment("c1", rapid.String().Draw(t, "text"))
		c.Raw, _ = json.Marshal(map[string]string{"text": rapid.String().Draw(t, "raw")})
		got := (&Importer{}).render(Target{}, kindComment, c).Entity
		if odd := func(r rune) bool { return r < ' ' || r >= 0x7f }; strings.ContainsFunc(got, odd) {
			t.Fatalf("the entity is %q, want ASCII", got)
		}
		var e entity
		if err := json.Unmarshal([]byte(got), &e); err != nil || e.Words != clean(c.Text) {
			t.Fatalf("the entity keeps the words %q (%v), want %q", e.Words, err, clean(c.Text))
		}
	})
}

func TestEditedIsWhoseWordsWereChanged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := comment("c1", "Words.")
	c.Created = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c.Updated, c.Completed = c.Created.Add(time.Hour), true
	w.must(c)
	if w.entity("c1").Edited {
		t.Error("a comment that was ticked off: got it edited, want it unedited")
	}

	c.Edited = c.Updated
	w.must(c)
	if !w.entity("c1").Edited {
		t.Error("a comment whose words were changed: got it unedited, want it edited")
	}
}

func TestHeadIsOneLineAndAllIsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\r\n\x{2028}\x{2029}\x00a<]*`)).Draw(t, "name")
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		c := comment("c1", text)
		c.Owner.Name = name
		got := (&Importer{}).render(Target{}, kindComment, c)
		head, body, ok := strings.Cut(got.Text, "\n")
		if !ok || body != clean(text) || strings.ContainsAny(head, "\r\u2028\u2029") {
			t.Fatalf("%q reads %q, want a head of one line and the body as it is without controls", text, got.Text)
		}

		if !utf8.ValidString(got.Text) || !json.Valid([]byte(got.Entity)) {
			t.Fatalf("text %q, entity %q; want valid UTF-8 and valid JSON", got.Text, got.Entity)
		}
	})
}
