package main

import (
	"cmp"
	"embed"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

//go:embed completion
var completionScripts embed.FS

// completing is the command that the scripts of shells call with the words that were
// typed, the last one unfinished. It prints what that one can become, a line each, with
// a tab and a meaning; files stands for the names of files.
const (
	completing = "__complete"
	files      = ":file"
)

type completionCmd struct {
	Shell string `arg:"" help:"One of ${enum}." enum:"bash,zsh,fish"`
}

// Run prints the script of a shell.
func (c *completionCmd) Run(t *terminal) error {
	script, err := completionScripts.ReadFile("completion/" + c.Shell)
	if err != nil {
		return err
	}
	_, err = t.out.Write(script)
	return err
}

// candidates are what the last of the words can become.
func candidates(root *kong.Node, words []string) (all []string) {
	if len(words) == 0 {
		words = []string{""}
	}

	at, waiting := follow(root, words[:len(words)-1])
	word := words[len(words)-1]

	// A flag, or its value.
	name, value, assigned := strings.Cut(word, "=")
	switch flag := flagOf(at, name); {
	case waiting != nil:
		return offered(waiting.Value, "", strings.TrimPrefix(word, "="))
	case flag != nil && assigned:
		return offered(flag.Value, name+"=", value)
	case strings.HasPrefix(word, "-"):
		return flagsOf(at, word)
	}

	// A command below, or the first argument of the last one.
	for _, child := range at.Children {
		if !child.Hidden && strings.HasPrefix(child.Name, word) {
			all = append(all, child.Name+"\t"+child.Help)
		}
	}

	if len(at.Children) == 0 && len(at.Positional) > 0 {
		return offered(at.Positional[0], "", word)
	}

	return all
}

// follow walks along words to the command that they lead to. waiting is the flag whose
// value comes next, if one does. Shells that part words at = give that as a word.
func follow(root *kong.Node, words []string) (at *kong.Node, waiting *kong.Flag) {
	at = root
	for _, word := range words {
		if word == "=" {
			continue
		}

		if waiting != nil {
			waiting = nil
			continue
		}

		// Only flags with a value take the next word.
		if strings.HasPrefix(word, "-") {
			if flag := flagOf(at, word); flag != nil && !flag.IsBool() {
				waiting = flag
			}
			continue
		}

		if i := slices.IndexFunc(at.Children, func(n *kong.Node) bool { return n.Name == word }); i >= 0 {
			at = at.Children[i]
		}
	}

	return at, waiting
}

// offered are the values that a flag or an argument can have, as far as they are known.
func offered(v *kong.Value, before, word string) (all []string) {
	for one := range strings.SplitSeq(v.Enum, ",") {
		if one != "" && strings.HasPrefix(one, word) {
			all = append(all, before+one)
		}
	}

	isFile := v.Tag.Type == "path" || strings.HasPrefix(v.Tag.PlaceHolder,
		"FILE") || strings.HasPrefix(v.Tag.PlaceHolder, "ZIP")
	if isFile && before == "" {
		all = append(all, files)
	}

	return all
}

// flagsOf are the flags of a command that a word begins.
func flagsOf(at *kong.Node, word string) (all []string) {
	for _, flag := range reachable(at) {
		if name := "--" + flag.Name; !flag.Hidden && strings.HasPrefix(name, word) {
			all = append(all, name+"\t"+meaning(flag))
		}
	}
	slices.Sort(all)
	return all
}

// flagOf is the flag of a name as it is typed; nil: there is none.
func flagOf(at *kong.Node, name string) *kong.Flag {
	for _, flag := range reachable(at) {
		if name == "--"+flag.Name || flag.Short != 0 && name == "-"+string(flag.Short) {
			return flag
		}
	}
	return nil
}

// reachable are the flags of a command, of those above it, and of the one that it stands for.
func reachable(at *kong.Node) (all []*kong.Flag) {
	if at.DefaultCmd != nil {
		all = append(all, at.DefaultCmd.Flags...)
	}
	for ; at != nil; at = at.Parent {
		all = append(all, at.Flags...)
	}
	return all
}

// meaning is the help of a flag with the values that it can have.
func meaning(flag *kong.Flag) string {
	return strings.ReplaceAll(flag.Help, "${enum}", strings.ReplaceAll(cmp.Or(flag.Enum, "-"), ",", ", "))
}
