package nuxeosim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// vocabulary is a directory that people choose from. Of the real ones there are four,
// and of three of those only the first entries.
type vocabulary struct {
	name, schema, parent string
	entries              []map[string]any
}

func newVocabularies() []*vocabulary {
	continent := &vocabulary{name: "continent", schema: "vocabulary"}
	for id := range strings.FieldsSeq("europe africa north-america south-america asia oceania antarctica") {
		continent.add(map[string]any{"id": id, "label": "label.directories.continent." + id})
	}

	nature := &vocabulary{name: "nature", schema: "vocabulary"}
	for id := range strings.FieldsSeq("article acknowledgement certificate contract invoice memo minutes report") {
		nature.add(map[string]any{"id": id, "label": "label.directories.nature." + id})
	}

	subjects := &vocabulary{name: "l10nsubjects", schema: "l10nxvocabulary", parent: "l10nsubjects"}
	for _, s := range [][4]string{
		{"art", "", "Art", "Art"},
		{"sciences", "", "Sciences", "Sciences"},
		{"society", "", "Society", "Société"},
		{"architecture", "art", "Architecture", "Architecture"},
		{"cinema", "art", "Cinema", "Cinéma"},
		{"biology", "sciences", "Biology", "Biologie"},
	} {
		subjects.add(map[string]any{"id": s[0], "parent": s[1], "label_en": s[2], "label_fr": s[3]})
	}

	coverage := &vocabulary{name: "l10ncoverage", schema: "l10nxvocabulary", parent: "l10ncoverage"}
	for _, s := range [][4]string{
		{"europe", "", "Europe", "Europe"},
		{"africa", "", "Africa", "Afrique"},
		{"France", "europe", "France", "France"},
		{"Germany", "europe", "Germany", "Allemagne"},
	} {
		coverage.add(map[string]any{"id": s[0], "parent": s[1], "label_en": s[2], "label_fr": s[3]})
	}

	return []*vocabulary{continent, subjects, nature, coverage}
}

// tied are the properties that take only entries of a vocabulary.
var tied = map[string]string{"dc:nature": "nature", "dc:subjects": "l10nsubjects", "dc:coverage": "l10ncoverage"}

// AddEntries adds entries to a vocabulary, as an administrator does.
func (s *Server) AddEntries(vocabulary string, ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.vocabularies {
		for _, id := range ids {
			if v.name == vocabulary && v.find(id) < 0 {
				v.add(map[string]any{"id": id, "label": id})
			}
		}
	}
}

// checkTied refuses a value that is no entry of the vocabulary of its property. Of one that names the entries
// above it only the last is looked at.
func (s *Server) checkTied(property string, value any) error {
	i := slices.IndexFunc(s.vocabularies, func(v *vocabulary) bool { return v.name == tied[property] })
	if i < 0 {
		return nil
	}

	values, list := value.([]any)
	where := property + "[0]"
	if list {
		where += "/" + property
	} else if value != nil {
		values = []any{value}
	}

	for _, one := range values {
		id, _ := one.(string)
		if s.vocabularies[i].find(id[strings.LastIndex(id, "/")+1:]) < 0 {
			return &restError{status: http.StatusUnprocessableEntity, msg: fmt.Sprintf(
				"Constraint violation thrown on property %s: '%q is not a valid %s id.'", where, id, tied[property])}
		}
	}

	return nil
}

func (v *vocabulary) add(entry map[string]any) {
	full := map[string]any{"ordering": 10000000, "obsolete": 0}
	maps.Copy(full, entry)
	v.entries = append(v.entries, full)
}

func (v *vocabulary) json() map[string]any {
	return map[string]any{
		"entity-type": "directory",
		"name":        v.name,
		"schema":      v.schema,
		"idField":     "id",
		"parent":      orNull(v.parent),
	}
}

func (v *vocabulary) entryJSON(entry map[string]any) map[string]any {
	return map[string]any{
		"entity-type":   "directoryEntry",
		"directoryName": v.name,
		"id":            entry["id"],
		"properties":    maps.Clone(entry),
	}
}

func (v *vocabulary) find(id string) int {
	return slices.IndexFunc(v.entries, func(e map[string]any) bool { return e["id"] == id })
}

// directoryRoute serves /api/v1/directory: all may read, administrators may write.
func directoryRoute(c *call, seg []string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if len(seg) == 0 {
		list := []any{}
		for _, v := range c.s.vocabularies {
			list = append(list, v.json())
		}
		return ok(map[string]any{"entity-type": "directories", "entries": list}), nil
	}

	i := slices.IndexFunc(c.s.vocabularies, func(v *vocabulary) bool { return v.name == seg[0] })
	if i < 0 {
		return nil, notFound("Directory %s was not found", seg[0])
	}

	v := c.s.vocabularies[i]
	switch {
	case c.r.Method != http.MethodGet && !c.user.admin:
		return nil, forbidden("Not allowed to edit directory")
	case len(seg) == 2:
		return c.directoryEntry(v, seg[1])
	case len(seg) == 1 && c.r.Method == http.MethodPost:
		return c.makeEntry(v)
	case len(seg) == 1 && c.r.Method == http.MethodGet:
		list := []any{}
		for _, e := range v.entries {
			list = append(list, v.entryJSON(e))
		}
		return ok(c.entityPage("directoryEntries", list, true)), nil
	}

	return nil, methodNotAllowed()
}

func (c *call) directoryEntry(v *vocabulary, id string) (*answer, error) {
	i := v.find(id)
	switch {
	case i < 0:
		return nil, notFound("Entry not found")
	case c.r.Method == http.MethodDelete:
		v.entries = slices.Delete(v.entries, i, i+1)
		return nil, nil
	case c.r.Method == http.MethodPut:
		sent, err := c.readEntry()
		if err != nil {
			return nil, err
		}
		delete(sent, "id")
		maps.Copy(v.entries[i], sent)
	}

	return ok(v.entryJSON(v.entries[i])), nil
}

func (c *call) makeEntry(v *vocabulary) (*answer, error) {
	sent, err := c.readEntry()
	if err != nil {
		return nil, err
	}

	id, _ := sent["id"].(string)
	switch {
	case id == "":
		return nil, badRequest("The entry has no id")
	case v.find(id) >= 0:
		return nil, conflict("Entry with id %s already exists in directory %s", id, v.name)
	}

	v.add(sent)
	return created(v.entryJSON(v.entries[v.find(id)])), nil
}

func (c *call) readEntry() (map[string]any, error) {
	var body struct {
		Properties map[string]any `json:"properties"`
	}
	err := c.readJSON(&body)
	return body.Properties, err
}
