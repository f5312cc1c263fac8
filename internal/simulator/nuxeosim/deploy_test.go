package nuxeosim

import (
	"strings"
	"testing"
)

// withFragment is a package whose bundle has files for Web UI and a fragment
// with the given commands.
func withFragment(t *testing.T, require, commands string) []byte {
	t.Helper()
	return pack(t, nil, map[string]string{
		"web/nuxeo.war/ui/nuxeo-x.bundle.js":  "export {}",
		"web/nuxeo.war/ui/i18n/messages.json": `{"x.label":"X","browser.view":"Look"}`,
		"OSGI-INF/deployment-fragment.xml": `<fragment version="1">` + require + `<install>` + commands +
			`</install></fragment>`,
		"web/nuxeo.war/ui/i18n/messages-fr.json": `{"x.label":"Ix"}`,
	})
}

const (
	afterUI = `<require>org.nuxeo.web.ui</require>`
	unpacks = `<unzip from="${bundle.fileName}" to="/" ` +
		`prefix="web"><include>web/nuxeo.war/**</include><exclude>web/nuxeo.war/ui/i18n/**</exclude></unzip>`
	appends = `<mkdir path="${bundle.fileName}.t"/><unzip from="${bundle.fileName}" to="${bundle.fileName}.t"/>
		<append from="${bundle.fileName}.t/web/nuxeo.war/ui/i18n/messages.json" to="nuxeo.war/ui/i18n/messages.json"/><delete path="${bundle.fileName}.t"/>`
)

func TestDeploymentFragment(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.sim.SetProperty("x.url", "http://set")
	if err := f.sim.InstallPackage(withFragment(t, afterUI, unpacks+appends)); err != nil {
		t.Fatal(err)
	}

	r := f.send("", "GET", "/ui/nuxeo-x.bundle.js", nil).is(200)
	if string(r.body) != "export {}" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the bundle is %s as %s, want export {} as text/javascript", r.body, r.header.Get("Content-Type"))
	}

	f.send("", "GET", "/ui/i18n/messages.json", nil).is(200).want("X", "x.label").want("Look", "browser.view").
		want("Metadata", "browser.metadata")
	if french := f.send("", "GET", "/ui/i18n/messages-fr.json", nil).is(200); strings.Contains(string(french.body),
		"x.label") {
		t.Error("the French texts: got x.label among them, want none that the fragment does not add")
	}

	for name := range f.sim.disk {
		if !strings.HasPrefix(name, "nuxeo.war/") {
			t.Errorf("%s was left behind, want only files of nuxeo.war", name)
		}
	}
}

func TestFragmentsThatWouldFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ require, commands, want string }{
		"unknown bundle": {`<require>org.example.none</require>`, unpacks, "requires org.example.none"},
		"too early": {
			"", strings.Replace(appends, "${bundle.fileName}.t/web", "bundles/org.example.x.jar.t/web", 1),
			"before Web UI",
		},
		"missing file": {
			afterUI, `<append from="${bundle.fileName}.t/messages.json" to="nuxeo.war/ui/i18n/messages.json"/>`,
			"is no file",
		},
		"a folder":        {afterUI, strings.Replace(appends, "i18n/messages.json", "i18n", 1), "is no file"},
		"unknown command": {afterUI, `<zip/>`, "not simulated"},
		"nothing to copy": {afterUI, `<copy from="none" to="nuxeo.war"/>`, "none not found"},
		"no archive":      {afterUI, `<unzip from="none.jar" to="/"/>`, "none.jar not found"},
	} {
		err := setup(t).sim.InstallPackage(withFragment(t, c.require, c.commands))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

func TestPatternsChoose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"web/**", "web/a/b.js", true},
		{"web/*", "web/a/b.js", false},
		{"web/*.js", "web/b.js", true},
		{"web/?.js", "web/b.js", true},
		{"web/b.js", "web/bxjs", false},
	} {
		if got := chosen(c.name, []string{c.pattern}, nil); got != c.want {
			t.Errorf("%s chooses %s: got %v, want %v", c.pattern, c.name, got, c.want)
		}
	}

	if !chosen("a", nil, nil) || chosen("a", []string{"a"}, []string{"*"}) {
		t.Error("got nothing chosen without includes, or what is excluded, want all, and the exclude to win")
	}
}

func TestConfigurationOfThePage(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.Properties = map[string]string{"x.url": "http://conf"} })
	bundle := map[string]string{
		"OSGI-INF/versioning.xml": `<component name="x.ui"><extension target="org.nuxeo.runtime.ConfigurationService" point="configuration">
			<property name="org.nuxeo.web.ui.x.url">${x.url:=}</property><property name="org.nuxeo.web.ui.x.on">true</property></extension></component>`,
	}

	if err := f.sim.InstallPackage(pack(t, nil, bundle)); err != nil {
		t.Fatal(err)
	}

	body := string(f.send("", "GET", "/ui/config.jsp", nil).is(200).body)
	for _, want := range []string{`"x":{"on":"true","url":"http://conf"}`, `Nuxeo.UI.bundles = [];`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in the configuration, want it: %s", want, body)
		}
	}
}

func TestWithoutWebUI(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.WithoutWebUI = true })
	f.send("josh", "GET", "/ui/", nil).is(404)
	if err := f.sim.InstallPackage(withFragment(t, afterUI, unpacks)); err == nil {
		t.Error("a fragment for Web UI, without it: got no error, want one")
	}
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	f := setup(t)
	needs := func(name string) []byte {
		xml := strings.Replace(packageFiles["package.xml"], "</package>", "<dependencies><package>"+name+
			"</package></dependencies></package>", 1)
		return pack(t, map[string]string{"package.xml": xml}, nil)
	}

	if err := f.sim.InstallPackage(needs("nuxeo-none:1.0.0")); err == nil ||
		!strings.Contains(err.Error(), "nuxeo-none") {
		t.Errorf("installing what needs a package that is not there: got %v, want nuxeo-none named", err)
	}

	if err := f.sim.InstallPackage(needs("nuxeo-web-ui")); err != nil {
		t.Error(err)
	}
}
