package main

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
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

		// Each setting has its meaning above it, and its default as a comment.
		b.WriteString("\n" + wrapped(meaning(flag), "# ", 100))
		value, set := values[flag.Name]
		if !set {
			fmt.Fprintf(&b, "#%s = %s\n", key, inTOML(flag, flag.Default))
			continue
		}

		if !utf8.ValidString(value) {
			return fault.Field(flag.Name, "Give another one, or make sure that what it is typed or pasted in is UTF-8.",
				"The value of %s is not text in UTF-8, which the file cannot hold.", flag.Name)
		}

		fmt.Fprintf(&b, "%s = %s\n", key, inTOML(flag, value))
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
	case kind == reflect.String:
		return basicString(value)
	}

	// As flags read it: yes is true, and 0x10 is 16.
	v := reflect.New(flag.Target.Type()).Elem()
	token := kong.Token{Type: kong.FlagValueToken, Value: value}
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: kong.ScanFromTokens(token)},
		v); err != nil || v.Type().PkgPath() != "" { // those of a kind of their own, like 5m
		return basicString(value)
	}

	switch {
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}

	return basicString(value)
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
