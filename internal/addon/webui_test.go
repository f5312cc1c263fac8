package addon

import (
	"path"
	"slices"
	"strings"
	"testing"
)

func (b built) has(name string) bool {
	return slices.ContainsFunc(b.jar, func(f file) bool { return f.name == name })
}

func TestWithoutElementsNothingIsDeployed(t *testing.T) {
	t.Parallel()
	b := buildWith(t, "1.2.3", webParts{})
	for _, f := range b.jar {
		if strings.HasPrefix(f.name, "web/") || f.name == fragmentName {
			t.Errorf("there is %s, want nothing of pages where there is nothing to show", f.name)
		}
	}
}

func TestTheProgramSaysWhatItCarries(t *testing.T) {
	t.Parallel()
	if got := build(t, "1.2.3").has("web/nuxeo.war/ui/nuxeo-frameio.bundle.js"); got != HasUI() {
		t.Errorf("the package has elements: %v, want %v as the program says", got, HasUI())
	}
}

// Web UI loads the bundle by the name of the package.
func TestWhatWebUILoads(t *testing.T) {
	t.Parallel()
	b := buildWith(t, "1.2.3", sample)
	if got, want := string(b.find(b.jar, "web/nuxeo.war/ui/"+VersionFile)), "{\"version\": \"1.2.3\"}\n"; got != want {
		t.Errorf("the version is told as %q, want %q", got, want)
	}

	for _, name := range []string{"nuxeo-frameio.bundle.js", "i18n/messages.json", "i18n/messages-fr.json"} {
		if !b.has("web/nuxeo.war/ui/" + name) {
			t.Errorf("there is no %s, want it in the bundle", name)
		}
	}

	if got := string(b.find(b.jar, "web/nuxeo.war/ui/nuxeo-frameio.bundle.js")); got != string(sample.elements) {
		t.Errorf("the bundle is %q, want %q", got, sample.elements)
	}
}

func TestDeploymentFragment(t *testing.T) {
	t.Parallel()
	b := buildWith(t, "1.2.3", sample)
	x := parse(t, fragmentName, b.find(b.jar, fragmentName))
	if x.XMLName.Local != "fragment" || x.attr("version") != "1" || x.text("require") != "org.nuxeo.web.ui" {
		t.Errorf("the root is %+v, want a fragment that waits for org.nuxeo.web.ui", x)
	}

	appended := map[string][]string{}
	for _, c := range x.all("install/append") {
		from, found := strings.CutPrefix(c.attr("from"), "${bundle.fileName}.i18n/web/")
		if !found || !b.has("web/"+from) {
			t.Errorf("%s is appended, want what the bundle has", c.attr("from"))
		}
		appended[path.Base(c.attr("to"))] = append(appended[path.Base(c.attr("to"))], path.Base(from))
	}

	for to, want := range map[string][]string{
		"messages.json": {"messages.json"}, "messages-de.json": {"messages.json"},
		"messages-fr.json":    {"messages.json", "messages-fr.json"},
		"messages-fr-CA.json": {"messages.json", "messages-fr.json"},
	} {
		if !slices.Equal(appended[to], want) {
			t.Errorf("appended to %s are %q, want %q", to, appended[to], want)
		}
	}

	first := x.all("install/unzip")[0]
	if first.attr("prefix") != "web" || first.text("include") != "web/nuxeo.war/**" ||
		first.text("exclude") != "web/nuxeo.war/ui/i18n/**" {
		t.Errorf("unpacked is %+v, want web/nuxeo.war without its messages", first)
	}
}
