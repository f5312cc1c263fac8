// Package ui carries the custom elements that people see: on our own pages, and
// inside Nuxeo Web UI by way of the package.
//
// It owns their sources in TypeScript (src), their texts (messages) and what is
// built of both (dist, by `make ui`; not committed). Invariants: the program
// builds without them and can say that they are missing. It leaves to web and
// addon where they are served from.
package ui

import (
	"embed"
	"io/fs"
	"strings"
	"sync"
)

//go:embed all:dist
var dist embed.FS

//go:embed messages
var texts embed.FS

// BundleName is how the bundle is called; Nuxeo Web UI loads it by the name of
// the package.
const BundleName = "nuxeo-frameio.bundle.js"

// Bundle is the ES module with all elements; false when the program was built
// without it.
func Bundle() ([]byte, bool) { return bundle() }

// bundle reads it once: an embedded file is copied whenever it is read.
var bundle = sync.OnceValues(func() ([]byte, bool) {
	b, err := dist.ReadFile("dist/" + BundleName)
	return b, err == nil
})

// Messages are the texts by language: "" is the reference, English; others are
// named like "fr".
func Messages() (map[string][]byte, error) {
	all := map[string][]byte{}
	names, err := fs.Glob(texts, "messages/*.json")
	if err != nil {
		return nil, err
	}

	for _, name := range names {
		b, err := texts.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all[language(name)] = b
	}

	return all, nil
}

// language is what stands between "messages-" and ".json".
func language(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(name, ".json"), "messages/messages"), "-")
}
