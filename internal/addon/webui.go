package addon

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/ui"
)

const (
	// webFolder is what Web UI loads from, in the jar; deployment takes "web/" off.
	webFolder = "web/nuxeo.war/ui/"
	// fragmentName is the file that tells Nuxeo what to unpack.
	fragmentName = "OSGI-INF/deployment-fragment.xml"
)

// webUILanguages are the languages that Web UI has texts in, beside English: one file for
// each. A browser that wants another language gets English.
var webUILanguages = []string{
	"ar", "cs", "de", "es", "es-ES", "eu", "fr", "fr-CA", "fr-FR", "he", "id", "it", "ja", "nl", "pl", "pt", "pt-PT",
	"sv", "sv-SE", "zh-CN",
}

// webParts are what Web UI loads: the elements and their texts by language.
// Without elements there is nothing to see.
type webParts struct {
	elements []byte
	texts    map[string][]byte
}

// HasUI reports whether the program was built with the elements for Web UI. A
// package without them does everything but show something there.
func HasUI() bool {
	elements, _ := ui.Bundle()
	return len(elements) > 0
}

func carried() (webParts, error) {
	elements, _ := ui.Bundle()
	texts, err := ui.Messages()
	return webParts{elements, texts}, err
}

// addTo adds the parts to the files of the jar, with the version, and says in the fragment
// which texts there are. Without elements the fragment goes.
func (p webParts) addTo(files []file, version string) []file {
	if len(p.elements) == 0 {
		return slices.DeleteFunc(files, func(f file) bool { return f.name == fragmentName })
	}

	files = append(files, file{name: webFolder + ui.BundleName, data: p.elements})
	files = append(files, file{name: webFolder + VersionFile, data: fmt.Appendf(nil, "{\"version\": %q}\n", version)})
	for _, language := range slices.Sorted(maps.Keys(p.texts)) {
		files = append(files, file{name: webFolder + messagesName(language), data: p.texts[language]})
	}

	// Nuxeo appends our texts to its own when it deploys the bundle.
	commands := strings.Join(p.appends(), "\n    ")
	for i, f := range files {
		if f.name == fragmentName {
			files[i].data = bytes.ReplaceAll(f.data, []byte("@MESSAGES@"), []byte(commands))
		}
	}

	return files
}

// appends are the commands that add our texts to those of Web UI. It falls back from a
// key to nothing, so that each of its languages gets our English, and over it what we have
// in that language.
func (p webParts) appends() []string {
	var commands []string
	add := func(from, to string) {
		commands = append(commands, fmt.Sprintf(`<append from="${bundle.fileName}.i18n/%s" to="%s"/>`,
			webFolder+messagesName(from), strings.TrimPrefix(webFolder, "web/")+messagesName(to)))
	}

	add("", "")
	for _, language := range webUILanguages {
		add("", language)
		for _, ours := range slices.Compact([]string{baseLanguage(language), language}) {
			if p.texts[ours] != nil {
				add(ours, language)
			}
		}
	}

	return commands
}

// baseLanguage is "fr" of "fr-CA".
func baseLanguage(language string) string {
	base, _, _ := strings.Cut(language, "-")
	return base
}

// messagesName is the file of a language. English, the reference, has none in its name.
func messagesName(language string) string {
	if language == "" {
		return "i18n/messages.json"
	}
	return "i18n/messages-" + language + ".json"
}
