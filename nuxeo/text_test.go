package nuxeo

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

func TestPlainReadsWhatPeopleWroteInNuxeo(t *testing.T) {
	t.Parallel()
	for markup, want := range map[string]string{
		"a &lt; b &amp; c": "a < b & c",
		"1 &#43; 1 &#61; 2, &#34;julia&#64;example&#34;": `1 + 1 = 2, "julia@example"`,
		"{<!-- -->{7*7}}":                               "{{7*7}}",
		"clap &#x1f3ac;":                                "clap 🎬",
		"two\nlines\n\nand more":                        "two\nlines\n\nand more",
		"<b>bold</b><br />end<img src=\"x\" />":         "bold\nend",
		"<p>one</p><p>two</p>":                          "one\ntwo",
		"one<br><br />two<div>three</div>":              "one\n\ntwo\nthree",
		"<script>alert(1)</script>x<style>p {}</style>": "x",
		"&amp;lt;": "&lt;",
		"5 < 6":    "5 < 6",
		"":         "",
	} {
		if got := plain(markup); got != want {
			t.Errorf("plain(%q) = %q, want %q", markup, got, want)
		}
	}
}

func TestTextIsTheSameAfterMarkup(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Map(func(r rune) rune {
			if r == '\r' || r == 0 || r == 0xfffd || r >= 0x7f && r < 0xa0 {
				return -1
			}
			return r
		}, rapid.OneOf(rapid.String(), rapid.StringMatching(`[<>&a-z#;{}" 🎬\x{200d}\x{ad}\n/!-]*`)).Draw(t, "text"))

		sent := markup(text)
		if got := plain(sent); got != text {
			t.Fatalf("plain(%q) = %q, want %q", sent, got, text)
		}

		if strings.ContainsAny(sent, "<>") {
			t.Fatalf("markup(%q) = %q, want no tag", text, sent)
		}

		z := html.NewTokenizer(strings.NewReader(sent))
		for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
			if kind != html.TextToken {
				t.Fatalf("markup(%q) = %q holds a %s, want text only", text, sent, kind)
			}
		}
	})
}

func TestKeptIsWhatNuxeoKeeps(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"talk 🎬 x\u00ad\u200dy \u2028z":                        "talk  xy \u2028z",
		"a\u00a0b\u2029d\u0085e\u200bf\ufefffoo é 日本 \ue000\a": "a\u00a0b\u2029deffoo é 日本 ",
	} {
		if got := Kept(s); got != want {
			t.Errorf("Kept(%q) = %q, want %q", s, got, want)
		}
	}
}
