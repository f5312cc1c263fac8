package ui

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is generated")

// sources are all TypeScript of the elements.
func sources(t *testing.T) string {
	t.Helper()
	names, err := filepath.Glob("src/*.ts")
	if err != nil || len(names) == 0 {
		t.Fatalf("the sources: got none (%v), want some", err)
	}

	var all strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}

	return all.String()
}

func wordsOf(t *testing.T) map[string]map[string]string {
	t.Helper()
	files, err := Messages()
	if err != nil {
		t.Fatal(err)
	}

	all := map[string]map[string]string{}
	for language, b := range files {
		words := map[string]string{}
		if err := json.Unmarshal(b, &words); err != nil {
			t.Fatalf("the texts in %q: %v", language, err)
		}
		all[language] = words
	}

	return all
}

// A key that an element asks for has a text, and a text has somebody who asks:
// by its whole key, or by the beginning of a key that ends with a word from
// elsewhere.
func TestTextsAreThoseThatAreAskedFor(t *testing.T) {
	t.Parallel()
	code, english := sources(t), wordsOf(t)[""]
	asked := map[string]bool{}
	for _, m := range regexp.MustCompile(`["\x60](frameio\.[A-Za-z0-9_.-]*?)["\x60]`).FindAllStringSubmatch(code, -1) {
		asked[m[1]] = true
		if english[m[1]] == "" && english[m[1]+".one"] == "" && !strings.HasSuffix(m[1], ".") {
			t.Errorf("the text for %s: got none, want one", m[1])
		}
	}

	var begun []string
	for _, m := range regexp.MustCompile("\x60(frameio\\.[a-zA-Z.]*)\\$\\{").FindAllStringSubmatch(code, -1) {
		begun = append(begun, m[1])
	}

	for key := range english {
		if key == "app.title.admin.frameio" {
			continue // Web UI asks for it, as for the title of each page of its administration
		}
		plain := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")
		if !asked[plain] && !begins(plain, begun) {
			t.Errorf("nobody asks for %s, want only texts that are shown", key)
		}
	}
}

func begins(key string, begun []string) bool {
	for _, b := range begun {
		if b != "frameio." && strings.HasPrefix(key, b) || b == "frameio." && strings.Count(key, ".") == 1 {
			return true
		}
	}
	return false
}

// Another language says what English says, with the same places for values.
func TestLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	all := wordsOf(t)
	for language, words := range all {
		for key, text := range words {
			english, known := all[""][key]
			if !known || !slices.Equal(places(text), places(english)) {
				t.Errorf("%s in %q: got %q, want the places of the English %q", key, language, text, english)
			}
		}
	}
}

// places are those for values in a text, in their order: a language may name them in another one.
func places(text string) []string {
	return slices.Sorted(slices.Values(regexp.MustCompile(`\{\d\}`).FindAllString(text, -1)))
}

// The languages that the manual calls whole have each text of English, in the order of the English ones, so
// that the files can be read side by side.
func TestWholeLanguagesLackNothing(t *testing.T) {
	t.Parallel()
	files, err := Messages()
	if err != nil {
		t.Fatal(err)
	}

	all := wordsOf(t)
	for _, language := range []string{"fr"} {
		for key, english := range all[""] {
			if strings.TrimSpace(all[language][key]) == "" {
				t.Errorf("%s in %q: got no text, want what is %q in English", key, language, english)
			}
		}
		if got, want := keysOf(files[language]), keysOf(files[""]); !slices.Equal(got, want) {
			t.Errorf("the keys in %q: got another order than in English, want the same from %s on",
				language, differsFrom(got, want))
		}
	}
}

// keysOf are the keys of a file of texts as they follow each other: one a line.
func keysOf(file []byte) []string {
	var keys []string
	for _, m := range regexp.MustCompile(`(?m)^  "([^"]+)": `).FindAllSubmatch(file, -1) {
		keys = append(keys, string(m[1]))
	}
	return keys
}

