package plain

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// stays are names of every script, which nothing may touch.
var stays = []string{
	"", "Teaser.mp4", "हिन्दी.mov", "Ame\u0301lie", "עברית", "العربية", "می\u200cخواهم", "ภาษาไทย", "한국어", "한국어",
	"日本語が", "Tiếng Việt", "👩\u200d🎨", "a\u00a0b", "\u200fx",
}

func TestLettersOfEveryScriptStay(t *testing.T) {
	t.Parallel()
	for _, s := range stays {
		for name, f := range map[string]func(string) string{"Line": Line, "Text": Text, "JSON": JSON} {
			if got := f(s); got != s {
				t.Errorf("%s(%q) is %q, want it as it is", name, s, got)
			}
		}
	}
}

func TestWhatActsOnATextGoes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"\x1b[2J\x1b]0;title\x07gone": {"[2J]0;titlegone", "[2J]0;titlegone"},
		"\u009b31mred":                {"31mred", "31mred"},
		"a\r\nSubject: b":             {"a  Subject: b", "a\nSubject: b"},
		"a\tb":                        {"a b", "a\tb"},
		"fdp.\u202Eexe":               {"fdp.exe", "fdp.exe"},
		"\u2066a\u2069\u2028b":        {"a b", "a\nb"},
		"\ufeffa\x00b\xff":            {"ab", "ab"},
	} {
		if got := Line(text); got != want[0] {
			t.Errorf("Line(%q) is %q, want %q", text, got, want[0])
		}
		if got := Text(text); got != want[1] {
			t.Errorf("Text(%q) is %q, want %q", text, got, want[1])
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, s := range stays {
		f.Add(s + "\x1b\r\n\u202e\u0085")
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := Line(text); strings.ContainsFunc(got, Unsafe) || !utf8.ValidString(got) {
			t.Errorf("Line(%q) is %q, want valid UTF-8 without unsafe characters", text, got)
		}

		if got := Text(text); strings.ContainsFunc(strings.NewReplacer("\n", "", "\t", "").Replace(got), Unsafe) {
			t.Errorf("Text(%q) is %q, want no unsafe characters but ends of lines and tabs", text, got)
		}

		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}

		var back, before string
		safe := JSON(string(b))
		if err := json.Unmarshal([]byte(safe), &back); err != nil || strings.ContainsFunc(safe, Unsafe) {
			t.Errorf("JSON(%q) is %q, %v; want valid JSON without unsafe characters", b, safe, err)
		}

		if err := json.Unmarshal(b, &before); err != nil || back != before {
			t.Errorf("%q became %q, want the same", before, back)
		}
	})
}

func TestAddressesHideSecrets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://a.example/x": "https://a.example/x", "": "", "no address": "no address",
		"127.0.0.1:8090":                 "127.0.0.1:8090",
		"https://me:secret@a.example/x":  "https://hidden@a.example/x",
		"https://a.example/x?key=secret": "https://a.example/x?hidden",
	} {
		if got := Address(text); got != want {
			t.Errorf("Address(%q) is %q, want %q", text, got, want)
		}
	}
}
