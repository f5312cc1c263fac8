package release

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// compose is what this repository uses of a compose file.
type compose struct {
	Services map[string]struct {
		Environment map[string]string
		Secrets     []string
		Volumes     []string
		Expose      []string
		Tmpfs       []string
		ReadOnly    bool `yaml:"read_only"`
	}
	Networks map[string]struct {
		IPAM struct{ Config []struct{ Subnet string } } `yaml:"ipam"`
	}
	Volumes map[string]any
	Secrets map[string]struct{ File string }
}

// composed holds compose.yaml against the image: its variables are settings that the program
// takes, and ports, paths and secrets are the same on either side.
func composed(t *testing.T, p place, image runConfig) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "deploy", "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	var c compose
	if err := yaml.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}

	connector := c.Services["connector"]

	// The secrets are where their variables say, and declared.
	for name, s := range c.Services {
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" {
				t.Errorf("the secret %s of %s: got none declared, want one", secret, name)
			}
		}
		for variable, value := range s.Environment {
			secret, is := strings.CutPrefix(value, "/run/secrets/")
			if is && !slices.Contains(s.Secrets, secret) {
				t.Errorf("%s of %s: got no secret %s, want it given", variable, name, secret)
			}
		}
	}

	// The program takes all of it. What people fill in is filled in here.
	filled := regexp.MustCompile(`\$\{(\w+):?\??[^}]*\}`)
	people := map[string]string{"FRAMEIO_HOST": "frameio.example.com", "NUXEO_URL": "https://nuxeo.example.com/nuxeo"}
	env := slices.Clone(image.Env)
	for name, value := range connector.Environment {
		env = append(env, name+"="+filled.ReplaceAllStringFunc(value,
			func(v string) string { return people[filled.FindStringSubmatch(v)[1]] }))
	}

	p.write("/run/secrets/database", "postgres://frameio:secret@database:5432/frameio\n")
	p.write("/run/secrets/encryption-key", key+"\n")
	said := p.run(nobody, env, image.Entrypoint[0], "config")
	for _, want := range []string{
		"public-url = https://frameio.example.com ", "nuxeo-url = https://nuxeo.example.com/nuxeo ",
		"database = (set, hidden)", "encryption-key = (set, hidden)", "data = /var/lib/nuxeo-frameio ",
		"network-proxies = " + c.Networks["inside"].IPAM.Config[0].Subnet + " ",
	} {
		if !strings.Contains(said, "\n"+want) && !strings.HasPrefix(said, want) {
			t.Errorf("the program does not have %q of compose.yaml", want)
		}
	}

	// Ports and paths.
	for _, port := range connector.Expose {
		if _, ok := image.ExposedPorts[port+"/tcp"]; !ok {
			t.Errorf("the port of compose.yaml: got %s, want one of the image's, %v", port, image.ExposedPorts)
		}
	}

	caddy, err := os.ReadFile(filepath.Join(root, "deploy", "Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}

	if to := "reverse_proxy connector:" + connector.Expose[0] + " "; !strings.Contains(string(caddy), to) {
		t.Errorf("the Caddyfile: got no %q, want it", to)
	}

	for path := range image.Volumes {
		if !slices.ContainsFunc(connector.Volumes, func(v string) bool { return strings.HasSuffix(v, ":"+path) }) {
			t.Errorf("the volumes: got %v, want one at %s", connector.Volumes, path)
		}
	}

	if !connector.ReadOnly || !slices.Equal(connector.Tmpfs, []string{"/tmp:mode=1777"}) {
		t.Errorf("got read_only %v and tmpfs %v, want a read-only root with a /tmp", connector.ReadOnly,
			connector.Tmpfs)
	}

	for name, s := range c.Services {
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, ok := c.Volumes[from]; !ok && !strings.HasPrefix(from, "./") {
				t.Errorf("the volume %s of %s: got none declared, want one", from, name)
			}
		}
	}
}