// differsFrom is the first wanted key that is elsewhere.
func differsFrom(got, want []string) string {
	for i, key := range want {
		if i >= len(got) || got[i] != key {
			return key
		}
	}
	return "the end"
}

// French has its signs: a space that does not break before those of two parts and inside quotation marks, and a curly
// apostrophe.
func TestFrenchIsSetAsFrench(t *testing.T) {
	t.Parallel()
	wrong := regexp.MustCompile(`[^\x{a0}][;?!»]|\pL:|[ ][:;?!»]|«[^\x{a0}]|'|"|\.\.\.`)
	for key, text := range wordsOf(t)["fr"] {
		if key == "frameio.sync.name.hint" {
			continue // it speaks of ? as a sign
		}
		if got := wrong.FindString(text); got != "" {
			t.Errorf("%s in French: got %q in %q, want French signs and spaces", key, got, text)
		}
	}
}

// What stands between Nuxeo's own words, the titles of tabs, menus and actions, exists
// in every language that there is.
func TestTitlesAreTranslated(t *testing.T) {
	t.Parallel()
	titles := []string{"frameio.bind", "frameio.sync", "frameio.push", "app.title.admin.frameio"}
	for _, m := range regexp.MustCompile(`label="(frameio[^"]+)"`).FindAllStringSubmatch(sources(t), -1) {
		titles = append(titles, m[1])
	}

	if len(titles) < 7 {
		t.Fatalf("the titles are %q, want at least 7", titles)
	}

	for language, words := range wordsOf(t) {
		for _, key := range titles {
			if words[key] == "" {
				t.Errorf("%s in %q: got no text, want one", key, language)
			}
		}
	}
}

func TestLanguageOfAFile(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"messages/messages.json":       "",
		"messages/messages-fr.json":    "fr",
		"messages/messages-pt-BR.json": "pt-BR",
	} {
		if got := language(file); got != want {
			t.Errorf("%s is in %q, want %q", file, got, want)
		}
	}
}

// The table of slots in the manual is generated from what the bundle contributes; run with
// -update to write it.
func TestManualNamesTheSlots(t *testing.T) {
	t.Parallel()
	const manual, begin, end = "../doc/package.md", "<!-- slots -->\n", "<!-- end of slots -->\n"
	contributions := regexp.MustCompile(`<!-- ([^>]+) -->\n<nuxeo-slot-content name="([^"]+)" slot="([^"]+)" `+
		`order="([^"]+)">`).
		FindAllStringSubmatch(sources(t), -1)
	if all := strings.Count(sources(t), "<nuxeo-slot-content "); len(contributions) != all {
		t.Fatalf("%d of %d contributions say when they are shown, want all", len(contributions), all)
	}

	rows := "| Slot | Name | Order | Shown |\n|---|---|---|---|\n"
	for _, c := range contributions {
		rows += fmt.Sprintf("| `%s` | `%s` | %s | %s |\n", c[3], c[2], c[4], strings.Join(strings.Fields(c[1]), " "))
	}

	b, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}

	before, rest, _ := strings.Cut(string(b), begin)
	written, after, found := strings.Cut(rest, end)
	switch {
	case !found:
		t.Fatalf("%s: got no table between %q and %q, want one", manual, begin, end)
	case written == rows:
	case *update:
		if err := os.WriteFile(manual, []byte(before+begin+rows+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table of slots in %s: got an old one (`go test ./ui -update` writes it), want\n%s", manual, rows)
	}
}

// Every page of Web UI loads the bundle, whoever opens it.
func TestBundleIsSmall(t *testing.T) {
	t.Parallel()
	bundle, built := Bundle()
	if !built {
		t.Skip("this test was built without the elements")
	}

	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}

	if _, err := w.Write(bundle); err != nil {
		t.Fatal(err)
	}

	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	if got, most := packed.Len(), 74<<10; got > most {
		t.Errorf("the bundle has %d bytes when packed, want at most %d", got, most)
	}
}
