package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// envPrefix begins the name of every setting in the environment. What says what
// to do this time, rather than how things are set up, is tagged env:"-": it has
// no name there and no place in the file.
const envPrefix = "NUXEO_FRAMEIO"

// configFile is the path of the weakest source of settings: a TOML file whose
// tables and keys make the names of the flags, [nuxeo] url being --nuxeo-url.
type configFile string

// BeforeResolve is called by kong when the path is known, before flags get their
// values.
func (configFile) BeforeResolve(ctx *kong.Context, trace *kong.Path, s *settings) error {
	path, ok := ctx.FlagValue(trace.Flag).(configFile)
	if !ok || path == "" {
		return nil
	}
	if command := ctx.Selected(); command != nil && command.Name == "init" && missingFile(string(path)) {
		return nil // it is about to be made
	}
	return s.load(string(path))
}

// settings are those of the file.
type settings struct {
	path   string
	values map[string]any
}

func (s *settings) load(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fault.Field("config", "Give the path of a TOML file.", "The configuration file cannot be read: %v.", err)
	}

	var tree map[string]any
	if err := toml.Unmarshal(b, &tree); err != nil {
		return fault.Field("config", "Correct the file.", "The configuration file %s is not valid TOML: %v.", path, err)
	}

	s.path, s.values = path, map[string]any{}
	flatten(s.values, "", tree)
	return nil
}

func flatten(into map[string]any, prefix string, tree map[string]any) {
	for key, v := range tree {
		name := prefix + strings.ReplaceAll(key, "_", "-")
		if table, ok := v.(map[string]any); ok {
			flatten(into, name+"-", table)
			continue
		}
		into[name] = v
	}
}

// Validate is kong.Resolver's; unknown keys are found by check.
func (s *settings) Validate(*kong.Application) error { return nil }

// Resolve gives a flag its value from the file, unless the environment has one.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if len(flag.Envs) == 0 {
		return nil, nil
	}

	if fromVariable(flag) != "" {
		return nil, nil
	}

	// A secret may be in a file that the environment names.
	if flag.Tag.Has("secret") {
		if text, found, err := secretFile(flag); found || err != nil {
			return text, err
		}
	}

	v, ok := s.values[flag.Name]
	if !ok {
		return nil, nil
	}

	return textOf(v), nil
}

// fromVariable is the name of the variable that has a setting, empty for none.
func fromVariable(flag *kong.Flag) string {
	for _, env := range flag.Envs {
		if text, ok := os.LookupEnv(env); ok && (text != "" || !flag.Tag.Has("secret")) {
			return env
		}
	}
	return ""
}

// inEnvironment is the name of what has a setting in the environment: a variable, or, of a secret,
// also one that names its file, or the folder of credentials.
func inEnvironment(flag *kong.Flag) string {
	if env := fromVariable(flag); env != "" || !flag.Tag.Has("secret") {
		return env
	}

	for _, env := range flag.Envs {
		if os.Getenv(env+fileSuffix) != "" {
			return env + fileSuffix
		}
	}

	const folder = "CREDENTIALS_DIRECTORY"
	if dir := os.Getenv(folder); dir != "" && !missingFile(filepath.Join(dir, flag.Name)) {
		return folder
	}

	return ""
}

// textOf is a value of the file as a flag is given.
func textOf(v any) string {
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}

	words := make([]string, len(list))
	for i, w := range list {
		words[i] = fmt.Sprint(w)
	}

	return strings.Join(words, ",")
}

// fileSuffix ends the name in the environment of the file that holds a secret, as
// containers are given them.
const fileSuffix = "_FILE"

// secretFile reads a secret from the file that the environment names for it, or from
// where systemd puts credentials, by the name of the setting.
func secretFile(flag *kong.Flag) (text string, found bool, err error) {
	for _, env := range flag.Envs {
		if path := os.Getenv(env + fileSuffix); path != "" {
			text, err := readSecret(path)
			return text, true, err
		}
	}

	// systemd has a folder for the credentials of a unit.
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", false, nil
	}

	path := filepath.Join(dir, flag.Name)
	if missingFile(path) {
		return "", false, nil
	}

	text, err = readSecret(path)
	return text, true, err
}

// readSecret is what a file holds, without the end of its line.
func readSecret(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fault.New(fault.Invalid, "A file with a secret cannot be read: %v.", err).
			With("Correct its path, or who may read it.")
	}

	text := strings.TrimRight(string(b), "\r\n")
	if text == "" {
		return "", fault.New(fault.Invalid, "The file %s holds no secret: it is empty.", path)
	}

	return text, nil
}

// files are those that settings came from, as far as they hold secrets.
func (s *settings) files(app *kong.Application) []string {
	if s.path == "" || !s.holdsSecret(app.Node) {
		return nil
	}
	return []string{s.path}
}

func (s *settings) holdsSecret(n *kong.Node) bool {
	for _, flag := range n.Flags {
		if _, set := s.values[flag.Name]; set && flag.Tag.Has("secret") {
			return true
		}
	}
	return slices.ContainsFunc(n.Children, s.holdsSecret)
}

// check refuses names in the file and the environment that are no settings.
func (s *settings) check(app *kong.Application, environ []string) error {
	names, envs := known(app.Node)
	for key := range s.values {
		if !slices.Contains(names, key) {
			return unknown("The configuration file "+s.path+" has an unknown setting", key, names)
		}
	}

	// Variables with our prefix are meant for us.
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, envPrefix+"_") && !slices.Contains(envs, name) {
			return unknown("The environment has an unknown setting", name, envs)
		}
	}

	return nil
}

func unknown(what, name string, known []string) error {
	return fault.Field(name, fmt.Sprintf("Did you mean %q? `nuxeo-frameio config` lists all.", nearest(name, known)),
		"%s %q.", what, name)
}

// known are the settings of a command and all below it, and their names in the
// environment.
func known(n *kong.Node) (names, envs []string) {
	for _, flag := range n.Flags {
		if len(flag.Envs) > 0 {
			names, envs = append(names, flag.Name), append(envs, flag.Envs...)
			if flag.Tag.Has("secret") {
				for _, env := range flag.Envs {
					envs = append(envs, env+fileSuffix)
				}
			}
		}
	}

	for _, child := range n.Children {
		more, also := known(child)
		names, envs = append(names, more...), append(envs, also...)
	}

	return names, envs
}

// nearest is the known name with the fewest changes.
func nearest(name string, known []string) string {
	best, least := "", 1<<30
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the letters to insert, remove or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}

	// Each row is made of the one before, in place.
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}

	return row[len(b)]
}
