package nuxeosim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// webUIBundle is the symbolic name of Web UI, which fragments that add to it
// require.
const webUIBundle = "org.nuxeo.web.ui"

// disk is what deployment has unpacked below nxserver: files by path, without a
// slash in front. Folders are there as long as something is in them.
type disk map[string][]byte

// deploy runs a bundle's deployment fragment, as the preprocessor does before
// the start.
func (s *Server) deploy(symbolicName string, jar, fragment []byte) error {
	if fragment == nil {
		return nil
	}

	x, err := parseXML(fragment)
	if err != nil {
		return err
	}

	if x.name != "fragment" {
		return fmt.Errorf("the root is <%s>", x.name)
	}

	required := x.texts("require")
	for _, name := range required {
		if !slices.Contains(s.bundles, name) {
			return fmt.Errorf("requires %s, which is not there", name)
		}
	}

	file := "bundles/" + symbolicName + ".jar"
	s.disk[file] = jar
	defer delete(s.disk, file) // nobody looks for it again
	for _, install := range x.all("install") {
		if err := s.disk.runAll(install, file, slices.Contains(required, webUIBundle)); err != nil {
			return err
		}
	}

	return nil
}

func (d disk) runAll(install *element, jar string, afterWebUI bool) error {
	for _, c := range install.children {
		for name, value := range c.attrs {
			c.attrs[name] = strings.ReplaceAll(value, "${bundle.fileName}", jar)
		}
		if !afterWebUI && strings.Contains(c.attr("to"), "nuxeo.war/ui") {
			return fmt.Errorf("<%s> writes to %s before Web UI is unpacked over it: the fragment does not require %s",
				c.name, c.attr("to"), webUIBundle)
		}
		if err := d.run(c); err != nil {
			return fmt.Errorf("<%s>: %w", c.name, err)
		}
	}
	return nil
}

// run is one command. Those that no bundle of interest uses are refused.
func (d disk) run(c *element) error {
	switch c.name {
	case "unzip":
		return d.unzip(c)
	case "append":
		return d.append(place(c.attr("from")), place(c.attr("to")))
	case "copy":
		return d.copy(place(c.attr("from")), place(c.attr("to")))
	case "delete":
		d.remove(place(c.attr("path")))
	case "mkdir": // a folder is there when something is in it
	default:
		return errors.New("not simulated")
	}
	return nil
}

func place(p string) string { return strings.TrimPrefix(path.Clean("/"+p), "/") }

// unzip unpacks what begins with the prefix, which is taken off; patterns are
// about the whole name.
func (d disk) unzip(c *element) error {
	archive, found := d[place(c.attr("from"))]
	if !found {
		return fmt.Errorf("%s not found", c.attr("from"))
	}

	files, err := unzipped.get(archive)
	if err != nil {
		return err
	}

	for name, data := range files {
		rest, inside := strings.CutPrefix(name, c.attr("prefix"))
		if inside && chosen(name, c.texts("include"), c.texts("exclude")) {
			d[place(c.attr("to")+"/"+rest)] = data
		}
	}

	return nil
}

// chosen reports whether patterns let a name pass; without includes all do.
func chosen(name string, include, exclude []string) bool {
	matches := func(p string) bool { return antPattern(p).MatchString(name) }
	return (len(include) == 0 || slices.ContainsFunc(include, matches)) && !slices.ContainsFunc(exclude, matches)
}

// antPattern knows ** for any path, * within a name and ? for a character.
func antPattern(p string) *regexp.Regexp {
	r := strings.NewReplacer(`\*\*`, ".*", `\*`, "[^/]*", `\?`, "[^/]")
	return regexp.MustCompile("^" + r.Replace(regexp.QuoteMeta(p)) + "$")
}

// append adds a file to a file: JSON objects are merged, the newer value wins.
func (d disk) append(from, to string) error {
	more, found := d[from]
	if !found {
		return fmt.Errorf("%s is no file", from)
	}

	if path.Ext(to) != ".json" || d[to] == nil {
		d[to] = slices.Concat(d[to], more)
		return nil
	}

	both, err := merged.get(d[to], more)
	if err != nil {
		return fmt.Errorf("%s to %s: %w", from, to, err)
	}

	d[to] = both
	return nil
}

// merged are objects that were put together before.
var merged = remembered[[]byte]{of: mergeJSON}

// mergeJSON puts the members of objects together; later ones win.
func mergeJSON(objects ...[]byte) ([]byte, error) {
	all := map[string]json.RawMessage{}
	for _, data := range objects {
		var one map[string]json.RawMessage
		if err := json.Unmarshal(data, &one); err != nil {
			return nil, err
		}
		maps.Copy(all, one)
	}

	return json.Marshal(all)
}

func (d disk) copy(from, to string) error {
	found := false
	for _, name := range sortedKeys(d) {
		rest, below := strings.CutPrefix(name, from+"/")
		if name == from {
			d[place(to+"/"+path.Base(from))], found = d[name], true
		} else if below {
			d[place(to+"/"+path.Base(from)+"/"+rest)], found = d[name], true
		}
	}

	if !found {
		return fmt.Errorf("%s not found", from)
	}

	return nil
}

func (d disk) remove(name string) {
	maps.DeleteFunc(d, func(file string, _ []byte) bool { return file == name || strings.HasPrefix(file, name+"/") })
}
