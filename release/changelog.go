package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A kind is one of changes.
type kind struct{ name, title string }

// kinds are in the order in which a version tells them.
var kinds = []kind{
	{"security", "Security"}, {"added", "Added"}, {"changed", "Changed"}, {"fixed", "Fixed"},
}

// A change is a file in the folder changes.
type change struct{ path, kind, text string }

// changes reads what has changed since the last version.
func changes(root string) (all []change, err error) {
	paths, err := filepath.Glob(filepath.Join(root, "changes", "*.md"))
	if err != nil {
		return nil, err
	}

	for _, path := range paths {
		name := filepath.Base(path)
		if name == "README.md" {
			continue
		}

		words := strings.Split(name, ".")
		c := change{path: path, kind: words[max(0, len(words)-2)]}
		known := slices.ContainsFunc(kinds, func(k kind) bool { return k.name == c.kind })
		if len(words) != 3 || !known {
			return nil, fmt.Errorf("%s: call it <what>.<kind>.md; the kinds are security, added, changed, fixed", path)
		}

		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}

		if c.text = strings.TrimSpace(string(text)); c.text == "" {
			return nil, fmt.Errorf("%s is empty: say what is different for users", path)
		}

		all = append(all, c)
	}

	return all, nil
}

// section is a version of the changelog.
func section(version string, all []change) string {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s\n", version)
	for _, k := range kinds {
		title := "\n### " + k.title + "\n\n"
		for _, c := range all {
			if c.kind == k.name {
				out.WriteString(title + "- " + strings.ReplaceAll(c.text, "\n", "\n  ") + "\n")
				title = ""
			}
		}
	}

	return out.String()
}

// changelog is the file with all versions, the newest first.
const changelog = "CHANGELOG.md"

// sectionOf finds a version in the changelog; it is empty if it is not there.
func sectionOf(text, version string) string {
	head := "## " + version + "\n"
	at := strings.Index("\n"+text, "\n"+head)
	if at < 0 {
		return ""
	}

	rest := text[at+len(head):]
	if end := strings.Index(rest, "\n## "); end >= 0 {
		rest = rest[:end+1]
	}

	return head + rest
}

// changelog moves the changes into the changelog, as those of this version.
func (r *release) changelog() error {
	all, err := changes(r.root)
	if err != nil {
		return err
	}

	if len(all) == 0 {
		return errors.New("there is nothing in changes/ that this version would tell")
	}

	path := filepath.Join(r.root, changelog)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}

	if sectionOf(string(text), r.version) != "" {
		return fmt.Errorf("%s tells of version %s already", changelog, r.version)
	}

	// The newest version comes first, below the head of the file.
	head, rest, _ := strings.Cut(string(text), "\n## ")
	if rest != "" {
		rest = "\n## " + rest
	}

	if err := os.WriteFile(path, []byte(head+"\n"+section(r.version, all)+rest), 0o644); err != nil {
		return err
	}

	for _, c := range all {
		err = errors.Join(err, os.Remove(c.path))
	}

	return err
}

// notes writes what this version tells: its section of the changelog, or what has changed since.
func (r *release) notes(context.Context) error {
	text, err := os.ReadFile(filepath.Join(r.root, changelog))
	if err != nil {
		return err
	}

	told := sectionOf(string(text), r.version)
	if told == "" {
		all, err := changes(r.root)
		if err != nil {
			return err
		}
		told = section(r.version, all)
	}

	out, err := r.create("nuxeo-frameio-" + r.version + "-notes.md")
	if err != nil {
		return err
	}
	_, err = out.WriteString(told)
	return errors.Join(err, out.Close())
}
