package release

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
)

const (
	settings = "/etc/nuxeo-frameio/connector.toml"
	unitFile = "/usr/lib/systemd/system/nuxeo-frameio.service"
)

// What an administrator does in the life of a connector: install, set up, start, see that all
// is well, upgrade, go back, remove. Nothing stays in the end but what it has stored.
func TestDebianPackage(t *testing.T) {
	t.Parallel()
	prog := program(t)
	changer(t)
	if _, err := exec.LookPath("dpkg"); err != nil {
		need.Skip(t, "there is no dpkg: %v", err)
	}

	old, current := only(t, made(t, prog, "1.0.0", "deb"), "*.deb"), ofProgram(t, "*.deb")
	p := newPlace(t)
	p.debian()
	before := p.tree()

	p.dpkg("-i", old)
	account := p.account()
	if uid, mode := p.owner(settings); uid != account || mode.Perm() != 0o600 {
		t.Errorf("%s: got owner %d and %v, want %d and 0600", settings, uid, mode, account)
	}

	// The questions, answered by flags; the doctor with an administrator.
	nuxeoURL, frameioURL := systems(t, ofProgram(t, "nuxeo-frameio-*.zip"))
	address := freePort(t)
	_, port, _ := strings.Cut(address, ":")
	public := "http://localhost:" + port
	const prog0 = "/usr/bin/nuxeo-frameio"
	admin := []string{
		"NUXEO_FRAMEIO_USER=Administrator", "NUXEO_FRAMEIO_PASSWORD=Administrator",
		"NUXEO_FRAMEIO_SERVER=http://" + address,
	}

	said := p.run(0, admin, prog0, "init", "--config", settings, "--yes", "--public-url", public, "--listen", address,
		"--nuxeo-url", nuxeoURL, "--frameio-url", frameioURL, "--network-private-addresses", "allow", "--mail-via",
		"none")
	if !strings.Contains(said, "systemctl enable --now nuxeo-frameio") {
		t.Errorf("what init says: got\n%s\nwant how to start the service", said)
	}

	if uid, mode := p.owner(settings); uid != account || mode.Perm() != 0o600 {
		t.Errorf("%s after init: got owner %d and %v, want %d and 0600", settings, uid, mode, account)
	}

	chosen := p.read(settings)
	if !strings.Contains(chosen, "data = \"/var/lib/nuxeo-frameio\"\n") {
		t.Errorf("the settings: got\n%s\nwant the data where the unit keeps it", chosen)
	}

	// The service. A secret comes from where the unit looks for it.
	p.write("/etc/credstore/nuxeo-frameio.encryption-key", key+"\n")
	stop := p.service(account)
	answers(t, address)
	p.write("/tmp/secret", "frameio-demo-secret")
	p.run(account, admin, prog0, "provider", "set", "--client-id", "frameio-demo-client", "--client-secret-file",
		"/tmp/secret",
		"--authorization-url", frameioURL+"/ims/authorize/v2", "--token-url", frameioURL+"/ims/token/v3")
	look := []string{prog0, "doctor", "--config", settings}
	sees := append(slices.Clone(admin), "NUXEO_FRAMEIO_ENCRYPTION_KEY="+key)
	p.run(account, sees, append(look, "--fix")...) // makes the client of the sign-in; then all is well
	p.run(account, sees, look...)

	// Upgraded while it runs, and back again, each time with what it has stored.
	for _, deb := range []string{current, old} {
		p.dpkg("-i", deb)
		stop()
		stop = p.service(account)
		answers(t, address)
		if said := p.run(account, admin, prog0, "provider", "show"); !strings.Contains(said, "frameio-demo-client") {
			t.Errorf("the registered application with %s: got %s, want frameio-demo-client", filepath.Base(deb), said)
		}
		diff.Equal(t, "the settings after "+filepath.Base(deb)+" was installed", p.read(settings), chosen)
	}

	stop()

	// Removed, the settings stay; purged, only what it has stored.
	p.dpkg("-r", "nuxeo-frameio")
	diff.Equal(t, "the settings after the package was removed", p.read(settings), chosen)
	p.dpkg("--purge", "nuxeo-frameio")
	theirs := []string{"/var/lib/dpkg", "/var/lib/nuxeo-frameio", "/var/log", "/tmp", "/run", "/etc/credstore"}
	accounts := []string{
		"/etc/passwd", "/etc/passwd-", "/etc/group", "/etc/group-", "/etc/shadow", "/etc/shadow-",
		"/etc/gshadow", "/etc/gshadow-", "/etc/.pwd.lock",
	}

	if names := left(before, p.tree(append(theirs, accounts...)...)); len(names) > 0 {
		t.Errorf("what is left after the purge: got %v, want nothing", names)
	}

	if uid, _ := p.owner("/var/lib/nuxeo-frameio/connector.db"); uid != account {
		t.Errorf("the database belongs to %d, want %d", uid, account)
	}
}

