package release

import (
	"os/exec"
	"strings"
	"testing"
)

// What `make install` puts below a prefix works there, and `make uninstall` takes all of it away.
func TestMakeInstall(t *testing.T) {
	t.Parallel()
	prog, p := program(t), newPlace(t)
	run := func(target string) {
		t.Helper()
		cmd := exec.Command("make", "--no-print-directory", target, "DESTDIR="+p.root, "PREFIX=/opt/frameio",
			"PROGRAM="+prog)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("make %s: %v\n%s", target, err, out)
		}
	}

	run("install")
	run("install") // over itself
	if out, err := exec.Command(p.path("/opt/frameio/bin/nuxeo-frameio"),
		"--version").Output(); err != nil || !strings.Contains(string(out), version) {
		t.Errorf("--version: got %q (%v), want %s", out, err, version)
	}

	for inside, want := range map[string]string{
		"share/man/man1/nuxeo-frameio-sync.1":                ".TH NUXEO",
		"share/man/man5/nuxeo-frameio.toml.5":                ".TH NUXEO",
		"share/bash-completion/completions/nuxeo-frameio":    "complete -F",
		"share/zsh/site-functions/_nuxeo-frameio":            "#compdef",
		"share/fish/vendor_completions.d/nuxeo-frameio.fish": "complete -c",
		"share/nuxeo-frameio/connector.toml":                 "#listen = ",
		"lib/systemd/system/nuxeo-frameio.service":           "\nExecStart=/opt/frameio/bin/nuxeo-frameio serve ",
	} {
		inside = "/opt/frameio/" + inside
		if got := p.read(inside); !strings.Contains(got, want) {
			t.Errorf("%s: got %.80q, want it to have %q", inside, got, want)
		}
	}

	run("uninstall")
	for inside, mode := range p.tree() {
		if !strings.HasPrefix(mode, "d") {
			t.Errorf("%s is left", inside)
		}
	}
}
