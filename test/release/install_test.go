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
	const prefix = "/opt/r&d|frameio" // what has a meaning to tools is only a name
	run := func(target string) string {
		t.Helper()
		cmd := exec.Command("make", "--no-print-directory", target, "DESTDIR="+p.root, "PREFIX="+prefix,
			"PROGRAM="+prog)
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("make %s: %v\n%s", target, err, out)
		}

		return string(out)
	}

	run("install")
	said := run("install") // over itself
	if want := `systemd-sysusers "` + prefix + `/lib/sysusers.d/nuxeo-frameio.conf"`; !strings.Contains(said, want) {
		t.Errorf("got %q, want it to say how to make the account: %s", said, want)
	}

	if out, err := exec.Command(p.path(prefix+"/bin/nuxeo-frameio"),
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
		"lib/systemd/system/nuxeo-frameio.service":           "\nExecStart=" + prefix + "/bin/nuxeo-frameio serve ",
		"lib/sysusers.d/nuxeo-frameio.conf":                  "\nu nuxeo-frameio ",
	} {
		inside = prefix + "/" + inside
		if got := p.read(inside); !strings.Contains(got, want) {
			t.Errorf("%s: got %.80q, want it to have %q", inside, got, want)
		}
	}

	run("uninstall")
	for inside, mode := range p.tree() {
		if !strings.HasPrefix(mode, "d") {
			t.Errorf("%s: got it left, want it removed", inside)
		}
	}
}
