package nuxeosim

import (
	"archive/zip"
	"bytes"
	"maps"
	"strings"
	"testing"
)

func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}

	if err := z.Close(); err != nil {
		t.Fatal(err)
	}

	return b.Bytes()
}

var packageFiles = map[string]string{
	"package.xml": `<package type="addon" name="nuxeo-x" ` +
		`version="1.0.0"><target-platform><name>lts</name><version>[2021.0,2026)</version></target-platform></package>`,
	"install.xml": `<install><update file="${package.root}/install/bundles" todir="${env.bundles}"/></install>`,
}

var bundleFiles = map[string]string{
	"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nBundle-SymbolicName: " +
		"org.example.x;singleton:=true\r\nNuxeo-Component: OSGI-INF/core.xml,OSGI-I\r\n NF/versioning.xml\r\n",
	"OSGI-INF/core.xml": `<component name="x.core">
		<extension target="org.nuxeo.ecm.core.schema.TypeService" point="schema"><schema name="x" prefix="x" src="schemas/x.xsd"/></extension>
		<extension target="org.nuxeo.ecm.core.schema.TypeService" point="doctype"><facet name="X"><schema name="x"/></facet>
			<doctype name="XFile" extends="File"><facet name="X"/></doctype></extension>
		<extension target="org.nuxeo.runtime.ConfigurationService" point="configuration"><property name="x.url">${x.url:=http://default}</property></extension>
	</component>`,
	"OSGI-INF/versioning.xml": ours,
	"schemas/x.xsd": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:nxs="http://www.nuxeo.org/ecm/schemas/x" targetNamespace="http://www.nuxeo.org/ecm/schemas/x">
		<xs:complexType name="binding"><xs:sequence><xs:element name="key" type="xs:string"/><xs:element name="at" type="xs:dateTime"/><xs:element name="size" type="xs:long"/></xs:sequence></xs:complexType>
		<xs:complexType name="bindings"><xs:sequence><xs:element name="binding" type="nxs:binding" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
		<xs:simpleType name="tags"><xs:list itemType="xs:string"/></xs:simpleType>
		<xs:simpleType name="short"><xs:restriction base="xs:string"><xs:maxLength value="9"/></xs:restriction></xs:simpleType>
		<xs:element name="assetId" type="xs:string"/><xs:element name="fps" type="xs:double"/><xs:element name="bindings" type="nxs:bindings"/>
		<xs:element name="tags" type="nxs:tags"/><xs:element name="names" type="nxs:stringList"/><xs:element name="code" type="nxs:short"/>
		<xs:element name="on" type="xs:boolean" default="true"/></xs:schema>`,
}

// pack builds a package with some files replaced; empty text removes one.
func pack(t *testing.T, pkg, bundle map[string]string) []byte {
	t.Helper()
	replaced := func(base, by map[string]string) map[string]string {
		out := maps.Clone(base)
		maps.Copy(out, by)
		maps.DeleteFunc(out, func(_, text string) bool { return text == "" })
		return out
	}

	files := replaced(packageFiles, pkg)
	files["install/bundles/x.jar"] = string(zipped(t, replaced(bundleFiles, bundle)))
	return zipped(t, files)
}

func TestInstallPackage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.sim.SetProperty("x.url", "http://set")
	if err := f.sim.InstallPackage(pack(t, nil, nil)); err != nil {
		t.Fatal(err)
	}

	if v, _ := f.sim.ConfigurationProperty("x.url"); v != "http://set" {
		t.Fatalf("the property x.url is %q, want http://set", v)
	}

	f.send("josh", "GET", "/api/v1/config/facets/X", nil).is(200).want("x", "schemas", 0, "name")
	f.send("josh", "GET", "/api/v1/config/schemas/x", nil).is(200).want("string[]", "fields", "tags").want("complex[]",
		"fields", "bindings", "type").
		want("date", "fields", "bindings", "fields", "at").want("string[]", "fields", "names").want("string", "fields",
		"code").want("boolean", "fields", "on")
	f.send("josh", "GET", "/api/v1/config/types/XFile", nil).is(200).want("File", "parent")
	f.send("josh", "GET", "/api/v1/config/types/None", nil).is(204)
	uid := f.file("josh", "a", "a")
	f.send("josh", "POST", "/api/v1/id/"+uid+"/@op/Document.AddFacet", obj{"params": obj{"facet": "X"}}).is(200)
	props := obj{
		"x:assetId":  "id-1",
		"x:bindings": []obj{{"key": "1", "at": "2026-01-01T00:00:00Z", "size": 5}},
		"x:tags":     []string{"t"},
	}

	f.send("josh", "PUT", "/api/v1/id/"+uid, put(props), "properties: x").is(200).want(5, "properties", "x:bindings", 0,
		"size").want("id-1", "properties", "x:assetId")
	if got := f.names("josh", "SELECT * FROM Document WHERE x:assetId = 'id-1'"); got != "a" {
		t.Fatalf("found %q, want a", got)
	}

	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"x:code": "0123456789"})).is(422).want("validation_report",
		"entity-type").
		want("LengthConstraint", "violations", 0, "constraint", "name").want("x:code", "violations", 0, "path",
		0, "field_name")
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"x:code": "012345678"})).is(200)
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"dc:title": "2"}), "source: frameio").is(200).
		want(true, "isVersion")
}

func TestPackagesThatWouldNotStart(t *testing.T) {
	t.Parallel()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	xml := packageFiles["package.xml"]
	for name, c := range map[string]struct {
		pkg, bundle map[string]string
		want        string
	}{
		"no package.xml": {map[string]string{"package.xml": ""}, nil, "package.xml"},
		"type": {
			map[string]string{"package.xml": strings.Replace(xml, "addon", "hotfix", 1)},
			nil, "not addon",
		},
		"version": {map[string]string{"package.xml": strings.Replace(xml, "1.0.0", "1.0", 1)}, nil, "version"},
		"platform": {
			map[string]string{"package.xml": strings.Replace(xml, ">lts<", ">server<", 1)},
			nil, "not lts",
		},
		"range": {map[string]string{
			"package.xml": strings.Replace(xml, "[2021.0,2026)", "[2021.0,2023)", 1),
		}, nil, "not for LTS"},
		"no install.xml": {map[string]string{"install.xml": ""}, nil, "install.xml"},
		"command":        {map[string]string{"install.xml": "<install><run/></install>"}, nil, "unknown command"},
		"no component": {
			nil,
			map[string]string{"OSGI-INF/core.xml": ""},
			"component file not found: OSGI-INF/core.xml",
		},
		"no schema": {nil, map[string]string{"schemas/x.xsd": ""}, "schemas/x.xsd not found"},
		"no name": {
			nil,
			map[string]string{"META-INF/MANIFEST.MF": "Nuxeo-Component: OSGI-INF/core.xml\n"},
			"Bundle-SymbolicName",
		},
		"broken xml": {nil, map[string]string{"OSGI-INF/versioning.xml": "<component"}, "versioning.xml"},
		"condition": {
			nil,
			map[string]string{"OSGI-INF/versioning.xml": strings.Replace(ours, "==", "=== =", 1)},
			"versioning filter",
		},
		"deployment file": {
			nil,
			map[string]string{"OSGI-INF/deployment-fragment.xml": "<other/>"},
			"deployment-fragment",
		},
	} {
		if err := s.InstallPackage(pack(t, c.pkg, c.bundle)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}

	if err := s.InstallPackage([]byte("no zip")); err == nil {
		t.Error("installing what is no zip: got no error, want one")
	}
}

func TestBaseConfiguration(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.send("josh", "GET", "/api/v1/config/types", nil).is(200).want("Document", "doctypes", "File", "parent").
		want("string", "schemas", "dublincore", "title")
	r := f.send("josh", "GET", "/api/v1/config/types/Video", nil).is(200)
	for _, want := range []string{`"video"`, `"picture"`, `"Versionable"`} {
		if !strings.Contains(string(r.body), want) {
			t.Errorf("Video has no %s, want it: %s", want, r.body)
		}
	}

	f.send("josh", "GET", "/api/v1/config/schemas/file", nil).is(200).want("blob", "fields", "content").
		want("file", "@prefix")
	f.send("josh", "GET", "/api/v1/config/facets/Nothing", nil).is(204)
}

// What Nuxeo's registries do to contributions, and a package may not count on.
func TestRegistriesAreStrict(t *testing.T) {
	t.Parallel()
	xsd, err := parseXML([]byte(`<schema><element name="id" type="xs:string"/></schema>`))
	if err != nil {
		t.Fatal(err)
	}

	if _, err := new(xsdReader).fields(xsd); err == nil {
		t.Error("a property named id: got it accepted, want an error")
	}

	var ps policySet
	for _, text := range []string{
		`<policy id="p" increment="MINOR" order="7"><filter-id>f</filter-id></policy>`,
		`<policy id="p" increment="MAJOR"/>`,
	} {
		x, err := parseXML([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := ps.addPolicy(x, "org.nuxeo.test"); err != nil {
			t.Fatal(err)
		}
	}

	if p := ps.policies["p"]; p.increment != "MAJOR" || p.order != 0 || len(p.filters) != 0 {
		t.Errorf("the overridden policy is %+v, want MAJOR of order 0 without filters: taken as a whole", p)
	}
}
