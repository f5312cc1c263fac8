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

// webParts are what Web UI loads: the elements and their texts by language.
// Without elements there is nothing to see.
type webParts struct {
	elements []byte
	texts    map[string][]byte
}

// HasUI says whether the program was built with the elements for Web UI. A
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

// addTo adds the parts to the files of the jar and says in the fragment which
// texts there are. Without elements the fragment goes.
func (p webParts) addTo(files []file) []file {
	if len(p.elements) == 0 {
		return slices.DeleteFunc(files, func(f file) bool { return f.name == fragmentName })
	}
	files = append(files, file{name: webFolder + ui.BundleName, data: p.elements})
	var commands []string
	for _, language := range slices.Sorted(maps.Keys(p.texts)) {
		name := webFolder + messagesName(language)
		files = append(files, file{name: name, data: p.texts[language]})
		commands = append(commands, fmt.Sprintf(`<append from="${bundle.fileName}.i18n/%s" to="%s"/>`, name, strings.TrimPrefix(name, "web/")))
	}
	for i, f := range files {
		if f.name == fragmentName {
			files[i].data = bytes.ReplaceAll(f.data, []byte("@MESSAGES@"), []byte(strings.Join(commands, "\n    ")))
		}
	}
	return files
}

// messagesName is the file of a language. The reference, which Web UI falls back
// to, has none in its name.
func messagesName(language string) string {
	if language == "" {
		return "i18n/messages.json"
	}
	return "i18n/messages-" + language + ".json"
}
