// Package addon builds the marketplace package that an administrator installs
// in Nuxeo with `nuxeoctl mp-install`.
//
// It owns what the connector needs to find inside Nuxeo: schemas and facets,
// versioning policies, the pre-filled OAuth 2 provider, configuration. All of
// that is XML in the folder bundle, written to be read and overridden by an
// administrator. The elements that people see in Web UI come from the package
// ui:
//
//	bundle/package/  goes to the root of the zip
//	bundle/jar/      becomes install/bundles/nuxeo-frameio-<version>.jar
//	ui               goes to web/nuxeo.war/ui/ in that jar
//
// The code only assembles. A file added below bundle/jar/OSGI-INF is a component
// and is listed in the manifest without further ado.
//
// Invariants: the bundle has no Java class, so that one zip serves every
// long-term-support line; the same version of the same program gives the same
// bytes, wherever and whenever it is built; whatever the version of the program
// is called, that of the package is one Nuxeo accepts; a program that was built
// without the elements makes a package without them and says so by [HasUI].
// Whether the package is installed, and whether it fits the connector, is for
// others to find out.
package addon

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

//go:embed bundle
var bundle embed.FS

const (
	name         = "nuxeo-frameio"
	symbolicName = "org.nuxeo.frameio"
	vendor       = "The nuxeo-frameio authors"
)

// FileName is what the package of a version is called.
func FileName(version string) string {
	return name + "-" + packageVersion(version) + ".zip"
}

// Build writes the package. It needs neither network nor disk, and builds of the
// same version have equal bytes. Ask [HasUI] whether it shows anything in Web UI.
func Build(w io.Writer, version string) error {
	web, err := carried()
	if err != nil {
		return fmt.Errorf("addon: %w", err)
	}
	return assemble(w, packageVersion(version), web)
}

func assemble(w io.Writer, v string, web webParts) error {
	files, err := embedded("bundle/package")
	if err != nil {
		return fmt.Errorf("addon: %w", err)
	}

	// What describes the package names its version.
	for i := range files {
		files[i].data = bytes.ReplaceAll(files[i].data, []byte("@VERSION@"), []byte(v))
	}

	// The bundle itself goes inside.
	jar, err := buildJar(v, web)
	if err != nil {
		return fmt.Errorf("addon: %w", err)
	}

	files = append(files, file{name: "install/bundles/" + name + "-" + v + ".jar", data: jar})
	if err := writeZip(w, files); err != nil {
		return fmt.Errorf("addon: %w", err)
	}

	return nil
}

// buildJar puts the manifest first, where readers that stream a jar expect it.
func buildJar(version string, web webParts) ([]byte, error) {
	files, err := embedded("bundle/jar")
	if err != nil {
		return nil, err
	}

	files = web.addTo(files, version)
	m := file{name: "META-INF/MANIFEST.MF", data: manifest(version, components(files))}
	var b bytes.Buffer
	err = writeZip(&b, append([]file{m}, files...))
	return b.Bytes(), err
}

// components are the files that Nuxeo deploys. The deployment fragment lies
// beside them, but is for the preprocessor.
func components(files []file) []string {
	var out []string
	for _, f := range files {
		if strings.HasPrefix(f.name, "OSGI-INF/") && strings.HasSuffix(f.name, ".xml") && f.name != fragmentName {
			out = append(out, f.name)
		}
	}
	return out
}

// embedded reads a folder in the order of names, which are relative to it.
func embedded(root string) ([]file, error) {
	var out []file
	err := fs.WalkDir(bundle, root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := bundle.ReadFile(path)
		out = append(out, file{name: strings.TrimPrefix(path, root+"/"), data: data})
		return err
	})

	return out, err
}