// key is an encryption key.
const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// Without its account nothing is set up as if it were there.
func TestPostinstallWantsTheAccount(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
	p.write("/usr/share/nuxeo-frameio/connector.toml", "")
	if err := os.MkdirAll(filepath.Dir(p.path(settings)), 0o755); err != nil {
		t.Fatal(err)
	}

	// What makes accounts leaves one alone that is kept elsewhere.
	p.write("/stand-in/systemd-sysusers", "#!/bin/sh\n")
	if err := os.Chmod(p.path("/stand-in/systemd-sysusers"), 0o755); err != nil {
		t.Fatal(err)
	}

	cmd := exec.Command("sh", filepath.Join(root, "release", "files", "postinstall.sh"))
	cmd.Env = append(os.Environ(), "DPKG_ROOT="+p.root, "PATH="+p.path("/stand-in")+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "There is no account nuxeo-frameio") {
		t.Errorf("got %v and %q, want that there is no account", err, out)
	}

	if _, err := os.Stat(p.path(settings)); err == nil {
		t.Error("settings that belong to nobody: got a file, want none")
	}
}

// debian makes the little that dpkg needs.
func (p place) debian() {
	p.t.Helper()
	for _, name := range []string{"/var/lib/dpkg/status", "/var/lib/dpkg/available", "/etc/group"} {
		p.write(name, "")
	}

	p.write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
	p.write("/etc/group", "root:x:0:\n")
	for _, dir := range []string{"/var/lib/dpkg/info", "/var/lib/dpkg/updates", "/tmp", "/var/log"} {
		if err := os.MkdirAll(p.path(dir), 0o777); err != nil {
			p.t.Fatal(err)
		}
	}

	if err := os.Chmod(p.path("/tmp"), 0o777|os.ModeSticky); err != nil {
		p.t.Fatal(err)
	}
}

// dpkg works on this file system alone. There is no shell in it: the scripts of packages run
// outside and are told where it is.
func (p place) dpkg(args ...string) {
	p.t.Helper()
	cmd := exec.Command("dpkg", append([]string{
		"--root=" + p.root, "--force-script-chrootless",
		"--log=" + p.path("/var/log/dpkg.log"),
	}, args...)...)

	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("dpkg %v: %v\n%s", args, err, out)
	}
}

// account is the number of the connector's account.
func (p place) account() uint32 {
	p.t.Helper()
	m := regexp.MustCompile(`(?m)^nuxeo-frameio:[^:]*:(\d+):`).FindStringSubmatch(p.read("/etc/passwd"))
	if m == nil {
		p.t.Fatalf("the accounts: got\n%s\nwant nuxeo-frameio among them", p.read("/etc/passwd"))
	}

	n, err := strconv.ParseUint(m[1], 10, 32)
	if err != nil || n == 0 {
		p.t.Fatalf("got the account %s (%v), want one that is not root", m[1], err)
	}

	return uint32(n)
}

// unit are the lines of a unit by their names.
func (p place) unit() map[string][]string {
	p.t.Helper()
	all := map[string][]string{}
	for line := range strings.Lines(p.read(unitFile)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			all[name] = append(all[name], value)
		}
	}
	return all
}

// service does what the unit says: makes the folder of the state, puts credentials where the
// account can read them, and starts the line.
func (p place) service(account uint32) (stop func()) {
	p.t.Helper()
	unit := p.unit()
	if got := unit["User"]; !slices.Equal(got, []string{"nuxeo-frameio"}) {
		p.t.Errorf("got the account %v, want nuxeo-frameio", got)
	}

	give := func(inside string, mode os.FileMode) {
		if err := os.Chmod(p.path(inside), mode); err != nil {
			p.t.Fatal(err)
		}
		if err := os.Chown(p.path(inside), int(account), int(account)); err != nil {
			p.t.Fatal(err)
		}
	}

	state := "/var/lib/" + unit["StateDirectory"][0]
	if err := os.MkdirAll(p.path(state), 0o700); err != nil {
		p.t.Fatal(err)
	}

	give(state, 0o700)

	const credentials = "/run/credentials"
	for _, line := range unit["LoadCredential"] {
		name, from, _ := strings.Cut(line, ":")
		if b, err := os.ReadFile(p.path("/etc/credstore/" + from)); err == nil {
			p.write(credentials+"/"+name, string(b))
			give(credentials+"/"+name, 0o400)
		}
	}

	return p.start(account, []string{"CREDENTIALS_DIRECTORY=" + credentials}, strings.Fields(unit["ExecStart"][0])...)
}

// Every secret that the connector knows has its line in the unit.
func TestUnitLoadsEverySecret(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(program(t), "config", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}

	var all []struct {
		Name   string
		Secret bool
	}

	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}

	var want []string
	for _, s := range all {
		if s.Secret {
			want = append(want, fmt.Sprintf("%s:nuxeo-frameio.%s", s.Name, s.Name))
		}
	}

	p := place{t, filepath.Join(root, "release", "files")}
	var got []string
	for _, m := range regexp.MustCompile(`(?m)^LoadCredential=(.*)$`).
		FindAllStringSubmatch(p.read("nuxeo-frameio.service"), -1) {
		got = append(got, m[1])
	}

	slices.Sort(got)
	slices.Sort(want)
	diff.Equal(t, "the secrets of the unit", got, want)
}

// left are the names that two trees do not share.
func left(before, after map[string]string) []string {
	names := slices.Sorted(maps.Keys(after))
	return slices.DeleteFunc(names, func(name string) bool { return before[name] != "" })
}
