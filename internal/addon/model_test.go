package addon

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// model is what the connector writes, by field and XSD type.
var model = map[string]map[string]string{
	"frameio": {
		"accountId": "xs:string", "workspaceId": "xs:string", "projectId": "xs:string", "folderId": "xs:string",
		"fileId":  "xs:string",
		"stackId": "xs:string", "documentUid": "xs:string", "fileName": "xs:string", "viewUrl": "xs:string",
		"mediaType": "xs:string", "poster": "nxs:content", "fields": "nxs:frameioFields",
		"status": "xs:string", "codec": "xs:string", "resolution": "xs:string", "digest": "xs:string",
		"uploader":    "xs:string",
		"publishedBy": "xs:string", "pushedBy": "xs:string", "rendition": "xs:string", "fileSize": "xs:long",
		"frames": "xs:long", "frameRate": "xs:double",
		"duration": "xs:double", "uploadDate": "xs:date", "lastPublished": "xs:date", "lastPushed": "xs:date",
	},
	"frameio_binding": {"bindings": "nxs:frameioBindings"},
	"frameio_sync": {
		"syncId": "xs:string", "workspace": "xs:string", "project": "xs:string", "folder": "xs:string",
		"owner":        "xs:string",
		"documentType": "xs:string", "lastSynchronized": "xs:date",
	},
}

// binding is an entry of the list of bindings.
var binding = map[string]string{
	"bindingId": "xs:string", "actionName": "xs:string", "description": "xs:string", "documentType": "xs:string",
	"workspaces": "nxs:frameioWorkspaceNames", "creator": "xs:string", "created": "xs:date",
}

// schemas are the parsed XSDs by the name they are contributed under.
func (b built) schemas() map[string]element {
	b.Helper()
	out, prefixes := map[string]element{}, map[string]bool{}
	for _, x := range b.contributions(types, "schema") {
		src := x.attr("src")
		xsd := parse(b.T, src, b.find(b.jar, src))
		if xsd.XMLName.Local != "schema" || xsd.XMLName.Space != "http://www.w3.org/2001/XMLSchema" ||
			xsd.attr("targetNamespace") == "" {
			b.Errorf("%s has the root %s of %s for %q, want an XSD with a namespace", src, xsd.XMLName.Local,
				xsd.XMLName.Space, xsd.attr("targetNamespace"))
		}

		if prefixes[x.attr("prefix")] || x.attr("prefix") == "" {
			b.Errorf("the schema %s has the prefix %q, want one of its own", x.attr("name"), x.attr("prefix"))
		}

		prefixes[x.attr("prefix")] = true
		out[x.attr("name")] = xsd
	}

	return out
}

func fields(x element, path string) map[string]string {
	out := map[string]string{}
	for _, e := range x.all(path) {
		out[e.attr("name")] = e.attr("type")
	}
	return out
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	b := build(t, "1.2.3")
	schemas := b.schemas()
	for name, want := range model {
		if got := fields(schemas[name], "element"); !maps.Equal(got, want) {
			t.Errorf("schema %s is %v, want %v", name, got, want)
		}
	}

	if len(schemas) != len(model) {
		t.Errorf("%d schemas, want %d", len(schemas), len(model))
	}

	for _, f := range b.jar {
		if strings.HasSuffix(f.name, ".xsd") && !strings.Contains(string(f.data), "<!--") {
			t.Errorf("%s does not explain itself, want a comment", f.name)
		}
	}
}

