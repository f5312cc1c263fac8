package addon

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// built is a package taken apart.
type built struct {
	*testing.T
	data    []byte
	zip     []file
	jar     []file
	headers map[string]string
}

func build(t *testing.T, version string) built {
	t.Helper()
	var b bytes.Buffer
	if err := Build(&b, version); err != nil {
		t.Fatal(err)
	}
	return unpack(t, b, version)
}

// sample stands for what the program may carry.
var sample = webParts{
	elements: []byte("export {};\n"),
	texts:    map[string][]byte{"": []byte(`{"frameio.tab":"Frame IO"}`), "fr": []byte(`{"frameio.tab":"Frame IO"}`)},
}

// buildWith is a package of a program that carries given parts for Web UI.
func buildWith(t *testing.T, version string, web webParts) built {
	t.Helper()
	var b bytes.Buffer
	if err := assemble(&b, packageVersion(version), web); err != nil {
		t.Fatal(err)
	}
	return unpack(t, b, version)
}

func unpack(t *testing.T, b bytes.Buffer, version string) built {
	t.Helper()
	out := built{T: t, data: b.Bytes(), zip: unzip(t, b.Bytes())}
	jar := out.find(out.zip, "install/bundles/nuxeo-frameio-"+packageVersion(version)+".jar")
	out.jar = unzip(t, jar)
	out.headers = headers(t, out.find(out.jar, "META-INF/MANIFEST.MF"))
	return out
}

func unzip(t *testing.T, data []byte) []file {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}

	var out []file
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		out = append(out, file{f.Name, content})
	}

	return out
}

func (b built) find(files []file, name string) []byte {
	b.Helper()
	for _, f := range files {
		if f.name == name {
			return f.data
		}
	}
	b.Fatalf("there is no %s, want it in the archive", name)
	return nil
}

// headers reads a manifest as Java does, and as strictly.
func headers(t *testing.T, manifest []byte) map[string]string {
	t.Helper()
	body, ended := strings.CutSuffix(string(manifest), "\r\n\r\n")
	if !ended {
		t.Fatal("the manifest: got no empty line at the end, want one")
	}

	out, last := map[string]string{}, ""
	for _, line := range strings.Split(body, "\r\n") {
		if strings.ContainsAny(line, "\r\n") || len(line)+len("\r\n") > 72 {
			t.Errorf("a line of %d bytes: %q, want at most 70 and no other end of line", len(line), line)
		}

		if more, is := strings.CutPrefix(line, " "); is {
			out[last] += more
			continue
		}

		name, value, found := strings.Cut(line, ": ")
		if _, twice := out[name]; !found || twice {
			t.Errorf("the line %q, want a header, and each once", line)
		}

		last, out[name] = name, value
	}

	return out
}

// element is any XML.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

func parse(t *testing.T, name string, data []byte) element {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(data))
	var x element
	if err := d.Decode(&x); err != nil {
		t.Fatalf("reading %s as XML: %v", name, err)
	}

	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return x
		}
		if err != nil {
			t.Fatalf("what follows the root of %s: %v", name, err)
		}
		if text, is := tok.(xml.CharData); !is || strings.TrimSpace(string(text)) != "" {
			t.Fatalf("%s has more than one root, want one", name)
		}
	}
}

func (x element) attr(name string) string {
	for _, a := range x.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all finds children by a path such as "target-platform/name".
func (x element) all(path string) []element {
	first, rest, deeper := strings.Cut(path, "/")
	var out []element
	for _, c := range x.Children {
		switch {
		case c.XMLName.Local != first:
		case deeper:
			out = append(out, c.all(rest)...)
		default:
			out = append(out, c)
		}
	}

	return out
}

func (x element) texts(path string) []string {
	var out []string
	for _, c := range x.all(path) {
		out = append(out, strings.TrimSpace(c.Text))
	}
	return out
}

func (x element) text(path string) string { return strings.Join(x.texts(path), "|") }

// components are the parsed files that the manifest lists, by file name.
func (b built) components() map[string]element {
	b.Helper()
	out := map[string]element{}
	for name := range strings.SplitSeq(b.headers["Nuxeo-Component"], ",") {
		out[name] = parse(b.T, name, b.find(b.jar, name))
	}
	return out
}

// contributions are what all components have for a point.
func (b built) contributions(target, point string) []element {
	b.Helper()
	var out []element
	for _, c := range b.components() {
		for _, ext := range c.all("extension") {
			if ext.attr("target") == target && ext.attr("point") == point {
				out = append(out, ext.Children...)
			}
		}
	}

	if len(out) == 0 {
		b.Fatalf("there is nothing for %s, %s, want a contribution", target, point)
	}

	return out
}
