package frameio

import "strings"

// Names are display names of metadata fields that tell the same, separated by commas, the
// most likely one first: accounts and languages name fields differently. Upper and lower
// case, blanks, dashes and underscores make no difference.
type Names string

// All are the single names.
func (n Names) All() (all []string) {
	for name := range strings.SplitSeq(string(n), ",") {
		if name = strings.TrimSpace(name); name != "" {
			all = append(all, name)
		}
	}
	return all
}

// Has reports whether a field of that name is meant.
func (n Names) Has(field string) bool {
	for _, name := range n.All() {
		if bare(name) == bare(field) {
			return true
		}
	}
	return false
}

// In finds the field of a file's metadata that is meant: by the first name of which there
// is one with a value, else a field without any.
func (n Names) In(metadata []Field) (found Field) {
	for _, name := range n.All() {
		for _, f := range metadata {
			switch {
			case bare(name) != bare(f.Name):
			case f.Value != "":
				return f
			case found.Name == "":
				found = f
			}
		}
	}
	return found
}

// Trimmed are the names with one comma and a blank between them.
func (n Names) Trimmed() Names { return Names(strings.Join(n.All(), ", ")) }

// Key is the same for all spellings of the names.
func (n Names) Key() string {
	all := n.All()
	for i := range all {
		all[i] = bare(all[i])
	}
	return strings.Join(all, ",")
}

// bare is a name without what makes no difference.
func bare(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -_\u00a0\u2010\u2011\u2013\u2014", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
}