func TestBindingType(t *testing.T) {
	t.Parallel()
	xsd := build(t, "1.2.3").schemas()["frameio_binding"]
	declared := map[string]element{}
	for _, kind := range []string{"complexType", "simpleType"} {
		for _, x := range xsd.all(kind) {
			declared[x.attr("name")] = x
		}
	}

	list := declared["frameioBindings"].all("sequence/element")
	if len(list) != 1 || list[0].attr("maxOccurs") != "unbounded" || list[0].attr("type") != "nxs:frameioBindingItem" {
		t.Errorf("the bindings are %+v, want a list of nxs:frameioBindingItem", list)
	}

	if got := fields(declared["frameioBindingItem"], "sequence/element"); !maps.Equal(got, binding) {
		t.Errorf("a binding is %v, want %v", got, binding)
	}

	if l := declared["frameioWorkspaceNames"].all("list"); len(l) != 1 || l[0].attr("itemType") != "xs:string" {
		t.Errorf("the workspaces are %+v, want a list of xs:string", l)
	}
}

// On an SQL repository, complex types are tables shared by all schemas, and the
// column "id" is Nuxeo's.
func TestNamesForSQL(t *testing.T) {
	t.Parallel()
	for name, xsd := range build(t, "1.2.3").schemas() {
		all := xsd.all("element")
		for _, x := range xsd.all("complexType") {
			all = append(all, x.all("sequence/element")...)
			if !strings.HasPrefix(x.attr("name"), "frameio") {
				t.Errorf("the schema %s has the type %s, want a name with frameio, since another schema may have the "+
					"same", name, x.attr("name"))
			}
		}

		for _, e := range all {
			if strings.EqualFold(e.attr("name"), "id") {
				t.Errorf("the schema %s has the field %q, want no id", name, e.attr("name"))
			}
		}
	}
}

func TestFacets(t *testing.T) {
	t.Parallel()
	b := build(t, "1.2.3")
	schemas, got := b.schemas(), map[string]string{}
	for _, x := range b.contributions(types, "doctype") {
		for _, s := range x.all("schema") {
			got[x.attr("name")] += s.attr("name")
			if _, found := schemas[s.attr("name")]; !found {
				t.Errorf("the facet %s has the schema %s, want one that exists", x.attr("name"), s.attr("name"))
			}
		}
	}

	if want := map[string]string{
		"FrameioAsset":   "frameio",
		"FrameioBinding": "frameio_binding",
		"FrameioSync":    "frameio_sync",
	}; !maps.Equal(got, want) {
		t.Errorf("facets are %v, want %v", got, want)
	}
}

func manual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../doc/package.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// manualNames is how the manual calls the types.
var manualNames = strings.NewReplacer(
	"nxs:content", "blob", "nxs:frameioFields", "list", "xs:", "", "nxs:frameioWorkspaceNames", "string[]",
)

func TestManualHasTheDataModel(t *testing.T) {
	t.Parallel()
	text := manual(t)
	var want []string
	for _, m := range []map[string]string{model["frameio"], binding, model["frameio_sync"]} {
		for name, typ := range m {
			want = append(want, "| `"+name+"` | "+manualNames.Replace(typ)+" |")
		}
	}

	got := regexp.MustCompile("(?m)^\\| `\\w+` \\| (string|string\\[\\]|long|double|date|blob|list) \\|").
		FindAllString(text, -1)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the manual has %q, want %q", got, want)
	}
}

func TestManualHasEverythingElse(t *testing.T) {
	t.Parallel()
	b := build(t, "1.2.3")
	text := manual(t)
	var want []string
	for file, c := range b.components() {
		want = append(want, "| `"+file+"` | `"+c.attr("name")+"` |")
		for _, m := range variable.FindAllStringSubmatch(string(b.find(b.jar, file)), -1) {
			property, _, _ := strings.Cut(m[1], ":=")
			want = append(want, "| `"+property+"` |")
		}
	}

	for _, x := range b.contributions(versioning, "policies") {
		want = append(want, "| `"+x.attr("id")+"` |")
	}

	for _, x := range b.contributions(types, "doctype") {
		want = append(want, "Facet `"+x.attr("name")+"`, schema `"+x.all("schema")[0].attr("name")+"`")
	}

	for _, part := range want {
		if !strings.Contains(text, part) {
			t.Errorf("the manual does not have %s, want it there", part)
		}
	}
}
