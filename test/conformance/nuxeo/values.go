package nuxeo

import (
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

var valueCases = []Case{
	{
		Name: "schema-tells-its-types", Uses: []string{"Schema"}, Source: "[S] SchemaJsonWriter",
		What: "A schema tells the primitive type of each field, of lists with [] behind it, of structures as an " +
			"object; one that does not exist is 204.",
		Why: "What is written to a property of a customer's is checked against its type before.",
		Try: func(s *Scene) {
			dc, err := s.Writer().Schema(s.Context(), "dublincore")
			s.Must(err)
			s.Want("dc:rights", dc["rights"], "string")
			s.Want("dc:subjects", dc["subjects"], "string[]")
			s.Want("dc:expired", dc["expired"], "date")
			uid, err := s.Writer().Schema(s.Context(), "uid")
			s.Must(err)
			s.Want("uid:major_version", uid["major_version"], "long")
			file, err := s.Writer().Schema(s.Context(), "file")
			s.Must(err)
			s.Want("file:content", file["content"], "blob")
			none, err := s.Writer().Schema(s.Context(), s.key("none"))
			s.Must(err)
			s.Want("fields of none", len(none), 0)
		},
	},
	{
		Name: "document-tells-its-schemas", Uses: []string{"Get"}, Source: "[S] DocumentModelJsonWriter",
		What: "A document names its schemas with their prefixes; read with all of them it has every property, " +
			"also the empty ones.",
		Why: "A property that a document does not have is told from an empty one.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			doc, err := s.Writer().Get(s.Context(), d.UID, nuxeo.Fetch{Schemas: []string{"*"}})
			s.Must(err)
			found := false
			for _, one := range doc.Schemas {
				found = found || one.Name == "dublincore" && one.Prefix == "dc"
			}
			s.True(found, "dublincore has the prefix dc")
			_, has := doc.Properties["dc:rights"]
			s.True(has, "an empty property is there")
			_, has = doc.Properties["note:note"]
			s.True(!has, "a property of another schema is not")
		},
	},
	{
		Name: "unknown-property-is-passed-over", Uses: []string{"Update"}, Source: "[S] DocumentPropertiesJsonReader",
		What: "A PUT with a property that does not exist, or of a schema that the document does not have, is " +
			"200; the rest is written.",
		Why: "A success says nothing of a property: look first whether the document has it.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			s.Want("status", s.put(s.Writer(), d.UID,
				m{"none:such": "x", "dc:nosuch": "x", "note:note": "x", "dc:rights": "kept"}, nil).Status, 200)
			s.Want("dc:rights", s.get(s.Writer(), d.UID).Text("dc:rights"), "kept")
		},
	},
	{
		Name: "other-scalars-are-text", Uses: []string{"Update"}, Source: "[M] DocumentPropertiesJsonReader",
		What: "A PUT of a number, or of yes or no, for a text writes it as text; a list or a structure for a text is " +
			"400, and the document stays.",
		Why: "Types are checked before they are sent: what is refused takes the rest along.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			for _, c := range []struct {
				what   string
				sent   any
				status int
				want   string
			}{
				{"a number", 5, 200, "5"},
				{"yes", true, 200, "true"},
				{"a list", []any{"a", "b"}, 400, "before"},
				{"a structure", m{"a": "b"}, 400, "before"},
			} {
				s.Want("status before "+c.what, s.put(s.Writer(), d.UID, m{"dc:rights": "before"}, nil).Status, 200)
				s.Want("status of "+c.what, s.put(s.Writer(), d.UID, m{"dc:rights": c.sent}, nil).Status, c.status)
				s.Want("dc:rights after "+c.what, s.get(s.Writer(), d.UID).Text("dc:rights"), c.want)
			}
		},
	},
	{
		Name: "vocabulary-refuses-other-values", Uses: []string{"Update"},
		Source: "[S] DirectoryEntryResolver, dublincore.xsd",
		What: "A property that is tied to a vocabulary takes its entries, nothing and no list, and refuses with 422 " +
			"what is none, and the empty text; the document stays.",
		Why: "What is mapped may be no entry: it is told then, and the others are written.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			for _, is := range []m{
				{"dc:nature": "article"},
				{"dc:nature": nil},
				{"dc:subjects": []string{"art", "art/architecture"}},
				{"dc:subjects": []string{}},
				{"dc:coverage": "europe/France"},
			} {
				s.Want(fmt.Sprint("status of ", is), s.put(s.Writer(), d.UID, is, nil).Status, 200)
			}

			for _, no := range []m{
				{"dc:nature": "no entry"},
				{"dc:nature": ""},
				{"dc:subjects": []string{"art", "no entry"}},
				{"dc:coverage": "no entry"},
			} {
				no["dc:rights"] = "after"
				s.Want(fmt.Sprint("status of ", no), s.put(s.Writer(), d.UID, no, nil).Status, 422)
			}

			s.Want("dc:rights", s.get(s.Writer(), d.UID).Text("dc:rights"), "")
			s.Want("dc:coverage", s.get(s.Writer(), d.UID).Text("dc:coverage"), "europe/France")
		},
	},
	{
		Name: "wrong-list-or-date-is-refused", Uses: []string{"Update"},
		Source: "[S] DocumentPropertiesJsonReader, DateParser",
		What: "A PUT with a text for a list of texts, or with one that is no date for a date, fails; the document " +
			"stays.",
		Why: "One property that is wrong takes the others along: they are written one by one then.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			s.Want("status before", s.put(s.Writer(), d.UID, m{"dc:rights": "before"}, nil).Status, 200)
			for property, value := range map[string]any{"dc:subjects": "one", "dc:expired": "tomorrow"} {
				status := s.put(s.Writer(), d.UID, m{property: value, "dc:rights": "after"}, nil).Status
				s.True(status >= 400, "%s with %q is refused, and not %d", property, value, status)
				s.Kind("%s with a wrong text: %d", property, status)
				s.Want("dc:rights", s.get(s.Writer(), d.UID).Text("dc:rights"), "before")
			}
		},
	},
}
