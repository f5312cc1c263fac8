package addon

import (
	"archive/zip"
	"bytes"
	"errors"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	versioning = "org.nuxeo.ecm.core.api.versioning.VersioningService"
	types      = "org.nuxeo.ecm.core.schema.TypeService"
	settings   = "org.nuxeo.runtime.ConfigurationService"
	providers  = "org.nuxeo.ecm.platform.oauth2.providers.OAuth2ServiceProviderRegistry"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	valid := regexp.MustCompile(`^\d+\.\d+\.\d+(-[A-Za-z0-9]+)?$`)
	for version, want := range map[string]string{
		"1.2.3": "1.2.3", "v1.2.3": "1.2.3", " 1.2.3\n": "1.2.3", "10.20.30": "10.20.30", "v2": "2.0.0", "1.4": "1.4.0",
		"0.1.0-dev": "0.1.0-SNAPSHOT", "0.1.0-SNAPSHOT": "0.1.0-SNAPSHOT", "1.2.3+dirty": "1.2.3-SNAPSHOT",
		"1.2.3-4-gabcdef0": "1.2.3-SNAPSHOT", "v0.0.0-20260102030405-abcdefabcdef": "0.0.0-SNAPSHOT",
		"1.2.3.4":    "1.2.3-SNAPSHOT",
		"1.2.3-rc.1": "1.2.3-RC1", "v1.2.3-beta2": "1.2.3-BETA2", "1.2.3-alpha": "1.2.3-ALPHA",
		"1.2.3-rc.1.dirty": "1.2.3-SNAPSHOT",
		"":                 "0.0.0-SNAPSHOT", "(devel)": "0.0.0-SNAPSHOT", "dev": "0.0.0-SNAPSHOT",
		"1.2.3/../../x": "1.2.3-SNAPSHOT",
		`1"<&>`:         "1.0.0-SNAPSHOT",
	} {
		if got := FileName(version); got != "nuxeo-frameio-"+want+".zip" {
			t.Errorf("%q gives %s, want version %s", version, got, want)
		}
		if !valid.MatchString(packageVersion(version)) {
			t.Errorf("%q gives %s, want a version that Nuxeo accepts", version, packageVersion(version))
		}
	}
}

func TestSameVersionSameBytes(t *testing.T) {
	t.Parallel()
	first := build(t, "1.2.3").data
	for range 3 {
		if !bytes.Equal(first, build(t, "1.2.3").data) {
			t.Fatal("two builds of a version: got different bytes, want the same")
		}
	}

	if bytes.Equal(first, build(t, "1.2.4").data) {
		t.Fatal("builds of two versions: got the same bytes, want different ones")
	}
}

func TestNothingOfTheBuildersMachine(t *testing.T) {
	t.Parallel()
	b := build(t, "1.2.3")
	jar := b.find(b.zip, "install/bundles/nuxeo-frameio-1.2.3.jar")
	for _, archive := range [][]byte{b.data, jar} {
		z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			if !f.Modified.Equal(stamp) || f.ExternalAttrs != 0 || f.Comment != "" {
				t.Errorf("%s has the time %v, attributes %x and the comment %q, want %v, 0 and none", f.Name,
					f.Modified, f.ExternalAttrs, f.Comment, stamp)
			}
		}
	}
}

// refusing fails after a number of bytes.
type refusing int

func (r *refusing) Write(p []byte) (int, error) {
	if *r -= refusing(len(p)); *r < 0 {
		return 0, errors.ErrUnsupported
	}
	return len(p), nil
}

func TestAWriterThatFailsIsReported(t *testing.T) {
	t.Parallel()
	for _, room := range []refusing{0, 100, refusing(len(build(t, "1.2.3").data) - 1)} {
		if err := Build(&room, "1.2.3"); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("the error is %v, want %v", err, errors.ErrUnsupported)
		}
	}
}

func names(files []file) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.name)
	}
	return out
}

