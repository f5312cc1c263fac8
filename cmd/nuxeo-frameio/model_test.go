package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// model is the command line, with a file of settings where one is needed.
func model(t *testing.T) *kong.Kong {
	t.Helper()
	var c cli
	k, err := parser(&c, kong.Bind(&settings{}), kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Each command has examples, and each example is understood.
func TestExamples(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "connector.toml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	config := regexp.MustCompile(`--config \S+`)
	unused := map[string]bool{}
	for path := range examples {
		unused[path] = true
	}

	k := model(t)
	for _, leaf := range k.Model.Leaves(true) {
		path := commandPath(leaf)
		delete(unused, path)
		if len(examples[path]) == 0 {
			t.Errorf("%q has no example, want one in examples.go", path)
		}

		for _, line := range examples[path] {
			line, _, _ = strings.Cut(line, " > ")
			ctx, err := k.Parse(shellWords(config.ReplaceAllString(line, "--config "+file))[1:])
			if err != nil {
				t.Errorf("parsing the example %s: %v", line, err)
				continue
			}
			if got := commandPath(ctx.Selected()); got != path {
				t.Errorf("%s: got the command %q, want %q", line, got, path)
			}
		}
	}

	if len(unused) > 0 {
		t.Errorf("there are examples of %v, want only commands that exist", unused)
	}
}

// shellWords parts a line as a shell does, as far as the examples need it.
func shellWords(line string) (words []string) {
	for _, m := range regexp.MustCompile(`'([^']*)'|(\S+)`).FindAllStringSubmatch(line, -1) {
		words = append(words, m[1]+m[2])
	}
	return words
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	root := model(t).Model.Node
	for line, want := range map[string][]string{
		"ser":                       {"serve"},
		"sync se":                   {"settle"},
		"--config conn":             {":file"},
		"serve --log-format ":       {"text", "json"},
		"serve --log-format=j":      {"--log-format=json"},
		"serve --log-format = j":    {"json"},
		"serve --nuxeo-jwt":         {"--nuxeo-jwt-secret"},
		"completion ":               {"bash", "zsh", "fish"},
		"items --sta":               {"--state"},
		"items list --state f":      {"failed"},
		"store backup --data x ":    {":file"},
		"provider service s":        {"show", "set"},
		"manpa":                     nil,
		"nonsense --nonsense there": nil,
	} {
		var got []string
		for _, c := range candidates(root, strings.Split(line, " ")) {
			word, _, _ := strings.Cut(c, "\t")
			got = append(got, word)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

// The scripts are accepted by their shells, as far as this machine has them.
func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		if out, err := exec.Command(path, "-n", filepath.Join("completion", shell)).CombinedOutput(); err != nil {
			t.Errorf("%s reads its completion: %v\n%s", shell, err, out)
		}
	}
}

// Every command, flag and setting is in the manual pages, and nothing in them is taken for
// a command of the formatter by chance.
func TestManpages(t *testing.T) {
	t.Parallel()
	root := model(t).Model.Node
	pages := manpages(root)
	all := ""
	for name, page := range pages {
		all += page
		for line := range strings.Lines(page) {
			if ok, _ := regexp.MatchString(`^\.(TH|SH|SS|PP|TP|BR|br|nf|fi|RS|RE)\b|^[^.']|^\s*$`, line); !ok {
				t.Errorf("%s: the formatter would take %q for a command, want text", name, line)
			}
		}
	}

	for _, leaf := range root.Leaves(true) {
		if !strings.Contains(all, ".SS "+roff(commandPath(leaf))+"\n") {
			t.Errorf("no page tells of %q, want one", commandPath(leaf))
		}
		for _, flag := range leaf.Flags {
			if !strings.Contains(all, roff("--"+flag.Name)) && !strings.Contains(all, strings.Join(flag.Envs, ", ")) {
				t.Errorf("no page tells of --%s of %s, want one", flag.Name, commandPath(leaf))
			}
		}
	}
}

// The example of a file of settings shows all of them and changes none.
func TestExampleOfSettings(t *testing.T) {
	t.Parallel()
	flags := settingFlags(model(t).Model.Node)
	var b bytes.Buffer
	if err := writeSettings(&b, flags, nil); err != nil {
		t.Fatal(err)
	}

	shown := regexp.MustCompile(`(?m)^#(\w+ = )`).ReplaceAllString(b.String(), "$1")
	path := filepath.Join(t.TempDir(), "connector.toml")
	if err := os.WriteFile(path, []byte(shown), 0o600); err != nil {
		t.Fatal(err)
	}

	var file settings
	if err := file.load(path); err != nil {
		t.Fatalf("loading the configuration that is shown: %v\n%s", err, shown)
	}

	for _, flag := range flags {
		_, there := file.values[flag.Name]
		if got := inFile(file, flag.Name); !there || got != flag.Default {
			t.Errorf("%s: got %v, want %q", flag.Name, got, flag.Default)
		}
		delete(file.values, flag.Name)
	}

	if len(file.values) > 0 {
		t.Errorf("the example has the settings %v, want only settings that exist", file.values)
	}
}

// What is given stands in the file as what it is.
func TestSettingsAreWrittenInTheirTypes(t *testing.T) {
	t.Parallel()
	given := map[string]string{
		"public-url": "https://frameio.example.com", "workers": "3", "frameio-pkce": "false", "sync-lost-share": "0.5",
		"nuxeo-service-password": "a\"b\\c\n", "nuxeo-blob-hosts": "a.test,b.test", "session-ttl": "1h0m0s",
		"mail-smtp-user": "7",
	}

	path := filepath.Join(t.TempDir(), "connector.toml")
	var b bytes.Buffer
	if err := writeSettings(&b, settingFlags(model(t).Model.Node), given); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}

	var file settings
	if err := file.load(path); err != nil {
		t.Fatal(err)
	}

	for name, want := range given {
		if got := inFile(file, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}

	if len(file.values) != len(given) {
		t.Errorf("got %d settings, want %d: %v", len(file.values), len(given), file.values)
	}
}

// inFile is a setting of a file as a flag has it.
func inFile(file settings, name string) string {
	return textOf(file.values[name])
}
