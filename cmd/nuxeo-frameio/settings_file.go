package main

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// settingFlags are the flags that are settings: those of the command that prints them.
func settingFlags(root *kong.Node) (all []*kong.Flag) {
	for _, command := range root.Children {
		if command.Name != "config" {
			continue
		}
		for _, flag := range command.Flags {
			if len(flag.Envs) > 0 {
				all = append(all, flag)
			}
		}
	}
	return all
}

// placeOf is where a setting stands in the file: its table, empty for none, and its key.
func placeOf(flag *kong.Flag) (table, key string) {
	key = flag.Name
	if flag.Group != nil {
		table, key, _ = strings.Cut(flag.Name, "-")
	}
	return table, strings.ReplaceAll(key, "-", "_")
}

// writeSettings writes the whole file of settings, each with its meaning. Those that
// have a value stand with it; of the others the default is in a comment.
func writeSettings(w io.Writer, flags []*kong.Flag, values map[string]string) error {
	var b strings.Builder
	b.WriteString("# Settings of nuxeo-frameio. A line that begins with # shows the default; remove the # to " +
		"change it.\n" +
		"# Flags and the environment are stronger than this file. `nuxeo-frameio config --config FILE` prints " +
		"what holds.\n" +
		"# Secrets are safer in files of their own: see \"Secrets\" in the manual of operations.\n")
	in := ""
	for _, flag := range flags {
		table, key := placeOf(flag)
		if table != in {
			fmt.Fprintf(&b, "\n[%s]\n", table)
			in = table
		}

		b.WriteString("\n" + wrapped(meaning(flag), "# ", 100))
		if value, set := values[flag.Name]; set {
			fmt.Fprintf(&b, "%s = %s\n", key, inTOML(flag, value))
		} else {
			fmt.Fprintf(&b, "#%s = %s\n", key, inTOML(flag, flag.Default))
		}
	}

	_, err := io.WriteString(w, b.String())
	return err
}

// inTOML writes a value in the type of its setting.
func inTOML(flag *kong.Flag, value string) string {
	switch kind := flag.Target.Kind(); {
	case kind == reflect.Slice && flag.Target.Type().Elem().Kind() == reflect.String:
		words := []string{}
		for word := range strings.SplitSeq(value, ",") {
			if word = strings.TrimSpace(word); word != "" {
				words = append(words, basicString(word))
			}
		}
		return "[" + strings.Join(words, ", ") + "]"
	case kind == reflect.Bool, kind == reflect.Float64, isNumber(value) && kind != reflect.String:
		return value
	}
	return basicString(value)
}

func isNumber(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil
}

// basicString is a text as a basic string of TOML.
func basicString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}

	b.WriteByte('"')
	return b.String()
}

// wrapped breaks a text into lines that begin with a mark.
func wrapped(text, mark string, width int) string {
	var b strings.Builder
	line := mark
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > width && line != mark {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = mark
		}
		line += word + " "
	}

	b.WriteString(strings.TrimRight(line, " ") + "\n")
	return b.String()
}