func TestZipLayout(t *testing.T) {
	t.Parallel()
	b := build(t, "0.1.0-dev")
	want := []string{"install.xml", "package.xml", "install/bundles/nuxeo-frameio-0.1.0-SNAPSHOT.jar"}
	if got := names(b.zip); !slices.Equal(got, want) {
		t.Errorf("the zip holds %v, want %v", got, want)
	}

	for _, f := range append(b.zip, b.jar...) {
		if f.name != path.Clean(f.name) || strings.HasPrefix(f.name, "/") || strings.HasPrefix(f.name, "..") ||
			len(f.data) == 0 {
			t.Errorf("there is an entry %q of %d bytes, want a clean relative path and content", f.name, len(f.data))
		}
		if path.Ext(f.name) == ".class" || bytes.Contains(f.data, []byte("@VERSION@")) {
			t.Errorf("there is an entry %s, want no class, and the version filled in", f.name)
		}
	}
}

func TestPackageXML(t *testing.T) {
	t.Parallel()
	b := build(t, "v1.2.3")
	x := parse(t, "package.xml", b.find(b.zip, "package.xml"))
	if x.XMLName.Local != "package" || x.attr("type") != "addon" || x.attr("name") != "nuxeo-frameio" ||
		x.attr("version") != "1.2.3" {
		t.Errorf("the root is %+v, want the addon nuxeo-frameio in the version 1.2.3", x.Attrs)
	}

	for path, want := range map[string]string{
		"title": "Nuxeo Frame.io connector", "vendor": vendor, "license": "Apache License, Version 2.0",
		"license-url":          "https://www.apache.org/licenses/LICENSE-2.0",
		"target-platform/name": "lts", "target-platform/version": "[2021.0,2026)",
		"optional-dependencies/package": "", "dependencies/package": "nuxeo-web-ui", "platforms/platform": "",
		"supported": "false", "visibility": "PUBLIC",
	} {
		if got := x.text(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}

	if !strings.Contains(x.text("description"), "<p>") {
		t.Errorf("the description: got %q, want HTML in CDATA", x.text("description"))
	}

	for _, task := range []string{"installer", "uninstaller"} {
		if l := x.all(task); len(l) != 1 || l[0].attr("restart") != "true" || l[0].attr("class") != "" {
			t.Errorf("the tasks %s: %+v, want one, which restarts and has no class", task, l)
		}
	}
}

// variable finds what a command refers to.
var variable = regexp.MustCompile(`\$\{([^}]*)\}`)

func TestInstallCommands(t *testing.T) {
	t.Parallel()
	b := build(t, "1.2.3")
	x := parse(t, "install.xml", b.find(b.zip, "install.xml"))
	if x.XMLName.Local != "install" || len(x.Children) == 0 {
		t.Fatalf("the root is %+v, want an installation with commands", x)
	}

	installed := map[string]bool{}
	for _, c := range x.Children {
		if !slices.Contains([]string{"update", "copy", "config"}, c.XMLName.Local) {
			t.Errorf("there is the command %s, want update, copy or config", c.XMLName.Local)
		}
		for _, a := range c.Attrs {
			checkVariables(t, a.Value)
			if source, is := strings.CutPrefix(a.Value, "${package.root}/"); is {
				markInstalled(t, b.zip, source, installed)
			}
		}
	}

	for _, f := range b.zip {
		if strings.HasPrefix(f.name, "install/") && !installed[f.name] {
			t.Errorf("no command installs %s, want one", f.name)
		}
	}
}

func checkVariables(t *testing.T, value string) {
	t.Helper()
	for _, m := range variable.FindAllStringSubmatch(value, -1) {
		if m[1] != "package.root" && !strings.HasPrefix(m[1], "env.") {
			t.Errorf("%s refers to %s, want only package.root and the environment", value, m[0])
		}
	}

	if strings.Count(value, "$") != len(variable.FindAllString(value, -1)) {
		t.Errorf("%s has a stray dollar, want each to begin a variable", value)
	}
}

func markInstalled(t *testing.T, files []file, source string, installed map[string]bool) {
	t.Helper()
	any := false
	for _, f := range files {
		if f.name == source || strings.HasPrefix(f.name, source+"/") {
			installed[f.name], any = true, true
		}
	}

	if !any {
		t.Errorf("install.xml refers to %s, want it in the zip", source)
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	b := build(t, "0.1.0-dev")
	if b.jar[0].name != "META-INF/MANIFEST.MF" {
		t.Errorf("the jar starts with %s, want META-INF/MANIFEST.MF", b.jar[0].name)
	}

	for name, want := range map[string]string{
		"Manifest-Version": "1.0", "Bundle-ManifestVersion": "2",
		"Bundle-SymbolicName": "org.nuxeo.frameio;singleton:=true",
		"Bundle-Version":      "0.1.0.SNAPSHOT", "Bundle-Vendor": vendor, "Bundle-Name": "Nuxeo Frame.io connector",
	} {
		if got := b.headers[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	if !bytes.Contains(b.jar[0].data, []byte("\r\n ")) {
		t.Error("the manifest: got no folded line, want one, or folding goes untested")
	}

	var present []string
	for _, f := range b.jar {
		if strings.HasPrefix(f.name, "OSGI-INF/") && f.name != fragmentName {
			present = append(present, f.name)
		}
	}

	if listed := slices.Sorted(maps.Keys(b.components())); !slices.Equal(listed, present) {
		t.Errorf("the manifest lists %v, want what the jar holds, %v", listed, present)
	}
}

func TestFolding(t *testing.T) {
	t.Parallel()
	for n := range 400 {
		value := strings.Repeat("0123456789,", 40)[:n+1]
		got := headers(t, []byte(fold("Name: "+value)+"\r\n"))
		if got["Name"] != value {
			t.Fatalf("%d bytes come back as %q, want %q", n+1, got["Name"], value)
		}
	}
}

func TestFragmentIsNoComponent(t *testing.T) {
	t.Parallel()
	got := components([]file{
		{name: "OSGI-INF/a.xml"},
		{name: "OSGI-INF/deployment-fragment.xml"},
		{name: "OSGI-INF/l10n/x.properties"},
		{name: "schemas/a.xml"},
	})
	if !slices.Equal(got, []string{"OSGI-INF/a.xml"}) {
		t.Errorf("the components are %v, want only OSGI-INF/a.xml", got)
	}
}

func TestComponents(t *testing.T) {
	t.Parallel()
	known := map[[2]string][]string{
		{types, "schema"}:           {"schema"},
		{types, "doctype"}:          {"facet"},
		{versioning, "policies"}:    {"policy"},
		{versioning, "filters"}:     {"filter"},
		{providers, "providers"}:    {"provider"},
		{settings, "configuration"}: {"property", "documentation"},
	}

	b := build(t, "1.2.3")
	seen := map[string]string{}
	for file, c := range b.components() {
		name := c.attr("name")
		if c.XMLName.Local != "component" || !strings.HasPrefix(name, "org.nuxeo.frameio.") || seen[name] != "" {
			t.Errorf("%s: the component %q, also in %q; want a name of ours, and in one file", file, name, seen[name])
		}

		seen[name] = file
		if len(c.all("implementation")) > 0 || c.attr("class") != "" {
			t.Errorf("%s needs Java, want nothing but declarations", file)
		}

		for _, ext := range c.all("extension") {
			allowed := known[[2]string{ext.attr("target"), ext.attr("point")}]
			for _, x := range ext.Children {
				if !slices.Contains(allowed, x.XMLName.Local) || x.attr("class") != "" {
					t.Errorf("%s: %s in %s, %s; want %v, without a class", file, x.XMLName.Local, ext.attr("target"),
						ext.attr("point"), allowed)
				}
			}
		}
	}
}

// expansion is ${name:=default}; names are those of nuxeo.conf.
var expansion = regexp.MustCompile(`^nuxeo\.frameio\.[a-z.]+:=[^${}]*$`)

func TestPropertyExpansion(t *testing.T) {
	t.Parallel()
	b := build(t, "1.2.3")
	found := 0
	for name := range b.components() {
		text := string(b.find(b.jar, name))
		matches := variable.FindAllStringSubmatch(text, -1)
		for _, m := range matches {
			if !expansion.MatchString(m[1]) {
				t.Errorf("%s: %s has no default, or is not ours; want only variables of ours with a default", name,
					m[0])
			}
		}

		if strings.Count(text, "$") != len(matches) {
			t.Errorf("%s has a stray dollar, want each to begin a variable", name)
		}

		found += len(matches)
	}

	if found == 0 {
		t.Error("properties of nuxeo.conf that are read: got none, want some")
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, x := range build(t, "1.2.3").contributions(settings, "configuration") {
		if x.XMLName.Local == "property" {
			got[x.attr("name")] = x.Text
		}
	}

	want := map[string]string{
		"org.nuxeo.web.ui.frameio.url":                                      "${nuxeo.frameio.url:=}",
		"org.nuxeo.ecm.platform.comment.service.notification.autosubscribe": "false",
	}
	if !maps.Equal(got, want) {
		t.Errorf("configuration is %q, want %q", got, want)
	}
}

func TestProvider(t *testing.T) {
	t.Parallel()
	list := build(t, "1.2.3").contributions(providers, "providers")
	if len(list) != 1 {
		t.Fatalf("%d providers, want 1", len(list))
	}

	for path, want := range map[string]string{
		"name": "frameio", "description": "Frame.io Provider",
		"authorizationServerURL": "https://ims-na1.adobelogin.com/ims/authorize/v2",
		"tokenServerURL":         "https://ims-na1.adobelogin.com/ims/token/v3",
		"scope":                  "openid|email|profile|offline_access|additional_info.roles",
	} {
		if got := list[0].text(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}

	// An empty id or secret counts as given, and enabled="false" withdraws the entry.
	for _, absent := range []string{"clientId", "clientSecret", "enabled"} {
		if len(list[0].all(absent)) > 0 || list[0].attr(absent) != "" {
			t.Errorf("the provider says %s, want nothing of it", absent)
		}
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	b := build(t, "1.2.3")
	filters := map[string]string{}
	for _, x := range b.contributions(versioning, "filters") {
		filters[x.attr("id")] = x.text("condition")
	}

	if want := map[string]string{
		"frameio-content":  "#{currentDocument.contextData.source == 'frameio'}",
		"frameio-metadata": "#{currentDocument.contextData.source == 'frameio-metadata'}",
	}; !maps.Equal(filters, want) {
		t.Errorf("the filters are %q, want %q", filters, want)
	}

	got := map[string]string{}
	for _, x := range b.contributions(versioning, "policies") {
		got[x.attr("id")] = strings.Join([]string{
			x.attr("increment"), x.attr("beforeUpdate"), x.attr("order"),
			x.text("filter-id"),
		}, " ")
		if _, found := filters[x.text("filter-id")]; !found {
			t.Errorf("the policy %s has the filter %q, want one that exists", x.attr("id"), x.text("filter-id"))
		}
	}

	// Orders from 1 are Nuxeo's own, and the lowest that matches wins.
	want := map[string]string{
		"frameio-content": "MINOR false 40 frameio-content", "frameio-content-before": "NONE true 40 frameio-content",
		"frameio-metadata":        "NONE false 40 frameio-metadata",
		"frameio-metadata-before": "NONE true 40 frameio-metadata",
	}
	if !maps.Equal(got, want) {
		t.Errorf("policies are %q, want %q", got, want)
	}
}

func TestLicenceIsTheOneThatThePackageNames(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}

	for _, part := range []string{"Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("LICENSE does not say %q, want it there", part)
		}
	}
}

func TestOlder(t *testing.T) {
	t.Parallel()
	ascending := []string{"0.9.9", "1.0.0-SNAPSHOT", "1.0.0", "1.0.1", "1.2.0-RC1", "1.2.0", "1.10.0", "2.0.0"}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := Older(a, b), i < j; got != want {
				t.Errorf("Older(%s, %s)=%v, want %v", a, b, got, want)
			}
		}
	}

	if Older("nonsense", "1.0.0") || Older("1.0.0", "") {
		t.Error("what is no version: got it older than one, or one older than it, want neither")
	}
}
