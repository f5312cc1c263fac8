package review

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
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
		"whole asset":     {func(*frameio.Comment) {}, 25, 0, "Olga Owner"},
		"guest":           {func(c *frameio.Comment) { c.Owner = frameio.Person{} }, 25, 0, "external reviewer"},
		"frame":           {func(c *frameio.Comment) { c.Timestamp = ptr(61) }, 24, 0, "Olga Owner · 00:00:02:13"},
		"first frame":     {func(c *frameio.Comment) { c.Timestamp = ptr(0) }, 25, 0, "Olga Owner · 00:00:00:00"},
		"counted from 1":  {func(c *frameio.Comment) { c.Timestamp = ptr(1) }, 25, 1, "Olga Owner · 00:00:00:00"},
		"drop frame":      {func(c *frameio.Comment) { c.Timestamp = ptr(1800) }, 29.97, 0, "Olga Owner · 00:01:00;02"},
		"unknown rate":    {func(c *frameio.Comment) { c.Timestamp = ptr(7) }, 0, 0, "Olga Owner · frame 7"},
		"range":           {func(c *frameio.Comment) { c.Timestamp, c.Duration = ptr(25), ptr(50) }, 25, 0, "Olga Owner · 00:00:01:00 – 00:00:02:24"},
		"range of one":    {func(c *frameio.Comment) { c.Timestamp, c.Duration = ptr(25), ptr(1) }, 25, 0, "Olga Owner · 00:00:01:00"},
		"range of nobody": {func(c *frameio.Comment) { c.Duration = ptr(50) }, 25, 0, "Olga Owner"},
		"drawn, resolved": {func(c *frameio.Comment) { c.Annotation, c.Completed = "[]", true }, 25, 0, "Olga Owner · with a drawing · resolved"},
	} {
		c := comment("c1", "Words.")
		tc.change(&c)
		got := (&Importer{FrameBase: tc.base}).render(Target{FileID: "f", FrameRate: tc.fps}, kindComment, c)
		if got.Text != tc.want+"\nWords." {
			t.Errorf("%s: %q", name, got.Text)
		}
	}
}

func TestEntityIsWhatTheTabNeeds(t *testing.T) {
	t.Parallel()
	c := drawn(comment("c1", "Words."))
	c.Timestamp, c.Duration, c.Page, c.Completed = ptr(25), ptr(50), ptr(3), true
	var e entity
	if err := json.Unmarshal([]byte((&Importer{}).render(Target{FileID: "f", FrameRate: 25}, kindAnnotation, c).Entity), &e); err != nil {
		t.Fatal(err)
	}
	if e.FileID != "f" || !e.Resolved || *e.Frame != 25 || *e.Duration != 50 || *e.Page != 3 || e.Timecode != "00:00:01:00 – 00:00:02:24" ||
		string(e.Annotation) != c.Annotation || string(e.Raw) != string(c.Raw) {
		t.Errorf("%+v", e)
	}
}

func TestOddJSONDoesNotBreakTheEntity(t *testing.T) {
	t.Parallel()
	c := comment("c1", "Words.")
	c.Annotation, c.Raw = `[{"broken`, []byte(`{"raw`)
	var e entity
	if err := json.Unmarshal([]byte((&Importer{}).render(Target{FileID: "f"}, kindAnnotation, c).Entity), &e); err != nil {
		t.Fatal(err)
	}
	if string(e.Annotation) != `"[{\"broken"` || e.Raw != nil {
		t.Errorf("%s, %s", e.Annotation, e.Raw)
	}
}

// Hostile texts go to Nuxeo and come back as the letters they are made of.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	w := setup(t)
	long := strings.Repeat("🎬", 40_000)
	for text, want := range map[string]string{
		`<img src=x onerror=alert(1)>`: `<img src=x onerror=alert(1)>`,
		`${7*7} #{7*7} {{7*7}}`:        `${7*7} #{7*7} {{7*7}}`,
		"a\x00b\x07c\x1b[31m\u009bd":   "abc[31md",
		"two\r\nlines":                 "two\nlines",
		"broken \xff\xfe text":         "broken  text",
		"'; DROP TABLE links; --":      "'; DROP TABLE links; --",
		long:                           long,
		"":                             "",
	} {
		c := comment("c1", text)
		c.Owner.Name = "Eve\r\nAdmin · resolved\u2028x\u2029y\x00"
		w.must(c)
		head, body, _ := strings.Cut(w.of("c1").Text, "\n")
		if body != want {
			t.Errorf("%.40q became %.40q", text, body)
		}
		if head != "Eve Admin · resolved x y" {
			t.Errorf("the name became %q", head)
		}
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
			t.Fatalf("%q", got.Text)
		}
		if !utf8.ValidString(got.Text) || !json.Valid([]byte(got.Entity)) {
			t.Fatalf("%q, %q", got.Text, got.Entity)
		}
	})
}
