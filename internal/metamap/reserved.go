package metamap

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// propertyName is a whole property as Nuxeo names it: the prefix or name of a schema, and a field of it.
var propertyName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*:[A-Za-z_][A-Za-z0-9_.-]*$`)

// ownSchemas are those that the connector's package brings, by prefix and name.
var ownSchemas = []string{"frameio", "frameiobinding", "frameio_binding", "frameiosync", "frameio_sync"}

// keptSchemas are those that Nuxeo writes by itself, or that hold files, by prefix and name.
var keptSchemas = []string{
	"ecm", "common", "uid", "file", "files", "note", "picture", "vid", "video", "aud", "audio", "thumb", "thumbnail",
	"externalEntity", "comment", "annotation", "collection", "relatedtext", "nxtag", "facetedTag", "publish",
	"publishing",
}

// keptProperties are those that Nuxeo writes, and those by which the connector knows its documents.
var keptProperties = map[string]string{
	"dc:title":           "the connector gives documents their titles",
	"dc:source":          "the connector finds its documents by it",
	"dc:created":         "Nuxeo writes it",
	"dc:creator":         "Nuxeo writes it",
	"dc:modified":        "Nuxeo writes it",
	"dc:contributors":    "Nuxeo writes it",
	"dc:lastContributor": "Nuxeo writes it",
}

// checkProperty returns an error if the property is none that a row may name.
func (r Row) checkProperty() error {
	refuse := func(why string) error {
		return fault.Field("property", "Choose another property.", "The row %s cannot be: %s.", r, why)
	}

	if len(r.Property) > maxWord || !propertyName.MatchString(r.Property) {
		return fault.Field("property", "Write the prefix of its schema and its name, such as dc:rights.",
			"The row %s names no whole property of Nuxeo.", r)
	}

	prefix, name, _ := strings.Cut(r.Property, ":")
	has := func(all []string) bool {
		return slices.ContainsFunc(all, func(one string) bool { return strings.EqualFold(one, prefix) })
	}

	switch {
	case has(ownSchemas):
		return refuse("the connector itself writes what begins with " + prefix)
	case has(keptSchemas):
		return refuse("Nuxeo itself writes what begins with " + prefix + ", or keeps files there")
	case r.Direction == ToFrameio:
		return nil // reading the rest does no harm
	}

	// A schema can be named by its prefix and by its name.
	if strings.EqualFold(prefix, "dublincore") || strings.EqualFold(prefix, "dc") {
		for kept, why := range keptProperties {
			if strings.EqualFold(kept, "dc:"+name) {
				return refuse(why)
			}
		}
	}

	return nil
}
