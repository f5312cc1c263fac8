package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

type manpagesCmd struct {
	Output string `short:"o" env:"-" help:"Folder to write to." default:"." placeholder:"FOLDER"`
}

// Run writes a page for the program, one for each command and one for the file of
// settings. They are made from the command line, and the same each time.
func (c *manpagesCmd) Run(t *terminal, k *kong.Kong) error {
	for name, page := range manpages(k.Model.Node) {
		if err := os.WriteFile(filepath.Join(c.Output, name), []byte(page), 0o644); err != nil {
			return fault.Field("output", "Give a folder that can be written to.",
				"A manual page cannot be written: %v.", err)
		}
	}
	return nil
}

// manpages are the pages by the names of their files.
func manpages(root *kong.Node) map[string]string {
	pages := map[string]string{
		root.Name + ".1":      overview(root),
		root.Name + ".toml.5": settingsPage(root),
	}

	for _, command := range root.Children {
		if !command.Hidden {
			pages[root.Name+"-"+command.Name+".1"] = commandPage(root, command)
		}
	}

	return pages
}

// page is a manual page while it is written.
type page struct{ strings.Builder }

func newPage(title, section, name, what string) *page {
	var p page
	fmt.Fprintf(&p, ".TH %s %s \"\" \"nuxeo-frameio %s\"\n", roff(strings.ToUpper(title)), section, roff(app.Version))
	p.section("NAME")
	fmt.Fprintf(&p, "%s \\- %s\n", roff(name), roff(strings.TrimSuffix(what, ".")))
	return &p
}

func (p *page) section(title string)  { fmt.Fprintf(p, ".SH %s\n", title) }
func (p *page) paragraph(text string) { fmt.Fprintf(p, ".PP\n%s\n", roff(text)) }
func (p *page) term(name, text string) {
	fmt.Fprintf(p, ".TP\n\\fB%s\\fR\n%s\n", roff(name), roff(text))
}

func (p *page) literally(lines ...string) {
	fmt.Fprintf(p, ".PP\n.nf\n.RS 4\n%s\n.RE\n.fi\n", roff(strings.Join(lines, "\n")))
}

func (p *page) seeAlso(name, section string) { fmt.Fprintf(p, ".BR %s (%s)\n", roff(name), section) }

// roff writes a text so that nothing in it is a command of the formatter.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// overview is the page of the program.
func overview(root *kong.Node) string {
	p := newPage(root.Name, "1", root.Name, "connects Nuxeo and Frame.io")
	p.section("SYNOPSIS")
	p.literally(root.Name + " COMMAND [FLAG ...]")
	p.section("COMMANDS")
	for _, command := range root.Children {
		if !command.Hidden {
			p.term(root.Name+"-"+command.Name+"(1)", command.Help)
		}
	}

	p.section("FLAGS")
	flags(p, root.Flags)
	p.section("EXIT STATUS")
	p.paragraph(exitHelp)
	p.section("ENVIRONMENT")
	p.paragraph("Each setting, and each flag with a name in brackets, is also read from the environment. Of those " +
		"that are secrets, the name with " +
		fileSuffix + " behind it may give the path of a file that holds it; $CREDENTIALS_DIRECTORY is looked into " +
		"as well, for a file with the name of the setting.")
	p.term("NO_COLOR", "If it is set, nothing is coloured.")
	p.section("SEE ALSO")
	p.seeAlso(root.Name+".toml", "5")
	return p.String()
}

// commandPage is the page of a command and all below it.
func commandPage(root, command *kong.Node) string {
	name := root.Name + "-" + command.Name
	p := newPage(name, "1", name, command.Help)
	leaves := command.Leaves(true)
	if len(leaves) == 0 {
		leaves = []*kong.Node{command}
	}

	p.section("SYNOPSIS")
	for _, leaf := range leaves {
		p.literally(root.Name + " " + leaf.Summary())
	}

	// Settings have a page of their own; here are only the command's flags.
	known := settingNames(root)
	p.section("DESCRIPTION")
	for _, leaf := range leaves {
		fmt.Fprintf(p, ".SS %s\n", roff(commandPath(leaf)))
		p.paragraph(leaf.Help)
		for _, arg := range leaf.Positional {
			p.term(arg.Summary(), strings.ReplaceAll(arg.Help, "${enum}", arg.Enum))
		}

		own := slices.DeleteFunc(slices.Clone(leaf.Flags), func(f *kong.Flag) bool { return known[f.Name] })
		flags(p, own)
		if len(own) < len(leaf.Flags) {
			p.paragraph("Settings of " + root.Name + ".toml(5) are flags of this command too, as in --nuxeo-url.")
		}

		if lines := examples[commandPath(leaf)]; len(lines) > 0 {
			p.paragraph("For example:")
			p.literally(lines...)
		}
	}

	p.section("SEE ALSO")
	p.seeAlso(root.Name, "1")
	return p.String()
}

func flags(p *page, all []*kong.Flag) {
	for _, flag := range all {
		if flag.Hidden {
			continue
		}
		text := meaning(flag)
		if len(flag.Envs) > 0 {
			text += " [" + strings.Join(flag.Envs, ", ") + "]"
		}
		p.term(strings.TrimSpace(flag.String()), text)
	}
}

// settingsPage is the page of the file of settings.
func settingsPage(root *kong.Node) string {
	name := root.Name + ".toml"
	p := newPage(name, "5", name, "settings of nuxeo-frameio")
	p.section("DESCRIPTION")
	p.paragraph("A TOML file that --config names. Each setting is also a flag and a variable of the environment; " +
		"flags are stronger " +
		"than the environment, the environment is stronger than the file. A name that is no setting is refused.")
	p.section("SETTINGS")
	for _, s := range settingFlags(root) {
		table, key := placeOf(s)
		if table != "" {
			key = "[" + table + "] " + key
		}
		text := meaning(s)
		if s.Default != "" {
			text += " Default: " + s.Default + "."
		}
		p.term(key, text)
		fmt.Fprintf(p, ".br\n%s\n", roff(strings.Join(s.Envs, ", ")))
	}

	p.section("SEE ALSO")
	p.seeAlso(root.Name, "1")
	return p.String()
}

func settingNames(root *kong.Node) map[string]bool {
	names := map[string]bool{}
	for _, flag := range settingFlags(root) {
		names[flag.Name] = true
	}
	return names
}
